"""Accounts that sources name anew: the account that they are, a person's answer, or a new one."""

from __future__ import annotations

import pytest

from core.models import AccountStatus, AccountType
from resolvers import accounts, mappings
from resolvers.mappings import Mapped
from tests.fixtures.camt_file import Entry, camt, statement
from tests.fixtures.context import context
from tests.fixtures.csv_file import csv, saved
from tests.fixtures.mapped import (
    account_count,
    beside,
    confirm,
    mapping_of,
    suggested,
    undo,
)
from tests.fixtures.mt940_file import COFFEE, Statement, mt940
from tests.fixtures.world import World

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


# The same account, named by another source.


@pytest.mark.parametrize("again", [CAMT, BY_IBAN, BY_BANK_CODE])
async def test_file_over_a_new_connection_lands_on_the_account_of_its_number(
    world: World, again: bytes
) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    other = await beside(world, place)

    job = await world.take_in(other, again)

    first, second = await mapping_of(world, place), await mapping_of(world, other)
    assert (job["state"], job["waiting"]) == ("completed", 0)
    assert await account_count(world) == 1
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
    other = await beside(world, place)

    job = await world.take_in(other, BY_IBAN)

    mapping = await mapping_of(world, other)
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
    other = await beside(world, place)

    job = await world.take_in(other, CAMT)
    await world.take_in(place, CAMT)
    last = await world.take_in(await beside(world, place), CAMT)

    assert (job["state"], last["state"]) == ("awaiting_mapping", "completed")
    assert await account_count(world) == 1


# Near, but not sure.


async def test_same_iban_of_another_kind_waits_with_the_suggestion(world: World) -> None:
    place = await world.place()
    await world.take_in(place, of_kind("CACC"))
    other = await beside(world, place)

    job = await world.take_in(other, of_kind("SVGS"))
    (suggestion,) = await suggested(world, other)

    first = await mapping_of(world, place)
    assert (job["state"], job["waiting"]) == ("awaiting_mapping", 1)
    assert suggestion == (first["account_id"], 95, False)
    await confirm(world, other, first["account_id"])
    assert len(await world.rows(place)) == 2


@pytest.mark.parametrize("told", ["****2051", "XXXXXX2051"])
async def test_number_that_its_source_hides_waits_and_lands_on_the_account_that_is_confirmed(
    world: World, told: str
) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    account_id = (await mapping_of(world, place))["account_id"]
    other = await beside(world, place)
    content = csv(f"2026-03-05,-3.50,COFFEE,1,{told}")

    job = await world.take_in(other, content, profile_id=await saved(world, other))

    assert job["state"] == "awaiting_mapping"
    assert [(one, sure) for one, _, sure in await suggested(world, other)] == [(account_id, False)]
    await confirm(world, other, account_id)
    assert (await account_count(world), len(await world.rows(place))) == (1, 2)
    kept = await world.owner.fetchval(
        "select count(*) from app.mapping_numbers where mapping_id = $1",
        (await mapping_of(world, other))["id"],
    )
    assert kept == 0


async def test_same_iban_under_another_name_waits(world: World) -> None:
    place = await world.place()
    await world.take_in(place, of_kind("CACC", "Operating"))

    job = await world.take_in(await beside(world, place), of_kind("CACC", "Reserves"))

    assert job["state"] == "awaiting_mapping"


async def test_same_iban_in_another_currency_is_an_account_of_its_own(world: World) -> None:
    place = await world.place()
    await world.take_in(place, of_kind("CACC"))

    job = await world.take_in(await beside(world, place), of_kind("CACC", currency="USD"))

    assert job["state"] == "completed"
    assert await account_count(world) == 2


