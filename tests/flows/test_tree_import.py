"""JSON and XML imports: profiles of jobs and connections, proofs, and the same file twice."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.fixtures.tree_file import ELEMENTS, NESTED, TreeAccount, TreeRow, elements, nested
from tests.fixtures.world import Place, World

SAMPLES = Path(__file__).parents[2] / "docs/samples"
COFFEE = TreeRow(day=date(2026, 3, 4), amount=Decimal("-3.50"))


@pytest.mark.parametrize(
    ("name", "profile", "imported"),
    [
        ("riverbank.statement.json", "riverbank.profile.json", 3),
        ("meadowbank.xml", "meadowbank.profile.json", 2),
    ],
)
async def test_the_sample_is_taken_in_and_a_second_time_adds_nothing(
    world: World, name: str, profile: str, imported: int
) -> None:
    place = await world.place()
    content = (SAMPLES / name).read_bytes()
    profile_id = await _saved(world, place, json.loads((SAMPLES / profile).read_bytes()))

    first = await world.take_in(place, content, profile_id=profile_id)
    again = await world.take_in(place, content, profile_id=profile_id)

    assert (first["state"], first["imported"], first["rejected"]) == ("completed", imported, 0)
    assert (again["state"], again["imported"]) == ("completed", 0)
    assert await world.findings(place, first["id"]) == []
    amounts = sorted(str(row["amount"]) for row in await world.rows(place))
    assert amounts[:2] == ["-42.10", "-9.99"] if imported == 3 else ["-42.10", "1250.50"]


async def test_without_a_profile_the_job_says_how_to_save_one(world: World) -> None:
    place = await world.place()

    job = await world.take_in(place, nested([TreeAccount(rows=[COFFEE])]))

    assert (job["state"], job["error_code"]) == ("failed", "profile-required")
    assert '"format": "json"' in job["error_message"]


async def test_a_profile_of_another_format_reads_nothing(world: World) -> None:
    place = await world.place()
    profile_id = await _saved(world, place, ELEMENTS)
    await world.owner.execute("update app.connections set profile_id = $1", profile_id)

    refused = await world.take_in(place, nested([TreeAccount(rows=[COFFEE])]))
    read = await world.take_in(place, elements([TreeAccount(rows=[COFFEE])]))

    assert (refused["state"], refused["error_code"]) == ("failed", "profile-required")
    assert (read["state"], read["imported"]) == ("completed", 1)


async def test_a_statement_that_does_not_add_up_is_taken_in_and_said(world: World) -> None:
    place = await world.place()
    profile_id = await _saved(world, place, NESTED)
    wrong = nested([TreeAccount(rows=[COFFEE])]).replace(b'"closing": 96.50', b'"closing": 97.50')

    job = await world.take_in(place, wrong, profile_id=profile_id)

    assert job["imported"] == 1
    assert [row["code"] for row in await world.findings(place, job["id"])] == ["balance-mismatch"]


async def test_equal_rows_of_one_statement_are_both_kept(world: World) -> None:
    place = await world.place()
    profile_id = await _saved(world, place, ELEMENTS | {"fields": _without_id()})

    job = await world.take_in(
        place, elements([TreeAccount(rows=[COFFEE, COFFEE])]), profile_id=profile_id
    )

    assert job["imported"] == 2


async def test_a_file_that_was_cut_off_waits_for_a_person(world: World) -> None:
    place = await world.place()
    profile_id = await _saved(world, place, NESTED)

    job = await world.take_in(
        place, nested([TreeAccount(rows=[COFFEE] * 2)])[:-60], profile_id=profile_id
    )

    assert job["state"] == "awaiting_review"
    assert await world.rows(place) == []


def _without_id() -> dict[str, Any]:
    return {name: path for name, path in ELEMENTS["fields"].items() if name != "externalId"}


async def _saved(world: World, place: Place, definition: dict[str, Any]) -> UUID:
    saved: UUID = await world.owner.fetchval(
        "insert into app.statement_profiles (tenant_id, name, format, definition)"
        " values ($1, $2, $3, $4) returning id",
        place.tenant_id,
        definition["format"],
        definition["format"],
        json.dumps(definition),
    )
    return saved
