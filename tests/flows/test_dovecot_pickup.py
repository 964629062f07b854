"""A mailbox of Debian's Dovecot: allowed senders, each attachment once, nothing deleted or lost."""

from __future__ import annotations

from email.message import EmailMessage

from providers.pickup.access import PickupAccess
from providers.pickup.mail import MESSAGE_BYTES_MAX
from tests.fixtures.all_logs import AllLogs
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, statement
from tests.fixtures.cutting import Breaks, breaking_way
from tests.fixtures.dovecot_server import PASSWORD, Dovecot, dovecot
from tests.fixtures.imap_server import SENDER, inward, mail
from tests.fixtures.picking_up import of_maildir
from tests.fixtures.world import World

__all__ = ["dovecot"]


async def test_messages_are_read_imported_and_moved(
    world: World, dovecot: Dovecot, all_logs: AllLogs
) -> None:
    box = dovecot.mailbox()
    files = await of_maildir(world, box)
    assert (await files.look())["state"] == "completed"
    forwarded = EmailMessage()
    forwarded["From"] = SENDER
    forwarded["Message-ID"] = "<forwarded@bank.example>"
    inner = EmailMessage()
    inner.add_attachment(
        statement(RENT, day="260401"), maintype="x", subtype="y", filename="m\u00e4rz.bai"
    )
    forwarded.add_attachment(inner)
    box.put(bytes(forwarded))
    twice = (("a.bai", statement(COFFEE)), ("b.bai", statement(COFFEE)), ("c.pdf", b"%PDF"))
    box.put(mail(*twice))

    ended = await files.look()
    assert (ended["state"], ended["fetched"]) == ("completed", 2)
    assert box.flags() == ["new", "new"] or box.flags() == ["", ""], "nobody has read them"
    jobs = await files.import_all()
    assert {job["file_name"]: job["imported"] for job in jobs} == {"m\u00e4rz.bai": 1, "a.bai": 1}
    await files.look()

    assert (box.flags(), len(box.flags(".Done"))) == ([], 2)
    assert set((await files.items()).values()) == {("archived", None)}
    told = f"{dict(ended)} {dict(await files.connection())}"
    told += "".join(f"{record.getMessage()} {record.__dict__}" for record in all_logs.records)
    assert "job.claimed" in told
    assert PASSWORD not in told


async def test_without_a_folder_messages_are_marked_and_stay(
    world: World, dovecot: Dovecot
) -> None:
    box = dovecot.mailbox()
    files = await of_maildir(world, box, archive_folder=None)
    box.put(mail(("march.bai", statement(COFFEE))))

    await files.look()
    await files.import_all()
    await files.look()
    await files.look()

    assert (box.flags(), len(await files.imports())) == (["S"], 1)


async def test_others_are_not_read_whatever_they_call_themselves(
    world: World, dovecot: Dovecot
) -> None:
    box = dovecot.mailbox()
    files = await of_maildir(world, box)
    senders = [
        f'"{SENDER}" <eve@evil.example>',
        f"{SENDER}\nFrom: eve@evil.example",
        f"eve@evil.example\nFrom: {SENDER}",
        f"eve@evil.example\nSender: {SENDER}\nReply-To: {SENDER}",
        SENDER.replace("@", "+de@"),
        f"=?utf-8?q?{SENDER}?= <eve@evil.example>",
    ]
    raw = mail(("march.bai", statement(COFFEE)), sender=SENDER)
    for number, sender in enumerate(senders):
        other = raw.replace(f"From: {SENDER}".encode(), f"From: {sender}".encode(), 1)
        box.put(other.replace(b"<1@", f"<{number}@".encode()))
    good = ("april.bai", statement(RENT))
    box.put(mail(good, sender="The Bank <STATEMENTS@Bank.Example>", message_id="<good@x>"))

    ended = await files.look()

    assert ended["fetched"] == 1
    items = await files.items()
    assert items.pop("<good@x>") == ("fetched", None)
    assert list(items.values()) == [("ignored", "sender-not-allowed")] * len(senders)
    assert len(box.flags()) == len(senders) + 1


