"""The pgTAP tests of the database, and that each rule of the catalog finds its leak."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from db.binaries import postgres_binaries
from tests.fixtures.database import DEBIAN_15, cloned
from tests.fixtures.servers import MIGRATED, Servers
from tests.sql.leaks import LEAKS, Leak
from tests.sql.tap import TESTS, install_pgtap, psql_of, run

CATALOG = "01_catalog.sql"
THERE_IS_SOMETHING = "there are tables to look at"


@dataclass(frozen=True, slots=True, kw_only=True)
class TapDatabase:
    """A migrated database with pgTAP, which tests leave as they found it."""

    psql: Path
    owner: str
    superuser: str


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["servers", "servers_15"], ids=["bundled", "15"]
)
async def tap_database(request: pytest.FixtureRequest) -> AsyncIterator[TapDatabase]:
    servers: Servers = request.getfixturevalue(request.param)
    bindir = DEBIAN_15 if request.param == "servers_15" else postgres_binaries().bindir
    async with cloned(servers, MIGRATED) as urls:
        await install_pgtap(urls.superuser)
        yield TapDatabase(psql=psql_of(bindir), owner=urls.owner, superuser=urls.superuser)


@pytest.mark.parametrize("file", sorted(TESTS.glob("*.sql")), ids=lambda file: file.stem)
def test_every_statement_of_the_file_holds(tap_database: TapDatabase, file: Path) -> None:
    outcome = run(tap_database.psql, tap_database.owner, file.read_text(encoding="utf-8"))

    assert not outcome.failed, outcome.diagnosis
    assert outcome.passed


@pytest.mark.parametrize("tap_database", ["servers"], ids=["bundled"], indirect=True)
@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.name)
def test_a_planted_leak_turns_the_catalog_red(tap_database: TapDatabase, leak: Leak) -> None:
    catalog = (TESTS / CATALOG).read_text(encoding="utf-8").replace("begin;\n", "", 1)

    outcome = run(tap_database.psql, tap_database.superuser, f"begin;\n{leak.sql}\n{catalog}")

    assert leak.rule in outcome.failed, outcome.diagnosis


def test_every_rule_of_the_catalog_has_a_leak_that_it_finds(tap_database: TapDatabase) -> None:
    catalog = (TESTS / CATALOG).read_text(encoding="utf-8")

    rules = run(tap_database.psql, tap_database.owner, catalog).passed

    assert {leak.rule for leak in LEAKS} == {*rules} - {THERE_IS_SOMETHING}
