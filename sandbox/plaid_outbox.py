"""Webhooks on their way: signed, delivered to addresses on this machine, tried again, recorded."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Literal, assert_never

import httpx
from pydantic import ConfigDict

from sandbox.loopback import UNREACHABLE, is_here
from sandbox.plaid_json import pretty
from sandbox.plaid_keys import Keys

HEADER: Final = "plaid-verification"
ANSWER_WITHIN_S: Final = 10
RETRY_FACTOR: Final = 4
DELIVERIES_AT_ONCE_MAX: Final = 32
ATTEMPTS_MAX: Final = 7  # 30 s, 2 min, 8 min … about a day in all
OLD: Final = timedelta(minutes=10)
LETTERS_MAX: Final = 10_000

Signature = Literal["right", "foreign_key", "unknown_kid", "other_body", "old", "alg_none", "no"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How webhooks are sent: so many times, late, badly signed, kept back, or lost."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    copies: int = 1
    delay_s: float = 0
    signature: Signature = "right"
    held: bool = False  # until `release`, which sends the newest first
    lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a delivery."""

    status: int | None  # nobody answered
    error: str | None = None


@dataclass(slots=True, kw_only=True)
class Letter:
    """One webhook to one address."""

    number: int
    url: str
    body: bytes
    token: str | None  # without signature
    what: dict[str, Any]
    delay_s: float
    attempts: list[Attempt] = field(default_factory=list)
    state: Literal["queued", "held", "delivered", "given_up", "lost"] = "queued"

    def shown(self) -> dict[str, Any]:
        """The letter, for JSON."""
        return {
            "number": self.number,
            "url": self.url,
            "webhook": self.what,
            "state": self.state,
            "statuses": [attempt.status for attempt in self.attempts],
        }


class Outbox:
    """Takes webhooks from any thread, delivers them on the event loop that runs it."""

    def __init__(self, keys: Keys, now: Callable[[], datetime], *, retry_s: float) -> None:
        self._keys = keys
        self._now = now
        self._queue: deque[list[Letter]] = deque()  # each list is delivered in its order
        self._lock = threading.Lock()
        self._wake: Callable[[], object] | None = None
        self._turn = asyncio.Semaphore(DELIVERIES_AT_ONCE_MAX)
        self._count = 0
        self.manner = Manner()
        self.retry_s = retry_s
        self.sent: deque[Letter] = deque(maxlen=LETTERS_MAX)  # everything that was ever put

    @property
    def idle(self) -> bool:
        """Whether every letter has come to its end, or is held."""
        with self._lock:
            return not any(letter.state == "queued" for letter in self.sent)

    def put(self, url: str, what: dict[str, Any]) -> None:
        """Send a webhook in the present manner."""
        body = pretty(what)
        with self._lock:
            for _ in range(self.manner.copies):
                self._count += 1
                letter = Letter(
                    number=self._count,
                    url=url,
                    body=body,
                    token=self._signed(body),
                    what=what,
                    delay_s=self.manner.delay_s,
                )
                self.sent.append(letter)
                if self.manner.lost:
                    letter.state = "lost"
                elif self.manner.held:
                    letter.state = "held"
                else:
                    self._queue.append([letter])
        self._wake_up()

    def release(self) -> int:
        """Send what is held, the newest first, and hold nothing more."""
        with self._lock:
            self.manner = Manner()
            held = [letter for letter in self.sent if letter.state == "held"]
            if not held:
                return 0
            for letter in held:
                letter.state = "queued"
            self._queue.append(held[::-1])
        self._wake_up()
        return len(held)

    def resend(self, number: int) -> None:
        """Deliver a recorded letter once more, byte for byte, as somebody who replays it would."""
        with self._lock:
            old = next((letter for letter in self.sent if letter.number == number), None)
            if old is None:
                raise LookupError(f"no webhook has the number {number}")
            self._count += 1
            letter = Letter(
                number=self._count,
                url=old.url,
                body=old.body,
                token=old.token,
                what=old.what,
                delay_s=0,
            )
            self.sent.append(letter)
            self._queue.append([letter])
        self._wake_up()

    async def run(self) -> None:
        """Deliver until cancelled."""
        loop, wake = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(wake.set)
        self._turn = asyncio.Semaphore(DELIVERIES_AT_ONCE_MAX)  # of this loop
        async with (
            httpx.AsyncClient(timeout=ANSWER_WITHIN_S, trust_env=False) as client,
            asyncio.TaskGroup() as group,
        ):
            while True:
                wake.clear()
                while letters := self._taken():
                    group.create_task(self._deliver_all(client, letters))
                await wake.wait()

    def _taken(self) -> list[Letter]:
        with self._lock:
            return self._queue.popleft() if self._queue else []

    def _wake_up(self) -> None:
        if self._wake:
            with suppress(RuntimeError):  # the loop has ended; the next one finds the queue
                self._wake()

    async def _deliver_all(self, client: httpx.AsyncClient, letters: list[Letter]) -> None:
        for letter in letters:
            await self._deliver(client, letter)

    async def _deliver(self, client: httpx.AsyncClient, letter: Letter) -> None:
        if not is_here(letter.url):
            letter.attempts.append(Attempt(status=None, error="not an address of this machine"))
            letter.state = "given_up"
            return
        await asyncio.sleep(letter.delay_s)
        for number in range(ATTEMPTS_MAX):
            attempt = await self._tried(client, letter)
            letter.attempts.append(attempt)
            if attempt.status is not None and 200 <= attempt.status < 300:
                letter.state = "delivered"
                return
            if number + 1 < ATTEMPTS_MAX:
                await asyncio.sleep(self.retry_s * RETRY_FACTOR**number)
        letter.state = "given_up"

    async def _tried(self, client: httpx.AsyncClient, letter: Letter) -> Attempt:
        headers = {"content-type": "application/json"}
        if letter.token is not None:
            headers[HEADER] = letter.token
        try:
            async with self._turn:
                reply = await client.post(letter.url, content=letter.body, headers=headers)
        except UNREACHABLE as error:
            return Attempt(status=None, error=type(error).__name__)
        return Attempt(status=reply.status_code)

    def _signed(self, body: bytes) -> str | None:
        key, now = self._keys.current, self._now()
        token: str | None = None
        match self.manner.signature:
            case "right":
                token = key.sign(body, issued_at=now)
            case "foreign_key":
                token = self._keys.foreign.sign(body, issued_at=now, kid=key.kid)
            case "unknown_kid":
                token = self._keys.foreign.sign(body, issued_at=now)
            case "other_body":
                token = key.sign(body + b"\n", issued_at=now)
            case "old":
                token = key.sign(body, issued_at=now - OLD)
            case "alg_none":
                token = key.sign(body, issued_at=now, alg="none")
            case "no":
                pass
            case _:
                assert_never(self.manner.signature)
        return token
