"""Rules of a tenant: every condition must hold, the first that fits decides."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from categories.evidence import Facts
from categories.rules import Rule, Rules

FACTS = Facts(
    merchant="SHELL KINGS 587",
    amount=Decimal("-40.00"),
    currency="GBP",
    description="fuel card 12",
    provider_category="TRANSPORTATION_GAS",
    account_id="a",
)
RULE = Rule(
    name="fuel",
    category="FUEL",
    merchant="shell kings",
    merchant_contains="KINGS",
    description_contains="Card",
    amount_min=Decimal("-50"),
    amount_max=Decimal("-40"),
    currency="GBP",
    account_id="a",
    provider_category="TRANSPORTATION*",
)


def test_a_rule_fits_where_all_its_conditions_hold() -> None:
    assert RULE.fits(FACTS)


@pytest.mark.parametrize(
    "other",
    [
        replace(RULE, merchant="shell"),
        replace(RULE, merchant_contains="esso"),
        replace(RULE, description_contains="cash"),
        replace(RULE, amount_min=Decimal("-39.99")),
        replace(RULE, amount_max=Decimal("-40.01")),
        replace(RULE, currency="EUR"),
        replace(RULE, account_id="b"),
        replace(RULE, provider_category="TRANSPORTATION"),
        replace(RULE, provider_category="FOOD*"),
    ],
)
def test_one_condition_that_fails_is_enough(other: Rule) -> None:
    assert not other.fits(FACTS)


def test_the_first_that_fits_decides() -> None:
    rules = Rules([replace(RULE, currency="EUR"), RULE, replace(RULE, category="TRAVEL")])

    said = rules.opinion(FACTS)

    assert said is not None
    assert (said.category, said.sure) == ("FUEL", True)
    assert "fuel" in said.reason
    assert rules.first(replace(FACTS, currency="KES")) is None
