"""Merchant category codes: each known one has a category, ranges included."""

from __future__ import annotations

import csv
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from categories import mcc, taxonomy
from categories.evidence import Facts, Source, decide, decide_many
from categories.model import TextModel

MAPPING = Path(__file__).resolve().parents[2] / "../shared/data/categories/mcc_to_pfc_primary.csv"


@pytest.mark.parametrize(
    ("code", "detailed"),
    [
        ("5411", "FOOD_AND_DRINK_GROCERIES"),
        ("5541", "TRANSPORTATION_GAS"),
        ("3050", "TRAVEL_FLIGHTS"),
        ("3500", "TRAVEL_RENTAL_CARS"),
        ("3501", "TRAVEL_LODGING"),
        ("0742", "MEDICAL_VETERINARY_SERVICES"),
        ("742", "MEDICAL_VETERINARY_SERVICES"),
        (" 5411.0", "FOOD_AND_DRINK_GROCERIES"),
    ],
)
def test_a_code_has_a_category(code: str, detailed: str) -> None:
    trade = mcc.find(code)

    assert trade is not None
    assert trade.detailed == detailed


@pytest.mark.parametrize("code", ["", "0001", "9999", "abcd", "54111", "-541", "٥٤١١"])
def test_what_is_no_code_has_none(code: str) -> None:
    assert mcc.find(code) is None


def test_codes_do_not_overlap() -> None:
    trades = mcc.trades()

    assert all(one.last < two.first for one, two in pairwise(trades))


@pytest.mark.skipif(not MAPPING.is_file(), reason="the mapping is not beside this repository")
def test_they_follow_the_mapping_of_the_data() -> None:
    with MAPPING.open(encoding="utf-8", newline="") as file:
        wanted = {row["mcc"]: row["pfc_primary"] for row in csv.DictReader(file)}
    found = {code: mcc.find(code) for code in wanted}

    assert {
        code: taxonomy.categories()[trade.detailed].primary
        for code, trade in found.items()
        if trade
    } == wanted


@pytest.mark.skipif(not MAPPING.is_file(), reason="the mapping is not beside this repository")
@pytest.mark.parametrize("merchant", ["tesco pay at pump", "amazon.co.uk", "qwxzv jjkkq"])
def test_they_are_applied_whatever_the_name_says(merchant: str) -> None:
    with MAPPING.open(encoding="utf-8", newline="") as file:
        wanted = {row["mcc"]: row["pfc_primary"] for row in csv.DictReader(file)}

    said = decide_many([coded(merchant, code) for code in wanted], model=TextModel.shipped())

    assert {
        code: (one.primary, one.trade.applied) for code, one in zip(wanted, said, strict=True)
    } == {code: (primary, True) for code, primary in wanted.items()}


def test_all_codes_of_airlines_car_rentals_and_hotels_are_known() -> None:
    found = {str(code): mcc.find(str(code)) for code in range(3000, 4000)}

    assert {
        trade and taxonomy.categories()[trade.detailed].primary for trade in found.values()
    } == {"TRAVEL"}


@pytest.mark.parametrize("code", ["0001", "9999", "abcd"])
def test_where_a_code_is_unknown_the_name_speaks(code: str) -> None:
    said = decide(coded("tesco pay at pump", code), model=TextModel.shipped())

    assert (said.primary, said.trade.source) == ("TRANSPORTATION", Source.BRAND)


def coded(merchant: str, code: str) -> Facts:
    """A payment whose acquirer gives that code."""
    return Facts(merchant=merchant, amount=Decimal("-12.34"), currency="GBP", mcc=code)
