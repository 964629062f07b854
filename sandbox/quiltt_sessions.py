"""Session tokens of the simulated Quiltt: HS512 tokens of a profile, and how many it may have."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sandbox.jose import base64url, part
from sandbox.quiltt_answers import refused
from sandbox.quiltt_draw import Draw
from sandbox.quiltt_records import Profile, instant

LIFETIME: Final = timedelta(hours=24)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


@dataclass(slots=True, kw_only=True)
class Session:
    """One token that was issued."""

    id: str
    token: str
    profile: Profile
    environment_id: str
    issued_at: datetime
    is_revoked: bool = False

    def shown(self) -> dict[str, Any]:
        """The session of the Auth API."""
        expires_at = self.issued_at + LIFETIME
        return {
            "token": self.token,
            "userId": self.profile.id,
            "userUuid": self.profile.uuid,
            "environmentId": self.environment_id,
            "expiration": int(expires_at.timestamp()),
            "expiresAt": instant(expires_at),
        }


class Sessions:
    """The sessions of one environment; a revoked one no longer counts against the limits."""

    def __init__(
        self, *, draw: Draw, now: Callable[[], datetime], environment_id: str, api_key_id: str
    ) -> None:
        self._draw = draw
        self._now = now
        self._environment_id = environment_id
        self._api_key_id = api_key_id
        self._key = draw.digest("session tokens")
        self._issued: dict[str, Session] = {}

    def issue(self, profile: Profile, *, hour_max: int, day_max: int) -> Session:
        """A new session; raises Refused with 429 when the profile has too many."""
        for span, most in ((HOUR, hour_max), (DAY, day_max)):
            if len(self._active(profile, self._now() - span)) >= most:
                raise refused(429, f"A Profile may have {most} active Sessions in this time.")
        session_id = self._draw.uuid()
        session = Session(
            id=session_id,
            token=self._signed(self._claims(session_id, profile)),
            profile=profile,
            environment_id=self._environment_id,
            issued_at=self._now(),
        )
        self._issued[session.token] = session
        return session

    def of(self, token: str) -> Session:
        """The session of a token that was issued, is not revoked and not too old."""
        session = self._issued.get(token)
        if (
            session is None
            or session.is_revoked
            or session.profile.deleting
            or self._now() >= session.issued_at + LIFETIME
        ):
            instruction = "Are you sending a valid and unexpired Session token?"
            raise refused(401, instruction)
        return session

    def _active(self, profile: Profile, since: datetime) -> list[Session]:
        return [
            session
            for session in self._issued.values()
            if session.profile is profile and not session.is_revoked and session.issued_at > since
        ]

    def _claims(self, session_id: str, profile: Profile) -> dict[str, Any]:
        now = int(self._now().timestamp())
        return {
            "nbf": now,
            "iat": now,
            "jti": session_id,
            "iss": "auth.quiltt.io",
            "aud": "api.quiltt.io",
            "exp": now + int(LIFETIME.total_seconds()),
            "ver": 2,
            "did": self._api_key_id,
            "uid": profile.id,
            "eid": self._environment_id,
        }

    def _signed(self, claims: dict[str, Any]) -> str:
        """A JWT; RFC 7515, section 3.1, and RFC 7518, section 3.2."""
        signed = ".".join(map(part, ({"alg": "HS512"}, claims)))
        mac = hmac.digest(self._key, signed.encode(), hashlib.sha512)
        return f"{signed}.{base64url(mac)}"
