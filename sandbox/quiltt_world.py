"""The world of the simulated Quiltt: one environment, what it knows, and its profiles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sandbox.quiltt_answers import Refused, not_found, refused
from sandbox.quiltt_clock import Clock
from sandbox.quiltt_courier import Courier
from sandbox.quiltt_draw import Draw
from sandbox.quiltt_records import DETAILS, Account, Connection, Profile
from sandbox.quiltt_sessions import Session, Sessions
from sandbox.quiltt_webhooks import Webhooks

Provider = Literal["AKOYA", "FINICITY", "MOCK", "MX", "PLAID"]
Relink = Literal["same", "moved", "new_ids"]

METADATA_KEYS_MAX: Final = 50

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_E164: Final = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the environment behaves; seconds are those of its clock, nought is at once."""

    mode: Literal["TEST", "SANDBOX", "PRODUCTION"] = "SANDBOX"
    provider: Provider = "MX"
    amounts: Literal["signed", "absolute"] = "signed"
    relink: Relink = "same"
    history_days: int = 730
    transactions_per_month: int = 15
    initial_after_s: float = 0.0
    historical_after_s: float = 0.0
    refresh_after_s: float = 0.0
    refresh_wait_s: float = 60.0
    is_refresh_limited: bool = False  # by the provider of the connection
    disconnection_after_s: float = 0.0
    deletion_after_s: float = 0.0
    profiles_max: int = 100_000
    sessions_hour_max: int = 10
    sessions_day_max: int = 20


