"""What the processes spent of rate limits, added up in Redis.

Each limit is one number: the instant at which all of it is there again (the generic cell rate
algorithm, ITU-T I.371, as a virtual schedule). Spending moves the instant into the future.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import BankfeedsError

KEYS_MAX: Final = 200  # that one call reports
TIMEOUT_S: Final = 1

# In seconds, by the clock of Redis, so that processes need not agree on the time.
_SPEND: Final = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local waits = {}
for number, key in ipairs(KEYS) do
  local full_at = math.max(tonumber(redis.call('GET', key) or 0), now) + ARGV[number]
  local wait = full_at - now
  if wait > 0 then
    redis.call('SET', key, string.format('%.6f', full_at), 'PX', math.ceil(wait * 1000))
  end
  waits[number] = string.format('%.6f', wait)
end
return waits
"""


class RateLimitsUnavailable(BankfeedsError):
    """Redis cannot be asked what other processes spent."""


class SharedSpending:
    """What all processes together have spent."""

    def __init__(self, redis: Redis) -> None:
        self._spend = redis.register_script(_SPEND)

    async def add(self, spent_s: Mapping[str, float]) -> Sequence[float]:
        """Adds seconds' worth to each of `KEYS_MAX` limits at most; seconds until each is whole.

        Raises RateLimitsUnavailable after a second at most.
        """
        assert len(spent_s) <= KEYS_MAX
        keys = [f"bankfeeds:rate:{name}" for name in spent_s]
        amounts = [f"{amount:.6f}" for amount in spent_s.values()]
        try:
            async with asyncio.timeout(TIMEOUT_S):
                waits = await self._spend(keys=keys, args=amounts)
        except (RedisError, OSError, TimeoutError) as error:
            raise RateLimitsUnavailable(type(error).__name__) from error
        return [float(wait) for wait in waits]
