"""Key-encryption keys come from a private file or the environment, or not at all."""

from __future__ import annotations

import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from core.errors import SealBroken, UnknownKey
from core.vault import Aad, Vault, sealing_key_id
from db.keys import (
    FILE_BYTES_MAX,
    KEYS_MAX,
    FileKeys,
    HeldKeys,
    InvalidKeys,
    add_key,
    create_key_file,
    create_private,
    keys_from_environment,
    keys_from_file,
    read_private,
)

AAD = Aad(tenant_id=UUID(int=1), purpose="tenant.data_key", record_id=UUID(int=1))
FIRST = base64.b64encode(bytes(range(32))).decode()
SECOND = base64.b64encode(bytes(range(32, 64))).decode()


def private_file(path: Path, content: str) -> Path:
    create_private(path, content.encode())
    return path


def test_the_environment_lists_keys_and_the_first_is_current() -> None:
    held = keys_from_environment(f"2026:{FIRST}, 2025:{SECOND}")

    assert held.current_id == "2026"
    assert held.keys == {"2026": bytes(range(32)), "2025": bytes(range(32, 64))}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "BANKFEEDS_KEYS holds 0 keys"),
        (FIRST, "BANKFEEDS_KEYS, key 1: its id"),
        (f"a b:{FIRST}", "BANKFEEDS_KEYS, key 1: its id"),
        (f"a:{FIRST},a:{SECOND}", "the key 'a' twice"),
        ("a:c2hvcnQ=", "key 'a' is not base64 of 32 bytes: `openssl rand -base64 32`"),
        ("a:ä", "key 'a' is not base64 of 32 bytes"),
        (f"a:{FIRST}!", "key 'a' is not base64 of 32 bytes"),
        (f"a:{'A' * 43}=", "key 'a' is a placeholder"),
        (",".join(f"k{n}:{FIRST}" for n in range(KEYS_MAX + 1)), "holds 65 keys"),
    ],
)
def test_a_wrong_environment_is_refused_with_place_and_remedy(value: str, message: str) -> None:
    with pytest.raises(InvalidKeys, match=message) as refused:
        keys_from_environment(value)

    assert FIRST not in str(refused.value)


def test_a_key_file_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "keys.json"

    first, second = create_key_file(path), create_key_file(path)

    assert first.keys == second.keys
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_of_two_processes_that_make_the_file_one_wins(tmp_path: Path) -> None:
    path = private_file(tmp_path / "keys.json", "first")

    create_private(path, b"second")

    assert read_private(path) == b"first"
    assert list(tmp_path.iterdir()) == [path]


async def test_a_new_key_is_current_and_the_old_one_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    sealed = await Vault(create_key_file(path)).seal(b"secret", aad=AAD)

    vault = Vault(add_key(path, "k2"))
    rewrapped = await vault.rewrap(sealed, aad=AAD)

    assert await vault.open(sealed, aad=AAD) == b"secret"
    assert (sealing_key_id(sealed), sealing_key_id(rewrapped)) == ("k1", "k2")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("key_id", ["k1", "", "a b", "x" * 33])
def test_a_key_with_a_taken_or_unusable_id_is_not_added(tmp_path: Path, key_id: str) -> None:
    path = tmp_path / "keys.json"
    before = create_key_file(path)

    with pytest.raises(InvalidKeys):
        add_key(path, key_id)

    assert keys_from_file(path).keys == before.keys


async def test_a_running_process_opens_what_a_key_seals_that_was_added_since(
    tmp_path: Path,
) -> None:
    path = tmp_path / "keys.json"
    create_key_file(path)
    running = FileKeys(path)
    sealed = await Vault(add_key(path, "k2")).seal(b"secret", aad=AAD)

    opened = await Vault(running).open(sealed, aad=AAD)

    assert opened == b"secret"
    assert (running.current_id, running.key_ids) == ("k1", ("k1", "k2"))
    assert sealing_key_id(await Vault(running).seal(b"secret", aad=AAD)) == "k1"


