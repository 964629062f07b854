"""The model: what ships is small and whole, adapts to whose rows it sees, and stays quick."""

from __future__ import annotations

import time
from decimal import Decimal
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories import features
from categories.classifier import NO_OTHER, Classifier, Look
from categories.evidence import Facts, Source, decide_many
from categories.model import TextModel, classifier
from categories.weights import Bar, Card, pack, unpack

BYTES_MAX = 1_500_000
ROWS_PER_SECOND = 20_000


def facts(merchant: str, amount: str = "-40.00") -> Facts:
    return Facts(merchant=merchant, amount=Decimal(amount), currency="GBP")


def card(**changed: object) -> Card:
    said: dict[str, object] = {
        "classes": ("FUEL", "OTHER"),
        "bits": features.BITS,
        "letters": 1.0,
        "words": 1.0,
        "amount": 1.0,
        "temperature": 1.0,
        "share": 0.5,
        "intercepts": (0.0, 0.0),
        "bars": (Bar(share=0.01, bar=0.6), Bar(share=0.6, bar=0.9)),
        "raised": {"FUEL": 0.05},
        "trained_on": ("rows.csv sha256:00",),
        "rows": 2,
    }
    return Card(**(said | changed))  # type: ignore[arg-type]  # as above


def test_what_ships_is_small() -> None:
    assert len(files("categories").joinpath("model.bin").read_bytes()) < BYTES_MAX


def test_a_file_is_read_as_it_was_written() -> None:
    table = np.zeros((features.SIZE, 2))
    table[7] = (1.0, -2.0)

    data = pack(card(), table)

    assert unpack(data).card == card()
    assert np.allclose(unpack(data).table[7], table[7], atol=0.02)
    assert pack(card(), table) == data


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no model"):
        unpack(b'{"format": "something else"}\n')


def test_what_was_asked_before_changes_nothing() -> None:
    looks = [Look.at("shell kings 587", Decimal("40")), Look.at("waterstones", Decimal("8.99"))]
    fresh = Classifier(unpack(files("categories").joinpath("model.bin").read_bytes()))

    together = classifier().probabilities(looks)
    backwards = fresh.probabilities(looks[::-1])[::-1]

    assert np.allclose(together, backwards)
    assert np.allclose(together.sum(axis=1), 1)


def test_refunds_are_of_the_class_of_payments() -> None:
    assert Look.at("shell", Decimal("-40.00")) == Look.at("shell", Decimal("40"))


def test_a_brand_is_the_reason_where_the_classifier_agrees() -> None:
    (said,) = TextModel.shipped().opinions([facts("tesco pay at pump 4203", "-45.67")])

    assert said is not None
    assert (said.source, said.category) == (Source.BRAND, "FUEL")
    assert said.trade is not None
    assert said.trade.detailed == "TRANSPORTATION_GAS"
    assert said.sure


def test_that_it_is_of_no_class_is_never_applied() -> None:
    (said,) = TextModel.shipped().opinions([facts("argos retail group")])

    assert said is not None
    assert said.category == "OTHER"
    assert said.probability > 0.9
    assert not said.sure


def test_a_trade_is_applied_where_the_ledger_is_anybodys_guess() -> None:
    (said,) = TextModel.shipped().opinions([facts("argos retail group")])

    assert said is not None
    assert not said.sure
    assert said.trade is not None
    assert (said.trade.primary, said.trade.applied) == ("GENERAL_MERCHANDISE", True)


def test_a_trade_that_acquirers_code_in_more_than_one_way_is_a_suggestion() -> None:
    (said,) = TextModel.shipped().opinions([facts("adobe creative cloud", "-49.94")])

    assert said is not None
    assert said.trade is not None
    assert (said.trade.primary, said.trade.applied) == ("GENERAL_MERCHANDISE", False)


def test_a_class_tells_the_trade_of_a_merchant_on_no_list() -> None:
    (said,) = TextModel.shipped().opinions([facts("weoley castle", "-40.00")])

    assert said is not None
    assert said.trade is not None
    assert (said.trade.primary, said.trade.source) == ("TRANSPORTATION", Source.MODEL)
    assert said.trade.applied


def test_what_nobody_heard_of_is_not_applied() -> None:
    (said,) = TextModel.shipped().opinions([facts("qwxzv jjkkq")])

    assert said is not None
    assert not said.sure


def test_rows_without_other_are_told_from_those_with_it() -> None:
    fuel = [facts(f"shell garage {number}") for number in range(400)]
    mixed = fuel + [facts(f"amazon.co.uk{number}ab1c2", "-7.50") for number in range(400)]

    of_fuel, of_mixed = (TextModel.shipped().fitted(rows) for rows in (fuel, mixed))

    assert of_fuel.share == NO_OTHER
    assert of_mixed.share is not None
    assert of_mixed.share > 0.3


def test_few_rows_change_little() -> None:
    fitted = TextModel.shipped().fitted([facts("shell")])

    assert fitted.share == pytest.approx(classifier().card.share, abs=0.03)


def test_the_more_rows_are_of_no_class_the_higher_is_the_bar() -> None:
    bars = [classifier().bar(share) for share in (0.01, 0.2, 0.4, 0.6)]

    assert bars == sorted(bars)


@given(st.decimals(0, 10**12, places=2))
def test_twice_an_amount_is_two_sizes_larger(amount: Decimal) -> None:
    size = features.size_of(amount)

    assert features.size_of(-amount) == size
    assert amount == 0 or features.size_of(2 * amount) == size + 2


def test_twenty_thousand_rows_take_a_second_at_most() -> None:
    names = [f"{word} {number}" for word in ("shell", "tesco", "amazon") for number in range(300)]
    many = [facts(names[number % 900], f"-{number % 97}.50") for number in range(ROWS_PER_SECOND)]
    model = TextModel.shipped()

    began = time.process_time()
    count = sum(1 for _ in decide_many(many, model=model))

    assert count == ROWS_PER_SECOND
    assert time.process_time() - began < 1


def test_names_that_nobody_saw_before_are_read_quickly_too() -> None:
    letters = np.random.default_rng(7).integers(ord("a"), ord("z") + 1, (5_000, 20), np.uint8)
    letters[:, (6, 13)] = ord(" ")
    names = [each.tobytes().decode("ascii") for each in letters]
    many = [facts(name, "-12.50") for name in names]
    model = TextModel.shipped()

    began = time.process_time()
    count = sum(1 for _ in decide_many(many, model=model))

    assert count == 5_000
    assert time.process_time() - began < 0.5  # 10,000 a second, as others may be at work, too


def test_a_name_is_read_alike_alone_and_among_others() -> None:
    names = ["shell kings 587", "a", "Ωμέγα", "waterstones", "x" * 300]
    looks = [Look.at(name, Decimal("12.34")) for name in names]
    alone = np.vstack([_fresh().probabilities([look]) for look in looks])

    assert np.allclose(_fresh().probabilities(looks), alone, atol=1e-6)


def _fresh() -> Classifier:
    return Classifier(unpack(files("categories").joinpath("model.bin").read_bytes()))
