"""The key ring that the settings describe: of a file, of the environment, of AWS KMS, or of several
while what is sealed moves from one to another.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

from core.errors import UnknownKey
from core.key_settings import VARIABLES, KeySource
from core.settings import Settings
from core.vault import Aad, KeyRing
from db.keys import FileKeys, InvalidKeys, keys_from_environment
from db.kms import kms_keys

NO_KEY: Final = (
    "BANKFEEDS_KEYS: no key-encryption key; set it, BANKFEEDS_KEY_FILE or BANKFEEDS_KMS_KEY"
)


class KeyRings:
    """A `KeyRing` of several: the first one wraps, each opens what was wrapped by its keys."""

    def __init__(self, rings: Sequence[KeyRing]) -> None:
        self._rings = tuple(rings)

    def __repr__(self) -> str:
        return f"KeyRings({', '.join(map(repr, self._rings))})"

    @property
    def current_id(self) -> str:
        """The current key of the first ring."""
        return self._rings[0].current_id

    @property
    def key_ids(self) -> Sequence[str]:
        """The keys of all rings, those of the first ring first."""
        return tuple(key_id for ring in self._rings for key_id in ring.key_ids)

    async def wrap(self, data_key: bytes, aad: Aad) -> bytes:
        """The data key under the current key."""
        return await self._rings[0].wrap(data_key, aad)

    async def unwrap(self, key_id: str, wrapped: bytes, aad: Aad) -> bytes:
        """The data key. Raises UnknownKey, SealBroken and KeysUnavailable."""
        for ring in self._rings:
            if key_id in ring.key_ids:
                return await ring.unwrap(key_id, wrapped, aad)
        for ring in self._rings:  # a key file may have been given it meanwhile
            with suppress(UnknownKey):
                return await ring.unwrap(key_id, wrapped, aad)
        raise UnknownKey(f"the key-encryption key {key_id!r} is not configured here")


@asynccontextmanager
async def key_ring(settings: Settings) -> AsyncIterator[KeyRing]:
    """The keys that are configured; the one that seals comes from `settings.key_source`.

    At least one source is set. Raises InvalidKeys, UnknownKey and KeysUnavailable.
    """
    async with AsyncExitStack() as stack:
        rings: dict[KeySource, KeyRing] = {}
        if settings.key_file is not None:
            rings["file"] = FileKeys(settings.key_file)
        if settings.keys is not None:
            rings["environment"] = keys_from_environment(settings.keys.get_secret_value())
        if settings.kms_keys is not None:
            rings["kms"] = await stack.enter_async_context(
                kms_keys(settings.kms_keys, endpoint=settings.kms_endpoint)
            )
        first = [ring for source, ring in rings.items() if source == settings.key_source]
        others = [ring for source, ring in rings.items() if source != settings.key_source]
        ring = KeyRings([*first, *others]) if others else first[0]
        if len(set(ring.key_ids)) < len(ring.key_ids):
            # What the one key seals would be tried with the other.
            named = " and ".join(VARIABLES[source] for source in rings)
            raise InvalidKeys(f"{named} have a key id in common: give one of the keys another id")
        yield ring
