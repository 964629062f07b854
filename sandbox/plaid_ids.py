"""Plaid's identifiers and chances, all of them a function of the seed."""

from __future__ import annotations

import base64
import hashlib
import random
from collections import Counter
from typing import Final
from uuid import UUID

_LETTERS: Final = bytes.maketrans(b"+/", b"Zz")


class Ids:
    """Names of things: the same seed and the same order of events give the same names."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made: Counter[str] = Counter()

    def of(self, *parts: object, length: int = 37) -> str:
        """The name that these parts always have, such as BxBXxLj1m4HMXBm9WZZmCWVbPjX16EHwv99vp."""
        encoded = base64.b64encode(self.digest(*parts)).translate(_LETTERS)
        return encoded[:length].decode()

    def next(self, kind: str, length: int = 37) -> str:
        """A name that nothing has yet."""
        return self.of(kind, self._count(kind), length=length)

    def token(self, kind: str) -> str:
        """A token that nobody has yet, such as access-sandbox-<uuid>."""
        return f"{kind}-sandbox-{UUID(bytes=self.digest(kind, self._count(kind))[:16], version=4)}"

    def chance(self, *parts: object) -> random.Random:
        """A source of chance that is the same for the same parts."""
        return random.Random(self.digest(*parts))  # noqa: S311 chances of a simulation

    def digest(self, *parts: object) -> bytes:
        """32 bytes that are the same for the same parts."""
        text = "\x00".join(map(str, (self._seed, *parts)))
        return hashlib.sha256(text.encode()).digest()

    def _count(self, kind: str) -> int:
        self._made[kind] += 1
        return self._made[kind]