async def test_what_is_too_large_or_packed_is_told_stays_and_keeps_nobody_waiting(
    world: World, dovecot: Dovecot
) -> None:
    box = dovecot.mailbox()
    files = await of_maildir(world, box)
    huge = b"0" * (MESSAGE_BYTES_MAX + 1)
    box.put(mail(("march.bai", statement(COFFEE)), message_id="<good@x>"))
    box.put(mail(message_id="<huge@x>") + huge)
    box.put(mail(("winmail.dat", b"x"), message_id="<winmail@x>"))
    box.put(mail(("march.zip", b"PK"), message_id="<zip@x>"))
    box.put(mail(("terms.pdf", b"%PDF"), message_id="<none@x>"))

    ended = await files.look()
    await files.import_all()
    await files.look()

    assert (ended["state"], ended["fetched"]) == ("completed", 1)
    assert await files.items() == {
        "<good@x>": ("archived", None),
        "<huge@x>": ("refused", "too-large"),
        "<winmail@x>": ("refused", "winmail-dat"),
        "<zip@x>": ("refused", "zip-attachment"),
        "<none@x>": ("ignored", "no-attachment"),
    }
    assert (len(box.flags()), len(box.flags(".Done"))) == (4, 1)


async def test_new_numbers_of_a_folder_double_nothing(world: World, dovecot: Dovecot) -> None:
    box = dovecot.mailbox()
    files = await of_maildir(world, box)
    for number, details in enumerate([[COFFEE], [RENT, SALARY]]):
        named = None if number else "<1@bank.example>"
        box.put(mail(("march.bai", statement(*details)), message_id=named))
    await files.look()
    await files.import_all()

    box.renumber()
    await files.look()
    await files.import_all()
    await files.look()

    # One that has no id is fetched again, and its rows are known.
    assert [(job["imported"], job["duplicate"]) for job in await files.imports()] == [
        (1, 0),
        (2, 0),
        (0, 2),
    ]
    assert len(await world.rows(files.place)) == 3
    assert (box.flags(), len(box.flags(".Done"))) == ([], 2)


async def test_a_wrong_password_asks_for_a_person_and_is_not_told(
    world: World, dovecot: Dovecot, all_logs: AllLogs
) -> None:
    files = await of_maildir(world, dovecot.mailbox(), password="wrong secret")

    ended = await files.look()

    assert (ended["state"], ended["error_code"]) == ("failed", "login-refused")
    assert (await files.connection())["status"] == "reauth"
    told = f"{dict(ended)} {dict(await files.connection())}"
    told += "".join(f"{record.getMessage()} {record.__dict__}" for record in all_logs.records)
    assert "wrong secret" not in told


async def test_a_certificate_that_nobody_trusts_gets_no_password(
    world: World, dovecot: Dovecot
) -> None:
    access = PickupAccess(private_allowed=True, resolve=inward)
    files = await of_maildir(world, dovecot.mailbox(), access=access)
    log = dovecot.folder / "log"
    before = log.read_text()

    ended = await files.look()

    assert (ended["state"], ended["error_code"]) == ("queued", "certificate-refused")
    assert "user=<s" not in log.read_text().removeprefix(before)


async def test_a_folder_that_is_missing_is_told(world: World, dovecot: Dovecot) -> None:
    files = await of_maildir(world, dovecot.mailbox(), folder="Bank")

    ended = await files.look()

    assert (ended["state"], ended["error_code"]) == ("failed", "folder-missing")
    assert "Bank" in ended["error_message"]


async def test_a_connection_that_ends_in_a_message_loses_and_doubles_nothing(
    world: World, dovecot: Dovecot
) -> None:
    box = dovecot.mailbox()
    box.put(mail(("march.bai", statement(*[COFFEE] * 20_000))))
    async with breaking_way(dovecot.port) as way:
        files = await of_maildir(world, box, port=way.port)
        way.breaks, way.after = Breaks.ENDS, 100_000

        broken = await files.look()
        assert (broken["state"], broken["error_code"]) == ("queued", "connection-broken")
        assert (way.broken, await files.imports()) == (1, [])
        ended = await files.world.finish(files.place, broken["id"])

    assert (ended["state"], ended["fetched"], len(await files.imports())) == ("completed", 1, 1)
