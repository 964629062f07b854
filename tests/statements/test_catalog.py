"""The catalogue of formats: complete, described, and true to the readers."""

from __future__ import annotations

import pytest

from core.errors import Unreadable
from statements import catalog
from statements.base import ParseOptions
from statements.catalog import FormatFacts
from statements.profiles import KINDS
from statements.registry import FORMATS, by_name

EVERY = catalog.every()


def test_each_format_is_told_of_once() -> None:
    assert [facts.name for facts in EVERY] == [each.name for each in FORMATS]


@pytest.mark.parametrize("facts", EVERY, ids=lambda facts: facts.name)
def test_what_needs_a_profile_reads_nothing_without(facts: FormatFacts) -> None:
    try:
        list(by_name(facts.name).parse([b"{}"], ParseOptions(currency="EUR")))
    except Unreadable as error:
        assert (error.code == "profile-required") == facts.needs_profile
    else:
        assert not facts.needs_profile


@pytest.mark.parametrize("facts", EVERY, ids=lambda facts: facts.name)
def test_options_are_the_fields_of_the_profile(facts: FormatFacts) -> None:
    kind = KINDS.get(facts.name)
    names = [option.name for option in facts.options]

    assert {name for name in names if "." not in name} == (
        set() if kind is None else {field.alias for field in kind.model_fields.values()}
    )
    assert len(set(names)) == len(names)
    assert all(option.description for option in facts.options)


def test_options_of_objects_stand_under_them() -> None:
    (csv,) = (facts for facts in EVERY if facts.name == "csv")
    required = {option.name for option in csv.options if option.required}

    assert required == {"dateFormat", "decimalMark", "columns", "columns.postedDate"}
