"""Pickups: where a connection fetches files by itself, and how what it brings is processed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import strawberry

from core import models, pickups
from resolvers.pickups import PickupChange
from schema.columns import column, derived, shown
from schema.scalars import CurrencyCode

CLEARABLE: Final = frozenset({"archive_path", "archive_folder", "authentication_results"})


@strawberry.type(description="An SFTP server that files are fetched from.")
class SftpSettings:
    host: str = strawberry.field(description="The server.")
    port: int = strawberry.field(description="Its port.")
    username: str = strawberry.field(description="The user that logs in.")
    path: str = strawberry.field(description="The folder that files lie in.")
    pattern: str = strawberry.field(description="Which of them, such as *.bai.")
    settle_seconds: int = strawberry.field(
        description="How long a file must stay as it is before it is fetched."
    )
    archive_path: str | None = strawberry.field(
        description="Where files go when they are imported; null: they stay."
    )
    host_keys: list[str] = strawberry.field(
        description="Fingerprints of the keys that the server may show; empty: none is confirmed."
    )

    @staticmethod
    def of(connection: models.Connection) -> SftpSettings | None:
        """Those of a connection to such a server."""
        config = connection.config
        if connection.provider != "sftp" or not config:
            return None
        return SftpSettings(**{name: config.get(name) for name in _fields(SftpSettings)})  # type: ignore[arg-type]  # checked when it was stored


@strawberry.type(description="A mailbox that attachments are fetched from.")
class MailboxSettings:
    host: str = strawberry.field(description="The IMAP server.")
    port: int = strawberry.field(description="Its port, with TLS from the first byte.")
    username: str = strawberry.field(description="The user that logs in.")
    folder: str = strawberry.field(description="The folder that messages lie in.")
    pattern: str = strawberry.field(description="Which attachments, such as *.xml.")
    senders: list[str] = strawberry.field(
        description="Whose messages are read: addresses, and domains such as @bank.example."
    )
    authentication_results: str | None = strawberry.field(
        description="The receiving server that must say that DMARC passed; null: senders are not "
        "proven."
    )
    archive_folder: str | None = strawberry.field(
        description="Where messages go when they are imported; null: they are marked as read."
    )

    @staticmethod
    def of(connection: models.Connection) -> MailboxSettings | None:
        """Those of a connection to a mailbox."""
        config = connection.config
        if connection.provider != "mailbox" or not config:
            return None
        return MailboxSettings(**{name: config.get(name) for name in _fields(MailboxSettings)})  # type: ignore[arg-type]  # checked when it was stored


@strawberry.type(description="A file on a server, or a message, that a connection saw.")
class PickupFile:
    name: str = column("k.name", description="Its name; of a message its Message-ID.")
    size_bytes: int = column("k.size_bytes", description="Its size in bytes.")
    modified_at: datetime | None = column(
        "k.modified_at", description="When it was last changed, as its server says; or null."
    )
    state: pickups.PickupState = column("k.state", description="How far it is.")
    reason: str | None = column(
        "k.reason", description="Why it is not fetched, or not archived; for programs; else null."
    )
    archived_as: str | None = column(
        "k.archived_as", description="Where it is moved; null where it is not, or not yet."
    )
    seen_at: datetime = column("k.seen_at", description="Since when it is as it is.")
    fetched_at: datetime | None = column(
        "k.fetched_at", description="When its fetching began; null: it was not fetched."
    )

    @staticmethod
    def of(file: pickups.PickupFile) -> PickupFile:
        """A file as a connection saw it."""
        return shown(PickupFile, file)


@strawberry.type(description="How what a connection brings is processed.")
class Processing:
    auto_import: bool = derived(
        "c.auto_import", description="Whether files are imported without a review."
    )
    auto_reconcile: bool = derived(
        "c.auto_reconcile", description="Whether its transactions are reconciled by themselves."
    )
    import_pending: bool = derived(
        "c.import_pending", description="Whether what the source has not booked yet is taken in."
    )
    default_currency: CurrencyCode | None = derived(
        "c.currency", description="The currency of rows that name none; null: they are refused."
    )

    @staticmethod
    def of(connection: models.Connection) -> Processing:
        """How a connection's are."""
        return Processing(
            auto_import=connection.auto_import,
            auto_reconcile=connection.auto_reconcile,
            import_pending=connection.import_pending,
            default_currency=None
            if connection.currency is None
            else CurrencyCode(connection.currency),
        )


