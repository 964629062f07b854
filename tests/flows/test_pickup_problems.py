"""What is told of pickups that go wrong: the error, what to do, and who hears of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncssh import SFTPFailure

from providers.pickup.access import PickupAccess
from providers.pickup.settings import SftpCredentials
from tests.fixtures.bai2_file import COFFEE, statement
from tests.fixtures.picking_up import Pickups, of_bank
from tests.fixtures.sftp_server import Bank, sftp_bank
from tests.fixtures.world import World

WRONG = SftpCredentials(password="wrong one")  # type: ignore[arg-type]  # of a text
KEY = SftpCredentials(private_key="no key")  # type: ignore[arg-type]
ADDRESS = PickupAccess(private_allowed=False)
OTHER_KEY = f"SHA256:{'A' * 43}"
DAY = timedelta(days=1)


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[Bank]:
    async with sftp_bank(tmp_path / "bank") as bank:
        yield bank


async def _told(files: Pickups) -> list[tuple[str, dict[str, str]]]:
    rows = await files.world.owner.fetch(
        "select kind, data from app.notifications where tenant_id = $1", files.place.tenant_id
    )
    return [(row["kind"], json.loads(row["data"])) for row in rows]


REAUTH = ("reauth", "reauthentication_required", None)
STOPPED = ("error", "connection_stopped", None)
STOPPED_FOR_NOW = ("error", "connection_stopped", DAY)


@pytest.mark.parametrize(
    ("made", "code", "expected"),
    [
        ({"held": WRONG}, "login-refused", REAUTH),
        ({"held": KEY}, "key-unreadable", REAUTH),
        ({"settings": {"host_keys": [OTHER_KEY]}}, "host-key-changed", REAUTH),
        ({"settings": {"path": "/gone"}}, "folder-missing", STOPPED_FOR_NOW),
        ({"access": ADDRESS}, "address-refused", STOPPED),
        ({"settings": {"path": 7}}, "settings-missing", STOPPED),
    ],
)
async def test_each_problem_is_told_with_what_to_do(
    world: World,
    bank: Bank,
    made: dict[str, Any],
    code: str,
    expected: tuple[str, str, timedelta | None],
) -> None:
    files = await of_bank(world, bank, **made)
    status, told, again = expected

    ended = await files.look()

    assert (ended["state"], ended["error_code"]) == ("failed", code)
    connection = await files.connection()
    assert (connection["status"], connection["attention"]) == (status, True)
    if again is None:
        assert connection["retry_at"] is None
    else:
        assert abs(connection["retry_at"] - files.time.now - again) < timedelta(hours=3)
    [(kind, data)] = await _told(files)
    assert (kind, data["code"]) == (told, code)
    assert (data["message"], data["nextStep"]) == (ended["error_message"], connection["next_step"])
    assert "wrong one" not in str(data)


async def test_an_archive_that_goes_on_failing_is_told_and_files_go_on_being_fetched(
    world: World, bank: Bank
) -> None:
    files = await of_bank(world, bank)
    bank.rename_error = SFTPFailure("no room")
    bank.put("march.bai", statement(COFFEE))
    await files.look_twice()
    await files.import_all()

    for _ in range(3):
        tried = await files.look()
        await files.world.finish(files.place, tried["id"])

    connection = await files.connection()
    assert (connection["status"], connection["error_code"]) == ("error", "not-archived")
    assert connection["retry_at"] - files.time.now <= timedelta(hours=1, minutes=10)
    [(kind, data)] = await _told(files)
    assert (kind, data["code"]) == ("failing_repeatedly", "not-archived")
    assert bank.names() == ["march.bai"]
