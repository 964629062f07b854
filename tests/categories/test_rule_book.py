"""Rules: which fits, in which order, and that no text or pattern makes them slow."""

from __future__ import annotations

import fnmatch
import re
import time
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories.conditions import InvalidConditions, checked, kept
from categories.evidence import Facts
from categories.rule_book import Rule, RuleBook

ACCOUNT = uuid4()


def _rule(conditions: dict[str, Any], category: str = "Coffee") -> Rule:
    return Rule(id=uuid4(), name=category, category=category, conditions=checked(conditions))


def _facts(merchant: str = "Corner Cafe", **others: Any) -> Facts:
    values: dict[str, Any] = {
        "amount": Decimal("-3.50"),
        "currency": "EUR",
        "description": "Card payment",
        "account_id": str(ACCOUNT),
        "provider_category": "FOOD_AND_DRINK_COFFEE",
    }
    return Facts(merchant=merchant, **{**values, **others})


def _fits(conditions: dict[str, Any], facts: Facts) -> bool:
    return RuleBook([_rule(conditions)]).find(facts) is not None


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"merchant": {"contains": "CAFE"}}, True),
        ({"merchant": {"contains": "corner   cafe"}}, True),
        ({"merchant": {"equals": "corner cafe"}}, True),
        ({"merchant": {"equals": "corner"}}, False),
        ({"merchant": {"matches": "corner*"}}, True),
        ({"merchant": {"matches": "*er c?fe"}}, True),
        ({"merchant": {"matches": "cafe*"}}, False),
        ({"text": {"contains": "card"}}, True),
        ({"text": {"equals": "cafe"}}, False),
        ({"amount_from": "3.50", "amount_to": "3.50"}, True),
        ({"amount_from": "3.51"}, False),
        ({"amount_to": "3.49"}, False),
        ({"direction": "out"}, True),
        ({"direction": "in"}, False),
        ({"account_ids": [str(ACCOUNT)]}, True),
        ({"account_ids": [str(UUID(int=1))]}, False),
        ({"provider_categories": ["FOOD_AND_DRINK_COFFEE"]}, True),
        ({"provider_categories": ["TRAVEL"]}, False),
        ({"currency": "EUR"}, True),
        ({"currency": "USD"}, False),
        ({"merchant": {"contains": "cafe"}, "direction": "in"}, False),
    ],
)
def test_a_rule_fits_where_all_of_its_conditions_hold(
    conditions: dict[str, Any], fits: bool
) -> None:
    assert _fits(conditions, _facts()) is fits


def test_money_that_does_not_move_has_no_direction() -> None:
    still = _facts(amount=Decimal(0))

    assert not any(_fits({"direction": way}, still) for way in ("in", "out"))


def test_a_merchant_is_known_by_the_cleaned_name_too() -> None:
    assert _fits({"merchant": {"equals": "corner cafe"}}, _facts("SUMUP *Corner Cafe 0042"))


@pytest.mark.parametrize("number", [0, 1, 3, 1_000])
def test_the_first_that_fits_decides(number: int) -> None:
    others = [_rule({"merchant": {"contains": f"shop {n}x"}}, f"shop {n}") for n in range(number)]
    book = RuleBook([*others, _rule({"merchant": {"contains": "cafe"}}, "first"),
                     _rule({"direction": "out"}, "second")])  # fmt: skip

    found = book.find(_facts())
    assert found is not None
    assert found.category == "first"
    other = book.opinion(_facts("Bakery"))
    assert other is not None
    assert (other.category, other.probability) == ("second", 1.0)


def test_without_a_rule_there_is_no_opinion() -> None:
    assert RuleBook([]).opinion(_facts()) is None


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"merchant": {}},
        {"merchant": {"contains": "a", "equals": "b"}},
        {"merchant": {"contains": " "}},
        {"merchant": {"contains": "x" * 201}},
        {"merchant": {"matches": "*a" * 21}},
        {"amount_from": "-1"},
        {"amount_from": "NaN"},
        {"amount_from": "1e20"},
        {"amount_from": "0.123456789"},
        {"amount_from": "2", "amount_to": "1"},
        {"account_ids": []},
        {"currency": "euro"},
        {"regex": ".*"},
        "merchant",
        None,
    ],
)
def test_conditions_that_make_no_sense_are_refused(conditions: object) -> None:
    with pytest.raises(InvalidConditions):
        checked(conditions)


def test_conditions_come_back_as_they_were_kept() -> None:
    conditions = checked(
        {"text": {"matches": "a*"}, "amount_from": "1.50", "account_ids": [str(ACCOUNT)]}
    )

    assert checked(kept(conditions)) == conditions


@given(pattern=st.text("ab*?", min_size=1, max_size=12), text=st.text("ab", max_size=12))
def test_a_pattern_fits_what_a_regular_expression_says(pattern: str, text: str) -> None:
    expected = re.fullmatch(
        fnmatch.translate(pattern.replace("[", "[[]")), text, re.DOTALL
    )  # the standard library's own reading

    assert _fits({"text": {"matches": pattern}}, _facts(description=text)) is (expected is not None)


@given(text=st.text(max_size=300), other=st.text(max_size=300))
def test_no_text_breaks_a_book(text: str, other: str) -> None:
    book = RuleBook(
        [_rule({"merchant": {"matches": "*(a+)+$*"}}), _rule({"text": {"contains": "\\"}})]
    )

    book.find(_facts(text, description=other))


def test_hostile_patterns_and_texts_cost_little() -> None:
    conditions = {"text": {"matches": "*" + "a?" * 20 + "*a" * 19 + "b"}}
    book = RuleBook([_rule(conditions) for _ in range(100)])

    started = time.process_time()
    for number in range(10):
        assert book.find(_facts(description="a" * 1_000 + str(number))) is None

    assert time.process_time() - started < 2


def test_a_thousand_rules_read_ten_thousand_texts_in_seconds() -> None:
    book = RuleBook(
        [_rule({"merchant": {"contains": f"merchant number {n} "}}) for n in range(1_000)]
    )

    started = time.process_time()
    for number in range(10_000):
        book.find(_facts(f"a merchant number {number % 2_000} of many"))

    assert time.process_time() - started < 4
