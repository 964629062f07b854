"""Rate limits: what a user and a tenant may spend in a minute, counted in cost of operations.

Each limit is a bucket that fills evenly. A process spends from its own copy and tells Redis in the
background, so no request waits for Redis: the copies learn within a second what all others spent.
Together N processes let through N times (`LEASE_S` of the minute and one operation) too much at
most, and fill that gap before they let through more. While Redis is away, each process holds the
limits by itself.

Source of the headers: draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4, and for
RateLimit-Limit, -Remaining and -Reset, which more clients know, draft 06 of the same.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any, Final, NoReturn, Protocol
from uuid import UUID
from weakref import WeakValueDictionary

from api.errors import Problem
from core.ending import ended
from db.rate_limits import KEYS_MAX, RateLimitsUnavailable

WINDOW_S: Final = 60
LEASE_S: Final = 3.0  # of the window: what a process spends at most before Redis hears of it
REPORT_EVERY_S: Final = 1.0
ALLOWANCES_MAX: Final = 10_000  # that a process remembers; the least used is forgotten
REJECTED_COST: Final = 10  # of a document that is refused: reading it was work

_ROUNDING_S: Final = 1e-6  # what many small sums are off
_log = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]


class Spending(Protocol):
    """What all processes together have spent, as `db.rate_limits.SharedSpending` adds it up."""

    async def add(self, spent_s: Mapping[str, float]) -> Any:
        """Adds seconds' worth to each limit; seconds until each is whole, in the same order."""
        ...


class RateLimited(Problem):
    """Too much was asked for; `retry_after_s` seconds from now it may be asked for again."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        headers = {"retry-after": str(retry_after_s)}
        super().__init__(HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED", message, headers)
        self.retry_after_s = retry_after_s

    def body(self, request_id: str) -> dict[str, Any]:
        """The answer in the shape of GraphQL; sockets have no header to say when."""
        content = super().body(request_id)
        content["errors"][0]["extensions"]["retryAfter"] = self.retry_after_s
        return content


@dataclass(slots=True, weakref_slot=True, kw_only=True)
class _Bucket:
    """A process's copy of one limit."""

    policy: str
    key: str
    quota: int
    full_at: float  # by the process's clock: when all of it is there again
    unreported_s: float = 0.0


class Allowance:
    """What a user in a tenant may still spend."""

    __slots__ = ("_buckets", "_limits", "_policies", "_states")

    def __init__(self, limits: RateLimits, buckets: tuple[_Bucket, ...]) -> None:
        self._limits = limits
        self._buckets = buckets
        policies = (f'"{one.policy}";q={one.quota};w={WINDOW_S}' for one in buckets)
        self._policies = ", ".join(policies).encode()
        self._states = ", ".join(f'"{one.policy}";r=%d;t=%d' for one in buckets).encode()

    def charge(self, cost: int) -> None:
        """Spends, all or nothing. Raises RateLimited where it is not there."""
        now = self._limits.clock()
        for bucket in self._buckets:
            missing_s = bucket.full_at - now
            if missing_s > 0:
                wait_s = missing_s + _spent_s(bucket, cost) - WINDOW_S - _ROUNDING_S
                if wait_s > 0:
                    raise _limited(bucket, math.ceil(wait_s))
        self._spend(cost, now)

    def charge_anyway(self, cost: int) -> None:
        """Spends, if need be what will be there later: for work that was done already."""
        self._spend(cost, self._limits.clock())

    def owes(self) -> bool:
        """Whether Redis must first hear what was spent."""
        if self._limits.shared:
            for bucket in self._buckets:  # a generator would take thrice as long
                if bucket.unreported_s >= LEASE_S:
                    return True
        return False

    async def charged(self, cost: int) -> None:
        """As `charge`; tells Redis first where too much has not been told."""
        while self.owes():
            await self._limits.report()
        self.charge(cost)

    async def afforded(self, cost: int) -> None:
        """As `charged`, but waits for what is not there."""
        while True:
            try:
                return await self.charged(cost)
            except RateLimited as error:
                await asyncio.sleep(error.retry_after_s)

    def headers(self) -> Headers:
        """What to tell the client; nothing where nothing is limited."""
        if not self._buckets:
            return []
        now = self._limits.clock()
        told: tuple[int, ...] = ()
        least, remaining, reset = self._buckets[0], -1, 0
        for bucket in self._buckets:
            left, back_s = bucket.quota, 0
            missing_s = bucket.full_at - now
            if missing_s > 0:
                there = bucket.quota * (WINDOW_S - missing_s) / WINDOW_S + _ROUNDING_S
                left, back_s = max(int(there), 0), math.ceil(missing_s)
            told += (left, back_s)
            if remaining < 0 or left < remaining:
                least, remaining, reset = bucket, left, back_s
        return [
            (b"ratelimit-policy", self._policies),
            (b"ratelimit", self._states % told),
            (b"ratelimit-limit", b"%d" % least.quota),
            (b"ratelimit-remaining", b"%d" % remaining),
            (b"ratelimit-reset", b"%d" % reset),
        ]

    def _spend(self, cost: int, now: float) -> None:
        for bucket in self._buckets:
            if bucket.unreported_s == 0:
                self._limits.remember(bucket)
            spent_s = _spent_s(bucket, cost)
            full_at = bucket.full_at
            bucket.full_at = (full_at if full_at > now else now) + spent_s
            bucket.unreported_s += spent_s
            if bucket.unreported_s >= LEASE_S / 2:
                self._limits.hasten()


