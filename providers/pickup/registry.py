"""The file sources there are. Each is imported when it is needed: SSH takes its time to load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Final

from providers.pickup.base import FileSource
from providers.pickup.settings import MailboxSettings, PickupSettings, SftpSettings

SETTINGS: Final[Mapping[str, type[PickupSettings]]] = {
    "sftp": SftpSettings,
    "mailbox": MailboxSettings,
}
NAMES: Final[Mapping[str, str]] = {"sftp": "SFTP server", "mailbox": "Mailbox"}


def is_source(slug: str) -> bool:
    """Whether a provider is a file source."""
    return slug in SETTINGS


@lru_cache
def source(slug: str) -> FileSource:
    """The file source of a provider."""
    loaded: Mapping[str, Callable[[], FileSource]] = {
        "sftp": lambda: import_module("providers.pickup.sftp").SFTP,
        "mailbox": lambda: import_module("providers.pickup.mailbox").MAILBOX,
    }
    return loaded[slug]()
