"""Draws of the simulated Quiltt: identifiers and numbers that follow from a seed alone."""

from __future__ import annotations

import hashlib
import string
from collections import Counter
from collections.abc import Sequence
from typing import Final, TypeVar
from uuid import UUID

ID_CHARACTERS: Final = 21

_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
T = TypeVar("T")


class Draw:
    """Equal seeds give equal answers: of a path whenever it is asked, of identifiers in turn."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._identified: Counter[str] = Counter()

    def digest(self, *path: object) -> bytes:
        """64 bytes that belong to this path."""
        return hashlib.sha512("\x1f".join(map(str, (self._seed, *path))).encode()).digest()

    def below(self, limit: int, *path: object) -> int:
        """A whole number of at least nought and below the limit."""
        return int.from_bytes(self.digest(*path)[:8], "big") % limit

    def one_of(self, choices: Sequence[T], *path: object) -> T:
        """One of the choices."""
        return choices[self.below(len(choices), *path)]

    def id(self, prefix: str) -> str:
        """The next identifier of its kind, in the form of "conn_14TJiFDKRJlPiBHuukUIlX"."""
        self._identified[prefix] += 1
        number = int.from_bytes(self.digest("id", prefix, self._identified[prefix]), "big")
        text = ""
        for _ in range(ID_CHARACTERS):
            number, place = divmod(number, len(_ALPHABET))
            text += _ALPHABET[place]
        return f"{prefix}_1{text}"

    def uuid(self) -> str:
        """The next random UUID."""
        self._identified["uuid"] += 1
        number = self.digest("uuid", self._identified["uuid"])
        return str(UUID(bytes=number[:16], version=4))
