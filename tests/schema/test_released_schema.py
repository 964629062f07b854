"""What clients of the last release rely on stays, or was announced to go."""

from __future__ import annotations

from datetime import date

import pytest

from schema import export, released

TODAY = date.today()  # noqa: DTZ011  # a deadline is a day

RELEASED = """
interface Node { id: ID! }
type Account implements Node {
  id: ID!
  name: String!
  nickname: String @deprecated(reason: "Use name. Removed after 2026-06-30.")
  branch: Branch @deprecated(reason: "Nobody says. Removed after 2026-06-30.")
}
type Branch { city: City }
enum City { BERLIN PARIS }
enum Kind { CASH CARD OTHER @deprecated(reason: "Use CASH. Removed after 2026-06-30.") }
input Filter { text: String  kind: Kind }
type Query {
  account(id: ID!, kind: Kind = CASH): Account
  accounts(filter: Filter, first: Int = 50): [Account!]!
}
"""
BEFORE, AFTER = date(2026, 6, 30), date(2026, 7, 1)


def _changed(*replacements: tuple[str, str]) -> str:
    text = RELEASED
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return text


def test_the_schema_keeps_what_the_last_release_promised() -> None:
    kept = released.PATH.read_text(encoding="utf-8")

    broken = released.breaks(kept, export.text(), today=TODAY)

    assert not broken, (
        "clients rely on this; deprecate it with `Removed after <date>.` in a release first:\n"
        + "\n".join(broken)
    )


def test_the_same_schema_breaks_nothing() -> None:
    assert released.breaks(RELEASED, RELEASED, today=BEFORE) == []
    assert released.breaks(RELEASED, RELEASED, today=AFTER) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  name: String!\n", "", "Account.name"),
        ("name: String!", "name: String", "Account.name"),
        ("name: String!", "name: Int!", "Account.name"),
        ("implements Node ", "", "Node"),
        ("CASH CARD", "CASH", "CARD"),
        ("text: String  kind", "kind", "Filter.text"),
        ("text: String  kind", "text: String! kind", "Filter.text"),
        ("text: String  kind", "text: String  also: Int! kind", "Filter.also"),
        ("first: Int = 50", "first: Int = 20", "first"),
        (", first: Int = 50", "", "first"),
        ("first: Int = 50", "first: Int = 50, also: Int!", "also"),
        ("  account(id: ID!, kind: Kind = CASH): Account\n", "", "Query.account"),
        ("type Branch { city: City }", "type Branch { town: City }", "Branch.city"),
    ],
)
def test_a_planted_break_is_found(old: str, new: str, told: str) -> None:
    broken = released.breaks(RELEASED, _changed((old, new)), today=BEFORE)

    assert any(told in one for one in broken)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: String!", "name: String! note: String"),
        ("nickname: String", "nickname: String!"),
        ("CASH CARD", "CASH CARD CHEQUE"),
        ("text: String  kind", "text: String  also: Int  kind"),
        ("first: Int = 50", "first: Int = 50, after: String"),
        ("type Query {", "type Query { version: String"),
    ],
)
def test_an_addition_breaks_nothing(old: str, new: str) -> None:
    assert released.breaks(RELEASED, _changed((old, new)), today=BEFORE) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('  nickname: String @deprecated(reason: "Use name. Removed after 2026-06-30.")\n', ""),
        (' OTHER @deprecated(reason: "Use CASH. Removed after 2026-06-30.")', ""),
    ],
)
def test_what_was_announced_may_go_after_its_day_and_not_before(old: str, new: str) -> None:
    gone = _changed((old, new))

    assert released.breaks(RELEASED, gone, today=AFTER) == []
    assert len(released.breaks(RELEASED, gone, today=BEFORE)) == 1


def test_types_go_with_the_last_member_that_led_to_them() -> None:
    gone = _changed(
        ('  branch: Branch @deprecated(reason: "Nobody says. Removed after 2026-06-30.")\n', ""),
        ("type Branch { city: City }\n", ""),
        ("enum City { BERLIN PARIS }\n", ""),
    )

    assert released.breaks(RELEASED, gone, today=AFTER) == []
    assert len(released.breaks(RELEASED, gone, today=BEFORE)) == 3
