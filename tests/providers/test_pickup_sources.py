"""What file sources make of names, senders and addresses, without any server."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest
from pydantic import TypeAdapter, ValidationError

from core.errors import BadInput
from core.provider_error import ProviderError
from providers.pickup import mail, names
from providers.pickup.access import PickupAccess
from providers.pickup.imap import _encoded
from providers.pickup.settings import HostKey, MailboxCredentials, SftpCredentials


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("june.bai", "*.bai", True),
        ("JUNE.BAI", "*.bai", True),
        ("june.bai2", "*.bai", False),
        ("statement_1.xml", "statement_[0-9].xml", True),
        ("june.bai.tmp", "*.bai", False),
        ("a" * 255, "*a" * 60 + "b", False),
    ],
)
def test_a_pattern_is_of_the_whole_name(name: str, pattern: str, expected: bool) -> None:
    assert names.matches(name, pattern) is expected


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\x00b", "a\nb", "a\u202eb", "ä" * 128])
def test_what_shows_as_something_else_is_no_plain_name(name: str) -> None:
    assert not names.is_plain(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("june.bai", "june-2.bai"), ("june", "june-2"), (".bai", ".bai-2"), ("a.b.c", "a.b-2.c")],
)
def test_a_number_stands_before_the_ending(name: str, expected: str) -> None:
    assert names.numbered(name, 2) == expected


@pytest.mark.parametrize(
    "name", ["x" * 255, "ä" * 127, "a." + "b" * 253, "ä" * 100 + "." + "b" * 54]
)
def test_a_numbered_name_is_no_longer_than_a_name_may_be(name: str) -> None:
    numbered = names.numbered(name, 999)

    assert names.is_plain(numbered)
    assert "-999" in numbered


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("INBOX", "INBOX"),
        ("A & B", "A &- B"),
        ("Kontoauszüge", "Kontoausz&APw-ge"),
        ("台北", "&U,BTFw-"),
    ],
)
def test_folders_are_named_in_the_utf_7_of_imap(folder: str, expected: str) -> None:
    assert _encoded(folder) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("statements@bank.example", "statements@bank.example"),
        ("Statements <STATEMENTS@bank.example>", "statements@bank.example"),
        ('"eve@evil.example" <statements@bank.example>', "statements@bank.example"),
        ("a@bank.example, b@bank.example", None),
        ("<@evil.example:statements@bank.example>", None),
        ("team: a@bank.example;", None),
        ("statements@bänk.example", None),
        ("statements @ bank.example", "statements@bank.example"),
        ("(" * 3_900, None),
        ("a" * 5_000 + "@bank.example", None),
    ],
)
def test_a_sender_is_one_plain_address(value: str, expected: str | None) -> None:
    assert mail.sender(mail.head(f"From: {value}\n\n".encode())) == expected


@pytest.mark.parametrize("told", [f"SHA256:{'A' * 43}", f" SHA256:{'A' * 43}=\n"])
def test_a_fingerprint_is_taken_as_it_was_copied(told: str) -> None:
    assert TypeAdapter(HostKey).validate_python(told) == f"SHA256:{'A' * 43}"


@pytest.mark.parametrize("told", ["MD5:16:27:ac", f"SHA256:{'A' * 42}", "ssh-ed25519 AAAA", ""])
def test_what_is_no_fingerprint_says_how_one_looks(told: str) -> None:
    with pytest.raises(ValidationError, match="ssh-keygen -lf"):
        TypeAdapter(HostKey).validate_python(told)


async def test_a_host_with_one_private_address_is_not_connected_to() -> None:
    async def both(host: str, port: int) -> Sequence[str]:
        return ["8.8.8.8", "::ffff:10.0.0.1"]

    with pytest.raises(ProviderError) as refused:
        await PickupAccess(private_allowed=False, resolve=both).dial("files.bank.example", 22)
    assert refused.value.code == "address-refused"


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        async def several(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.2", "127.0.0.1"]

        access = PickupAccess(private_allowed=True, resolve=several)
        with await access.dial("files.bank.example", server.getsockname()[1]) as sock:
            assert sock.getpeername()[0] == "127.0.0.1"


async def test_a_name_without_addresses_is_told() -> None:
    async def nobody(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror

    with pytest.raises(ProviderError) as refused:
        await PickupAccess(private_allowed=True, resolve=nobody).dial("nowhere.example", 22)
    assert refused.value.code == "name-not-found"


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"password": "hunter2", "private_key": "hunter2"}, "Give a password or a private key."),
        ({"password": "hunter2", "passphrase": "hunter2"}, "A passphrase goes with a private key."),
        ({"password": "hunter2", "other": "hunter2"}, "These are missing or wrong: other."),
    ],
)
def test_what_is_wrong_with_secrets_is_told_without_them(
    answers: dict[str, str], told: str
) -> None:
    with pytest.raises(BadInput) as refused:
        SftpCredentials.from_form(answers)

    assert str(refused.value) == told


@pytest.mark.parametrize("password", ["a\r\nA2 DELETE INBOX", "a\nb", "a\x00"])
def test_a_mailboxs_password_is_one_line_for_it_stands_in_one(password: str) -> None:
    with pytest.raises(BadInput, match="missing or wrong: password"):
        MailboxCredentials.from_form({"password": password})
