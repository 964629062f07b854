"""Accounts that sources name anew: the account that they are, a person's answer, or a new one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.models import AccountStatus
from resolvers import accounts, mappings
from resolvers.mappings import Mapped
from tests.fixtures.camt_file import Entry, balance, camt, statement
from tests.fixtures.context import context
from tests.fixtures.csv_file import csv, saved
from tests.fixtures.mt940_file import COFFEE, Statement, mt940
from tests.fixtures.world import Place, World

BLZ, KONTO = "12030000", "0000202051"
IBAN = f"DE02{BLZ}{KONTO}"
CAMT = camt(statement(Entry(servicer="R1")))
BY_IBAN = mt940(Statement(lines=[COFFEE], account=IBAN))
BY_BANK_CODE = mt940(Statement(lines=[COFFEE], account=f"{BLZ}/{KONTO.lstrip('0')}"))


def of_kind(kind: str, name: str = "", *, iban: str = IBAN, currency: str = "EUR") -> bytes:
    """A CAMT statement of an account of that kind and name."""
    named = f"<Nm>{name}</Nm>" if name else ""
    told = f"<Acct><Id><IBAN>{iban}</IBAN></Id><Tp><Cd>{kind}</Cd></Tp><Ccy>{currency}</Ccy>"
    entry = Entry(servicer=f"R-{kind}", currency=currency)
    return camt(statement(entry, account=f"{told}{named}</Acct>"))


def iban(number: int) -> str:
    """The IBAN of an account at a German bank."""
    bban = f"{BLZ}{number:010}"
    return f"DE{98 - int(f'{bban}131400') % 97:02}{bban}"


async def _beside(world: World, place: Place, **columns: object) -> Place:
    """Another connection of the tenant."""
    other = replace(place, connection_id=uuid4())
    names = {"name": "Second", "provider": "file", **columns}
    marks = ", ".join(f"${at}" for at in range(3, 3 + len(names)))
    await world.owner.execute(
        f"insert into app.connections (tenant_id, id, {', '.join(names)}) values ($1, $2, {marks})",
        other.tenant_id,
        other.connection_id,
        *names.values(),
    )
    return other


async def _mapping(world: World, place: Place) -> Any:
    """The only mapping of a connection."""
    (row,) = await world.owner.fetch(
        "select * from app.account_mappings where connection_id = $1", place.connection_id
    )
    return row


async def _account_count(world: World) -> int:
    count: int = await world.owner.fetchval("select count(*) from app.accounts")
    return count


async def _suggested(world: World, place: Place) -> list[tuple[UUID, int, bool]]:
    mapping_id = (await _mapping(world, place))["id"]
    found = await mappings.suggestions(context(world, place), [mapping_id])
    return [(one.account.id, one.score, one.automatic) for one in found[mapping_id]]


async def _confirm(world: World, place: Place, account_id: UUID) -> Mapped:
    """The user says which account the only mapping of the connection is; its rows follow."""
    mapping_id = (await _mapping(world, place))["id"]
    done = await mappings.set_account(
        context(world, place), mapping_id=mapping_id, account_id=account_id
    )
    assert isinstance(done, Mapped)
    if done.job is not None:
        await world.finish(place, done.job.id)
    return done


async def _undo(world: World, place: Place) -> None:
    mapping_id = (await _mapping(world, place))["id"]
    done = await mappings.unset(context(world, place), mapping_id=mapping_id)
    assert isinstance(done, Mapped)
    if done.job is not None:
        await world.finish(place, done.job.id)


# The same account, named by another source.


@pytest.mark.parametrize("again", [CAMT, BY_IBAN, BY_BANK_CODE])
async def test_file_over_a_new_connection_lands_on_the_account_of_its_number(
    world: World, again: bytes
) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    other = await _beside(world, place)

    job = await world.take_in(other, again)

    first, second = await _mapping(world, place), await _mapping(world, other)
    assert (job["state"], job["waiting"]) == ("completed", 0)
    assert await _account_count(world) == 1
    assert second["account_id"] == first["account_id"]
    assert (first["decided_by"], second["decided_by"]) == ("opened", "matched")


async def test_connection_whose_files_change_their_format_goes_on_with_the_account(
    world: World,
) -> None:
    place = await world.place()
    await world.take_in(place, BY_BANK_CODE)

    await world.take_in(place, CAMT)

    decided = await world.owner.fetch(
        "select account_id, decided_by from app.account_mappings order by created_at"
    )
    assert [row["decided_by"] for row in decided] == ["opened", "matched"]
    assert len({row["account_id"] for row in decided}) == 1


async def test_decision_of_a_machine_is_told_with_its_reasons_and_audited(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    other = await _beside(world, place)

    job = await world.take_in(other, BY_IBAN)

    mapping = await _mapping(world, other)
    assert (mapping["match_score"], mapping["match_rule"]) == (95, 1)
    assert "same_iban" in mapping["match_reasons"]
    assert (mapping["verified_at"], mapping["verified_by"]) == (None, None)
    event = await world.owner.fetchrow(
        "select * from app.ingestion_audit_log where event = 'mapping.matched'"
    )
    assert event is not None
    assert (event["job_id"], event["user_id"]) == (job["id"], None)
    assert str(mapping["id"]) in event["data"]
    assert IBAN not in event["data"] + mapping["match_reasons"]


async def test_no_number_is_kept_in_clear(world: World) -> None:
    place = await world.place()

    await world.take_in(place, CAMT)

    kept = await world.owner.fetch("select kind, number_hash from app.mapping_numbers")
    assert {row["kind"] for row in kept} == {"iban", "routed", "number"}
    assert not any(KONTO.encode() in bytes(row["number_hash"]) for row in kept)


async def test_number_that_was_known_before_its_spellings_were_kept_meets_in_the_bare_one(
    world: World,
) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    await world.owner.execute("delete from app.mapping_numbers where kind <> 'number'")
    other = await _beside(world, place)

    job = await world.take_in(other, CAMT)
    await world.take_in(place, CAMT)
    last = await world.take_in(await _beside(world, place), CAMT)

    assert (job["state"], last["state"]) == ("awaiting_mapping", "completed")
    assert await _account_count(world) == 1


# Near, but not sure.


async def test_same_iban_of_another_kind_waits_with_the_suggestion(world: World) -> None:
    place = await world.place()
    await world.take_in(place, of_kind("CACC"))
    other = await _beside(world, place)

    job = await world.take_in(other, of_kind("SVGS"))
    (suggestion,) = await _suggested(world, other)

    first = await _mapping(world, place)
    assert (job["state"], job["waiting"]) == ("awaiting_mapping", 1)
    assert suggestion == (first["account_id"], 95, False)
    await _confirm(world, other, first["account_id"])
    assert len(await world.rows(place)) == 2


async def test_same_iban_under_another_name_waits(world: World) -> None:
    place = await world.place()
    await world.take_in(place, of_kind("CACC", "Operating"))

    job = await world.take_in(await _beside(world, place), of_kind("CACC", "Reserves"))

    assert job["state"] == "awaiting_mapping"


async def test_same_iban_in_another_currency_is_an_account_of_its_own(world: World) -> None:
    place = await world.place()
    await world.take_in(place, of_kind("CACC"))

    job = await world.take_in(await _beside(world, place), of_kind("CACC", currency="USD"))

    assert job["state"] == "completed"
    assert await _account_count(world) == 2


async def test_number_that_feeds_two_accounts_is_nobodys_to_guess(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    second = await _beside(world, place, mapping_policy="ask")
    await world.take_in(second, CAMT)
    own = await mappings.create_account(
        context(world, place),
        mapping_id=(await _mapping(world, second))["id"],
        new=accounts.NewAccount(
            name="Own", type="other", currency="EUR", masked_number=None, institution_id=None
        ),
    )
    assert isinstance(own, Mapped)
    third = await _beside(world, place)

    job = await world.take_in(third, CAMT)

    assert job["state"] == "awaiting_mapping"
    assert [automatic for _, _, automatic in await _suggested(world, third)] == [False, False]


async def test_rows_that_waited_come_in_once_the_next_file_makes_it_sure(world: World) -> None:
    place = await world.place()
    await world.take_in(place, of_kind("CACC"))
    other = await _beside(world, place)
    waited = await world.take_in(other, of_kind("SVGS"))
    account_id = (await _mapping(world, place))["account_id"]
    done = await accounts.update(
        context(world, place),
        account_id=account_id,
        name=None,
        type="savings",
        status=None,
        institution_id=None,
    )
    assert done.type == "savings"  # type: ignore[union-attr]

    await world.take_in(other, of_kind("SVGS"))
    derive = await world.owner.fetchval(
        "select id from app.ingestion_jobs where kind = 'derive' and state = 'queued'"
    )
    await world.finish(other, derive)

    assert (await _mapping(world, other))["account_id"] == account_id
    assert (await world.ledger(place, waited["id"]))["waiting"] == 0


async def test_review_foresees_what_would_wait_and_decides_nothing(world: World) -> None:
    place = await world.place()
    await world.take_in(place, of_kind("CACC"))
    near, sure = await _beside(world, place), await _beside(world, place)

    waits = await world.take_in(near, of_kind("SVGS"), review=True)
    comes = await world.take_in(sure, of_kind("CACC"), review=True)

    assert (waits["waiting"], comes["waiting"]) == (1, 0)
    assert (await _mapping(world, sure))["account_id"] is None


# What a person said.


async def test_what_was_taken_back_is_not_done_again_by_any_source(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    other = await _beside(world, place)
    await world.take_in(other, BY_IBAN)
    await _undo(world, other)

    again = await world.take_in(other, BY_IBAN)
    third = await _beside(world, place)
    anew = await world.take_in(third, BY_BANK_CODE)

    assert (again["state"], anew["state"]) == ("awaiting_mapping", "awaiting_mapping")
    assert await _suggested(world, other) == []
    ((_, _, automatic),) = await _suggested(world, third)
    assert not automatic
    assert (await _mapping(world, other))["decided_by"] is None


async def test_person_may_change_their_mind(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    other = await _beside(world, place)
    await world.take_in(other, BY_IBAN)
    account_id = (await _mapping(world, other))["account_id"]
    await _undo(world, other)

    await _confirm(world, other, account_id)
    last = await world.take_in(await _beside(world, place), BY_BANK_CODE)

    assert (await _mapping(world, other))["decided_by"] == "user"
    assert last["state"] == "completed"
    assert await world.owner.fetch("select from app.mapping_refusals") == []


async def test_where_the_connection_asks_only_a_persons_answer_is_repeated(world: World) -> None:
    place = await world.place(mapping_policy="ask")
    await world.take_in(place, CAMT)
    unanswered = await world.take_in(await _beside(world, place, mapping_policy="ask"), CAMT)
    opened = await mappings.create_account(
        context(world, place),
        mapping_id=(await _mapping(world, place))["id"],
        new=accounts.NewAccount(
            name="Own", type="other", currency="EUR", masked_number=None, institution_id=None
        ),
    )
    assert isinstance(opened, Mapped)

    other = await _beside(world, place, mapping_policy="ask")
    answered = await world.take_in(other, BY_IBAN)

    assert (unanswered["state"], answered["state"]) == ("awaiting_mapping", "completed")
    assert (await _mapping(world, other))["decided_by"] == "matched"


async def test_account_that_somebody_closed_is_asked_about(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    await world.owner.execute("update app.accounts set status = $1", AccountStatus.CLOSED)

    job = await world.take_in(await _beside(world, place), CAMT)

    assert job["state"] == "awaiting_mapping"
    assert await _account_count(world) == 1


# Many at once.


async def test_imports_that_meet_a_number_at_one_moment_open_one_account(world: World) -> None:
    place = await world.place()
    places = [place, *[await _beside(world, place) for _ in range(3)]]
    jobs = [await world.job(one, CAMT) for one in places]

    await asyncio.gather(*(world.run(one, job) for one, job in zip(places, jobs, strict=True)))

    assert await _account_count(world) == 1
    decided = await world.owner.fetch("select decided_by from app.account_mappings order by 1")
    assert [row["decided_by"] for row in decided] == ["matched"] * 3 + ["opened"]


@pytest.mark.parametrize("count", [2, 1_000])
async def test_file_of_many_accounts_over_a_new_connection_finds_each_by_its_column(
    world: World, count: int
) -> None:
    place = await world.place()
    content = csv(*(f"2026-03-01,{at}.00,Fee,F{at},{iban(at)}" for at in range(count)))
    profile_id = await saved(world, place)
    await world.take_in(place, content, format="csv", profile_id=profile_id)
    other = await _beside(world, place)

    job = await world.take_in(other, content, format="csv", profile_id=profile_id)

    assert (job["state"], job["waiting"]) == ("completed", 0)
    assert await _account_count(world) == count
    wrong = await world.owner.fetchval(
        "select count(*) from app.account_mappings as m"
        " join app.account_mappings as n using (tenant_id, external_account_id)"
        " where n.connection_id <> m.connection_id and n.account_id <> m.account_id"
    )
    amounts = await world.owner.fetchval(
        "select count(*) from (select from app.transactions group by account_id"
        " having count(distinct amount) <> 1 or count(*) <> 2) as s"
    )
    assert (wrong, amounts) == (0, 0)


async def test_two_accounts_of_one_document_never_share_one(world: World) -> None:
    place = await world.place()
    await world.take_in(place, BY_BANK_CODE)
    branches = Statement(lines=[COFFEE], account=f"{BLZ}/{KONTO}")

    await world.take_in(
        await _beside(world, place),
        mt940(branches, replace(branches, account=f"{BLZ}/{KONTO.lstrip('0')}")),
    )

    fed = await world.owner.fetch(
        "select connection_id, account_id from app.account_mappings where account_id is not null"
    )
    assert len({tuple(row) for row in fed}) == len(fed)


# One account, several sources.


async def test_balances_come_from_the_primary_source_first(world: World) -> None:
    place = await world.place()
    other = await _beside(world, place)
    older = camt(statement(balance("CLBD", "10.00", "2026-03-01"), Entry(servicer="R1")))
    newer = camt(statement(balance("CLBD", "99.00", "2026-03-02"), Entry(servicer="R2")))
    await world.take_in(place, older)
    await world.take_in(other, newer)
    account_id = (await _mapping(world, place))["account_id"]
    user = context(world, place)

    before = await _told(world, place, account_id)
    done = await accounts.update(
        user,
        account_id=account_id,
        name=None,
        type=None,
        status=None,
        institution_id=None,
        primary_mapping_id=((await _mapping(world, place))["id"],),
    )
    primary = await _told(world, place, account_id)
    await _undo(world, place)
    after = await _told(world, place, account_id)

    assert done.primary_mapping_id == (await _mapping(world, place))["id"]  # type: ignore[union-attr]
    assert before == (["99.00"], ["10.00", "99.00"])
    assert primary == (["10.00"], ["10.00", "10.00"])
    assert after == (["99.00"], ["99.00"])
    assert await world.owner.fetchval("select primary_mapping_id from app.accounts") is None


async def _told(world: World, place: Place, account_id: UUID) -> tuple[list[str], list[str]]:
    """The latest closing balances, and those of two days."""
    from datetime import date

    user = context(world, place)
    latest = await accounts.latest_balances(user, [account_id])
    daily = await accounts.balances_by_day(
        user,
        [account_id],
        first_day=date(2026, 3, 1),
        last_day=date(2026, 3, 2),
        kind=None,
    )
    return (
        [f"{one.amount:.2f}" for one in latest[account_id]],
        [f"{one.amount:.2f}" for one in daily[account_id]],
    )
