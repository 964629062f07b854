"""Rows are reconciled by rules after a job, by members, and let go again; each is in one group."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.reconciliation import (
    Reconciliation,
    ReconciliationMethod,
    RuleMode,
    RuleShape,
    RuleTerms,
)
from core.reviews import ReviewKind, ReviewState
from resolvers import reconciliation_rules, reconciliations
from resolvers.refusal import RefusalCode, Refused
from tests.fixtures.bai2_file import Account, Detail, Group, bai2
from tests.fixtures.context import context
from tests.fixtures.reconciling import Ledger
from tests.fixtures.world import World

ASKED = ReviewKind.RECONCILIATION
BOOKS, BANK = "11112222", "33334444"
CREDIT, DEBIT = "142", "475"


def _in(number: str, *details: tuple[int, str], day: int = 2) -> bytes:
    """A file of one account and day: money in, or out where it is negative."""
    rows = [Detail(CREDIT if minor > 0 else DEBIT, abs(minor), text) for minor, text in details]
    account = Account(details=rows, number=number, closing=0)
    return bai2(Group(accounts=[account], day=f"2603{day:02}"))


@pytest.fixture
async def ledger(world: World) -> Ledger:
    """Books and a bank account, both empty, in a tenant that knows which is which."""
    world = world.altered(clock=lambda: datetime(2026, 3, 20, tzinfo=UTC))
    place = await world.place()
    made = Ledger(world=world, place=place, context=context(world, place))
    for number in (BOOKS, BANK):
        await world.take_in(place, _in(number, day=1))
    await made.call_it(BANK[-4:], "checking")
    return made


async def _rule(ledger: Ledger, **terms: Any) -> None:
    given: dict[str, Any] = {
        "name": "Invoices",
        "mode": RuleMode.AUTO,
        "left_account_type": "other",
        "score_min": 60,
        "day_window": 10,
    } | terms
    made = await reconciliation_rules.create(ledger.context, terms=RuleTerms(**given))
    assert not isinstance(made, Refused), made


async def _take_in(ledger: Ledger, *files: bytes) -> None:
    for file in files:
        await ledger.world.take_in(ledger.place, file)


async def test_a_payment_is_reconciled_with_its_invoice_by_a_rule(ledger: Ledger) -> None:
    await _rule(ledger)

    await _take_in(
        ledger,
        _in(BOOKS, (12_000, "INVOICE MILLER"), (7_700, "INVOICE SMITH")),
        _in(BANK, (12_000, "MILLER"), day=4),
    )

    (group,) = await ledger.groups()
    assert (group["method"], group["rule"], group["rows"]) == ("rule", "Invoices/1", 2)
    assert group["created_by"] is None
    assert group["difference"] == 0
    assert {row["amount"] for row in await ledger.rows(reconciled=True)} == {Decimal(120)}
    assert all(row["status"] == "posted" for row in await ledger.rows())


async def test_what_is_not_sure_is_asked_once_and_a_member_decides(ledger: Ledger) -> None:
    await _rule(ledger)
    await _take_in(
        ledger,
        _in(BOOKS, (12_000, "INVOICE MILLER")),
        _in(BANK, (12_000, "MILLER"), (12_000, "MILLER"), day=4),
    )

    (item,) = await ledger.questions(ASKED)
    assert await ledger.groups() == []
    assert not isinstance(await ledger.answer(item, ReviewState.CONFIRMED), Refused)
    (group,) = await ledger.groups()
    assert (group["method"], group["rows"], group["score"]) == ("user", 2, item.score)
    assert group["created_by"] == ledger.place.user_id

    (answered,) = await ledger.questions(ASKED, ReviewState.CONFIRMED)
    assert not isinstance(await ledger.answer(answered, ReviewState.OPEN), Refused)
    assert await ledger.rows(reconciled=True) == []
    assert (await ledger.groups())[0]["undone_by"] == ledger.place.user_id


async def test_a_no_outlasts_what_comes_next(ledger: Ledger) -> None:
    await _rule(ledger, mode=RuleMode.SUGGEST)
    await _take_in(ledger, _in(BOOKS, (12_000, "MILLER")), _in(BANK, (12_000, "MILLER"), day=4))
    (item,) = await ledger.questions(ASKED)

    assert not isinstance(await ledger.answer(item, ReviewState.REJECTED), Refused)
    await _take_in(ledger, _in(BANK, (5_500, "OTHER"), day=5))

    assert await ledger.questions(ASKED) == []
    assert await ledger.groups() == []


async def test_a_question_about_rows_that_are_reconciled_otherwise_closes(ledger: Ledger) -> None:
    await _rule(ledger, mode=RuleMode.SUGGEST)
    await _take_in(ledger, _in(BOOKS, (12_000, "MILLER")), _in(BANK, (12_000, "MILLER"), day=4))
    assert len(await ledger.questions(ASKED)) == 1

    await _by_hand(ledger, *(row["id"] for row in await ledger.rows()))
    await _take_in(ledger, _in(BANK, (5_500, "OTHER"), day=5))

    assert await ledger.questions(ASKED) == []


async def test_a_payout_is_its_charges_less_their_fees(ledger: Ledger) -> None:
    charges = [(1_000 + number, f"CHARGE {number}") for number in range(40)]
    paid = sum(minor for minor, _ in charges) - 731

    await _take_in(
        ledger,
        _in(BOOKS, *charges, (-731, "FEES"), day=2),
        _in(BOOKS, (99_900, "CHARGE OF TOMORROW"), day=5),
        _in(BANK, (paid, "PROCESSOR PAYOUT"), day=4),
    )

    (group,) = await ledger.groups()
    assert (group["rule"], group["rows"], group["difference"]) == ("payout/1", 42, 0)
    assert [row["amount"] for row in await ledger.rows(reconciled=False)] == [Decimal(999)]


async def test_several_invoices_are_paid_at_once(ledger: Ledger) -> None:
    await _rule(ledger, shape=RuleShape.MANY_TO_ONE)

    await _take_in(
        ledger,
        _in(BOOKS, (10_010, "MILLER 1"), (20_020, "MILLER 2"), (5_000, "SMITH")),
        _in(BANK, (30_030, "MILLER"), day=9),
    )

    (group,) = await ledger.groups()
    assert group["rows"] == 3
    assert [row["description"] for row in await ledger.rows(reconciled=False)] == ["SMITH"]


async def test_a_connection_may_be_left_to_people(ledger: Ledger) -> None:
    await _rule(ledger)
    await ledger.world.owner.execute("update app.connections set auto_reconcile = false")

    await _take_in(ledger, _in(BOOKS, (12_000, "MILLER")), _in(BANK, (12_000, "MILLER"), day=4))

    assert await ledger.groups() == []
    assert await ledger.questions(ASKED) == []


async def _by_hand(ledger: Ledger, *ids: Any, note: str | None = None) -> Reconciliation | Refused:
    return await reconciliations.create(
        ledger.context, left_ids=ids[:1], right_ids=ids[1:], note=note
    )


async def test_a_member_reconciles_by_hand_and_says_why_where_sums_differ(ledger: Ledger) -> None:
    await _take_in(ledger, _in(BOOKS, (10_000, "A")), _in(BANK, (9_900, "B"), (100, "C"), day=9))
    cent, bank, books = (
        row["id"] for row in sorted(await ledger.rows(), key=lambda r: r["amount"])
    )

    unexplained = await _by_hand(ledger, books, bank)
    explained = await _by_hand(ledger, books, bank, note="bank charges")
    twice = await _by_hand(ledger, books, cent, note="again")
    unknown = await _by_hand(ledger, cent, ledger.place.tenant_id)

    assert isinstance(unexplained, Refused)
    assert "differ by 1.00 EUR" in unexplained.message
    assert not isinstance(explained, Refused)
    assert (explained.method, explained.difference) == (ReconciliationMethod.USER, Decimal(1))
    assert (explained.note, explained.created_by) == ("bank charges", ledger.place.user_id)
    assert isinstance(twice, Refused)
    assert twice.code is RefusalCode.CONFLICT
    assert isinstance(unknown, Refused)
    assert unknown.code is RefusalCode.NOT_FOUND


async def test_what_is_undone_is_free_again(ledger: Ledger) -> None:
    await _take_in(ledger, _in(BOOKS, (10_000, "A")), _in(BANK, (10_000, "B"), day=9))
    ids = [row["id"] for row in await ledger.rows()]
    made = await _by_hand(ledger, *ids)
    assert not isinstance(made, Refused)

    undone = await reconciliations.undo(ledger.context, reconciliation_id=made.id)
    again = await reconciliations.undo(ledger.context, reconciliation_id=made.id)

    assert not isinstance(undone, Refused)
    assert undone.undone_by == ledger.place.user_id
    assert isinstance(again, Refused)
    assert await ledger.rows(reconciled=True) == []
    assert not isinstance(await _by_hand(ledger, *ids), Refused)


async def test_what_a_member_undid_no_rule_makes_again_and_what_a_source_undid_it_may(
    ledger: Ledger,
) -> None:
    await _rule(ledger)
    await _take_in(ledger, _in(BOOKS, (10_000, "MILLER")), _in(BANK, (10_000, "MILLER"), day=3))
    (made,) = await ledger.groups()

    await reconciliations.undo(ledger.context, reconciliation_id=made["id"])
    await _take_in(ledger, _in(BANK, (5_500, "OTHER"), day=5))
    after = await ledger.groups()
    await ledger.world.owner.execute("update app.reconciliations set undone_by = null")
    await _take_in(ledger, _in(BANK, (5_600, "OTHER"), day=6))

    assert [one["id"] for one in after] == [made["id"]]
    assert await ledger.questions(ASKED) == []
    assert len(await ledger.groups()) == 2


async def test_two_members_who_reconcile_the_same_row_at_once(ledger: Ledger) -> None:
    details = [(10_000, f"B {number}") for number in range(6)]
    await _take_in(ledger, _in(BOOKS, (10_000, "A")), _in(BANK, *details, day=9))
    books, *bank = (row["id"] for row in await ledger.rows())

    answers = await asyncio.gather(*(_by_hand(ledger, books, one) for one in bank))

    made = [one for one in answers if not isinstance(one, Refused)]
    refused = [one for one in answers if isinstance(one, Refused)]
    assert len(made) == 1
    assert {one.code for one in refused} == {RefusalCode.CONFLICT}
    assert len(await ledger.rows(reconciled=True)) == 2
    assert len(await ledger.groups()) == 1


async def test_a_change_of_a_rule_is_a_new_version(ledger: Ledger) -> None:
    await _rule(ledger)
    (rule,) = await reconciliation_rules.every(ledger.context)
    await _take_in(ledger, _in(BOOKS, (100, "A")), _in(BANK, (100, "A"), day=2))

    changed = await reconciliation_rules.update(
        ledger.context, rule_id=rule.id, terms=replace(_terms(rule), name="Bills")
    )
    await _take_in(ledger, _in(BOOKS, (200, "B"), day=3), _in(BANK, (200, "B"), day=3))
    removed = await reconciliation_rules.remove(ledger.context, rule_id=rule.id)

    assert not isinstance(changed, Refused)
    assert changed.version == 2
    assert [group["rule"] for group in await ledger.groups()] == ["Invoices/1", "Bills/2"]
    assert removed == rule.id
    assert await reconciliation_rules.every(ledger.context) == []
    events = await ledger.world.owner.fetch(
        "select event from app.ingestion_audit_log where event like 'reconciliation_rule.%'"
        " order by created_at"
    )
    assert [row["event"].partition(".")[2] for row in events] == ["created", "updated", "removed"]


def _terms(rule: Any) -> RuleTerms:
    return RuleTerms(
        name=rule.name,
        mode=rule.mode,
        left_account_type=rule.left_account_type,
        score_min=rule.score_min,
        day_window=rule.day_window,
    )


async def test_a_dry_run_shows_what_would_match_and_writes_nothing(ledger: Ledger) -> None:
    await _take_in(ledger, _in(BOOKS, (10_000, "MILLER")), _in(BANK, (10_000, "MILLER"), day=4))
    terms = RuleTerms(name="Try", mode=RuleMode.AUTO, left_account_type="other", score_min=60)
    days = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}

    tried = await reconciliation_rules.dry_run(ledger.context, terms=terms, **days)
    own = await reconciliation_rules.dry_run(ledger.context, terms=None, **days)

    assert (tried.groups, tried.automatic, tried.rows) == (1, 1, 2)
    assert tried.found[0].rule.label == "Try"
    assert own.automatic == 0
    assert await ledger.groups() == []


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"day_window": 91}, "dayWindow"),
        ({"group_max": 9}, "groupMax"),
        ({"tolerance_percent": Decimal(11)}, "tolerancePercent"),
        ({"amount_tolerance": Decimal(-1)}, "amountTolerance"),
        ({"left_account_ids": ()}, "leftAccountIds"),
        ({"left_account_type": None}, "byReference"),
        ({"left_account_type": None, "shape": RuleShape.PAYOUT}, "leftAccountIds"),
        ({"name": " "}, "name"),
    ],
)
async def test_terms_out_of_bounds_are_refused(
    ledger: Ledger, terms: dict[str, Any], field: str
) -> None:
    given = {"name": "A", "mode": RuleMode.AUTO, "left_account_type": "other"} | terms

    refused = await reconciliation_rules.create(ledger.context, terms=RuleTerms(**given))

    assert isinstance(refused, Refused)
    assert refused.path == (field,)
