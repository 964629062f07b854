"""Spellings of account numbers: equal accounts meet, unequal ones do not."""

from __future__ import annotations

import pytest

from core.iban import domestic, is_iban
from core.spellings import NumberKind, Spelling, bank_code, comparable, spellings

EXAMPLES = {  # the ISO 13616 registry's own, each with what its country calls the account
    "GB29NWBK60161331926819": ("60-16-13", "31926819"),
    "DE89370400440532013000": ("37040044", "532013000"),
    "FR1420041010050500013M02606": ("20041 01005", "0500013M026"),
    "NL91ABNA0417164300": ("ABNA", "417164300"),
    "CH9300762011623852957": ("00762", "11623852957"),
    "AT611904300234573201": ("19043", "234573201"),
    "IT60X0542811101000000123456": ("05428 11101", "000000123456"),
    "ES9121000418450200051332": ("2100 0418", "0200051332"),
    "IE29AIBK93115212345678": ("93-11-52", "12345678"),
    "CZ6508000000192000145399": ("0800", "19-2000145399"),
    "BG80BNBG96611020345678": ("BNBG", "20345678"),
    "SK3112000000198742637541": ("1200", "19-8742637541"),
    "LI21088100002324013AA": ("08810", "2324013AA"),
}


def _meet(left: frozenset[Spelling], right: frozenset[Spelling]) -> set[NumberKind]:
    return {one.kind for one in left & right}


@pytest.mark.parametrize("iban", EXAMPLES)
def test_iban_meets_the_number_that_it_is_made_of(iban: str) -> None:
    bank, account = EXAMPLES[iban]

    met = _meet(spellings(iban, None), spellings(account, bank))

    assert NumberKind.ROUTED in met
    assert NumberKind.IBAN not in met


@pytest.mark.parametrize("iban", EXAMPLES)
def test_iban_is_one_however_it_is_written_and_none_with_a_digit_changed(iban: str) -> None:
    blanks = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4)).lower()
    wrong = iban[:-1] + ("0" if iban[-1] != "0" else "1")

    assert is_iban(iban)
    assert spellings(blanks, None) == spellings(iban, None)
    assert NumberKind.IBAN not in {one.kind for one in spellings(wrong, None)}


@pytest.mark.parametrize("number", ["12345678", "", "GB29", "DE8937040044053201300", "1.234"])
def test_other_numbers_are_no_ibans(number: str) -> None:
    assert not is_iban(number)
    assert NumberKind.IBAN not in {one.kind for one in spellings(number, None)}


def test_iban_of_an_unknown_country_is_kept_whole() -> None:
    norwegian = "NO9386011117947"

    assert is_iban(norwegian)
    assert domestic(norwegian) is None
    assert {one.kind for one in spellings(norwegian, "DNBANOKK")} == {
        NumberKind.IBAN,
        NumberKind.NUMBER,
    }


def test_same_number_at_another_bank_meets_in_the_number_alone() -> None:
    assert _meet(spellings("11112222", "021000021"), spellings("11112222", "121000358")) == {
        NumberKind.NUMBER
    }


def test_branch_of_a_bic_and_zeros_in_front_do_not_matter() -> None:
    left, right = spellings("0532013000", "COBADEFF"), spellings("532013000", "COBADEFFXXX")

    assert NumberKind.ROUTED in _meet(left, right)
    assert bank_code("COBADEFFXXX") == bank_code("cobadeff") == "COBADEFF"


def test_iban_with_a_bic_meets_a_number_with_that_bic() -> None:
    left = spellings("DE89370400440532013000", "COBADEFFXXX")

    assert NumberKind.ROUTED in _meet(left, spellings("532013000", "COBADEFF"))


def test_nothing_of_a_number_is_lost_in_no_number_at_all() -> None:
    assert spellings("--", "021000021") == frozenset()
    assert spellings("0000", None) == {Spelling(NumberKind.NUMBER, "0000")}


@pytest.mark.parametrize(
    ("left", "right", "of_one_kind"),
    [
        ("021000021", "121000358", True),
        ("37040044", "021000021", False),
        ("COBADEFF", "DEUTDEFF", True),
        ("COBADEFF", "37040044", False),
        ("ins_1", "ins_2", False),
    ],
)
def test_codes_of_banks_are_compared_where_they_are_of_one_kind(
    left: str, right: str, of_one_kind: bool
) -> None:
    assert comparable(left, right) is of_one_kind
