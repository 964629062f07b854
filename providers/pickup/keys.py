"""Private keys as people have them: PEM or OpenSSH, with or without a passphrase, opened in bounds.

A key says itself how long a passphrase is stretched. One that asks for hours is refused, unopened.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, Final

import asyncssh
from asyncssh.asn1 import ASN1DecodeError, der_decode_partial
from asyncssh.packet import PacketDecodeError, SSHPacket

from providers.pickup import problems

ROUNDS_MAX: Final = 256  # of bcrypt: `ssh-keygen` makes 16 or 24, and each takes milliseconds
ITERATIONS_MAX: Final = 1_000_000  # of PBKDF2: `ssh-keygen` and `openssl` make 2,048
TEXT_MAX: Final = 7_000  # of an RSA key of 8,192 bits: a larger one takes minutes to check
_BODY: Final = re.compile(
    r"-----BEGIN (?P<kind>[A-Z0-9 ]*PRIVATE KEY)-----\s(?P<text>.*?)-----END (?P=kind)-----\s*",
    re.DOTALL,
)
_OPENSSH: Final = b"openssh-key-v1\0"


def opened(text: str, passphrase: str | None) -> asyncssh.SSHKey:
    """The key. It may take a second: not for the event loop. Raises ProviderError."""
    # A form that a person pasted into may end lines as Windows does, and may lose the last end.
    plain = text.strip().replace("\r\n", "\n") + "\n"
    try:
        found = _BODY.fullmatch(plain)
        if found is None or not _is_bounded(found["kind"], found["text"]):
            raise problems.key_unreadable()
        return asyncssh.import_private_key(plain, passphrase)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError, RecursionError):
        raise problems.key_unreadable() from None


def _is_bounded(kind: str, text: str) -> bool:
    """Whether opening it takes no longer than that of an ordinary key."""
    if len(text) > TEXT_MAX:
        return False
    if kind == "OPENSSH PRIVATE KEY":
        return _rounds(_decoded(text)) <= ROUNDS_MAX
    if kind == "ENCRYPTED PRIVATE KEY":
        return max(_numbers(_der(_decoded(text))), default=0) <= ITERATIONS_MAX
    return True  # nothing is stretched


def _decoded(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)


def _rounds(data: bytes) -> int:
    if not data.startswith(_OPENSSH):
        raise problems.key_unreadable()
    try:
        packet = SSHPacket(data.removeprefix(_OPENSSH))
        packet.get_string()  # the cipher
        if packet.get_string() != b"bcrypt":
            return 0
        stretched = SSHPacket(packet.get_string())
        stretched.get_string()  # the salt
        return stretched.get_uint32()
    except PacketDecodeError:
        raise problems.key_unreadable() from None


def _der(data: bytes) -> Any:
    try:
        return der_decode_partial(data)[0]
    except ASN1DecodeError:
        raise problems.key_unreadable() from None


def _numbers(value: Any) -> Iterator[int]:
    if isinstance(value, int):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _numbers(one)
