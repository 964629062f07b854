"""Judging: the merchant's trade names a row, the code of a card's acquirer goes before its name."""

from __future__ import annotations

from decimal import Decimal

from core.categories import CategoryOrigin, Subject, Verdict
from pipeline.judging import Judge


def judged(
    merchant: str,
    amount: str = "-40.00",
    *,
    extra: dict[str, str] | None = None,
    source_category: str | None = None,
) -> Verdict:
    (verdict,) = Judge().judge(
        [
            Subject(
                merchant_name=merchant,
                description="Card payment",
                amount=Decimal(amount),
                currency="GBP",
                source_category=source_category,
                extra=extra,
                account_id=None,
            )
        ]
    )
    return verdict


def test_a_trade_that_acquirers_code_alike_is_applied() -> None:
    said = judged("ARGOS RETAIL GROUP 0021")

    assert (said.category, said.origin) == (
        "GENERAL_MERCHANDISE_DEPARTMENT_STORES",
        CategoryOrigin.BRAND,
    )
    assert said.confidence is not None
    assert said.confidence >= 95
    assert said.suggested is None


def test_a_trade_in_doubt_is_a_suggestion() -> None:
    said = judged("Adobe Creative Cloud")

    assert said.category is None
    assert said.suggested == "GENERAL_MERCHANDISE_ELECTRONICS"
    assert said.reason == "The merchant's name says adobe."


def test_a_code_goes_before_the_name_under_any_of_the_names_that_sources_use() -> None:
    for key in ("mcc", "SIC"):
        said = judged("Argos", extra={key: "5814"})

        assert (said.category, said.origin) == ("FOOD_AND_DRINK_FAST_FOOD", CategoryOrigin.MCC)
    assert judged("Argos", extra={"mcc": "58"}).origin is CategoryOrigin.BRAND


def test_a_name_says_nothing_of_money_that_comes_in() -> None:
    assert judged("Argos", "40.00").category is None


def test_a_word_of_the_source_stands_where_only_the_name_speaks_against_it() -> None:
    said = judged("Argos", source_category="Own Word")

    assert (said.category, said.origin) == ("Own Word", CategoryOrigin.PROVIDER)


def test_of_what_nobody_heard_of_nothing_is_applied() -> None:
    said = judged("qwxzv jjkkq")

    assert said.category is None
    assert said.origin is not None
