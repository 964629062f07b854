"""Where others have gone wrong with money, each once: the numbers are those of the list of pitfalls
that the design began with."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidMoney
from core.links import ExchangeRate, Found, MatchRow
from core.reviews import ReviewReason
from core.vault import Vault
from db.keys import HeldKeys
from matching.rates import Rates
from matching.text import agreement, words
from providers.pickup.registry import SETTINGS
from providers.registry import every
from providers.webhooks import BadSignature
from sandbox.faults import FaultRule
from statements.csv_amount import AmountReader
from tests.fixtures.bai2_file import COFFEE, RENT, Account, Detail, Group, bai2, statement
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.oauth_bank import OAuthBank
from tests.fixtures.plaid_feed import PlaidBank, connected, open_bank
from tests.fixtures.post_office import counter_of, office_of
from tests.fixtures.postbox import told
from tests.fixtures.quiltt_syncing_fixture import Link
from tests.fixtures.two_sources import both, counting, links, questions, second_source, together
from tests.fixtures.world import World
from tests.matching.making import DAY, SAVINGS, asked, moved, row, stated, sure, twice
from tests.pipeline.test_access_tokens import held, linked
from tests.providers.plaid_signing import incoming
from tests.providers.test_plaid_signatures import BODY, NOW, opened_desk
from tests.statements.test_csv_detect import proposed
from tests.tidy.tree import ROOT


@pytest.fixture
async def bank(redis_url: str) -> AsyncIterator[PlaidBank]:
    async with open_bank(redis_url) as bank:
        yield bank


async def test_p01_real_twins_of_one_file_are_two_rows(world: World) -> None:
    place = await world.place()

    await world.take_in(place, statement(COFFEE, COFFEE, COFFEE))

    assert len(await counting(world, place)) == 3


@given(day=st.integers(-7, 7), text=st.sampled_from(("Parking", "Cinema", "")))
@settings(max_examples=40, deadline=None)
def test_p02_an_equal_amount_within_days_alone_merges_nothing(day: int, text: str) -> None:
    assert not sure(twice(row("-4.50", "Coffee Corner"), stated("-4.50", text, day=day)))


def test_p02_nor_does_a_text_that_agrees_where_another_row_could_be_meant() -> None:
    coffees = [row("-4.50", f"Coffee Corner {place}") for place in ("North", "South")]

    found = twice(*coffees, stated("-4.50", "Coffee Corner"))

    assert not sure(found)
    assert len(asked(found)) == 1


def test_p03_no_statement_about_rows_names_a_provider() -> None:
    told = [ROOT / "sql" / f"{name}.sql" for name in ("matching", "nearby", "paybacks", "merge")]
    slugs = {"file", *SETTINGS, *every()}

    assert not [name for path in told for name in slugs if f"'{name}'" in path.read_text()]


def test_p03_pending_rows_are_matched_whatever_their_provider() -> None:
    said = {one.name for one in fields(MatchRow)}
    pending, posted = row("-4.50", pending=True), stated("-4.50", day=1)

    assert not said & {"provider", "source", "connection_id"}
    assert sure(twice(pending, posted)) == {(pending.id, posted.id)}


async def test_p04_a_cursor_is_kept_and_what_changes_or_goes_lands(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link())
    await feed.sync()
    kept = await feed.cursor()
    bank.control.advance(feed.item, added=2, pending=1, modified=2, removed=2)

    await feed.sync()

    assert kept is not None
    assert await feed.cursor() != kept
    await feed.assert_truth()


async def test_p05_rows_and_cursor_land_together_or_not_at_all(
    world: World, bank: PlaidBank
) -> None:
    """Rows cannot be written: their cursor stands still, and the next sync brings them."""
    feed = await connected(world, bank, await bank.link())
    await feed.sync()
    kept = await feed.cursor()
    bank.control.advance(feed.item, added=3, modified=1, removed=1)
    rule = "alter table app.transactions {} constraint broken"
    await world.owner.execute(rule.format("add") + " check (amount is null) not valid")

    broken = await feed.sync()
    cursor = await feed.cursor()
    await world.owner.execute(rule.format("drop"))
    await feed.sync()

    assert broken["state"] != "completed"
    assert cursor == kept
    await feed.assert_truth()


async def test_p06_a_webhook_is_kept_before_it_is_answered_and_refused_where_it_is_wrong(
    world: World, database: DatabaseUrls, redis_url: str, tmp_path: Path
) -> None:
    async with counter_of(world, database, redis_url, tmp_path) as counter:
        box = await counter.office.box()
        taken = await counter.post(box, box.letter(told("transactions.changed")))
        refused = await counter.post(box, box.letter(told(), secret="whsec_" + "b" * 44))

        assert taken.status_code == 200
        assert len(await counter.office.inbox()) == 1
        assert refused.status_code >= 400


async def test_p07_an_event_is_seen_only_once_it_is_done(world: World) -> None:
    office = office_of(world)
    box, place = await office.box(), await office.linked("item")
    able, letter = office.services, told(id="evt_1")
    await office.receive(box, letter)
    office.services = office.world.altered(receivers={}).services
    await office.process()
    assert not await office.jobs(place)

    office.services = able
    await office.receive(box, letter)
    await office.make_due()
    await office.process()

    (event,) = await office.events(place)
    assert event["state"] == "done"
    assert len(await office.jobs(place)) == 1


def test_p08_money_is_never_a_float() -> None:
    for model in (MatchRow, Found, ExchangeRate, ReviewReason):
        assert "float" not in repr(get_type_hints(model))
    assert not twice(row("-0.1"), stated("-0.10000001"))
    assert sure(twice(row("-0.1"), stated("-0.10")))


def test_p08_one_row_is_claimed_once() -> None:
    found = twice(row("-4.50"), *[stated("-4.50") for _ in range(3)])

    assert len(sure(found)) == 1


def test_p08_no_currency_matches_every_other() -> None:
    for currency in ("XXX", "MIX", "USD"):
        assert not twice(row("-4.50"), stated("-4.50", currency=currency))


def test_p08_an_empty_text_agrees_with_nothing() -> None:
    assert agreement(words(""), words("Coffee")) is None
    assert agreement(words("Coffee"), words("")) is None
    assert not sure(twice(row("-4.50", ""), stated("-4.50", "COFFEE CORNER")))


async def test_p09_a_signature_is_of_this_body_and_of_now() -> None:
    async with opened_desk() as desk:
        token = desk.signer.token(BODY, NOW)
        await desk.verify(incoming(BODY, token, NOW))

        with pytest.raises(BadSignature):
            await desk.verify(incoming(BODY + b" ", token, NOW))
        with pytest.raises(BadSignature):
            await desk.verify(incoming(BODY, token, datetime(2026, 11, 21, 13, tzinfo=UTC)))


@pytest.mark.parametrize("off", [-100, 0, 100])
async def test_p10_a_drift_is_told_in_either_direction(world: World, off: int) -> None:
    place = await world.place()
    right = statement(COFFEE, RENT).decode()
    total = right.splitlines()[-1].split(",")[1]
    wrong = right.replace(f"99,{total},", f"99,{int(total) + off},")

    job = await world.take_in(place, wrong.encode())

    told_of = {one["code"] for one in await world.findings(place, job["id"])}
    assert bool(told_of) == bool(off)


def test_p11_many_rows_are_not_each_held_against_all() -> None:
    def taken(number: int) -> float:
        rows = [row("-9.99", f"customer{one:05}x", day=one % 20) for one in range(number)]
        rows += [stated("-9.99", f"CUSTOMER{one:05}X", day=one % 20) for one in range(number)]
        started = time.process_time()
        assert len(sure(twice(*rows))) == number
        return time.process_time() - started

    few, many = taken(500), taken(4_000)

    assert many < 8 * 4 * max(few, 0.05)


async def test_p12_a_removed_row_does_not_block_its_import(world: World) -> None:
    place = await world.place()
    job = await world.take_in(place, statement(COFFEE, RENT))
    await world.revert(place, job["id"])

    await world.take_in(place, statement(COFFEE, RENT))

    assert len(await counting(world, place)) == 2


async def test_p12_what_a_rewritten_text_brings_anew_counts_once(world: World) -> None:
    renamed = Detail("475", 350, "COFFEE CORNER BERLIN")

    place, _ = await both(
        world, statement(Detail("475", 350, "COFFEE CORNER")), bai2(_as(renamed, number="999"))
    )

    assert len(await counting(world, place)) == 1


def test_p13_rows_of_two_accounts_are_never_duplicates() -> None:
    assert not twice(row("-4.50"), stated("-4.50", account_id=SAVINGS))


@pytest.mark.parametrize(("after", "is_partial"), [(0, False), (1, True)])
async def test_p14_a_reading_that_failed_takes_nothing_away(
    link: Link, after: int, is_partial: bool
) -> None:
    """Of a source that never says what is gone: what a whole reading lacks is taken back."""
    bank = await link()
    await bank.settle()
    before = await bank.rows()
    bank.quiltt.control.fail_graphql(after=after, times=99, is_partial=is_partial)

    job = await bank.sync()

    assert job["state"] != "completed"
    assert await bank.rows() == before
    assert any(before.values())


async def test_p15_accounts_that_a_bank_calls_otherwise_after_a_new_link_do_not_double(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(world, bank, await bank.link("user_no_investments_15"))
    await feed.sync()
    before = await feed.rows()
    await world.owner.execute(
        "update app.account_mappings set external_account_id = 'before-' || external_account_id"
    )

    await feed.sync()

    after = await feed.rows()
    assert [row["id"] for row in after] == [row["id"] for row in before]
    assert {row["account"].startswith("before-") for row in after} == {False}


async def test_p15_an_account_that_comes_again_under_another_id_does_not_double(
    world: World,
) -> None:
    place, other = await both(world, statement(COFFEE, RENT), statement(COFFEE, number="999"))

    anew = await second_source(world, place, mapping_policy="ask")
    await world.take_in(anew, statement(COFFEE, RENT, number="888"))
    await together(world, place, anew)

    assert len(await counting(world, place)) == 2
    assert {one["state"] for one in await links(world, other)} == {"active"}
    assert not await questions(world, place)


async def test_p16_a_rotating_token_is_kept_before_it_is_used(oauth_bank: OAuthBank) -> None:
    place, connection = await linked(oauth_bank)
    before = await held(oauth_bank, place, connection)
    oauth_bank.time.pass_(minutes=31)
    failing = FaultRule(path="/accounts", kind="status", status=500, times=None)
    oauth_bank.sandbox.faults.add(failing)

    await oauth_bank.sync(place, connection.id)

    assert oauth_bank.oauth.renewals == 1
    assert (await held(oauth_bank, place, connection)).refresh_token != before.refresh_token


async def test_p17_policies_hold_for_the_pool_that_everybody_uses(world: World) -> None:
    place, _ = await both(world, statement(COFFEE), statement(COFFEE, number="999"))
    stranger = await world.place()

    for scope, seen in ((place.user, 1), (stranger.user, 0), (stranger.worker, 0)):
        async with world.database.as_(scope) as tx:
            rows = await tx.rows("select id from app.transaction_links")
        assert len(rows) == seen


async def test_p18_without_a_key_nothing_is_written_in_plain_text(
    world: World, tmp_path: Path
) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))

    kept = _bytes(tmp_path)
    assert kept
    assert b"COFFEE" not in kept
    other = world.altered(vault=Vault(HeldKeys.of("other", bytes(32))))
    job_id = await world.job(place, statement(RENT))
    refused = await other.run(place, job_id)
    assert refused["state"] != "completed"


def test_p19_a_comma_means_what_the_file_was_said_to_mean() -> None:
    point, comma = AmountReader(decimal_mark=".", thousands=","), AmountReader(decimal_mark=",")

    assert point.read("1,234").value == Decimal(1_234)
    assert point.read("1,234.56").value == Decimal("1234.56")
    assert comma.read("1,234").value == Decimal("1.234")
    with pytest.raises(InvalidMoney):
        comma.read("1,234.56")


def test_p20_the_order_of_a_date_is_asked_for_once_a_file() -> None:
    proposal = proposed("Date,Description,Amount\n01/10/2024,a,-1.50\n02/11/2024,b,2.50\n")

    assert proposal.draft["dateFormat"] is None
    assert "dateFormat" in [question.field for question in proposal.questions]


def test_a_rate_is_never_made_up() -> None:
    out = row("-100", "Transfer to dollars")
    into = row("110", "Transfer from euros", account_id=SAVINGS, currency="USD")

    assert not moved(out, into, rates=Rates())
    assert Rates().of("EUR", "USD", DAY) is None


def test_a_source_may_be_named_first_at_any_time() -> None:
    feed, statement_row = row("-4.50"), stated("-4.50")

    assert sure(twice(feed, replace(statement_row, rank=0))) == {(feed.id, statement_row.id)}


def _bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def _as(detail: Detail, *, number: str) -> Group:
    return Group(accounts=[Account(details=[detail], number=number)])
