"""What two rows agree in: references, texts, amounts and days; what is empty agrees in nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Final
from uuid import UUID

from core.reconciliation import Candidate, RuleSigns, RuleTerms

REFERENCE_MIN: Final = 4  # shorter ones are equal by chance
_PLACES: Final = 8  # that an amount has at most
_WORD: Final = re.compile(r"[^\W_]{3,}")


def key_of(ids: Sequence[UUID]) -> str:
    """Names a group by its rows, so that a replay asks about it once."""
    return "reconciliation:" + sha256(b"".join(sorted(one.bytes for one in ids))).hexdigest()


def minor(amount: Decimal) -> int:
    """An amount in the smallest units that any has: sums of these are exact and quick."""
    return int(amount.scaleb(_PLACES))


def major(units: int) -> Decimal:
    """The amount again."""
    return Decimal(units).scaleb(-_PLACES).normalize() + Decimal(0)


def references(row: Candidate) -> frozenset[str]:
    """What the row is called somewhere: ids and references that say something."""
    named = (row.external_id, row.reference, row.customer_reference)
    folded = (name.strip().casefold() for name in named if name is not None)
    return frozenset(name for name in folded if len(name) >= REFERENCE_MIN)


def words(row: Candidate) -> frozenset[str]:
    """The words of a row that can tell it from others."""
    text = f"{row.description} {row.merchant_name or ''}".casefold()
    return frozenset(word for word in _WORD.findall(text) if not word.isdigit())


def text_agreement(one: frozenset[str], other: frozenset[str]) -> int:
    """How much of the shorter text the longer one has, in percent."""
    fewer = min(len(one), len(other))
    return 0 if fewer == 0 else 100 * len(one & other) // fewer


def mentioned(names: Iterable[str], row: Candidate) -> bool:
    """Whether the text of a row has one of these references."""
    text = row.description.casefold()
    return any(name in text for name in names)


def tolerance(terms: RuleTerms, *sides: int) -> int:
    """How far sums may be apart, in minor units: the wider of both bounds."""
    largest = max(abs(side) for side in sides)
    share = int(largest * terms.tolerance_percent / 100)
    return max(minor(terms.amount_tolerance), share)


def difference(signs: RuleSigns, left: int, right: int) -> int:
    """The left side less the right one, the latter turned round where it is the other end."""
    equal, opposite = left - right, left + right
    match signs:
        case RuleSigns.EQUAL:
            return equal
        case RuleSigns.OPPOSITE:
            return opposite
        case RuleSigns.EITHER:
            return min(equal, opposite, key=abs)
