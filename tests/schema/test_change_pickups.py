"""Connections that fetch files, as admins make, test and change them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.models import Role
from providers.pickup.access import PickupAccess
from schema.ids import encode
from tests.fixtures.all_logs import AllLogs
from tests.fixtures.bai2_file import COFFEE, statement
from tests.fixtures.graph import Graph
from tests.fixtures.sftp_server import PASSWORD, USER, Bank, sftp_bank
from tests.fixtures.ssh_keys import PHRASE, exported
from tests.fixtures.world import Place

SHOWN = """
id status provider syncFrequency nextSyncAt
sftp { host port username path pattern settleSeconds archivePath hostKeys }
mailbox { host port username folder pattern senders authenticationResults archiveFolder }
processing { autoImport autoReconcile importPending defaultCurrency }
"""
CREATE = f"""
mutation ($input: ConnectionCreateInput!) {{ connectionCreate(input: $input) {{
  connection {{ {SHOWN} }} userErrors {{ code message path }}
}} }}
"""
UPDATE = f"""
mutation ($id: ID!, $input: ConnectionUpdateInput!) {{ connectionUpdate(id: $id, input: $input) {{
  connection {{ {SHOWN} }} userErrors {{ code message path }}
}} }}
"""
TEST = """
mutation ($id: ID!) { connectionTest(id: $id) {
  works problem filesMatching hostKey userErrors { code }
} }
"""
MAILBOX = {
    "host": "imap.example.com",
    "username": "statements@acme.example",
    "password": "a secret of the mailbox",
    "pattern": "*.xml",
    "senders": ["Statements@Bank.example", "@other.example"],
}


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[Bank]:
    async with sftp_bank(tmp_path / "bank") as bank:
        yield bank


@pytest.fixture
def fetching(graph: Graph) -> Graph:
    access = PickupAccess(private_allowed=True)
    return replace(graph, services=replace(graph.services, pickup=access))


def server(bank: Bank, **changes: object) -> dict[str, Any]:
    given = {
        "host": "127.0.0.1",
        "port": bank.port,
        "username": USER,
        "password": PASSWORD,
        "path": "/out/",
        "pattern": "*.bai",
    }
    return given | changes


async def made(graph: Graph, place: Place, bank: Bank, **changes: object) -> Any:
    answer = await graph.ask(
        place.user,
        CREATE,
        input={"name": "Files", "provider": "sftp", "sftp": server(bank, **changes)},
    )
    assert answer["userErrors"] == []
    return answer["connection"]


async def test_a_server_waits_for_its_key_to_be_confirmed(fetching: Graph, bank: Bank) -> None:
    place = await fetching.world.place()
    bank.put("march.bai", statement(COFFEE))
    bank.put("other.txt", b"")

    connection = await made(fetching, place, bank)
    assert (connection["status"], connection["nextSyncAt"]) == ("PENDING", None)
    assert connection["sftp"] == {
        "host": "127.0.0.1",
        "port": bank.port,
        "username": USER,
        "path": "/out",
        "pattern": "*.bai",
        "settleSeconds": 60,
        "archivePath": None,
        "hostKeys": [],
    }
    assert connection["mailbox"] is None

    tested = await fetching.ask(place.user, TEST, id=connection["id"])
    assert (tested["works"], tested["hostKey"]) == (False, bank.fingerprint)
    assert bank.logins == [], "the key was shown, and nobody logged in"

    confirmed = await fetching.ask(
        place.user,
        UPDATE,
        id=connection["id"],
        input={"sftp": {"hostKeys": [tested["hostKey"]]}},
    )
    assert confirmed["connection"]["status"] == "ACTIVE"
    assert confirmed["connection"]["nextSyncAt"] is not None
    tested = await fetching.ask(place.user, TEST, id=connection["id"])
    assert tested == {
        "works": True,
        "problem": None,
        "filesMatching": 1,
        "hostKey": None,
        "userErrors": [],
    }


async def test_a_mailbox_is_ready_at_once_and_says_no_secret(fetching: Graph) -> None:
    place = await fetching.world.place()

    answer = await fetching.ask(
        place.user,
        CREATE,
        input={
            "name": "Mails",
            "provider": "mailbox",
            "mailbox": MAILBOX,
            "processing": {
                "autoImport": False,
                "autoReconcile": False,
                "importPending": False,
                "defaultCurrency": "EUR",
            },
        },
    )

    connection = answer["connection"]
    assert (connection["status"], connection["syncFrequency"]) == ("ACTIVE", "HOURLY")
    assert connection["mailbox"]["senders"] == ["statements@bank.example", "@other.example"]
    assert connection["processing"] == {
        "autoImport": False,
        "autoReconcile": False,
        "importPending": False,
        "defaultCurrency": "EUR",
    }
    assert "a secret" not in str(answer)
    changed = await fetching.ask(
        place.user,
        UPDATE,
        id=connection["id"],
        input={"processing": {"autoImport": True}, "mailbox": {"folder": "Bank"}},
    )
    assert changed["connection"]["processing"] | {"autoReconcile": None} == {
        "autoImport": True,
        "autoReconcile": None,
        "importPending": False,
        "defaultCurrency": "EUR",
    }
    assert changed["connection"]["mailbox"]["folder"] == "Bank"


@pytest.mark.parametrize("moved", [{"host": "evil.example"}, {"port": 23}, {"username": "eve"}])
async def test_no_secret_follows_a_connection_elsewhere(
    fetching: Graph, bank: Bank, moved: dict[str, Any]
) -> None:
    place = await fetching.world.place()
    connection = await made(fetching, place, bank)

    refused = await fetching.ask(place.user, UPDATE, id=connection["id"], input={"sftp": moved})
    assert [(one["code"], one["path"]) for one in refused["userErrors"]] == [("INVALID", ["sftp"])]

    again = await fetching.ask(
        place.user,
        UPDATE,
        id=connection["id"],
        input={"sftp": {**moved, "password": "another one"}},
    )
    assert again["userErrors"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "not a host"},
        {"host": None},
        {"port": 0},
        {"pattern": ""},
        {"path": "a\nb"},
        {"archivePath": "/out"},
        {"settleSeconds": 0},
        {"hostKeys": ["ssh-ed25519 AAAA"]},
        {"password": None},
        {"password": None, "privateKey": "no key"},
        {"privateKey": "a key beside a password"},
        {"passphrase": "of no key"},
    ],
)
async def test_what_cannot_work_is_refused(
    fetching: Graph, bank: Bank, wrong: dict[str, Any], all_logs: AllLogs
) -> None:
    place = await fetching.world.place()

    answer = await fetching.ask(
        place.user,
        CREATE,
        input={"name": "Files", "provider": "sftp", "sftp": server(bank, **wrong)},
    )

    assert (answer["connection"], answer["userErrors"][0]["code"]) == (None, "INVALID")
    assert PASSWORD not in f"{answer} {[record.__dict__ for record in all_logs.records]}"
    assert await fetching.world.owner.fetchval("select count(*) from app.connections") == 1


async def test_a_key_with_a_passphrase_is_taken_and_told_to_nobody(
    fetching: Graph, bank: Bank, all_logs: AllLogs
) -> None:
    place = await fetching.world.place()
    key = exported(bank.client_key, "openssh", PHRASE)
    given = {"password": None, "privateKey": key, "hostKeys": [bank.fingerprint]}

    connection = await made(fetching, place, bank, **given, passphrase=PHRASE)
    tested = await fetching.ask(place.user, TEST, id=connection["id"])
    assert (tested["works"], tested["problem"], bank.passwords) == (True, None, [])

    wrong = {"sftp": {"privateKey": key, "passphrase": "another one"}}
    refused = await fetching.ask(place.user, UPDATE, id=connection["id"], input=wrong)
    assert [one["code"] for one in refused["userErrors"]] == ["INVALID"]
    stored = await fetching.world.owner.fetch("select c::text from app.connections c")
    told = f"{connection} {tested} {refused} {stored}"
    told += f"{[record.__dict__ for record in all_logs.records]}"
    assert not any(one in told for one in (PHRASE, "another one", key.split("\n")[2]))


async def test_what_belongs_to_another_provider_is_refused(fetching: Graph, bank: Bank) -> None:
    place = await fetching.world.place()

    for given in (
        {"provider": "file", "sftp": server(bank)},
        {"provider": "sftp"},
        {"provider": "sftp", "mailbox": MAILBOX},
    ):
        answer = await fetching.ask(place.user, CREATE, input={"name": "Files", **given})
        assert [one["code"] for one in answer["userErrors"]] == ["INVALID"]


async def test_members_set_no_server(fetching: Graph, bank: Bank) -> None:
    place = await fetching.world.place()
    member = await fetching.user(place, Role.MEMBER)

    answer = await fetching.ask(
        member, CREATE, input={"name": "Files", "provider": "sftp", "sftp": server(bank)}
    )

    assert [one["code"] for one in answer["userErrors"]] == ["NOT_ALLOWED"]


async def test_uploads_wait_for_a_review_where_nothing_is_imported_by_itself(
    fetching: Graph,
) -> None:
    place = await fetching.world.place(auto_import=False)
    upload_id = await fetching.received(place, statement(COFFEE))

    started = await fetching.ask(
        place.user,
        "mutation ($input: StatementImportInput!) { statementImport(input: $input)"
        " { job { id review } userErrors { code } } }",
        input={"uploadId": upload_id, "connectionId": encode("Connection", place.connection_id)},
    )

    assert (started["userErrors"], started["job"]["review"]) == ([], True)
