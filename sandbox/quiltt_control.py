"""Control of the simulated Quiltt: what a test or a person makes happen, in Python and by HTTP.

POST /_sandbox/clock                        {"seconds": 86400} puts the clock forward
GET  POST /_sandbox/settings                `Settings`, read and changed in part
GET  POST /_sandbox/connections             list; {"profile_id", "institution"?, "accounts"?}
GET  /_sandbox/connections/{id}/truth       what Quiltt has of it, to compare with
POST /_sandbox/connections/{id}/changes     `Changes`, and "sync": false to let them wait
POST /_sandbox/connections/{id}/sync        POST …/reconnect {"mode"?: same, moved, new_ids}
POST /_sandbox/connections/{id}/error       {"kind": repairable, institution, provider, service}
POST /_sandbox/connections/{id}/recover     POST …/disconnect   POST …/accounts (one more)
POST /_sandbox/accounts/{id}/close          the bank closes it
POST /_sandbox/graphql/failures             {"message", "code", "after", "times", "is_partial"}
GET  /_sandbox/webhooks                     the events that were sent, and every attempt
POST /_sandbox/webhooks/hold                POST …/raw {"payload"?}: by default one without events
POST /_sandbox/webhooks/send                `Mischief` for what is held, or for "event_ids"
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError, validate_call
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.quiltt_answers import Refused, answer, body_of
from sandbox.quiltt_links import (
    FIRST,
    ErrorKind,
    close_account,
    disconnect,
    fail,
    link,
    open_account,
    recover,
    relink,
)
from sandbox.quiltt_movements import Changes, change, sync
from sandbox.quiltt_truth import truth
from sandbox.quiltt_webhooks import Mischief
from sandbox.quiltt_world import Relink, Settings, World

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
Endpoint = Callable[[Request], Awaitable[Response]]


class Control:
    """The methods; each is one step of the service, from any thread."""

    def __init__(self, world: World) -> None:
        self._world = world

    def advance(self, *, seconds: float) -> None:
        """The clock goes forward, and what was due on the way happens."""
        self._world.clock.advance(seconds)

    def set(self, **settings: Any) -> None:
        """Changes settings in part."""
        with self._world.use():
            kept = self._world.settings
            changed = _checked(Settings, {**asdict(kept), **settings})
            self._world.settings = changed
            if changed.provider != kept.provider:  # as if there had never been another
                for connection in self._world.connections.values():
                    connection.provider = changed.provider

    def create_profile(self, **details: Any) -> str:
        """The id of a new profile."""
        with self._world.use():
            return self._world.create_profile(details).id

    def link(
        self, *, profile_id: str, institution: str = FIRST, accounts: Sequence[str] | None = None
    ) -> str:
        """The id of a new connection, as a user of the Connector would have made it."""
        with self._world.use():
            profile = self._world.profile(profile_id)
            return link(self._world, profile, institution=institution, names=accounts).id

    def reconnect(self, connection_id: str, *, mode: Relink | None = None) -> str:
        """The id of the connection after the user has logged in again."""
        with self._world.use():
            connection = self._world.connection(connection_id)
            return relink(self._world, connection, mode or self._world.settings.relink).id

    def change(
        self, connection_id: str, *, sync: bool = True, **changes: Any
    ) -> dict[str, list[str]]:
        """`Changes` at the bank; the ids that came and went, once Quiltt has synced."""
        with self._world.use():
            connection = self._world.connection(connection_id)
            change(self._world, connection, _checked(Changes, changes))
            return self.sync(connection_id) if sync else {"added": [], "removed": []}

    def sync(self, connection_id: str) -> dict[str, list[str]]:
        """Quiltt asks the bank; the ids that came and went."""
        with self._world.use():
            return sync(self._world, self._world.connection(connection_id))

    def error(self, connection_id: str, *, kind: ErrorKind = "repairable") -> None:
        with self._world.use():
            fail(self._world, self._world.connection(connection_id), kind)

    def recover(self, connection_id: str) -> None:
        with self._world.use():
            recover(self._world, self._world.connection(connection_id))

    def disconnect(self, connection_id: str) -> None:
        with self._world.use():
            disconnect(self._world, self._world.connection(connection_id))

    def open_account(self, connection_id: str) -> str:
        """The id of one more account of the connection."""
        with self._world.use():
            return open_account(self._world, self._world.connection(connection_id)).id

    def close_account(self, account_id: str) -> None:
        with self._world.use():
            close_account(self._world, self._world.account(account_id))

    def truth(self, connection_id: str) -> dict[str, Any]:
        """What Quiltt has of the connection."""
        with self._world.use():
            return truth(self._world, self._world.connection(connection_id))

    def fail_graphql(
        self,
        *,
        message: str = "Internal error",
        code: str = "INTERNAL_SERVER_ERROR",
        after: int = 0,
        times: int = 1,
        is_partial: bool = False,
    ) -> None:
        """So many operations pass, then so many are answered with 200 and errors."""
        with self._world.use():
            self._world.graphql_failures.append(
                {
                    "message": message,
                    "code": code,
                    "after": after,
                    "times": times,
                    "is_partial": is_partial,
                }
            )

    def hold_webhooks(self) -> None:
        with self._world.use():
            self._world.webhooks.hold()

    def send_webhooks(
        self, *, event_ids: Sequence[str] | None = None, **mischief: Any
    ) -> list[str]:
        """Sends what is held, or these again, as `Mischief` says; the ids of the events."""
        with self._world.use():
            wanted = _checked(Mischief, mischief)
            return self._world.webhooks.send(wanted, event_ids=event_ids)

    def send_raw_webhook(self, *, payload: dict[str, Any] | None = None) -> None:
        """A payload of one's own, rightly signed; what it does not say is that of an empty one."""
        with self._world.use():
            self._world.webhooks.send_raw(payload or {})

    def wait_for_webhooks(self, timeout_s: float = 10) -> None:
        """Until all is delivered; raises TimeoutError."""
        self._world.webhooks.courier.wait(timeout_s)

    def events(self) -> list[dict[str, Any]]:
        """Every event that was sent, in order."""
        with self._world.use():
            return [event for batch in self._world.webhooks.sent for event in batch]


