"""Identities of rows, byte for byte: what stands in a database must be known again.

`identities.json` was written by the version of 2026-11-30 and is never written anew: whatever makes
other fingerprints or content keys of these rows needs a migration that re-keys all that stand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from core.records import Record, TransactionRecord, TransactionStatus
from pipeline.batch import Entry, batches
from pipeline.normalize import normalize, normalize_stable
from pipeline.ordinals import Ordinals
from pipeline.told import Told
from statements.base import ParseOptions
from statements.profiles import read_profile
from statements.registry import detect

SAMPLES: Final = Path(__file__).resolve().parents[2] / "docs/samples"
PINNED: Final[dict[str, Any]] = json.loads(
    Path(__file__).with_name("identities.json").read_text("utf-8")
)
PROFILES: Final = {
    "seebank.csv": "seebank.json",
    "meadowbank.xml": "meadowbank.profile.json",
    "riverbank.statement.json": "riverbank.profile.json",
}
RECEIVED: Final = date(2026, 5, 1)


def test_identities_of_rows_that_banks_may_send_are_those_that_stand() -> None:
    assert identities(odd_rows()) == PINNED["odd"]


def test_identities_of_sources_with_stable_ids_are_those_that_stand() -> None:
    named = [row._replace(external_id=row.external_id or f"id{row.line}") for row in odd_rows()]
    (batch,) = batches(named)

    entries = normalize_stable(batch, told=Told(), received=RECEIVED).entries

    assert [shown(entry) for entry in entries] == PINNED["stable"]


@pytest.mark.parametrize("name", sorted(PINNED["samples"]))
def test_identities_of_a_sample_file_are_those_that_stand(name: str) -> None:
    assert identities(sample(name)) == PINNED["samples"][name]


def test_a_batch_of_any_size_gives_the_same_identities() -> None:
    assert identities(odd_rows(), size=1) == PINNED["odd"]
    assert identities(odd_rows(), size=7) == PINNED["odd"]


def identities(records: Iterable[Record], *, size: int = 10_000) -> list[list[Any]]:
    """Of each row its line, day, fingerprint, occurrence and content key."""
    with Ordinals() as ordinals:
        return [
            shown(entry)
            for batch in batches(records, size=size)
            for entry in normalize(batch, ordinals=ordinals, received=RECEIVED).entries
        ]


def shown(entry: Entry) -> list[Any]:
    return [
        entry.record.line,
        entry.sort_date.isoformat(),
        entry.fingerprint.hex(),
        entry.occurrence,
        entry.content_key,
    ]


def sample(name: str) -> Iterable[Record]:
    content = (SAMPLES / name).read_bytes()
    profile = None
    if name in PROFILES:
        profile = read_profile(json.loads((SAMPLES / PROFILES[name]).read_text("utf-8")))
    found = detect(content)
    assert found is not None
    return found.parse([content], ParseOptions(currency="EUR", profile=profile))


def odd_rows() -> list[TransactionRecord]:
    """Rows with everything that a fingerprint or a content key could trip over."""
    plain = TransactionRecord(
        account="a",
        amount=Decimal("-3.50"),
        currency="EUR",
        posted_date=date(2026, 4, 30),
        status=TransactionStatus.POSTED,
        description="COFFEE",
        description_raw="COFFEE",
        line=0,
        line_end=0,
    )
    changes: list[dict[str, Any]] = [
        {},
        {},
        {"account": "b"},
        *({"amount": Decimal(text)} for text in AMOUNTS),
        *({"description": text, "description_raw": text} for text in TEXTS),
        *(
            {field: text}
            for field in (
                "external_id",
                "reference",
                "customer_reference",
                "type_code",
                "merchant_name",
                "category",
            )
            for text in TEXTS
        ),
        {"posted_date": None},
        {"posted_date": None},
        {"posted_date": None, "transaction_date": date(2026, 4, 1)},
        {"posted_date": None, "value_date": date(2026, 4, 2)},
        {"posted_date": None, "transaction_date": date(2026, 4, 1), "value_date": date(2026, 4, 2)},
        {"transaction_date": date(2026, 4, 1), "value_date": date(2026, 4, 2)},
        {"posted_date": date(1900, 1, 1)},
        {"posted_date": date(2199, 12, 31)},
        {"status": TransactionStatus.PENDING},
        {"running_balance": Decimal("0.00")},
        {"running_balance": Decimal("-1234567.8900")},
        {"extra": {}},
        {"extra": {"name": "value", "other": ""}},
        {"extra": {"na\x00me": "va\ud800lue"}},
        {"pending_external_id": "p1"},
        {"description_raw": "COFFEE\n  SHOP"},
        {},
    ]
    return [
        plain._replace(**change)._replace(line=number, line_end=number)
        for number, change in enumerate(changes, start=1)
    ]


AMOUNTS: Final = (
    "0", "-0", "0.00", "-0.00", "1", "1.0", "100", "100.00", "1200", "-1200.00", "120.50",
    "0.00000001", "-0.00000100", "99999999999999.99999999", "10000000000000", "3.5", "-3.500",
)  # fmt: skip
TEXTS: Final = (
    "", " ", "x", "Caf\u00e9 \u20ac", "a\x1fb", "a\x00b", "lone \ud800 half", "\U0001f600",
    "x" * 499, "x" * 500, "x" * 501, "\u00e9" * 501, "x" * 10_000, "x" * 10_001, "None",
)  # fmt: skip
