"""`bankfeeds export`: a file that is all there or has another name, from a real API."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.dev_keys import create_development_key
from tests.fixtures.api_server import Api, serving, settings_of
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.exporting import cells, exported, filled, ids, keys, objects
from tests.fixtures.processes import until
from tests.fixtures.world import Place, World

ROOT = Path(__file__).resolve().parents[2]
ROWS = 5_000
MANY = 80_000


@pytest.fixture
async def api(database: DatabaseUrls, redis_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    create_development_key(tmp_path)
    settings = settings_of(database, redis_url, tmp_path)
    async with serving(create_app(settings), tmp_path) as api:
        yield api


def _start(api: Api, place: Place, *options: str) -> subprocess.Popen[Any]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "export", *options],
        env={
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            "BANKFEEDS_URL": f"{api.url}/graphql",
            "BANKFEEDS_TOKEN": api.token(place.user_id),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def _run(api: Api, place: Place, *options: str) -> tuple[int, bytes, str]:
    """Exit status, standard output, standard error."""
    process = _start(api, place, *options)
    output, errors = await asyncio.to_thread(process.communicate, timeout=60)
    return process.returncode, output, errors.decode()


async def test_rows_go_to_standard_output(api: Api, world: World) -> None:
    place = await filled(world, rows=ROWS)

    status, output, errors = await _run(api, place, "--format", "ndjson")

    assert status == 0, errors
    assert keys(objects(output)) == await ids(world, place)
    assert errors.startswith(f"Exported {len(output):,} bytes, as of 2")


async def test_a_file_is_what_the_api_sends_and_its_owners_alone(
    api: Api, world: World, tmp_path: Path
) -> None:
    place = await filled(world, rows=ROWS)
    file = tmp_path / "rows.csv"
    file.write_text("an older export")

    status, output, errors = await _run(api, place, "--output", str(file), "--json")

    assert (status, output) == (0, b"")
    assert file.read_bytes() == (await exported(api, place)).content
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    report = json.loads(errors)
    assert (report["error"], report["bytes"]) == (None, file.stat().st_size)
    assert _names(tmp_path, "*.part") == []


async def test_every_filter_reaches_the_api(api: Api, world: World) -> None:
    place = await filled(world, rows=100)
    (row, *_) = objects((await exported(api, place, format="ndjson")).content)
    options = {
        "--account": row["accountId"],
        "--connection": row["connectionId"],
        "--posted-from": row["postedDate"],
        "--posted-to": row["postedDate"],
        "--amount-from": row["amount"],
        "--amount-to": row["amount"],
        "--status": "POSTED",
        "--currency": row["currency"],
        "--text": row["description"],
    }

    found = await _run(api, place, *(word for pair in options.items() for word in pair))
    unreconciled = await _run(api, place, "--unreconciled", "--no-safe", "--text", "coffee")
    reconciled = await _run(api, place, "--reconciled", "--status", "POSTED", "--status", "PENDING")
    of_job = await _run(api, place, "--job", row["accountId"])
    of_category = await _run(api, place, "--category", "Rent")

    assert [one["id"] for one in cells(found[1])] == [row["id"]], found[2]
    assert len(cells(unreconciled[1])) == 1
    assert (reconciled[0], cells(reconciled[1])) == (0, [])
    assert (of_job[0], "jobId" in of_job[2]) == (1, True)
    assert (of_category[0], cells(of_category[1])) == (0, [])


async def test_a_broken_export_is_no_file_and_says_how_to_go_on(
    api: Api, world: World, tmp_path: Path
) -> None:
    place = await filled(world, rows=MANY)
    file, part = tmp_path / "rows.ndjson", tmp_path / "rows.ndjson.part"
    process = _start(api, place, "--format", "ndjson", "--output", str(file))
    await until(lambda: part.exists() and part.stat().st_size)
    process.send_signal(signal.SIGSTOP)
    await world.owner.execute("delete from app.tenant_members where user_id = $1", place.user_id)
    process.send_signal(signal.SIGCONT)

    _, errors = await asyncio.to_thread(process.communicate, timeout=60)

    assert process.returncode == 1
    assert not file.exists()
    assert b"--after" in errors
    assert b"--as-of 2" in errors
    assert part.stat().st_size > 0


async def test_an_export_goes_on_where_it_ended(api: Api, world: World) -> None:
    place = await filled(world, rows=ROWS)
    whole = await exported(api, place, format="ndjson")
    lines = whole.content.splitlines(keepends=True)
    last = json.loads(lines[2_999])

    status, output, _ = await _run(
        api,
        place,
        *("--format", "ndjson", "--after", f"{last['sortDate']},{last['id']}"),
        *("--as-of", whole.headers["x-export-as-of"]),
    )

    assert status == 0
    assert b"".join(lines[:3_000]) + output == whole.content


async def test_what_was_left_of_a_broken_export_is_not_overwritten(
    api: Api, world: World, tmp_path: Path
) -> None:
    place = await world.place()
    file, part = tmp_path / "rows.csv", tmp_path / "rows.csv.part"
    part.write_text("rows")

    status, _, errors = await _run(api, place, "--output", str(file))

    assert (status, part.read_text()) == (1, "rows")
    assert "Rename or remove it" in errors


@pytest.mark.parametrize("name", [".", "folder"])
async def test_a_directory_is_refused_before_anything_is_read(
    api: Api, world: World, tmp_path: Path, name: str
) -> None:
    place = await world.place()
    (tmp_path / "folder").mkdir()

    status, output, errors = await _run(api, place, "--output", str(tmp_path / name))

    assert (status, output) == (1, b"")
    assert "is a directory. Name a file in it." in errors
    assert not _names(tmp_path, "*.part")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--token", ""], "No token"),
        (["--token", "nonsense"], "401"),
        (["--posted-from", "yesterday"], "postedFrom"),
        (["--url", "http://127.0.0.1:9/graphql"], "cannot be reached"),
        (["--tenant", "00000000-0000-0000-0000-000000000001"], "X-Tenant"),
    ],
)
async def test_a_refused_export_leaves_nothing(
    api: Api, world: World, tmp_path: Path, options: list[str], words: str
) -> None:
    place = await world.place()
    file = tmp_path / "rows.csv"

    status, _, errors = await _run(api, place, "--output", str(file), *options)

    assert status == 1
    assert words in errors
    assert _names(tmp_path, "rows*") == []


def _names(folder: Path, pattern: str) -> list[str]:
    return [path.name for path in folder.glob(pattern)]
