"""Profiles with paths: what they may say, and what a wrong one is told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from statements.profiles import read_profile
from statements.tree_path import parse_path
from statements.tree_profile import TreeBalance, TreeFields, TreeProfile, TreeStatement
from tests.fixtures.tree_file import ELEMENTS, LINES, NESTED


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("$", ()),
        ("a", ("a",)),
        ("a.b-c.d e", ("a", "b-c", "d e")),
        ("$.a[].b", ("a", "[]", "b")),
        ("[]", ("[]",)),
        ("[][]", ("[]", "[]")),
        ('["a.b"].c', ("a.b", "c")),
        ('a["b\\"]"][]', ("a", 'b"]', "[]")),
    ],
)
def test_paths_of_json_are_names_and_lists(text: str, steps: tuple[str, ...]) -> None:
    assert parse_path(text, "json") == steps


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("$", ()),
        (".", ()),
        ("Stmt/Ntry", ("Stmt", "Ntry")),
        ("/Stmt/ns:Ntry", ("Stmt", "Ntry")),
        ("Amt/@Ccy", ("Amt", "@Ccy")),
        ("@x:id", ("@id",)),
        ("S61_CASTKA", ("S61_CASTKA",)),
    ],
)
def test_paths_of_xml_are_elements_and_attributes(text: str, steps: tuple[str, ...]) -> None:
    assert parse_path(text, "xml") == steps


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a..b", "json"),
        (".a", "json"),
        ("a.", "json"),
        ("a[0]", "json"),
        ("a[", "json"),
        ('["a', "json"),
        ("a" + ".b" * 40, "json"),
        ("x" * 501, "json"),
        ("a//b", "xml"),
        ("a/", "xml"),
        ("@a/b", "xml"),
        ("a[1]", "xml"),
        ("a b", "xml"),
        ("", "xml"),
    ],
)
def test_anything_else_is_no_path(text: str, kind: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parse_path(text, kind)


@pytest.mark.parametrize("definition", [NESTED, LINES, ELEMENTS])
def test_a_profile_survives_being_saved(definition: dict[str, Any]) -> None:
    profile = read_profile(definition)

    saved = profile.model_dump(mode="json", exclude_defaults=True)

    assert saved == definition
    assert read_profile(saved) == profile
    assert read_profile(profile.model_dump(mode="json")) == profile


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "yaml"}, "format\n.*'csv', 'json', 'qif' or 'xml'"),
        ({"format": ["json"]}, "format\n.*'csv', 'json', 'qif' or 'xml'"),
        ({"rows": "rows[0]"}, 'rows: "rows\\[0\\]" is no path'),
        ({"rows": "$"}, r"rows: \$ is for JSON files with one value on every line"),
        ({"statement": {"account": "a[].b"}}, "statement.account: .* no place here"),
        ({"fields": {"postedDate": "..", "amount": "sum"}}, "fields.posted_date: .* is no path"),
        ({"fields": {"postedDate": "day"}}, "fields: set either `amount` or the pair"),
        ({"pendingValues": ["open"]}, "set fields.status too"),
        ({"minorUnits": True, "thousands": ","}, "minorUnits: amounts are whole numbers"),
        ({"dateFormat": "dd.mm.yyyy"}, "dateFormat"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_profile_is_told_where_and_why(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read_profile(NESTED | change)


def test_rows_of_xml_are_no_attributes() -> None:
    with pytest.raises(ValidationError, match="an attribute has no rows"):
        read_profile(ELEMENTS | {"rows": "row/@id"})


def test_every_field_of_a_profile_is_described() -> None:
    kinds = (TreeProfile, TreeFields, TreeStatement, TreeBalance)
    fields = [each for kind in kinds for each in kind.model_fields.items()]

    assert [name for name, field in fields if not field.description] == []
