"""Merchants' names: what feeds add to them goes, the name stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories.merchant import CHARACTERS_MAX, clean, key

ANYTHING = st.text(max_size=80) | st.text(
    alphabet="abtescogb *#0123456789./-'& ltdLTDİßﬁ", max_size=60
)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("SQ *THE COFFEE HOUSE LONDON GB", "THE COFFEE HOUSE"),
        ("PAYPAL *BAKER ROSS LTD", "BAKER ROSS"),
        ("sumup *hair by jo", "hair by jo"),
        ("ZETTLE_*Market Stall", "Market Stall"),
        ("TST* Joe's Pizza - New York", "Joe's Pizza"),
        ("GOOGLE *YouTube", "YouTube"),
        ("AMZN Mktp UK*2K4AB8DX4", "AMZN Mktp"),
        ("amazon.co.uk1k1vi2pk5", "amazon"),
        ("tesco stores 6227", "tesco stores"),
        ("TESCO STORES 3371 BIRMINGHAM B13 8QY", "TESCO STORES"),
        ("Card payment to Costa Coffee on 12/03", "Costa Coffee"),
        ("www.britishgas.co.", "britishgas"),
        ("travelodge gb0000", "travelodge"),
        ("University of Birmingham", "University of Birmingham"),
        ("H&M 0123", "H&M"),
        ("7-Eleven 23", "7-Eleven"),
        ("paypal", "paypal"),
        ("O2", "O2"),
        ("4423", "4423"),
        ("***", "***"),
        ("", ""),
    ],
)
def test_a_name_is_cleaned(raw: str, name: str) -> None:
    assert clean(raw) == name


def test_spellings_of_one_merchant_have_one_key() -> None:
    spellings = ["TESCO STORES 6227", "Tesco  Stores, 12", "tesco stores ltd"]

    assert {key(spelling) for spelling in spellings} == {"tesco stores"}


@given(ANYTHING)
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    assert clean(clean(raw)) == clean(raw)
    assert key(key(raw)) == key(raw)


@given(ANYTHING)
def test_a_name_that_says_something_is_never_emptied(raw: str) -> None:
    assert bool(clean(raw)) == bool(key(raw))
    assert bool(clean(raw)) >= any(character.isalnum() for character in raw)


def test_a_text_without_end_is_cut() -> None:
    assert len(clean("x" * 1_000_000)) == CHARACTERS_MAX
