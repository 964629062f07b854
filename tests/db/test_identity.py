"""Giving root up: by a user namespace, as nobody, and with a copy where nobody may not look."""

from __future__ import annotations

import os
from pathlib import Path

import asyncpg
import pytest

from db.binaries import postgres_binaries
from db.directory import DirectoryUnusable
from db.embedded import embedded_postgres
from db.identity import NOBODY, Identity, NoIdentity, give_up_root
from tests.fixtures.processes import owner

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has root to give up")


async def test_where_namespaces_are_forbidden_postgres_runs_as_nobody(place: Path) -> None:
    as_nobody = Identity(user=NOBODY)

    async with embedded_postgres(
        place / "pg", postgres_binaries(), identity=as_nobody, durable=False
    ) as server:
        connection = await asyncpg.connect(server.url(database="postgres"))
        await connection.close()
        assert owner(server.supervised.pid) == NOBODY


async def test_data_moves_between_both_ways(place: Path) -> None:
    chosen, _ = give_up_root(postgres_binaries().bindir / "postgres")

    for way in (Identity(user=NOBODY), chosen, Identity(user=NOBODY)):
        async with embedded_postgres(place / "pg", postgres_binaries(), identity=way) as server:
            connection = await asyncpg.connect(server.url(database="postgres"))
            await connection.execute("create table if not exists kept ()")
            await connection.close()


async def test_nobody_cannot_enter_a_closed_directory(closed: Path) -> None:
    with pytest.raises(DirectoryUnusable, match=f"may not enter {closed}; give a --data-dir"):
        async with embedded_postgres(
            closed / "pg", postgres_binaries(), identity=Identity(user=NOBODY)
        ):
            pass


def test_programs_that_nobody_can_reach_are_copied_once(closed: Path, place: Path) -> None:
    copies = place / "copies"
    copies.mkdir()
    program = _program(closed / "pg", "[ $(id -u) = 65534 ]")

    identity, copy = give_up_root(program, copies=copies)
    _, again = give_up_root(program, copies=copies)

    assert identity == Identity(user=NOBODY)
    assert copy.is_relative_to(copies)
    assert again == copy
    assert len(list(copies.iterdir())) == 1


def test_a_copy_that_somebody_planted_is_refused(closed: Path, place: Path) -> None:
    copies = place / "copies"
    copies.mkdir()
    program = _program(closed / "pg", "[ $(id -u) = 65534 ]")
    _, copy = give_up_root(program, copies=copies)
    os.chown(copy.parents[1], NOBODY, NOBODY)

    with pytest.raises(NoIdentity, match="is not ours alone"):
        give_up_root(program, copies=copies)


@pytest.fixture
def closed(place: Path) -> Path:
    """A directory that nobody else may enter, as root's home is."""
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    return closed


def _program(installation: Path, line: str) -> Path:
    path = installation / "bin" / "postgres"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path
