"""Rules that fit nearly everything end soon: what they look at is bounded, whoever wrote them."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from time import process_time

import pytest

from core.reconciliation import Candidate, Proposal, Rule, RuleMode, RuleShape, RuleSigns, RuleTerms
from matching.reconcile import reconcile
from tests.fixtures.candidates import row

CPU_S = 6  # for six thousand rows; without bounds it is 10 to 16, and grows as their square
WIDE = RuleTerms(
    name="anything",
    mode=RuleMode.SUGGEST,
    signs=RuleSigns.EITHER,
    left_account_type="other",
    amount_tolerance=Decimal(1_000_000),
    tolerance_percent=Decimal(10),
    day_window=90,
)


def _many(rows: int) -> list[Candidate]:
    chance = random.Random(7)  # noqa: S311  # no secret
    return [
        row(
            f"{account} {number}",
            str(Decimal(chance.randrange(-100_000, 100_000)) / 100),
            account=account,
            day=chance.randrange(90),
            text=f"shop {number % 50} river",
            reference=f"reference {number % 700}",
        )
        for account in ("books", "bank")
        for number in range(rows // 2)
    ]


def _found(rows: list[Candidate], shape: RuleShape) -> list[Proposal]:
    return reconcile([Rule(label="wide/1", terms=replace(WIDE, shape=shape))], rows)


@pytest.mark.parametrize("shape", [RuleShape.ONE_TO_ONE, RuleShape.PAYOUT])
def test_a_rule_that_fits_everything_ends_soon(shape: RuleShape) -> None:
    rows = _many(6_000)
    began = process_time()

    found = _found(rows, shape)

    assert process_time() - began < CPU_S
    assert found
    assert not any(one.unique for one in found)


@pytest.mark.parametrize("shape", RuleShape)
def test_what_it_finds_is_the_same_in_any_order(shape: RuleShape) -> None:
    rows = _many(400)

    assert _found(rows, shape) == _found(rows[::-1], shape)


def test_a_run_that_took_too_long_ends_before_its_next_rule() -> None:
    tried: list[int] = []

    def patience() -> None:
        tried.append(1)
        if len(tried) > 2:
            raise TimeoutError

    rule = Rule(label="wide/1", terms=WIDE)
    with pytest.raises(TimeoutError):
        reconcile([rule] * 5, _many(20), patience=patience)

    assert len(tried) == 3
