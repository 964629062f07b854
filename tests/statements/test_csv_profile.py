"""Saved profiles: stable JSON, and errors that name the field and the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from statements.profile import CsvColumns, CsvProfile

SIGNED: dict[str, Any] = {
    "dateFormat": "DMY",
    "decimalMark": ",",
    "columns": {"postedDate": "Datum", "amount": "Betrag"},
}


def test_a_profile_survives_json() -> None:
    profile = CsvProfile.model_validate(SIGNED | {"thousands": ".", "currency": "EUR"})

    text = profile.model_dump_json()

    assert CsvProfile.model_validate_json(text) == profile
    assert CsvProfile.model_validate_json(text).model_dump_json() == text
    assert '"dateFormat":"DMY"' in text


def test_only_what_differs_from_the_defaults_needs_saving() -> None:
    profile = CsvProfile.model_validate(SIGNED)

    short = profile.model_dump(mode="json", exclude_defaults=True)

    assert short == SIGNED
    assert CsvProfile.model_validate(short) == profile


def test_python_may_use_its_own_names() -> None:
    profile = CsvProfile(
        date_format="YMD",
        decimal_mark=".",
        columns=CsvColumns(posted_date=0, amount=1),
        header=False,
    )

    assert profile.columns.posted_date == 0


def test_encodings_have_aliases() -> None:
    profile = CsvProfile.model_validate(SIGNED | {"encoding": "Windows-1252", "delimiter": "tab"})

    assert (profile.encoding, profile.delimiter) == ("cp1252", "\t")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dateFormat": "dd.mm.yyyy"}, "dateFormat: .*use DMY, MDY, YMD"),
        ({"decimalMark": ";"}, "decimalMark"),
        ({"thousands": ","}, "thousands: must differ"),
        ({"decimalMark": "none", "thousands": "."}, "thousands: say which decimalMark"),
        ({"encoding": "klingon"}, 'encoding "klingon" is not known'),
        ({"encoding": "utf-7"}, "encoding"),
        ({"encoding": "rot13"}, "encoding"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"delimiter": '"'}, "delimiter: must be no line end and differ"),
        ({"quote": "\n"}, "quote"),
        ({"currency": "euro"}, "currency"),
        ({"colour": "red"}, "colour"),
        ({"pendingValues": ["Pending"]}, "set columns.status"),
        ({"header": False}, 'headerNames lacks "Datum"'),
        ({"headerNames": ["a"]}, "headerNames: only for a file without header"),
        ({"preamble": -1}, "preamble"),
        ({"columns": {"postedDate": "Datum"}}, "either `amount` or the pair"),
        ({"columns": {"postedDate": 0, "debit": 1}}, "go together"),
        ({"columns": {"postedDate": 0, "amount": 1, "debit": 2, "credit": 3}}, "either"),
        ({"columns": {"postedDate": 0, "amount": 1, "indicator": 2}}, "debitValues, creditValues"),
        ({"columns": {"postedDate": -1, "amount": 1}}, "postedDate"),
        ({"columns": {"postedDate": True, "amount": 1}}, "postedDate"),
        ({"columns": {"postedDate": 0, "amount": 1_000}}, "amount"),
        (
            {"columns": {"postedDate": 0, "amount": 1}, "preamble": "until-header"},
            "two or more columns mapped by name",
        ),
    ],
)
def test_a_wrong_profile_is_told_where_and_why(change: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CsvProfile.model_validate(SIGNED | dict(change))


def test_an_indicator_value_cannot_mean_both() -> None:
    with pytest.raises(ValidationError, match="both have"):
        CsvProfile.model_validate(
            SIGNED
            | {
                "columns": {"postedDate": 0, "amount": 1, "indicator": 2},
                "debitValues": ["D", "x"],
                "creditValues": ["C", "X"],
            }
        )


def test_every_field_of_a_profile_is_described() -> None:
    fields = CsvProfile.model_fields | CsvColumns.model_fields

    undescribed = [name for name, field in fields.items() if not field.description]

    assert undescribed == []
