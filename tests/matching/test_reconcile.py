"""Rules find what belongs together: unique and sure by itself, all else to be asked."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reconciliation import (
    Candidate,
    Proposal,
    Rule,
    RuleMode,
    RuleShape,
    RuleSigns,
    RuleTerms,
)
from matching import reconcile_pairs, reconcile_payouts
from matching.reconcile import DEFAULT_RULES, reconcile
from matching.reconcile_agreement import key_of
from tests.fixtures.candidates import one_id, row

BOOKS = RuleTerms(name="books", mode=RuleMode.AUTO, left_account_type="other", score_min=60)


def _found(rows: Sequence[Candidate], **terms: object) -> list[Proposal]:
    rule = Rule(label="books/1", terms=replace(BOOKS, **terms))  # type: ignore[arg-type]
    return reconcile([rule], rows)


def test_a_row_of_the_books_and_one_of_the_bank_are_one() -> None:
    rows = [
        row("invoice", "120.00", account="books", text="Invoice Miller Ltd"),
        row("payment", "120.00", day=2, text="MILLER LTD"),
        row("other", "120.01", text="Miller Ltd"),
    ]

    (found,) = _found(rows)

    assert found.ids == sorted([one_id("invoice"), one_id("payment")])
    assert found.automatic
    assert found.difference == 0
    assert {reason.code for reason in found.reasons} >= {"same-amount", "days-apart"}


def test_two_that_would_do_are_asked_about() -> None:
    rows = [
        row("invoice", "120.00", account="books", text="Miller"),
        row("one", "120.00", text="Miller", day=1),
        row("two", "120.00", text="Miller", day=1),
    ]

    (found,) = _found(rows)

    assert not found.automatic
    assert "not-unique" in {reason.code for reason in found.reasons}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"currency": "EUR"}, {"currency": "USD"}),
        ({"reference": ""}, {"reference": ""}),
        ({"reference": "  "}, {"customer_reference": "  "}),
        ({"reference": "A1"}, {"reference": "A1"}),
    ],
)
def test_currencies_must_agree_and_empty_or_short_references_never_do(
    left: dict[str, str], right: dict[str, str]
) -> None:
    rows = [
        row("a", "10", account="books", text="x", **{"currency": "EUR"} | left),  # type: ignore[arg-type]
        row("b", "10", **{"currency": "EUR"} | right),  # type: ignore[arg-type]
    ]

    assert _found(rows, by_reference="currency" not in left) == []


@pytest.mark.parametrize(("paid", "expected"), [("99.50", "0.50"), ("100.50", "-0.50")])
def test_a_drift_within_the_tolerance_is_shown_whatever_its_sign(paid: str, expected: str) -> None:
    rows = [row("a", "100", account="books", text="Rent"), row("b", paid, text="Rent")]

    (absolute,) = _found(rows, amount_tolerance=Decimal("0.50"))
    (relative,) = _found(rows, tolerance_percent=Decimal("0.5"))

    assert absolute.difference == relative.difference == Decimal(expected)
    assert _found(rows, amount_tolerance=Decimal("0.49")) == []
    assert "near-amount" in {reason.code for reason in absolute.reasons}


def test_both_ends_of_a_movement_have_opposite_signs() -> None:
    rows = [
        row("out", "-970", account="processor", text="Payout"),
        row("in", "970", text="Payout"),
    ]

    assert _found(rows) == []
    assert len(_found(rows, signs=RuleSigns.OPPOSITE)) == 1
    assert len(_found(rows, signs=RuleSigns.EITHER)) == 1


def test_an_equal_reference_pairs_rows_of_any_two_connections() -> None:
    rows = [
        row("a", "55", account="bank one", reference="E2E-77812"),
        row("b", "55", account="bank two", customer_reference="e2e-77812 ", day=4),
        row("c", "55", account="bank two", day=4),
    ]

    (found,) = reconcile(DEFAULT_RULES, rows)

    assert found.ids == sorted([one_id("a"), one_id("b")])
    assert found.automatic
    assert found.rule.label == "the same reference/1"


def test_equal_payments_of_two_cards_are_nobodys_business() -> None:
    rows = [row(name, "-9.99", account=name, text="NETFLIX") for name in ("bank one", "bank two")]

    assert reconcile(DEFAULT_RULES, rows) == []


def test_an_invoice_is_paid_in_parts() -> None:
    rows = [
        row("invoice", "600", account="books", text="Miller"),
        row("first", "250", day=3, text="Miller"),
        row("second", "350", day=9, text="Miller"),
        row("other", "80", day=5, text="Smith"),
    ]
    terms = {"shape": RuleShape.ONE_TO_MANY, "day_window": 30}

    (found,) = _found(rows, **terms)
    again = _found([*rows, row("third", "350", day=9, text="Smith")], **terms)

    assert {one.id for one in found.right} == {one_id("first"), one_id("second")}
    assert found.automatic
    assert not again[0].automatic


@pytest.mark.parametrize(("paid", "found"), [("349.50", 1), ("349", 1), ("348.99", 0)])
def test_parts_may_come_to_a_little_less_where_a_rule_says_so(paid: str, found: int) -> None:
    rows = [
        row("invoice", "600", account="books", text="Miller"),
        row("first", "250", day=1, text="Miller"),
        row("second", paid, day=1, text="Miller"),
    ]
    terms = {"shape": RuleShape.ONE_TO_MANY, "day_window": 30}

    assert len(_found(rows, **terms, amount_tolerance=Decimal(1))) == found
    assert not _found(rows, **terms)


@pytest.mark.parametrize(("others", "automatic"), [(38, True), (39, False)])
def test_parts_are_sure_only_where_all_that_may_be_parts_were_tried(
    others: int, *, automatic: bool
) -> None:
    rows = [
        row("invoice", "600", account="books", text="Miller"),
        row("first", "250", day=1, text="Miller"),
        row("second", "350", day=1, text="Miller"),
        *(row(f"{n}", f"400.{n:02}", day=5, text="Miller") for n in range(1, others + 1)),
    ]

    (found,) = _found(rows, shape=RuleShape.ONE_TO_MANY, day_window=30)

    assert {one.id for one in found.right} == {one_id("first"), one_id("second")}
    assert found.automatic is automatic


def test_several_invoices_are_paid_at_once() -> None:
    rows = [
        row("one", "100.10", account="books", text="Miller"),
        row("two", "200.20", account="books", text="Miller"),
        row("three", "50", account="books", text="Smith"),
        row("payment", "300.30", day=5, text="Miller"),
    ]

    (found,) = _found(rows, shape=RuleShape.MANY_TO_ONE, day_window=30)

    assert {one.id for one in found.left} == {one_id("one"), one_id("two")}
    assert found.automatic


def test_a_row_that_two_groups_want_makes_both_unsure() -> None:
    rows = [
        row("invoice", "300", account="books", text="A"),
        row("invoice too", "500", account="books", text="B"),
        row("shared", "100"),
        row("a", "200"),
        row("b", "400"),
    ]

    found = _found(rows, shape=RuleShape.ONE_TO_MANY, day_window=30)

    assert found
    assert not any(one.automatic for one in found)


def _charges(days: Sequence[int], each: int, *, named: bool) -> list[Candidate]:
    rows = []
    for number in range(each):
        for day in days:
            name = f"charge {day} {number}"
            reference = f"po_{day // 2}" if named else None
            amount = f"{10 + day + number}.25"
            rows.append(row(name, amount, account="processor", day=day, reference=reference))
    for day in days:
        fee = row(f"fee {day}", "-3.10", account="processor", day=day, text="Fee")
        rows.append(replace(fee, reference=f"po_{day // 2}") if named else fee)
    return rows


@pytest.mark.parametrize("named", [True, False])
def test_forty_charges_less_fees_are_one_deposit(named: bool) -> None:
    charges = _charges(range(4), 20, named=named)
    paid = sum((one.amount for one in charges if one.day <= row("", "0", day=1).day), Decimal(0))
    deposit = row("deposit", str(paid), day=3, text="PROCESSOR PAYOUT")

    (found,) = reconcile(DEFAULT_RULES, [*charges, deposit])

    assert found.automatic
    assert found.right == (deposit,)
    assert len(found.left) == 42
    assert sum(one.amount for one in found.left) == paid


def test_a_payout_that_two_runs_explain_is_asked_about() -> None:
    rows = [
        row(f"{day} {number}", "10", account="processor", day=day)
        for day in range(2)
        for number in range(2)
    ]

    (found,) = reconcile(DEFAULT_RULES, [*rows, row("deposit", "20", day=2)])

    assert not found.automatic


ROWS = st.lists(
    st.builds(
        lambda amount, account, day, text, name: row(
            name, f"{amount}.00", account=account, day=day, text=text
        ),
        st.integers(1, 6),
        st.sampled_from(["books", "bank", "bank too"]),
        st.integers(0, 4),
        st.sampled_from(["", "Miller", "Smith Miller"]),
        st.uuids().map(str),
    ),
    max_size=14,
)
SHAPES = st.sampled_from([*RuleShape])


@given(ROWS, SHAPES, st.randoms(use_true_random=False))
def test_order_says_nothing_each_row_is_once_and_sums_agree(
    rows: list[Candidate], shape: RuleShape, chance: random.Random
) -> None:
    terms = {"shape": shape, "day_window": 4, "amount_tolerance": Decimal("0.5")}
    mixed = list(rows)
    chance.shuffle(mixed)

    found = _found(rows, **terms)

    assert found == _found(mixed, **terms)
    used = [id for one in found for id in one.ids]
    assert len(used) == len(set(used))
    for one in found:
        left, right = (sum((r.amount for r in side), Decimal(0)) for side in (one.left, one.right))
        assert one.difference == left - right
        assert abs(one.difference) <= Decimal("0.5")


def test_what_a_person_said_no_to_is_not_found_again() -> None:
    rows = [
        row("invoice", "120", account="books", text="Miller"),
        row("one", "120", text="Miller"),
        row("two", "120", text="Miller", day=3),
    ]
    rule = Rule(label="books/1", terms=BOOKS)
    (first,) = reconcile([rule], rows)

    (second,) = reconcile([rule], rows, rejected={key_of(first.ids)})

    assert one_id("one") in first.ids
    assert one_id("two") in second.ids


def test_many_equal_rows_take_no_time_to_speak_of() -> None:
    rows = [
        row(f"{account} {number}", str(5 + number % 10), account=account, day=number % 60, text="x")
        for account in ("books", "bank")
        for number in range(2_500)
    ]
    began = process_time()

    found = reconcile(DEFAULT_RULES, rows)

    assert process_time() - began < 8
    assert not any(one.automatic for one in found)


def test_nothing_is_the_payout_of_charges_that_come_to_nothing() -> None:
    charges = [
        row(f"charge {number}", amount, account="books", text="CHARGE")
        for number, amount in enumerate(["5", "-5", "7", "-7", "3", "-3"])
    ]

    found = _found(
        [*charges, row("nothing", "0", day=1)], shape=RuleShape.PAYOUT, tolerance_percent=Decimal(1)
    )

    assert found == []


def test_several_payouts_in_one_deposit_are_found_by_their_references_and_asked_about() -> None:
    charges = [
        row(
            f"charge {n}",
            f"{20 + n}.{n:02}",
            account="processor",
            day=n // 4,
            reference=f"po_{n % 2}1111",
        )
        for n in range(12)
    ]
    other = row("of the next payout", "7.77", account="processor", day=2)
    paid = sum((one.amount for one in charges), Decimal(0))
    deposit = row("deposit", str(paid), day=4, text="PROCESSOR")

    (found,) = reconcile(DEFAULT_RULES, [*charges, other, deposit])

    assert found.ids == sorted(one.id for one in (*charges, deposit))
    assert found.difference == 0
    assert not found.automatic
    assert "several-references" in {reason.code for reason in found.reasons}


def test_what_too_wide_a_rule_has_no_time_for_makes_nothing_else_sure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [row(f"a{n}", "10", account="books", text="Miller") for n in range(2)]
    rows.append(row("b", "10", text="Miller"))
    more = [row(f"c{n}", "5", account="books", day=n % 3) for n in range(6)]
    paid = [row("p1", "10", day=1, text="x"), row("p2", "10", day=2, text="x")]
    monkeypatch.setattr(reconcile_pairs, "LOOKS_IN_ALL", 1)
    monkeypatch.setattr(reconcile_payouts, "LOOKS_IN_ALL", 1)

    pairs = _found(rows)
    payouts = _found([*more, *paid], shape=RuleShape.PAYOUT, score_min=0)

    assert not any(one.automatic for one in (*pairs, *payouts))
