"""What is attached to mails, however they say so; without any server."""

from __future__ import annotations

import base64
import binascii
import quopri
from email.message import EmailMessage

import pytest

from providers.pickup import mail
from providers.pickup.attached import attachments
from providers.pickup.base import Passed, Unfit

FILE = "01,a file/\nwith \u00e4 and = in it\n".encode() * 9


def uuencoded(name: str, content: bytes = FILE) -> bytes:
    lines = [binascii.b2a_uu(content[at : at + 45]) for at in range(0, len(content), 45)]
    return b"begin 644 " + name.encode() + b"\n" + b"".join(lines) + b"`\nend\n"


def part(headers: str, body: bytes) -> bytes:
    """A mail with a text and one other part."""
    return (
        b"From: statements@bank.example\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nHello\n--b\n"
        + headers.encode()
        + b"\n\n"
        + body
        + b"\n--b--\n"
    )


def files(raw: bytes, pattern: str = "*.bai") -> list[tuple[str, bytes]]:
    found = attachments(mail.read(raw), pattern=pattern, bytes_max=1_000_000)
    return [(one.name, one.content) for one in found]


CODED = base64.encodebytes(FILE)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Transfer-Encoding: base64", CODED),
        ("Content-Transfer-Encoding: BASE64", CODED.replace(b"\n", b" \r\n")),
        ("Content-Transfer-Encoding: quoted-printable", quopri.encodestring(FILE)),
        ("Content-Transfer-Encoding: x-uuencode", uuencoded("other.txt")),
        ("Content-Transfer-Encoding: 8bit", FILE),
    ],
)
def test_each_encoding_is_undone(headers: str, body: bytes) -> None:
    raw = part(f'Content-Type: text/x; name="march.bai"\n{headers}', body)

    [(name, content)] = files(raw)

    assert (name, content.rstrip()) == ("march.bai", FILE.rstrip())


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ("Content-Disposition: attachment; filename=plain.bai", "plain.bai"),
        ("Content-Type: x/y; name=only-here.bai", "only-here.bai"),
        ("Content-Disposition: attachment; filename*=utf-8'de'm%C3%A4rz.bai", "m\u00e4rz.bai"),
        ("Content-Disposition: attachment; filename*=iso-8859-1''m%E4rz.bai", "m\u00e4rz.bai"),
        (
            "Content-Disposition: attachment; filename*0*=utf-8''m%C3%A4rz;\n filename*1=-2026;"
            "\n filename*2=.bai",
            "m\u00e4rz-2026.bai",
        ),
        ("Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fevil.bai", "evil.bai"),
        (
            'Content-Disposition: attachment; filename="=?utf-8?q?m=C3=A4rz=2Ebai?="',
            "m\u00e4rz.bai",
        ),
        ('Content-Disposition: attachment; filename="m\u00e4rz.bai"', "m\ufffd\ufffdrz.bai"),
        ("Content-Disposition: inline; filename=shown.bai", "shown.bai"),
    ],
)
def test_each_way_to_name_a_file_is_understood(headers: str, name: str) -> None:
    assert [one for one, _ in files(part(headers, FILE))] == [name]


@pytest.mark.parametrize("encoding", ["7bit", "base64"])
def test_files_of_forwarded_mails_are_found(encoding: str) -> None:
    inner = EmailMessage()
    inner.add_attachment(FILE, maintype="x", subtype="y", filename="march.bai")
    middle = EmailMessage()
    middle.add_attachment(inner)
    coded = bytes(middle) if encoding == "7bit" else base64.encodebytes(bytes(middle))
    raw = part(f"Content-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}", coded)

    assert files(raw) == [("march.bai", FILE)]


def test_files_that_are_written_into_the_text_are_found() -> None:
    text = b"Dear customer,\n\n" + uuencoded("march.bai") + uuencoded("terms.pdf") + b"Regards\n"
    raw = b"From: statements@bank.example\n\n" + text + uuencoded("april.bai", b"04")

    assert files(raw) == [("march.bai", FILE), ("april.bai", b"04")]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (part("Content-Type: application/ms-tnef; name=winmail.dat", b"x"), "winmail-dat"),
        (part("Content-Type: application/octet-stream; name=WINMAIL.DAT", b"x"), "winmail-dat"),
        (part("Content-Type: application/zip", b"PK"), "zip-attachment"),
        (part("Content-Type: application/octet-stream; name=March.ZIP", b"PK"), "zip-attachment"),
        (part("Content-Type: application/pkcs7-mime; name=smime.p7m", b"x"), "message-encrypted"),
        (part("Content-Type: x/y; name=a.bai", FILE)[:-8], "message-cut-off"),
        (
            part("Content-Type: x/y; name=a.bai\nContent-Transfer-Encoding: base64", b"A"),
            "message-cut-off",
        ),
        (b"From: a@b.example\n\n" + uuencoded("a.bai")[:-9], "message-cut-off"),
        (b"From: a@b.example\n\nbegin 644 a.bai\n\xff\xff\xff\nend\n", "message-unreadable"),
        (part("Content-Type: x/y; name=a.bai", b"x" * 1_000_001), "too-large"),
    ],
)
def test_what_cannot_be_read_whole_is_refused_and_says_why(raw: bytes, reason: str) -> None:
    with pytest.raises(Unfit) as refused:
        files(raw)

    assert (refused.value.reason, refused.value.passed) == (reason, Passed.REFUSED)


def test_mails_in_mails_have_an_end() -> None:
    raw = part("Content-Type: x/y; name=a.bai", FILE)
    for _ in range(7):
        raw = part(
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64",
            base64.encodebytes(raw),
        )

    with pytest.raises(Unfit) as refused:
        files(raw)

    assert refused.value.reason == "too-nested"


def test_a_zip_beside_a_file_that_matches_is_none_that_is_wanted() -> None:
    raw = part("Content-Type: x/y; name=a.bai", FILE + b"--b\nContent-Type: application/zip\n\nPK")

    assert [name for name, _ in files(raw)] == ["a.bai"]
