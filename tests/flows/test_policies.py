"""Policies of a connection: who maps accounts, what control totals mean, what repeats mean."""

from __future__ import annotations

from uuid import UUID, uuid4

import asyncpg
import pytest

from core.jobs import JobKind
from core.models import MappingState
from db import mappings
from db.jobs import NewJob, create
from db.mappings import Decision
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, Account, Group, bai2, statement
from tests.fixtures.faults import FaultyEvents, Killed, kill
from tests.fixtures.world import Place, World

TWO_ACCOUNTS = bai2(
    Group(
        accounts=[
            Account(details=[COFFEE, COFFEE], number="11112222"),
            Account(details=[RENT], number="33334444"),
        ]
    )
)
WRONG_TOTAL = statement(COFFEE).replace(b"49,100350,3/", b"49,100351,3/")
CUT_OFF = statement(COFFEE, RENT).partition(b"49,")[0]


async def test_rows_of_an_account_that_nobody_mapped_wait(world: World) -> None:
    place = await world.place(mapping_policy="ask")

    job = await world.take_in(place, statement(COFFEE, RENT))

    assert (job["state"], job["waiting"], job["imported"]) == ("awaiting_mapping", 2, 0)
    assert await world.owner.fetch("select from app.transactions") == []
    assert await world.owner.fetch("select from app.accounts") == []


async def test_mapping_an_account_brings_its_rows_and_settles_the_import(world: World) -> None:
    place = await world.place(mapping_policy="ask")
    job = await world.take_in(place, statement(COFFEE, RENT))

    derivation = await _map(world, place, masked="••••5678")

    assert (derivation["state"], derivation["imported"]) == ("completed", 2)
    job = await world.ledger(place, job["id"])
    assert (job["state"], job["waiting"], job["imported"]) == ("completed", 0, 2)
    owners = await world.owner.fetch("select job_id from app.transactions")
    assert {row["job_id"] for row in owners} == {job["id"]}


async def test_an_import_waits_until_the_last_of_its_accounts_is_decided(world: World) -> None:
    place = await world.place(mapping_policy="ask")
    job = await world.take_in(place, TWO_ACCOUNTS)

    await _map(world, place, masked="••••2222")
    halfway = await world.ledger(place, job["id"])
    await _map(world, place, masked="••••4444")

    settled = await world.ledger(place, job["id"])
    assert (halfway["state"], halfway["waiting"]) == ("awaiting_mapping", 1)
    assert (settled["state"], settled["waiting"], settled["imported"]) == ("completed", 0, 3)


@pytest.mark.parametrize("dies_at", range(1, 6))
async def test_a_derivation_that_dies_settles_nothing_too_early(world: World, dies_at: int) -> None:
    place = await world.place(mapping_policy="ask")
    job = await world.take_in(place, TWO_ACCOUNTS)
    small = world.altered(batch_records=1)

    job_id = await _queue_mapping(world, place, masked="••••2222")
    try:
        await small.altered(events=FaultyEvents({dies_at: kill})).run(place, job_id)
    except Killed:
        derivation = await small.finish(place, job_id)
    else:
        derivation = await world.ledger(place, job_id)

    job = await world.ledger(place, job["id"])
    assert derivation["state"] == "completed"
    assert (job["state"], job["waiting"]) == ("awaiting_mapping", 1)
    assert len(await world.rows(place)) == 2


async def test_an_import_that_stopped_half_way_writes_what_was_mapped_meanwhile(
    world: World,
) -> None:
    place = await world.place(mapping_policy="ask")
    small = world.altered(batch_records=2)
    job_id = await world.job(place, statement(*[COFFEE] * 6))
    with pytest.raises(Killed):
        await small.altered(events=FaultyEvents({4: kill})).run(place, job_id)
    await world.owner.execute(
        "update app.ingestion_jobs set state = 'queued', lease_until = null, next_run_at = now()"
    )

    await _map(world, place, masked="••••5678")
    job = await small.finish(place, job_id)

    assert (job["state"], job["waiting"]) == ("completed", 0)
    assert len(await world.rows(place)) == 6


async def test_rows_of_an_ignored_account_are_left_out_and_wait_for_nobody(world: World) -> None:
    place = await world.place(mapping_policy="ask")
    waiting = await world.take_in(place, statement(COFFEE))

    await _decide(world, place, masked="••••5678", state=MappingState.IGNORED, account_id=None)
    job = await world.take_in(place, statement(COFFEE, RENT))

    assert (waiting["state"], job["state"], job["waiting"]) == ("awaiting_mapping", "completed", 0)
    assert await world.rows(place) == []


async def test_an_import_that_waited_settles_when_its_account_is_ignored(world: World) -> None:
    place = await world.place(mapping_policy="ask")
    job = await world.take_in(place, statement(COFFEE))

    mapping_id = await _decide(
        world, place, masked="••••5678", state=MappingState.IGNORED, account_id=None
    )
    await world.finish(place, await _queue_derivation(world, place, mapping_id))

    settled = await world.ledger(place, job["id"])
    assert (settled["state"], settled["waiting"], settled["imported"]) == ("completed", 0, 0)
    assert await world.rows(place) == []