class World:
    """Everything that the service keeps; used by one thread at a time, within `use`."""

    def __init__(
        self,
        *,
        seed: str,
        api_key: str,
        webhook_secret: str,
        now: Callable[[], datetime],
        settings: Settings,
        webhook_backoff_s: float,
    ) -> None:
        self.draw = Draw(seed)
        self.clock = Clock(now)
        self.api_key = api_key
        self.api_key_id = self.draw.id("api")
        self.settings = settings
        self.environment_id = self.draw.id("env")
        self.profiles: dict[str, Profile] = {}
        self.connections: dict[str, Connection] = {}
        self.accounts: dict[str, Account] = {}
        self.graphql_failures: list[dict[str, Any]] = []
        self.sessions = Sessions(
            draw=self.draw,
            now=self.clock.now,
            environment_id=self.environment_id,
            api_key_id=self.api_key_id,
        )
        self.webhooks = Webhooks(
            draw=self.draw,
            now=self.clock.now,
            courier=Courier(secret=webhook_secret, now=now, backoff_s=webhook_backoff_s),
            environment=self.environment,
        )
        self.clock.after_each_use(self.webhooks.flush)

    def environment(self) -> dict[str, Any]:
        return {
            "id": self.environment_id,
            "name": "Sandbox",
            "mode": self.settings.mode,
            "metadata": None,
        }

    @contextmanager
    def use(self) -> Iterator[None]:
        """One step: whatever happens in it goes out as one payload."""
        with self.clock.use():
            yield

    def create_profile(self, wanted: dict[str, Any]) -> Profile:
        """A new profile; raises Refused when there are too many or the details are wrong."""
        if len(self.profiles) >= self.settings.profiles_max:
            raise refused(403, "You have reached the maximum number of Profiles.")
        details, metadata = _details(wanted)
        wanted_uuid = wanted.get("uuid")
        if wanted_uuid and any(each.uuid == wanted_uuid for each in self.profiles.values()):
            raise refused(409, "UUID is not available")
        now = self.clock.now()
        profile = Profile(
            id=self.draw.id("p"),
            uuid=wanted_uuid or self.draw.uuid(),
            created_at=now,
            at=now,
            details=details,
            metadata=metadata,
        )
        self.profiles[profile.id] = profile
        self.webhooks.emit("profile.created", profile=profile, record=profile.shown())
        return profile

    def update_profile(self, profile: Profile, wanted: dict[str, Any]) -> Profile:
        """The profile with these details; what is not said stays."""
        details, metadata = _details(wanted)
        profile.details |= details
        if "metadata" in wanted:
            profile.metadata = metadata
        profile.at = self.clock.now()
        return profile

    def profile(self, profile_id: str) -> Profile:
        """The profile of an id or a UUID; raises Refused with 404."""
        if profile_id in self.profiles:
            return self.profiles[profile_id]
        for profile in self.profiles.values():
            if profile.uuid == profile_id:
                return profile
        raise not_found(f"Does Profile with ID `{profile_id}` exist in this Environment?")

    def delete_profile(self, profile: Profile) -> None:
        """Sessions end at once; the profile and its data go a little later."""
        profile.deleting = True
        self.clock.later(self.settings.deletion_after_s, lambda: self._forget(profile))

    def issue_session(self, wanted: dict[str, Any]) -> Session:
        """A session of the profile that is named; where none is named, of a new one."""
        if "userId" in wanted:
            try:
                profile = self.profile(str(wanted["userId"]))
            except Refused as error:
                raise Refused(422, {"userId": ["User does not exist"]}) from error
            if profile.deleting:
                raise refused(409, "Profile is currently being deleted")
            rest = {name: value for name, value in wanted.items() if name not in {"userId", "uuid"}}
            if rest:
                self.update_profile(profile, rest)
        else:
            profile = self.create_profile(wanted)
        return self.sessions.issue(
            profile,
            hour_max=self.settings.sessions_hour_max,
            day_max=self.settings.sessions_day_max,
        )

    def connection(self, connection_id: str) -> Connection:
        if connection_id not in self.connections:
            raise not_found("Does the URL contain the ID of a valid Connection?")
        return self.connections[connection_id]

    def connections_of(self, profile: Profile) -> list[Connection]:
        return [each for each in self.connections.values() if each.profile_id == profile.id]

    def account(self, account_id: str) -> Account:
        if account_id not in self.accounts:
            raise not_found("Does the URL contain the ID of a connected Account?")
        return self.accounts[account_id]

    def accounts_of(self, connection: Connection) -> list[Account]:
        return [each for each in self.accounts.values() if each.connection_id == connection.id]

    def accounts_of_profile(self, profile: Profile) -> list[Account]:
        return [each for each in self.accounts.values() if each.profile_id == profile.id]

    def emit(
        self, event_type: str, record: Account | Connection, metadata: dict[str, Any] | None = None
    ) -> None:
        """An event of an account or a connection, as it is now."""
        profile = self.profiles[record.profile_id]
        self.webhooks.emit(event_type, profile=profile, record=record.shown(), metadata=metadata)

    def _forget(self, profile: Profile) -> None:
        del self.profiles[profile.id]
        self.connections = _without(self.connections.values(), profile)
        self.accounts = _without(self.accounts.values(), profile)
        self.webhooks.emit("profile.deleted", profile=profile, record=profile.shown())


def metadata_of(value: Any) -> dict[str, Any] | None:
    """Custom metadata, checked; an empty object is none."""
    if value is None or value == {}:
        return None
    if not isinstance(value, dict) or len(value) > METADATA_KEYS_MAX:
        raise Refused(422, {"metadata": [f"must be an object of at most {METADATA_KEYS_MAX} keys"]})
    return value


def _details(wanted: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    problems: dict[str, list[str]] = {}
    if wanted.get("email") is not None and not _EMAIL.fullmatch(str(wanted["email"])):
        problems["email"] = ["Email is not a valid email address"]
    if wanted.get("phone") is not None and not _E164.fullmatch(str(wanted["phone"])):
        problems["phone"] = ["Phone is not a valid E.164 number"]
    if wanted.get("uuid") is not None and not _is_uuid(str(wanted["uuid"])):
        problems["uuid"] = ["UUID is not valid"]
    if problems:
        raise Refused(422, problems)
    details: dict[str, Any] = {name: wanted[name] for name in DETAILS if name in wanted}
    if names := details.get("names"):
        details["names"] = {**names, "full": f"{names.get('first')} {names.get('last')}"}
    return details, metadata_of(wanted.get("metadata"))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _without(records: Iterable[Any], profile: Profile) -> dict[str, Any]:
    return {record.id: record for record in records if record.profile_id != profile.id}
