"""Names of files as servers and mails give them: checked, matched, and made free."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Final

NAME_BYTES_MAX: Final = 255
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def matches(name: str, pattern: str) -> bool:
    """Whether a name is of the pattern; capitals make no difference."""
    return fnmatchcase(name.lower(), pattern.lower())


def is_plain(name: str) -> bool:
    """Whether it names a file of its own folder, and shows as what it is."""
    return (
        name not in ("", ".", "..")
        and "/" not in name
        and len(name.encode(errors="surrogatepass")) <= NAME_BYTES_MAX
        and not _UNSAFE.search(name)
    )


def shown(name: str) -> str:
    """A name that is not plain, as a person may see it."""
    escaped = name.encode("unicode_escape", "surrogatepass").decode("ascii")
    return escaped[:NAME_BYTES_MAX] or "(empty)"


def last_part(name: str) -> str:
    """The name alone of what may be a path, without anything unsafe."""
    return _UNSAFE.sub("", re.split(r"[/\\]", name)[-1]).strip()[:NAME_BYTES_MAX]


def numbered(name: str, number: int) -> str:
    """The name with a number in it, before its ending; no longer than a name may be."""
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    tail = f"-{number}{dot}{ending}"
    room = NAME_BYTES_MAX - len(tail.encode())
    if room < 1:
        return numbered(name[: NAME_BYTES_MAX // 8], number)
    return stem.encode()[:room].decode(errors="ignore") + tail