async def test_number_that_feeds_two_accounts_is_nobodys_to_guess(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    second = await beside(world, place, mapping_policy="ask")
    await world.take_in(second, CAMT)
    own = await mappings.create_account(
        context(world, place),
        mapping_id=(await mapping_of(world, second))["id"],
        new=accounts.NewAccount(
            name="Own",
            type=AccountType.OTHER,
            currency="EUR",
            masked_number=None,
            institution_id=None,
        ),
    )
    assert isinstance(own, Mapped)
    third = await beside(world, place)

    job = await world.take_in(third, CAMT)

    assert job["state"] == "awaiting_mapping"
    assert [automatic for _, _, automatic in await suggested(world, third)] == [False, False]


async def test_rows_that_waited_come_in_once_the_next_file_makes_it_sure(world: World) -> None:
    place = await world.place()
    await world.take_in(place, of_kind("CACC"))
    other = await beside(world, place)
    waited = await world.take_in(other, of_kind("SVGS"))
    account_id = (await mapping_of(world, place))["account_id"]
    done = await accounts.update(
        context(world, place),
        account_id=account_id,
        name=None,
        type=AccountType.SAVINGS,
        status=None,
        institution_id=None,
    )
    assert done.type is AccountType.SAVINGS  # type: ignore[union-attr]

    await world.take_in(other, of_kind("SVGS"))
    derive = await world.owner.fetchval(
        "select id from app.ingestion_jobs where kind = 'derive' and state = 'queued'"
    )
    await world.finish(other, derive)

    assert (await mapping_of(world, other))["account_id"] == account_id
    assert (await world.ledger(place, waited["id"]))["waiting"] == 0


async def test_review_foresees_what_would_wait_and_decides_nothing(world: World) -> None:
    place = await world.place()
    await world.take_in(place, of_kind("CACC"))
    near, sure = await beside(world, place), await beside(world, place)

    waits = await world.take_in(near, of_kind("SVGS"), review=True)
    comes = await world.take_in(sure, of_kind("CACC"), review=True)

    assert (waits["waiting"], comes["waiting"]) == (1, 0)
    assert (await mapping_of(world, sure))["account_id"] is None


# What a person said.


async def test_what_was_taken_back_is_not_done_again_by_any_source(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    other = await beside(world, place)
    await world.take_in(other, BY_IBAN)
    await undo(world, other)

    again = await world.take_in(other, BY_IBAN)
    third = await beside(world, place)
    anew = await world.take_in(third, BY_BANK_CODE)

    assert (again["state"], anew["state"]) == ("awaiting_mapping", "awaiting_mapping")
    assert await suggested(world, other) == []
    ((_, _, automatic),) = await suggested(world, third)
    assert not automatic
    assert (await mapping_of(world, other))["decided_by"] is None


async def test_person_may_change_their_mind(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    other = await beside(world, place)
    await world.take_in(other, BY_IBAN)
    account_id = (await mapping_of(world, other))["account_id"]
    await undo(world, other)

    await confirm(world, other, account_id)
    last = await world.take_in(await beside(world, place), BY_BANK_CODE)

    assert (await mapping_of(world, other))["decided_by"] == "user"
    assert last["state"] == "completed"
    assert await world.owner.fetch("select from app.mapping_refusals") == []


async def test_where_the_connection_asks_only_a_persons_answer_is_repeated(world: World) -> None:
    place = await world.place(mapping_policy="ask")
    await world.take_in(place, CAMT)
    unanswered = await world.take_in(await beside(world, place, mapping_policy="ask"), CAMT)
    opened = await mappings.create_account(
        context(world, place),
        mapping_id=(await mapping_of(world, place))["id"],
        new=accounts.NewAccount(
            name="Own",
            type=AccountType.OTHER,
            currency="EUR",
            masked_number=None,
            institution_id=None,
        ),
    )
    assert isinstance(opened, Mapped)

    other = await beside(world, place, mapping_policy="ask")
    answered = await world.take_in(other, BY_IBAN)

    assert (unanswered["state"], answered["state"]) == ("awaiting_mapping", "completed")
    assert (await mapping_of(world, other))["decided_by"] == "matched"


async def test_number_that_somebody_ignored_is_asked_about(world: World) -> None:
    place = await world.place(mapping_policy="ask")
    await world.take_in(place, CAMT)
    mapping_id = (await mapping_of(world, place))["id"]
    await mappings.ignore(context(world, place), mapping_id=mapping_id)

    job = await world.take_in(await beside(world, place), BY_BANK_CODE)

    assert job["state"] == "awaiting_mapping"
    assert await account_count(world) == 0


async def test_account_that_somebody_closed_is_asked_about(world: World) -> None:
    place = await world.place()
    await world.take_in(place, CAMT)
    await world.owner.execute("update app.accounts set status = $1", AccountStatus.CLOSED)

    job = await world.take_in(await beside(world, place), CAMT)

    assert job["state"] == "awaiting_mapping"
    assert await account_count(world) == 1
