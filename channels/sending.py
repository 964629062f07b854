"""Sends a message to a channel, whatever its type."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, assert_never

from channels import email, slack, webhook
from channels.base import Message, Outcome, retry, stop
from channels.email import MailServer
from channels.outgoing import Outgoing
from core.notifications import ChannelType


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What this installation can send: mail where it has a server, and private only to develop."""

    private_allowed: bool = False
    mail: MailServer | None = None


NOTHING_SPECIAL: Final = Sending()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a channel leads, opened for the moment of use."""

    type: ChannelType
    url: str = field(default="", repr=False)
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends over what the process has open."""

    outgoing: Outgoing
    mail: MailServer | None

    async def send(self, target: Target, message: Message, *, now: datetime) -> Outcome:
        """What came of it. Raises nothing that the other side can cause."""
        match target.type:
            case ChannelType.WEBHOOK:
                return await webhook.send(
                    self.outgoing, url=target.url, keys=target.keys, message=message, now=now
                )
            case ChannelType.SLACK:
                return await slack.send(self.outgoing, url=target.url, message=message, now=now)
            case ChannelType.EMAIL:
                return await self._mailed(target, message, now)
            case _:
                assert_never(target.type)

    async def _mailed(self, target: Target, message: Message, now: datetime) -> Outcome:
        if self.mail is None:
            return retry("mail-not-configured")
        recipients = [one for one in target.recipients if email.is_address(one)]
        if not recipients:
            return stop("no-recipients")
        return await email.send(self.mail, recipients=recipients, message=message, now=now)
