"""`bankfeeds webhooks`: the operator sees events of all tenants, replays them, keeps endpoints."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from cli.webhooks import webhooks
from core.errors import BadInput
from core.vault import Vault
from core.webhook_secrets import secret_aad, token_hash
from db import webhook_inbox
from db.keys import HeldKeys
from tests.fixtures.api_server import KEYS
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.post_office import Office, office_of
from tests.fixtures.postbox import told
from tests.fixtures.world import opened

VAULT = Vault(HeldKeys.of("k1", bytes(range(32))))
PUBLIC_URL = "https://feeds.example"

Run = Callable[..., Result]
Within = Callable[[Callable[[Office], Awaitable[Any]]], Any]


@pytest.fixture
def run(database: DatabaseUrls) -> Run:
    """Runs a command of `bankfeeds webhooks`."""

    def ran(*arguments: str, text: str | None = None) -> Result:
        environ = {
            "DATABASE_URL": database.login,
            "BANKFEEDS_KEYS": KEYS,
            "BANKFEEDS_PUBLIC_URL": PUBLIC_URL,
        }
        return CliRunner().invoke(webhooks, arguments, env=environ, input=text)

    return ran


@pytest.fixture
def within(database: DatabaseUrls, tmp_path: Path) -> Within:
    """Does something in the database's intake; commands have event loops of their own."""

    def done(work: Callable[[Office], Awaitable[Any]]) -> Any:
        async def in_world() -> Any:
            async with opened(database, tmp_path) as world:
                return await work(office_of(world))

        return asyncio.run(in_world())

    return done


async def _came(office: Office) -> UUID:
    """Events of two tenants and of nobody, of which some are dead; one tenant's id."""
    box = await office.box()
    mine = await office.linked("mine")
    await office.linked("theirs")
    await office.receive(
        box,
        told("ping", item="mine"),
        told("poison", item="mine", note="a-private-note"),
        told("poison", item="theirs"),
        told(item="nobody's"),
    )
    await office.process()
    await office.world.owner.execute(
        "update app.webhook_events set state = 'dead', next_attempt_at = null"
        " where state = 'failed'"
    )
    return mine.tenant_id


def _events(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.output)["events"]
    return found


def test_events_of_everybody_are_listed_without_what_they_say(run: Run, within: Within) -> None:
    tenant_id = within(_came)

    listed = _events(run("list", "--json"))
    text = run("list").output
    parked = _events(run("list", "--state", "parked", "--json"))

    assert sorted(one["state"] for one in listed) == ["dead", "dead", "ignored", "parked"]
    assert [one["tenantId"] for one in listed].count(str(tenant_id)) == 2
    assert [(one["tenantId"], one["errorCode"]) for one in parked] == [(None, "no-route")]
    assert len(text.splitlines()) == 4
    assert "private" not in text + json.dumps(listed)


def test_what_is_dead_is_an_alarm(run: Run, within: Within) -> None:
    before = run("dead")
    within(_came)
    after = run("dead", "--json")
    of_nobody = run("dead", "--provider", "nobody")

    assert (before.exit_code, after.exit_code, of_nobody.exit_code) == (0, 1, 0)
    assert [one["state"] for one in _events(after)] == ["dead", "dead"]


def test_one_is_replayed_and_many_are(run: Run, within: Within) -> None:
    within(_came)
    first, _ = _events(run("dead", "--json"))

    tried = run("replay", "--dry-run", "--json")
    one = run("replay", first["id"], "--json")
    again = run("replay", first["id"])
    many = run("replay", "--json")
    listed = _events(run("list", "--json"))

    assert len(_events(tried)) == 2
    assert json.loads(one.output) == {"replayed": 1}
    assert (again.exit_code, many.exit_code) == (1, 0), "one that waits is left alone"
    assert json.loads(many.output) == {"replayed": 1}
    assert sorted(event["state"] for event in listed) == [
        "ignored",
        "parked",
        "received",
        "received",
    ]
    assert within(_audited) == 2


async def _audited(office: Office) -> int:
    count = await office.world.owner.fetchval(
        "select count(*) from app.ingestion_audit_log"
        " where event = 'webhook.replayed' and user_id is null"
    )
    return int(count)


