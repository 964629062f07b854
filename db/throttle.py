"""Throttle: calls to providers, counted by all workers together in Redis."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.rate_limits import RateLimitsUnavailable

TIMEOUT_S: Final = 1

# Each limit is a log of the calls of its window, so that no window of that length ever has more.
# All limits take the call or none does. By the clock of Redis, so that workers need not agree.
_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local wait = 0
for number, key in ipairs(KEYS) do
  local calls, window = tonumber(ARGV[number * 2]), tonumber(ARGV[number * 2 + 1])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  local surplus = redis.call('ZCARD', key) - calls
  if surplus >= 0 then
    local freeing = redis.call('ZRANGE', key, surplus, surplus, 'WITHSCORES')
    wait = math.max(wait, freeing[2] + window - now)
  end
end
if wait > 0 then
  return tostring(wait)
end
for number, key in ipairs(KEYS) do
  redis.call('ZADD', key, now, ARGV[1])
  redis.call('PEXPIRE', key, math.ceil(ARGV[number * 2 + 1] * 1000))
end
return '0'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `calls` in any time of that length, for all who name the same key."""

    key: str
    calls: int
    per: timedelta


class Throttle:
    """The calls of all workers."""

    def __init__(self, redis: Redis) -> None:
        self._take = redis.register_script(_TAKE)

    async def take(self, limits: Sequence[Limit]) -> timedelta:
        """Zero: the call is counted and may be made. Else how long to wait before asking again.

        Raises RateLimitsUnavailable after a second at most.
        """
        arguments: list[str | int] = [secrets.token_hex(8)]
        for limit in limits:
            arguments += [limit.calls, f"{limit.per.total_seconds():.6f}"]
        try:
            async with asyncio.timeout(TIMEOUT_S):
                wait = await self._take(
                    keys=[f"bankfeeds:pace:{limit.key}" for limit in limits], args=arguments
                )
        except (RedisError, OSError, TimeoutError) as error:
            raise RateLimitsUnavailable(type(error).__name__) from error
        return timedelta(seconds=float(wait))