@strawberry.input(description="An SFTP server. What is left out stays as it is.")
class SftpInput:
    host: str | None = strawberry.field(
        default=strawberry.UNSET, description="The server; needed at first."
    )
    port: int | None = strawberry.field(
        default=strawberry.UNSET, description="Its port; 22 at first."
    )
    username: str | None = strawberry.field(
        default=strawberry.UNSET, description="The user that logs in; needed at first."
    )
    password: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The password, unless there is a key; never shown again.",
    )
    private_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The private key, in a form of OpenSSH or PEM; never shown again.",
    )
    passphrase: str | None = strawberry.field(
        default=strawberry.UNSET, description="What opens the key; never shown again."
    )
    path: str | None = strawberry.field(
        default=strawberry.UNSET, description="The folder that files lie in; needed at first."
    )
    pattern: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Which of them, such as *.bai; capitals make no difference; needed at first.",
    )
    settle_seconds: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How long a file must stay as it is, 1 to 86400; 60 at first.",
    )
    archive_path: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where files go when they are imported; null: they stay.",
    )
    host_keys: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Fingerprints of the keys that the server may show, SHA256:…; connectionTest "
        "tells the one that it does show.",
    )

    def change(self) -> PickupChange:
        """What the caller gave."""
        return _change("sftp", self, secrets=("password", "private_key", "passphrase"))


@strawberry.input(description="A mailbox. What is left out stays as it is.")
class MailboxInput:
    host: str | None = strawberry.field(
        default=strawberry.UNSET, description="The IMAP server; needed at first."
    )
    port: int | None = strawberry.field(
        default=strawberry.UNSET, description="Its port; 993 at first."
    )
    username: str | None = strawberry.field(
        default=strawberry.UNSET, description="The user that logs in; needed at first."
    )
    password: str | None = strawberry.field(
        default=strawberry.UNSET, description="The password; never shown again."
    )
    folder: str | None = strawberry.field(
        default=strawberry.UNSET, description="The folder that messages lie in; INBOX at first."
    )
    pattern: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Which attachments, such as *.xml; needed at first.",
    )
    senders: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whose messages are read: addresses, and domains such as @bank.example; "
        "needed at first.",
    )
    authentication_results: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The receiving server that must say that DMARC passed; null: senders are not "
        "proven.",
    )
    archive_folder: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where messages go when they are imported; null: they are marked as read.",
    )

    def change(self) -> PickupChange:
        """What the caller gave."""
        return _change("mailbox", self, secrets=("password",))


@strawberry.input(description="How what a connection brings is processed.")
class ProcessingInput:
    auto_import: bool | None = strawberry.field(
        default=None, description="Whether files are imported without a review; null: as it is."
    )
    auto_reconcile: bool | None = strawberry.field(
        default=None,
        description="Whether its transactions are reconciled by themselves; null: as it is.",
    )
    import_pending: bool | None = strawberry.field(
        default=None,
        description="Whether what the source has not booked yet is taken in from now on; null: "
        "as it is.",
    )
    default_currency: CurrencyCode | None = strawberry.field(
        default=strawberry.UNSET,
        description="The currency of rows that name none; null clears. Not beside currency.",
    )


def pickup_of(sftp: SftpInput | None, mailbox: MailboxInput | None) -> PickupChange | None:
    """What the caller gave of the one; what is of another provider is refused as such."""
    given = sftp or mailbox
    return None if given is None else given.change()


def _change(provider: str, given: Any, *, secrets: tuple[str, ...]) -> PickupChange:
    values = {name: getattr(given, name) for name in _fields(type(given))}
    told = {
        name: value
        for name, value in values.items()
        if value is not strawberry.UNSET and (value is not None or name in CLEARABLE)
    }
    return PickupChange(
        provider=provider,
        settings={name: value for name, value in told.items() if name not in secrets},
        secrets={name: value for name, value in told.items() if name in secrets},
    )


def _fields(kind: type[Any]) -> tuple[str, ...]:
    return tuple(kind.__dataclass_fields__)