class ControlRoutes:
    """The same by HTTP."""

    def __init__(self, world: World, control: Control) -> None:
        self._world = world
        self._control = control

    def routes(self) -> list[Route]:
        control = self._control
        posts: dict[str, Callable[..., Any]] = {
            "clock": control.advance,
            "settings": control.set,
            "connections": control.link,
            "connections/{id}/changes": control.change,
            "connections/{id}/sync": control.sync,
            "connections/{id}/reconnect": control.reconnect,
            "connections/{id}/error": control.error,
            "connections/{id}/recover": control.recover,
            "connections/{id}/disconnect": control.disconnect,
            "connections/{id}/accounts": control.open_account,
            "accounts/{id}/close": control.close_account,
            "graphql/failures": control.fail_graphql,
            "webhooks/hold": control.hold_webhooks,
            "webhooks/send": control.send_webhooks,
            "webhooks/raw": control.send_raw_webhook,
        }
        gets = {
            "settings": lambda _: asdict(self._world.settings),
            "connections": lambda _: [each.shown() for each in self._world.connections.values()],
            "connections/{id}/truth": lambda request: control.truth(request.path_params["id"]),
            "webhooks": lambda _: {
                "events": control.events(),
                "attempts": self._world.webhooks.courier.receipts(),
            },
        }
        return [
            *(
                Route(f"/_sandbox/{path}", _post(act), methods=["POST"])
                for path, act in posts.items()
            ),
            *(
                Route(f"/_sandbox/{path}", _get(read), methods=["GET"])
                for path, read in gets.items()
            ),
        ]


def _checked(wanted: type[T], given: dict[str, Any]) -> T:
    """The values as this class; what it does not know, or has another type, is refused."""
    if unknown := given.keys() - {each.name for each in fields(wanted)}:
        raise Refused(422, {name: ["is unknown"] for name in sorted(unknown)})
    return TypeAdapter(wanted).validate_python(given)


def _post(act: Callable[..., Any]) -> Endpoint:
    checked = validate_call(act)

    async def endpoint(request: Request) -> Response:
        body = await body_of(request)
        try:
            done = checked(*request.path_params.values(), **body)
        except ValidationError as error:
            problems = {".".join(map(str, each["loc"])): [each["msg"]] for each in error.errors()}
            raise Refused(422, problems) from error
        match done:
            case str():
                return answer({"id": done})
            case list():
                return answer({"ids": done})
            case _:
                return answer(done or {})

    return endpoint


def _get(read: Callable[[Request], Any]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return answer(read(request))

    return endpoint