def test_a_replay_goes_by_time_and_provider(run: Run, within: Within) -> None:
    within(_came)

    counts = [
        json.loads(run("replay", *arguments, "--json").output)["replayed"]
        for arguments in (
            ("--until", "2026-01-01"),
            ("--since", "2100-01-01T00:00:00+02:00"),
            ("--provider", "nobody"),
            ("--state", "ignored", "--since", "2026-01-01"),
            ("--provider", "postbox", "--most", "1"),
        )
    ]

    assert counts == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("option", ["--since", "--until"])
def test_an_instant_that_is_none_is_refused(run: Run, option: str) -> None:
    result = run("list", option, "yesterday")

    assert result.exit_code == 2
    assert option in result.output


def _made(run: Run, *arguments: str) -> dict[str, Any]:
    result = run("endpoint", "create", *arguments, "--json")
    assert result.exit_code == 0, result.output
    made: dict[str, Any] = json.loads(result.output)
    return made


async def _secrets(office: Office) -> list[bytes]:
    """What the endpoints' secrets are, in plain."""
    rows = await office.world.owner.fetch("select * from private.webhook_endpoints")
    return [
        await VAULT.open(row[name], aad=secret_aad(tenant_id=None, endpoint_id=row["id"]))
        for row in rows
        for name in ("sealed_secret", "sealed_previous")
        if row[name] is not None
    ]


def test_an_endpoint_is_made_its_secret_brought_and_changed_and_it_ends(
    run: Run, within: Within, tmp_path: Path
) -> None:
    made = _made(run, "quiltt")
    file = tmp_path / "secret"
    file.write_text("whsec_first\n")

    first = run("endpoint", "rotate", made["id"], "--secret-file", str(file))
    second = run(
        *("endpoint", "rotate", made["id"], "--secret-file", "-", "--keep-hours", "1"),
        text="whsec_second",
    )
    during = within(_secrets)
    listed = run("endpoint", "list").output
    ended = run("endpoint", "disable", made["id"])
    after = json.loads(run("endpoint", "list", "--json").output)["endpoints"]

    assert made["url"].startswith(f"{PUBLIC_URL}/webhooks/quiltt/")
    assert made["secret"] is None
    assert [first.exit_code, second.exit_code, ended.exit_code] == [0, 0, 0]
    assert during == [b"whsec_second", b"whsec_first"]
    assert "two secrets until" in listed
    assert "whsec" not in listed + first.output + second.output
    assert after[0]["disabledAt"] is not None
    assert within(_secrets) == []


def test_an_address_is_found_by_its_hash_alone(run: Run, within: Within) -> None:
    made = _made(run, "plaid")
    token = made["url"].rpartition("/")[2]

    async def found(office: Office) -> UUID | None:
        endpoint = await webhook_inbox.endpoint(office.world.database, token_hash=token_hash(token))
        return None if endpoint is None else endpoint.id

    assert within(found) == UUID(made["id"])
    assert token not in run("endpoint", "list", "--json").output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("create", "nobody"), "no provider"),
        (("create", "plaid", "--secret-file", "-"), "not yours to choose"),
        (("rotate", str(uuid4())), "no such endpoint"),
        (("disable", str(uuid4())), "no such endpoint"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    run: Run, arguments: tuple[str, ...], says: str
) -> None:
    result = run("endpoint", *arguments, text="whsec_mine")

    assert isinstance(result.exception, BadInput)
    assert says in str(result.exception)


def test_a_secret_that_is_not_given_is_asked_for(run: Run) -> None:
    made = _made(run, "quiltt")

    result = run("endpoint", "rotate", made["id"])

    assert isinstance(result.exception, BadInput)
    assert "Give the secret" in str(result.exception)


@pytest.mark.parametrize("command", [("create", "quiltt"), ("rotate", str(uuid4()))])
def test_a_file_without_the_secret_is_told_in_words(
    run: Run, tmp_path: Path, command: tuple[str, str]
) -> None:
    (tmp_path / "image").write_bytes(b"\xff\xd8\xff")

    missing = run("endpoint", *command, "--secret-file", str(tmp_path / "nowhere"))
    folder = run("endpoint", *command, "--secret-file", str(tmp_path))
    binary = run("endpoint", *command, "--secret-file", str(tmp_path / "image"))

    assert [one.exit_code for one in (missing, folder, binary)] == [2, 2, 2]
    assert "cannot be read: No such file" in missing.stderr
    assert "cannot be read: Is a directory" in folder.stderr
    assert "is no text in UTF-8" in binary.stderr
