"""Settings of file sources: where files are fetched, which of them, and where they go after it."""

from __future__ import annotations

import posixpath
import re
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from core.addresses import literal
from core.errors import BadInput
from providers.credentials import Credentials

SETTLE_S: Final = 60
HOST_KEYS_MAX: Final = 10
SENDERS_MAX: Final = 100
SECRET_MAX: Final = 20_000

_HOST: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_FINGERPRINT: Final = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_SENDER: Final = re.compile(r"([a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})?@[a-z0-9-]+(\.[a-z0-9-]+)+")


def _host(value: str) -> str:
    host = value.strip().lower()
    if literal(host) is None and not _HOST.fullmatch(host):
        raise ValueError("is no name of a server")
    return host


def _plain(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("has control characters")
    return value


def _one_line(value: SecretStr) -> SecretStr:
    """A secret that is sent within a line, so that nothing in it may end that line."""
    _plain(value.get_secret_value())
    return value


def _folder(value: str) -> str:
    return posixpath.normpath(_plain(value))


def _fingerprint(value: str) -> str:
    found = value.strip().rstrip("=")
    if not _FINGERPRINT.fullmatch(found):
        raise ValueError("have the form SHA256:… as `ssh-keygen -lf KEY.pub` shows it")
    return found


def _sender(value: str) -> str:
    sender = value.strip().lower()
    if not _SENDER.fullmatch(sender):
        raise ValueError("is neither an address nor a domain such as @bank.example")
    return sender


Host = Annotated[str, Field(max_length=253), AfterValidator(_host)]
Port = Annotated[int, Field(ge=1, le=65535)]
Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
Folder = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_folder)]
Pattern = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
HostKey = Annotated[str, AfterValidator(_fingerprint)]
Sender = Annotated[str, Field(max_length=320), AfterValidator(_sender)]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=SECRET_MAX)]


class PickupSettings(BaseModel):
    """Base of each source's settings; there is no secret among them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Host
    username: Text
    pattern: Pattern

    @classmethod
    def of(cls, given: dict[str, Any]) -> Self:
        """The settings that a person gave. Raises BadInput naming each that is wrong."""
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = {
                f"{_camel(str(one['loc'][0]) if one['loc'] else 'settings')}:"
                f" {one['msg'].removeprefix('Value error, ')}"
                for one in error.errors(include_url=False)
            }
            raise BadInput("; ".join(sorted(wrong))) from None

    def kept(self) -> dict[str, Any]:
        """The form in which they are stored."""
        return self.model_dump(mode="json")

    @property
    def settle_s(self) -> int:
        """How long an item must stay as it is before it is fetched."""
        return 0

    @property
    def archives(self) -> bool:
        """Whether what was imported is moved away or marked."""
        return True

    @property
    def is_confirmed(self) -> bool:
        """Whether everything is known that must be before anything is sent."""
        return True


class SftpSettings(PickupSettings):
    """An SFTP server. Without host keys it is connected to by no one but a test."""

    port: Port = 22
    path: Folder
    settle_seconds: Annotated[int, Field(ge=1, le=86_400)] = SETTLE_S
    archive_path: Folder | None = None
    host_keys: Annotated[tuple[HostKey, ...], Field(max_length=HOST_KEYS_MAX)] = ()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.archive_path == self.path:
            raise ValueError("archivePath must be another folder than path")
        return self

    @property
    def settle_s(self) -> int:
        """See `PickupSettings`."""
        return self.settle_seconds

    @property
    def archives(self) -> bool:
        """See `PickupSettings`."""
        return self.archive_path is not None

    @property
    def is_confirmed(self) -> bool:
        """See `PickupSettings`: the server's key is pinned."""
        return bool(self.host_keys)


class MailboxSettings(PickupSettings):
    """A mailbox that is read over IMAP with TLS."""

    port: Port = 993
    folder: Text = "INBOX"
    senders: Annotated[tuple[Sender, ...], Field(min_length=1, max_length=SENDERS_MAX)]
    authentication_results: Host | None = None
    archive_folder: Text | None = None


class SftpCredentials(Credentials):
    """A password, or a private key."""

    password: Secret | None = None
    private_key: Secret | None = None
    passphrase: Secret | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.password is None) == (self.private_key is None):
            raise ValueError("give a password or a private key")
        if self.passphrase is not None and self.private_key is None:
            raise ValueError("a passphrase goes with a private key")
        return self


class MailboxCredentials(Credentials):
    """The password of the mailbox, such as one made for this application."""

    password: Annotated[Secret, AfterValidator(_one_line)]


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(one.capitalize() for one in others)
