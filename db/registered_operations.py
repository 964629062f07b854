"""Documents that clients registered under their hash, in Redis: a few, for a day, one owner's."""

from __future__ import annotations

from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import BankfeedsError

KEPT_S: Final = 24 * 60 * 60
OF_OWNER_MAX: Final = 500

_KEEP: Final = """
if redis.call('HLEN', KEYS[1]) < tonumber(ARGV[3]) then
  redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
  if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
end
return redis.status_reply('OK')
"""


class OperationsUnavailable(BankfeedsError):
    """Redis cannot be asked; a client that sends the whole document needs none."""


class RegisteredOperations:
    """The documents of all owners, each seen by its owner alone."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._keep = redis.register_script(_KEEP)

    async def find(self, owner: str, sha256: str) -> str | None:
        """A document that was kept. Raises OperationsUnavailable."""
        try:
            (found,) = await self._redis.hmget(_key(owner), [sha256])  # type: ignore[misc]  # redis-py types it for its synchronous client too
        except (RedisError, OSError) as error:
            raise OperationsUnavailable(type(error).__name__) from error
        return None if found is None else str(found, "utf-8")

    async def keep(self, owner: str, sha256: str, document: str) -> None:
        """Keeps one for a day from the owner's first one. Raises OperationsUnavailable.

        An owner of `OF_OWNER_MAX` documents keeps no more: they go on sending those whole.
        """
        arguments = (sha256, document, OF_OWNER_MAX, KEPT_S)
        try:
            await self._keep(keys=[_key(owner)], args=arguments)
        except (RedisError, OSError) as error:
            raise OperationsUnavailable(type(error).__name__) from error


def _key(owner: str) -> str:
    return f"bankfeeds:operations:{owner}"
