"""Shares make up the whole to the last decimal, near to their proportions, or there are none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.shares import shared

CENTS = st.integers(1, 10**9).map(lambda units: Decimal(units).scaleb(-2))


def _of(*amounts: str) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


@pytest.mark.parametrize(
    ("whole", "of", "expected"),
    [
        ("-90", _of("-60", "-40"), _of("-54", "-36")),
        ("100", _of("1", "1", "1"), _of("34", "33", "33")),
        ("1.00", _of("0.10", "0.20"), _of("0.33", "0.67")),
        ("-0.02", _of("-5", "-5"), _of("-0.01", "-0.01")),
        ("0.00000003", _of("1", "2"), _of("0.00000001", "0.00000002")),
    ],
)
def test_an_amount_is_shared_in_proportion(
    whole: str, of: list[Decimal], expected: list[Decimal]
) -> None:
    assert shared(Decimal(whole), of) == expected


@pytest.mark.parametrize(
    ("whole", "of"),
    [("0", ["1", "2"]), ("-3", ["1", "2"]), ("0.01", ["1", "2"]), ("3", ["1", "-2"])],
)
def test_no_share_is_nothing_or_of_the_other_sign(whole: str, of: list[str]) -> None:
    assert shared(Decimal(whole), _of(*of)) is None


@given(whole=CENTS, of=st.lists(CENTS, min_size=2, max_size=50))
def test_shares_sum_to_the_whole_and_are_a_unit_off_at_most(
    whole: Decimal, of: list[Decimal]
) -> None:
    for sign in (1, -1):
        shares = shared(sign * whole, [sign * one for one in of])
        if shares is None:
            assert min(of) * whole / sum(of) < Decimal("0.01")
            continue
        assert sum(shares) == sign * whole
        for share, one in zip(shares, of, strict=True):
            assert abs(abs(share) - one * whole / sum(of)) < Decimal("0.0101")
