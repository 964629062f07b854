"""The levers of `Control` over HTTP, for processes other than the sandbox's.

    GET    /_sandbox/items                        ids
    GET    /_sandbox/items/{item_id}/truth        what a client must have
    POST   /_sandbox/items/{item_id}/{lever}      advance, release, trade, fail, heal,
                                                  expire_consent, change_account_ids,
                                                  mutate_during_pagination, get_cursors_stuck, fire
    POST   /_sandbox/{lever}                      set_history, set_pace, set_behaviour, move_time,
                                                  settle, enforce_limits, set_limit, refuse,
                                                  send_webhooks, retry_webhooks, release_webhooks,
                                                  resend_webhook, rotate_keys
    POST   /_sandbox/keys/rotate                  the same as rotate_keys
    GET    /_sandbox/webhooks                     what was sent or held
    GET    /_sandbox/limits                       requests above a limit

A body is a JSON object of keyword arguments; the answer is {"result": …}.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError, validate_call
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.plaid_activity import Done, Step
from sandbox.plaid_control import Control
from sandbox.plaid_json import read, written
from sandbox.plaid_outbox import Manner

OF_ALL: Final = (
    "set_history",
    "set_pace",
    "set_behaviour",
    "move_time",
    "settle",
    "enforce_limits",
    "set_limit",
    "refuse",
    "retry_webhooks",
    "release_webhooks",
    "resend_webhook",
    "rotate_keys",
)
OF_ONE: Final = (
    "release",
    "trade",
    "fail",
    "heal",
    "expire_consent",
    "change_account_ids",
    "mutate_during_pagination",
    "get_cursors_stuck",
    "fire",
)


def remote(control: Control) -> list[Route]:
    """The routes."""

    def advance(item_id: str, **step: Any) -> Done:
        # Validated here, as keyword arguments of no declared type are not.
        return control.advance(item_id, **asdict(TypeAdapter(Step).validate_python(step)))

    def send_webhooks(**manner: Any) -> None:
        control.send_webhooks(**asdict(TypeAdapter(Manner).validate_python(manner)))

    of_all = {name: validate_call(getattr(control, name)) for name in OF_ALL}
    of_one = {name: validate_call(getattr(control, name)) for name in OF_ONE}
    of_all["send_webhooks"], of_one["advance"] = send_webhooks, advance

    async def pull(request: Request) -> Response:
        lever = of_all.get(request.path_params["lever"])
        return await _pulled(request, lever)

    async def pull_of_item(request: Request) -> Response:
        lever = of_one.get(request.path_params["lever"])
        return await _pulled(request, lever, request.path_params["item_id"])

    async def rotate(request: Request) -> Response:
        return await _pulled(request, of_all["rotate_keys"])

    async def items(_: Request) -> Response:
        return _json({"items": control.items()})

    async def truth(request: Request) -> Response:
        try:
            return _json(control.truth(request.path_params["item_id"]).shown())
        except LookupError as error:
            return _json({"error": str(error)}, 404)

    async def webhooks(_: Request) -> Response:
        letters = [letter.shown() for letter in control.webhooks()]
        return _json({"webhooks": letters, "idle": control.webhooks_idle()})

    async def limits(_: Request) -> Response:
        return _json({"exceeded": [asdict(one) for one in control.exceeded()]})

    return [
        Route("/_sandbox/items", items, methods=["GET"]),
        Route("/_sandbox/items/{item_id}/truth", truth, methods=["GET"]),
        Route("/_sandbox/items/{item_id}/{lever}", pull_of_item, methods=["POST"]),
        Route("/_sandbox/keys/rotate", rotate, methods=["POST"]),
        Route("/_sandbox/webhooks", webhooks, methods=["GET"]),
        Route("/_sandbox/limits", limits, methods=["GET"]),
        Route("/_sandbox/{lever}", pull, methods=["POST"]),
    ]


async def _pulled(request: Request, lever: Callable[..., Any] | None, *about: str) -> Response:
    if lever is None:
        return _json({"error": "there is no such lever"}, 404)
    try:
        arguments = read(await request.body() or b"{}")
        if not isinstance(arguments, dict):
            raise ValueError("the body must be a JSON object")
        result = lever(*about, **arguments)
    except LookupError as error:
        return _json({"error": str(error)}, 404)
    except ValidationError as error:
        return _json(
            {"error": error.errors(include_url=False, include_context=False, include_input=False)},
            422,
        )
    except (TypeError, ValueError) as error:
        return _json({"error": str(error)}, 422)
    shown = asdict(result) if is_dataclass(result) and not isinstance(result, type) else result
    return _json({"result": shown})


def _json(value: Any, status: int = 200) -> Response:
    return Response(written(value), status, media_type="application/json")
