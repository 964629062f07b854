"""Email over the operator's SMTP server."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from channels import text
from channels.base import DELIVERED, Message, Outcome, Result, retry, stop

TOTAL_S: Final = 30
ADDRESS_CHARACTERS_MAX: Final = 254
_PERMANENT: Final = 500  # replies from here on are final
# As browsers have it: no blanks, no quotes, no angle brackets, no commas.
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed over, and whom it comes from.

    `start_tls` True: TLS or nothing, wherever a password would travel. None: TLS where offered.
    """

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    tls_at_once: bool
    start_tls: bool | None
    sender: str
    total_s: float = TOTAL_S

    @staticmethod
    def of(url: str, sender: str) -> MailServer:
        """The server of `smtps://` (TLS at once) or `smtp://` (STARTTLS)."""
        parts = urlsplit(url)
        at_once = parts.scheme == "smtps"
        host = parts.hostname or ""
        must_start_tls = parts.password is not None and not _is_here(host)
        return MailServer(
            host=host,
            port=parts.port or (465 if at_once else 587),
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            tls_at_once=at_once,
            start_tls=False if at_once else must_start_tls or None,
            sender=sender,
        )


async def send(
    server: MailServer, *, recipients: Sequence[str], message: Message, now: datetime
) -> Outcome:
    """What came of it: one mail for all recipients."""
    try:
        async with asyncio.timeout(server.total_s):
            refused, _ = await aiosmtplib.send(
                written(message, sender=server.sender, recipients=recipients, now=now),
                sender=server.sender,
                recipients=list(recipients),
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=server.password,
                use_tls=server.tls_at_once,
                start_tls=server.start_tls,
                timeout=server.total_s,
            )
    except (aiosmtplib.SMTPException, OSError) as error:
        return _failure(error)
    if refused:
        return Outcome(result=Result.DELIVERED, error="some-recipients-refused")
    return DELIVERED


def _failure(error: Exception) -> Outcome:
    outcome = retry("connection-broken")
    match error:
        case TimeoutError():
            outcome = retry("timeout")
        case aiosmtplib.SMTPRecipientsRefused(recipients=refused):
            final = all(one.code >= _PERMANENT for one in refused)
            outcome = (stop if final else retry)("recipient-refused", status=refused[0].code)
        case aiosmtplib.SMTPAuthenticationError(code=code):
            outcome = retry("mail-login-refused", status=code)
        case aiosmtplib.SMTPSenderRefused(code=code):
            outcome = retry("mail-sender-refused", status=code)
        case aiosmtplib.SMTPResponseException(code=code):
            outcome = (stop if code >= _PERMANENT else retry)("mail-refused", status=code)
        case ssl.SSLError():
            outcome = retry("tls-failed")
        case aiosmtplib.SMTPConnectError() | ConnectionRefusedError():
            outcome = retry("unreachable")
    return outcome


def is_address(given: str) -> bool:
    """Whether mail can be sent there."""
    return len(given) <= ADDRESS_CHARACTERS_MAX and _ADDRESS.fullmatch(given) is not None


def written(
    message: Message, *, sender: str, recipients: Sequence[str], now: datetime
) -> EmailMessage:
    """The mail. Headers hold one line each, whatever a tenant's names are."""
    mail = EmailMessage()
    mail["Subject"] = text.subject(message)
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    lines = [f"{name}: {value}" for name, value in text.details(message)]
    mail.set_content("\n".join([f"{text.subject(message)}.", text.sentence(message), "", *lines]))
    return mail


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
