"""Email over SMTP, against a real server; headers hold one line each, whatever names are."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from channels.base import Outcome, Result
from channels.email import MailServer, is_address, send, written
from tests.channels.messages import NOW, message
from tests.fixtures.certificates import issued
from tests.fixtures.mailbox import mailbox

SENDER = "feeds@bankfeeds.example"
TO = ("anna@harbor.example", "ben@harbor.example")
HOSTILE = "North\r\nBcc: victim@example.com\r\n\r\nbody\x00\u2028<x>"


async def _send(url: str, recipients: tuple[str, ...] = TO, **changes: Any) -> Outcome:
    return await send(
        MailServer.of(url, SENDER), recipients=recipients, message=message(**changes), now=NOW
    )


async def test_a_mail_arrives_with_all_that_a_mail_has() -> None:
    async with mailbox() as (inbox, url):
        outcome = await _send(url)

    assert outcome == Outcome(result=Result.DELIVERED)
    assert (inbox.mails[0].mail_from, tuple(inbox.mails[0].rcpt_tos)) == (SENDER, TO)
    headers = {name: str(value) for name, value in inbox.mail().items()}
    assert headers["Subject"] == "The connection needs a new sign-in: Northbank"
    assert headers["From"] == SENDER
    assert headers["To"] == ", ".join(TO)
    assert headers["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    assert headers["Message-ID"] == "<00000000-0000-0000-0000-000000000001@bankfeeds.example>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Content-Type"] == 'text/plain; charset="utf-8"'
    lines = inbox.mail().get_content().splitlines()
    assert "signs in" in lines[1]
    assert {"Connection: Northbank", "code: login-required"} <= set(lines)


async def test_names_in_any_script_arrive_as_they_are() -> None:
    async with mailbox() as (inbox, url):
        await _send(url, connection_name="Zürich 銀行 🏦")

    assert str(inbox.mail()["Subject"]).endswith(": Zürich 銀行 🏦")
    assert "Connection: Zürich 銀行 🏦" in inbox.mail().get_content()


async def test_no_name_adds_a_header_or_a_recipient() -> None:
    async with mailbox() as (inbox, url):
        await _send(
            url, connection_name=HOSTILE, tenant_name=HOSTILE, data={HOSTILE: HOSTILE, "x": "y"}
        )

    (envelope,) = inbox.mails
    assert tuple(envelope.rcpt_tos) == TO
    assert sorted(inbox.mail().keys()) == sorted(
        [
            "Subject",
            "From",
            "To",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "Content-Type",
            "Content-Transfer-Encoding",
            "MIME-Version",
        ]
    )
    assert "Bcc" not in inbox.mail()
    lines = inbox.mail().get_content().splitlines()
    assert not [line for line in lines if line.startswith("Bcc")]
    assert "\x00" not in inbox.mail().get_content()


def test_a_long_name_makes_no_line_that_servers_refuse() -> None:
    mail = written(
        message(connection_name="長" * 2_000, data={"a": "x" * 5_000}),
        sender=SENDER,
        recipients=TO,
        now=NOW,
    )

    assert max(len(line) for line in mail.as_bytes().splitlines()) <= 998


@pytest.mark.parametrize(
    ("refuses", "expected"),
    [
        ({TO[0]: "550 no such user"}, (Result.DELIVERED, None, "some-recipients-refused")),
        (
            {TO[0]: "550 no such user", TO[1]: "550 nor this"},
            (Result.STOP, 550, "recipient-refused"),
        ),
        (
            {TO[0]: "450 busy", TO[1]: "550 no such user"},
            (Result.RETRY, 450, "recipient-refused"),
        ),
        ({"DATA": "554 spam"}, (Result.STOP, 554, "mail-refused")),
        ({"DATA": "451 later"}, (Result.RETRY, 451, "mail-refused")),
        ({"MAIL": "550 who are you"}, (Result.RETRY, 550, "mail-sender-refused")),
    ],
    ids=str,
)
async def test_a_reply_says_what_becomes_of_the_message(
    refuses: dict[str, str], expected: tuple[Result, int | None, str]
) -> None:
    async with mailbox(refuses) as (_, url):
        outcome = await _send(url)

    assert (outcome.result, outcome.status, outcome.error) == expected
    assert "user" not in repr(outcome)


async def test_nobody_at_the_address_is_no_answer() -> None:
    async with mailbox() as (_, url):
        pass

    assert (await _send(url)).error == "unreachable"


async def test_who_does_not_answer_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the other side has gone
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        server_of_mail = replace(MailServer.of(f"smtp://127.0.0.1:{port}", SENDER), total_s=0.2)
        outcome = await send(server_of_mail, recipients=TO, message=message(), now=NOW)
        await asyncio.sleep(0.05)

    assert (outcome.result, outcome.error) == (Result.RETRY, "timeout")


def _signs_in(server: SMTP, session: Session, envelope: Envelope, kind: str, data: Any) -> Any:
    knows = data.login == b"mailer" and data.password == b"p@ss/word"
    return AuthResult(success=knows, handled=False)


async def test_the_server_is_signed_in_at() -> None:
    async with mailbox(authenticator=_signs_in, auth_required=True, auth_require_tls=False) as (
        inbox,
        url,
    ):
        outcome = await _send(url.replace("://", "://mailer:p%40ss%2Fword@"))
        wrong = await _send(url.replace("://", "://mailer:other@"))

    assert outcome.result is Result.DELIVERED
    assert len(inbox.mails) == 1
    assert (wrong.result, wrong.error) == (Result.RETRY, "mail-login-refused")


async def test_no_password_travels_without_tls() -> None:
    async with mailbox() as (inbox, url):
        elsewhere = replace(
            MailServer.of(url.replace("://", "://mailer:secret@"), SENDER), start_tls=True
        )
        outcome = await send(elsewhere, recipients=TO, message=message(), now=NOW)

    assert outcome.result is Result.RETRY
    assert inbox.mails == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context: ssl.SSLContext = issued(tmp_path, "mail.example").server
    async with mailbox(tls_context=context) as (inbox, url):
        outcome = await _send(url)

    assert (outcome.result, outcome.error) == (Result.RETRY, "tls-failed")
    assert inbox.mails == []


@pytest.mark.parametrize(
    ("url", "host", "port", "start_tls"),
    [
        ("smtp://mail.example", "mail.example", 587, None),
        ("smtp://u:p@mail.example:2525", "mail.example", 2525, True),
        ("smtp://u:p@127.0.0.1", "127.0.0.1", 587, None),
        ("smtps://u:p@mail.example", "mail.example", 465, False),
    ],
)
def test_a_url_says_where_and_how(url: str, host: str, port: int, start_tls: bool | None) -> None:
    server = MailServer.of(url, SENDER)

    assert (server.host, server.port, server.start_tls) == (host, port, start_tls)
    assert server.tls_at_once == url.startswith("smtps")


def test_a_server_does_not_show_its_password() -> None:
    assert "secret" not in repr(MailServer.of("smtp://user:secret@mail.example", SENDER))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna@harbor.example", True),
        ("anna+tag@harbor.co.uk", True),
        ("anna@localhost", False),
        ("anna", False),
        ("anna@harbor.example\r\nBcc: x@y.example", False),
        ("anna@harbor.example,ben@harbor.example", False),
        ("<anna@harbor.example>", False),
        ('"a b"@harbor.example', False),
        ("anna@härbor.example", False),
        (f"{'a' * 250}@harbor.example", False),
    ],
)
def test_only_plain_addresses_are_written_to(text: str, expected: bool) -> None:
    assert is_address(text) is expected
