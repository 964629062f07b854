"""Corrections of every kind, for the compiler's tests."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from tests.compiler.odd_values import INSTANTS
from tests.compiler.picking import pick

if TYPE_CHECKING:
    from tests.compiler.rows import Row, Tenant

_STATES = ("applied", "open", "applied", "closed")
_DOCUMENTS = 5


def correction_rows(tenant: Tenant) -> Iterator[tuple[str, Row]]:
    """Of rows that stand or have gone; some delete, and two are of one row."""
    for number in range(16):
        state = pick(_STATES, number)
        waits = state == "open"
        place = number % _DOCUMENTS
        yield (
            "corrections",
            {
                "id": tenant.key("correction", number),
                "mapping_id": tenant.key("mapping", 0),
                "external_id": tenant.text(number)[:400] + str(number),
                "new_print": b"" if number % 5 == 4 else _print(number // 2 * 2),
                "new_occurrence": 0,
                "state": state,
                "old_print": None if waits else _print(40 + number if number % 3 else 999),
                "old_occurrence": None if waits else 0,
                "old_job_id": None if waits else tenant.key("job", 4 - place),
                "old_raw_id": None if waits else tenant.key("document", 4 - place),
                "old_raw_line": None if waits else number,
                "job_id": tenant.key("job", place),
                "raw_id": tenant.key("document", place),
                "raw_line": number,
                "created_at": pick(INSTANTS, number),
            },
        )


def _print(number: int) -> bytes:
    """The fingerprint of a transaction of `tests.compiler.rows`."""
    return sha256(str(number).encode()).digest()[:16]
