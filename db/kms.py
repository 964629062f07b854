"""Key-encryption keys in AWS KMS: they never leave it, and it logs who used them for what.

A key is named in what it sealed by its ARN, whatever the configuration calls it. The associated
data go along as the encryption context, in named parts: ids and a word of the code, which AWS
writes into its log.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, Protocol, TypeVar

from core.errors import KeysUnavailable, UnknownKey
from core.vault import Aad
from db.keys import InvalidKeys
from db.opened_keys import OpenedKeys

VARIABLE: Final = "BANKFEEDS_KMS_KEY"
ID_CHARACTERS_MAX: Final = 255
CALLS_AT_ONCE: Final = 8
DEADLINE_S: Final = 8  # below the ten seconds that an operation of the API may take

Answer = TypeVar("Answer")


class KeyService(Protocol):
    """AWS KMS in three calls that block, each bounded in time. Raise our errors alone."""

    def arn(self, name: str) -> str:
        """The ARN of the key that an id, an alias or an ARN names."""
        ...

    def encrypt(self, arn: str, data_key: bytes, context: Mapping[str, str]) -> bytes:
        """The data key wrapped under a key and bound to the context."""
        ...

    def decrypt(self, arn: str, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The data key that was wrapped under the key with this context."""
        ...


class KmsKeys:
    """A `KeyRing` of keys in AWS KMS; calls run in threads of its own, eight at once.

    Data keys that were unwrapped are kept for a minute (`db.opened_keys`).
    """

    def __init__(
        self, service: KeyService, arns: Sequence[str], threads: ThreadPoolExecutor
    ) -> None:
        self._service = service
        self._arns = tuple(arns)
        self._threads = threads
        self._opened = OpenedKeys()

    def __repr__(self) -> str:
        return f"KmsKeys(current_id={self.current_id!r})"

    @property
    def current_id(self) -> str:
        """The ARN of the first key."""
        return self._arns[0]

    @property
    def key_ids(self) -> Sequence[str]:
        """The ARNs of all keys, in the order in which they are configured."""
        return self._arns

    async def wrap(self, data_key: bytes, aad: Aad) -> bytes:
        """The data key under the current key. Raises UnknownKey and KeysUnavailable."""
        call = partial(self._service.encrypt, self.current_id, data_key, _context(aad))
        return await _asked(self._threads, call)

    async def unwrap(self, key_id: str, wrapped: bytes, aad: Aad) -> bytes:
        """The data key. Raises UnknownKey, SealBroken and KeysUnavailable."""
        if key_id not in self._arns:
            raise UnknownKey(f"the key-encryption key {key_id!r} is not configured here")
        call = partial(self._service.decrypt, key_id, wrapped, _context(aad))
        return await self._opened.get((key_id, wrapped, aad), lambda: _asked(self._threads, call))


@asynccontextmanager
async def kms_keys(names: Sequence[str], *, endpoint: str | None = None) -> AsyncIterator[KmsKeys]:
    """The ring of these keys, the first one current; `endpoint` is where KMS is, if not at AWS.

    Names that are ARNs of keys cost no call; of the others KMS is asked for the ARN. Raises
    InvalidKeys, UnknownKey and KeysUnavailable.
    """
    try:
        from db.kms_client import KmsService
    except ImportError as error:
        raise InvalidKeys(
            f"{VARIABLE} needs a package that is not installed: pip install 'bankfeeds[aws]'"
        ) from error
    service = KmsService(endpoint=endpoint, connections=CALLS_AT_ONCE)
    threads = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="kms")
    try:
        arns = [await _asked(threads, partial(service.arn, name)) for name in names]
        _refuse(arns)
        yield KmsKeys(service, arns, threads)
    finally:
        # What still runs ends by the timeouts of its connection.
        threads.shutdown(wait=False, cancel_futures=True)
        service.close()


async def _asked(threads: ThreadPoolExecutor, call: Callable[[], Answer]) -> Answer:
    """The answer to a call that blocks. Raises what it raises, and KeysUnavailable in time."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await asyncio.get_running_loop().run_in_executor(threads, call)
    except TimeoutError:
        raise KeysUnavailable(f"AWS KMS did not answer within {DEADLINE_S} seconds") from None


def _refuse(arns: Sequence[str]) -> None:
    for number, arn in enumerate(arns, start=1):
        if not (arn.isascii() and 0 < len(arn) <= ID_CHARACTERS_MAX):
            raise InvalidKeys(f"{VARIABLE}, key {number}: its ARN is not 1 to 255 characters")
        if arn in arns[: number - 1]:
            raise InvalidKeys(f"{VARIABLE}, key {number}: is there already: name each key once")


def _context(aad: Aad) -> dict[str, str]:
    return {
        "tenant": str(aad.tenant_id),
        "purpose": aad.purpose,
        "record": str(aad.record_id),
    }
