"""Brands: the longest name that fits, and words of a trade before brands."""

from __future__ import annotations

import pytest

from categories import brands


@pytest.mark.parametrize(
    ("merchant", "detailed"),
    [
        ("tesco stores 6227", "FOOD_AND_DRINK_GROCERIES"),
        ("tesco pfs 4231", "TRANSPORTATION_GAS"),
        ("TESCO PAY AT PUMP 4203", "TRANSPORTATION_GAS"),
        ("tesco mobile", "RENT_AND_UTILITIES_TELEPHONE"),
        ("sainsburys petrol", "TRANSPORTATION_GAS"),
        ("SQ *NORTHFIELD CAR WASH", "GENERAL_SERVICES_AUTOMOTIVE"),
        ("amazon.co.uk1k1vi2pk5", "GENERAL_MERCHANDISE_ONLINE_MARKETPLACES"),
        ("Nando's Leeds", "FOOD_AND_DRINK_FAST_FOOD"),
        ("travelodge gb0000", "TRAVEL_LODGING"),
    ],
)
def test_a_name_says_what_is_sold(merchant: str, detailed: str) -> None:
    brand = brands.find(merchant)

    assert brand is not None
    assert brand.detailed == detailed


def test_words_of_a_trade_are_told_as_people_read_them() -> None:
    brand = brands.find("tesco pay at pump 4203")

    assert brand is not None
    assert brand.words == "pay at pump"


def test_a_short_brand_must_be_the_whole_name() -> None:
    assert brands.find("Next") is not None
    assert brands.find("next steps consulting services group") != brands.find("Next")


def test_no_brand_is_found_in_the_middle_of_a_word() -> None:
    assert brands.find("tescorama") is None


@pytest.mark.parametrize(
    ("merchant", "sure"),
    [
        ("argos retail group", True),
        ("adobe creative cloud", False),  # acquirers code it in more than one way
        ("hunters moon", False),  # hunters sell houses, this is somebody else
        ("bella italia basildon", True),  # a brand of two words is nobody else's name
    ],
)
def test_a_list_says_how_sure_a_trade_is(merchant: str, sure: bool) -> None:
    brand = brands.find(merchant)

    assert brand is not None
    assert (brand.percent >= 95) is sure