async def test_an_ignored_account_that_is_mapped_later_brings_all_its_rows(world: World) -> None:
    place = await world.place(mapping_policy="ask")
    await world.take_in(place, statement(COFFEE))
    await _decide(world, place, masked="••••5678", state=MappingState.IGNORED, account_id=None)
    await world.take_in(place, statement(COFFEE, RENT))

    derivation = await _map(world, place, masked="••••5678")

    assert (derivation["imported"], derivation["duplicate"]) == (2, 1)
    assert len(await world.rows(place)) == 2


@pytest.mark.parametrize(
    ("policy", "state", "codes"),
    [
        ("ignore", "completed", []),
        ("warn", "completed", ["control-total"]),
        ("quarantine", "awaiting_review", ["control-total"]),
    ],
)
async def test_a_control_total_that_does_not_fit_means_what_the_policy_says(
    world: World, policy: str, state: str, codes: list[str]
) -> None:
    place = await world.place(control_policy=policy)

    job = await world.take_in(place, WRONG_TOTAL)

    assert job["state"] == state
    findings = await world.findings(place, job["id"])
    assert [row["code"] for row in findings][:1] == codes
    assert len(await world.rows(place)) == (0 if state == "awaiting_review" else 1)


@pytest.mark.parametrize(("policy", "waits"), [("ignore", False), ("warn", True)])
async def test_a_file_that_is_cut_off_waits_for_a_word_unless_totals_are_ignored(
    world: World, policy: str, waits: bool
) -> None:
    place = await world.place(control_policy=policy)

    job = await world.take_in(place, CUT_OFF)

    assert (job["state"] == "awaiting_review") is waits
    assert len(await world.rows(place)) == (0 if waits else 2)


async def test_a_quarantined_file_is_imported_when_someone_approves_it(world: World) -> None:
    place = await world.place()
    job = await world.take_in(place, CUT_OFF)

    approved = await world.approve(place, job["id"])

    assert (job["error_code"], approved["error_code"]) == ("quarantined", None)
    assert (approved["state"], approved["imported"]) == ("completed", 2)
    assert len(await world.rows(place)) == 2


async def test_a_quarantined_file_that_is_discarded_leaves_nothing(world: World) -> None:
    place = await world.place()
    job = await world.take_in(place, CUT_OFF)

    discarded = await world.discard(place, job["id"])

    assert discarded["state"] == "discarded"
    assert await world.rows(place) == []


async def test_an_equal_row_in_another_increment_is_held_and_told(world: World) -> None:
    place = await world.place(delivery="incremental")
    await world.take_in(place, statement(COFFEE))

    job = await world.take_in(place, statement(COFFEE, RENT))

    assert (job["state"], job["imported"], job["rejected"]) == ("partial", 1, 1)
    (held,) = [row for row in await world.findings(place, job["id"]) if row["rejected"]]
    assert (held["code"], held["line"], held["raw"]) == ("equal-row-elsewhere", 4, "COFFEE")


async def test_an_increment_of_which_all_is_held_is_partial_and_no_failure(world: World) -> None:
    place = await world.place(delivery="incremental")
    await world.take_in(place, statement(COFFEE))

    job = await world.take_in(place, statement(COFFEE))

    assert (job["state"], job["rejected"], job["error_code"]) == ("partial", 1, None)


async def test_twins_in_one_increment_are_no_repeats(world: World) -> None:
    place = await world.place(delivery="incremental")
    small = world.altered(batch_records=2)

    job = await small.take_in(place, statement(*[COFFEE] * 4, SALARY))

    assert (job["state"], job["imported"]) == ("completed", 5)


async def _map(world: World, place: Place, *, masked: str) -> asyncpg.Record:
    return await world.finish(place, await _queue_mapping(world, place, masked=masked))


async def _queue_mapping(world: World, place: Place, *, masked: str) -> UUID:
    """Maps an external account to a new account as the user, and asks for its rows."""
    account_id = uuid4()
    async with world.database.as_(place.user) as tx:
        await tx.run(
            "insert into app.accounts (tenant_id, id, name, currency, created_by)"
            " values ($1, $2, 'Mine', 'EUR', $3)",
            place.tenant_id,
            account_id,
            place.user_id,
        )
    mapping_id = await _decide(
        world, place, masked=masked, state=MappingState.MAPPED, account_id=account_id
    )
    return await _queue_derivation(world, place, mapping_id)


async def _queue_derivation(world: World, place: Place, mapping_id: UUID) -> UUID:
    async with world.database.as_(place.user) as tx:
        job = await create(
            tx,
            tenant_id=place.tenant_id,
            new=NewJob(
                kind=JobKind.DERIVE, connection_id=place.connection_id, mapping_id=mapping_id
            ),
            created_by=place.user_id,
        )
    assert job is not None
    return job.id


async def _decide(
    world: World, place: Place, *, masked: str, state: MappingState, account_id: UUID | None
) -> UUID:
    async with world.database.as_(place.user) as tx:
        mapping_id = await tx.value(
            "select id from app.account_mappings where masked_number = $1", masked
        )
        await mappings.decide(
            tx,
            tenant_id=place.tenant_id,
            mapping_id=mapping_id,
            decision=Decision(
                account_id=account_id,
                state=state,
                verified_at=world.services.clock(),
                verified_by=place.user_id,
            ),
        )
    assert isinstance(mapping_id, UUID)
    return mapping_id
