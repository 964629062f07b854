"""A decision: evidence in its order, suggestions below the bar, a reason for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from categories.conditions import Conditions, TextCondition
from categories.corrections import Correction, Corrections
from categories.evidence import (
    BATCH_ROWS,
    UNDECIDED,
    Facts,
    Opinion,
    Source,
    decide,
    decide_many,
    opinion,
)
from categories.model import TextModel
from categories.rule_book import Rule, RuleBook


@dataclass(frozen=True)
class Believer:
    """A model that says one thing of everything."""

    category: str
    probability: float

    def opinions(self, many: Sequence[Facts]) -> Sequence[Opinion | None]:
        said = opinion(
            Source.MODEL, self.category, probability=self.probability, reason="It always says so."
        )
        return [said for _ in many]


def facts(merchant: str = "corner place", **known: str) -> Facts:
    return Facts(merchant=merchant, amount=Decimal("-12.50"), currency="GBP", **known)


ALL = {
    "mcc": "5812",
    "provider_category": "FOOD_AND_DRINK_COFFEE",
    "provider_confidence": "VERY_HIGH",
}
CORRECTED = Corrections([Correction(merchant="Corner Place", category="TAXI")])


def rules(name: str, category: str, merchant: TextCondition) -> RuleBook:
    conditions = Conditions(merchant=merchant)
    return RuleBook([Rule(id=UUID(int=1), name=name, category=category, conditions=conditions)])


RULES = rules("corners are fuel", "FUEL", TextCondition(contains="corner"))
MODEL = Believer("BOOKS", 0.97)


def test_the_strongest_evidence_decides() -> None:
    everything = facts(**ALL)

    assert decide(everything, corrections=CORRECTED, rules=RULES, model=MODEL).category == "TAXI"
    assert decide(everything, rules=RULES, model=MODEL).source is Source.RULE
    assert decide(everything, model=MODEL).category == "FOOD_AND_DRINK_COFFEE"
    assert decide(facts(mcc="5812"), model=MODEL).source is Source.MCC
    assert decide(facts(), model=MODEL).category == "BOOKS"
    assert decide(facts()) == UNDECIDED


def test_what_a_payment_was_for_and_what_is_sold_are_decided_each_for_itself() -> None:
    mine = Corrections([Correction(merchant="corner place", category="Client lunches")])

    said = decide(facts(mcc="5411"), corrections=mine)

    assert (said.category, said.source) == ("Client lunches", Source.USER)
    assert (said.primary, said.trade.source) == ("FOOD_AND_DRINK", Source.MCC)
    assert said.applied
    assert said.trade.applied


def test_a_trade_that_nothing_tells_is_not_applied() -> None:
    said = decide(facts(), model=Believer("OTHER", 0.97))

    assert (said.primary, said.detailed, said.trade.applied) == ("OTHER", None, False)


def test_evidence_that_is_not_sure_gives_way() -> None:
    doubted = facts(provider_category="FOOD_AND_DRINK_COFFEE", provider_confidence="LOW")

    assert decide(doubted, model=MODEL).category == "BOOKS"


def test_the_surest_of_what_is_below_the_bar_is_a_suggestion() -> None:
    doubted = facts(provider_category="FOOD_AND_DRINK_COFFEE", provider_confidence="LOW")

    said = decide(doubted, model=Believer("BOOKS", 0.6))

    assert (said.category, said.applied, said.confidence) == ("BOOKS", False, 60)


def test_a_code_says_the_primary_category_and_keeps_the_detailed_one() -> None:
    said = decide(facts(mcc="5411"))

    assert (said.category, said.primary) == ("FOOD_AND_DRINK", "FOOD_AND_DRINK")
    assert said.detailed == "FOOD_AND_DRINK_GROCERIES"
    assert said.applied
    assert "5411" in said.reason


def test_a_category_of_version_1_is_read_as_its_successor() -> None:
    assert decide(facts(provider_category="INCOME_WAGES")).detailed == "INCOME_SALARY"


def test_what_the_provider_does_not_know_is_no_evidence() -> None:
    assert decide(facts(provider_category="OTHER_OTHER")) == UNDECIDED
    assert decide(facts(provider_category="NEVER_HEARD_OF")) == UNDECIDED


def test_a_name_of_the_tenants_own_is_kept() -> None:
    mine = Corrections([Correction(merchant="corner place", category="Client lunches")])

    said = decide(facts(), corrections=mine)

    assert (said.category, said.primary, said.detailed) == ("Client lunches", "OTHER", None)


def test_many_are_decided_in_their_order_and_in_batches() -> None:
    many = [facts(f"place {number}") for number in range(BATCH_ROWS + 3)]
    last = rules("the last", "TAXI", TextCondition(equals=many[-1].merchant))

    said = list(decide_many(iter(many), model=MODEL, rules=last))

    assert len(said) == len(many)
    assert said[0].category in {"BOOKS", "TAXI"}
    assert said[-1].category == "TAXI"


@given(
    merchant=st.text(max_size=60),
    amount=st.decimals(-(10**9), 10**9, places=2),
    code=st.none() | st.text(max_size=6),
)
def test_anything_is_decided(merchant: str, amount: Decimal, code: str | None) -> None:
    any_facts = Facts(merchant=merchant, amount=amount, currency="EUR", mcc=code)

    said = decide(any_facts, model=TextModel.shipped())

    assert 0 <= said.confidence <= 100
    assert said.reason
    assert said == decide(any_facts, model=TextModel.shipped())
