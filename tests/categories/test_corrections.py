"""Corrections: learnt at once, the newest wins, nothing crosses to another tenant."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from categories.corrections import REMEMBERED_MAX, Correction, Corrections
from categories.evidence import Facts, Source, decide
from categories.model import TextModel


def facts(merchant: str) -> Facts:
    return Facts(merchant=merchant, amount=Decimal("-20"), currency="GBP")


def test_one_answer_is_enough_for_the_same_merchant() -> None:
    corrections, model = Corrections(), TextModel.shipped()
    before = decide(facts("TESCO STORES 6227"), corrections=corrections, model=model)

    corrections.learn(Correction(merchant="tesco stores 1234", category="HOSPITALITY_AND_MEALS"))
    after = decide(facts("TESCO STORES 6227"), corrections=corrections, model=model)

    assert before.category != after.category == "HOSPITALITY_AND_MEALS"
    assert (after.source, after.applied) == (Source.USER, True)


def test_another_tenant_learns_nothing_of_it() -> None:
    mine, theirs = Corrections(), Corrections()

    mine.learn(Correction(merchant="corner place", category="TAXI"))

    assert theirs.opinion(facts("corner place")) is None
    assert len(theirs) == 0


def test_the_newest_answer_wins_and_disagreement_makes_it_less_sure() -> None:
    agreed = Corrections([Correction(merchant="x shop", category="TAXI")] * 3)
    torn = Corrections(
        [Correction(merchant="x shop", category=name) for name in ("FUEL", "FUEL", "TAXI")]
    )

    one, other = agreed.opinion(facts("x shop")), torn.opinion(facts("x shop"))

    assert one is not None
    assert other is not None
    assert one.category == other.category == "TAXI"
    assert one.sure
    assert not other.sure
    assert other.probability < one.probability


@given(st.lists(st.sampled_from(["TAXI", "FUEL", "BOOKS"]), min_size=1, max_size=30))
def test_what_was_said_long_ago_fades(names: list[str]) -> None:
    recent = names[-REMEMBERED_MAX:]
    corrections = Corrections([Correction(merchant="x shop", category=name) for name in names])

    said = corrections.opinion(facts("x shop"))

    assert said is not None
    assert said.category == names[-1]
    assert f"{recent.count(names[-1])} of {len(recent)}" in said.reason