async def test_unknown_ids_do_not_make_it_read_the_file_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    create_key_file(path)
    running = FileKeys(path)
    with pytest.raises(UnknownKey, match="'k2'"):
        await running.unwrap("k2", b"", AAD)
    sealed = await Vault(add_key(path, "k2")).seal(b"secret", aad=AAD)

    with pytest.raises(UnknownKey, match="'k2'"):
        await Vault(running).open(sealed, aad=AAD)


async def test_a_file_that_is_spoiled_leaves_a_running_process_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    create_key_file(path)
    running = FileKeys(path)
    sealed = await Vault(running).seal(b"secret", aad=AAD)
    path.write_text("spoiled")

    with pytest.raises(UnknownKey, match="'k2'"):
        await running.unwrap("k2", b"", AAD)
    assert await Vault(running).open(sealed, aad=AAD) == b"secret"


def test_of_keys_that_are_added_at_once_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    create_key_file(path)
    ids = {f"n{number}" for number in range(8)}

    with ThreadPoolExecutor(len(ids)) as threads:
        list(threads.map(partial(add_key, path), ids))

    assert set(keys_from_file(path).keys) == {"k1", *ids}
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_file_behind_a_link_is_changed_where_it_is(tmp_path: Path) -> None:
    target, link = tmp_path / "keys.json", tmp_path / "link.json"
    create_key_file(target)
    link.symlink_to(target)

    add_key(link, "k2")

    assert link.is_symlink()
    assert keys_from_file(target).current_id == "k2"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidKeys, match="cannot be written: No such file"):
        add_key(tmp_path / "absent" / "keys.json", "k2")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    create_key_file(path)
    path.chmod(mode)

    with pytest.raises(InvalidKeys, match=f"chmod 600 {path}"):
        keys_from_file(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no key file"),
        ("not json", "is no key file"),
        ("[]", "is no key file"),
        (json.dumps({"keys": {"a": FIRST}}), "is no key file"),
        (json.dumps({"current": "a", "keys": {"a": FIRST}, "more": FIRST}), "is no key file"),
        (json.dumps({"current": "b", "keys": {"a": FIRST}}), '"current" names no key'),
        (json.dumps({"current": "a", "keys": {}}), "holds 0 keys"),
        (" " * (FILE_BYTES_MAX + 1), "larger than"),
    ],
)
def test_a_file_that_holds_no_keys_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = private_file(tmp_path / "keys.json", content)

    with pytest.raises(InvalidKeys, match=message) as refused:
        keys_from_file(path)

    assert str(path) in str(refused.value)
    assert FIRST not in str(refused.value)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidKeys, match=r"absent\.json cannot be read: No such file"):
        keys_from_file(tmp_path / "absent.json")


def test_a_pipe_or_folder_is_no_key_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)

    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(InvalidKeys, match="no regular file"):
            read_private(path)


async def test_a_wrapped_key_opens_only_with_its_key_and_place() -> None:
    held = keys_from_environment(f"a:{FIRST},b:{FIRST}")
    wrapped = await held.wrap(b"d" * 32, AAD)

    assert await held.unwrap("a", wrapped, AAD) == b"d" * 32
    with pytest.raises(SealBroken):
        await held.unwrap("b", wrapped, AAD)
    with pytest.raises(SealBroken):
        await held.unwrap("a", wrapped[:11], AAD)
    with pytest.raises(UnknownKey, match="'c'"):
        await held.unwrap("c", wrapped, AAD)


def test_held_keys_do_not_show_themselves() -> None:
    assert repr(HeldKeys.of("a", b"k" * 32)) == "HeldKeys(current_id='a')"


def test_keys_of_a_file_do_not_show_themselves(tmp_path: Path) -> None:
    create_key_file(tmp_path / "keys.json")
    running = FileKeys(tmp_path / "keys.json")

    assert repr(running) == f"FileKeys('{tmp_path / 'keys.json'}', current_id='k1')"
    assert "b'" not in str(vars(running))