class RateLimits:
    """The limits of one process. A quota of 0 limits nothing."""

    def __init__(
        self,
        spending: Spending,
        *,
        user_quota: int,
        tenant_quota: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.clock = clock
        self.shared = True  # until Redis turns out to be away
        self._spending = spending
        self._user_quota = user_quota
        self._tenant_quota = tenant_quota
        self._allowances: OrderedDict[tuple[int, int | None], Allowance] = OrderedDict()
        # One copy for all users of a tenant, for as long as one of them is remembered.
        self._buckets: WeakValueDictionary[str, _Bucket] = WeakValueDictionary()
        self._unreported: list[_Bucket] = []
        self._reporting = asyncio.Lock()
        self._hastened = asyncio.Event()

    def of(self, user_id: UUID, tenant_id: UUID | None) -> Allowance:
        """What this user may spend in this tenant."""
        key = (user_id.int, None if tenant_id is None else tenant_id.int)  # quicker than UUIDs
        allowance = self._allowances.get(key)
        if allowance is not None:
            self._allowances.move_to_end(key)
            return allowance
        buckets = [self._bucket("user", user_id, self._user_quota)]
        if tenant_id is not None:
            buckets.append(self._bucket("tenant", tenant_id, self._tenant_quota))
        allowance = Allowance(self, tuple(one for one in buckets if one is not None))
        self._allowances[key] = allowance
        if len(self._allowances) > ALLOWANCES_MAX:
            self._allowances.popitem(last=False)
        return allowance

    def remember(self, bucket: _Bucket) -> None:
        """Has something spent told to Redis, within a second."""
        self._unreported.append(bucket)

    def hasten(self) -> None:
        """Has it told at once."""
        self._hastened.set()

    async def report(self) -> None:
        """Tells Redis what was spent, and learns what others spent of the same."""
        async with self._reporting:
            buckets, self._unreported = self._unreported, []
            for start in range(0, len(buckets), KEYS_MAX):
                await self._report(buckets[start : start + KEYS_MAX])

    async def keep_reporting(self) -> NoReturn:
        """Reports for ever; runs until it is cancelled."""
        while True:
            try:
                async with asyncio.timeout(REPORT_EVERY_S):
                    await self._hastened.wait()
            except TimeoutError:
                pass  # every second, whether anybody is in haste or not
            self._hastened.clear()
            if self._unreported:
                await self.report()

    async def _report(self, buckets: list[_Bucket]) -> None:
        spent = {bucket.key: bucket.unreported_s for bucket in buckets}
        try:
            waits = await self._spending.add(spent)
        except RateLimitsUnavailable as error:
            self._alone(buckets, str(error))
            return
        if not self.shared:
            _log.warning("rate_limits.shared")
        self.shared = True
        now = self.clock()
        for bucket, wait_s in zip(buckets, waits, strict=True):
            bucket.unreported_s -= spent[bucket.key]
            bucket.full_at = now + wait_s + bucket.unreported_s
            if bucket.unreported_s:
                self.remember(bucket)

    def _alone(self, buckets: list[_Bucket], reason: str) -> None:
        """Goes on with the copies. What they spent is not told later: it would be due at once."""
        if self.shared:
            _log.warning("rate_limits.alone", extra={"error": reason})
        self.shared = False
        for bucket in buckets:
            bucket.unreported_s = 0.0

    def _bucket(self, policy: str, own_id: UUID, quota: int) -> _Bucket | None:
        if not quota:
            return None
        key = f"{policy}:{own_id}"
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = _Bucket(policy=policy, key=key, quota=quota, full_at=self.clock())
            self._buckets[key] = bucket
        return bucket


@asynccontextmanager
async def rate_limits(
    spending: Spending, *, user_quota: int, tenant_quota: int
) -> AsyncIterator[RateLimits]:
    """The limits of this process, which share with those of others until the block ends."""
    limits = RateLimits(spending, user_quota=user_quota, tenant_quota=tenant_quota)
    reporting = asyncio.create_task(limits.keep_reporting(), name="rate-limits")
    try:
        yield limits
    finally:
        await ended(reporting)


def _spent_s(bucket: _Bucket, cost: int) -> float:
    """What costs more than a minute allows needs the whole bucket, and then passes."""
    return cost / bucket.quota * WINDOW_S if cost < bucket.quota else WINDOW_S


def _limited(bucket: _Bucket, retry_after_s: int) -> RateLimited:
    whose = "you may" if bucket.policy == "user" else "your tenant may"
    message = (
        f"that is more than the cost of {bucket.quota} that {whose} spend in {WINDOW_S} seconds: "
        f"try again in {retry_after_s} s, or ask for less at a time"
    )
    return RateLimited(message, retry_after_s)
