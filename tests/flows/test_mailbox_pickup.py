"""A mailbox, read over TLS: allowed senders, each attachment once, messages moved and not lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from providers.pickup.access import PickupAccess
from providers.pickup.settings import MailboxCredentials
from tests.fixtures.all_logs import AllLogs
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, statement
from tests.fixtures.certificates import Issued, issued
from tests.fixtures.imap_server import HOST, PASSWORD, SENDER, USER, Post, imap_post, inward, mail
from tests.fixtures.picking_up import Pickups, pickups
from tests.fixtures.world import World

PASSES = f"mx.acme.example; spf=pass smtp.mailfrom={SENDER}; dmarc=pass header.from=bank.example"


@pytest.fixture
def certificate(tmp_path: Path) -> Issued:
    return issued(tmp_path, HOST)


@pytest.fixture
async def post(certificate: Issued) -> AsyncIterator[Post]:
    async with imap_post(certificate.server) as post:
        yield post


async def of_post(
    world: World,
    post: Post,
    certificate: Issued,
    *,
    password: str = PASSWORD,
    access: PickupAccess | None = None,
    **settings: Any,
) -> Pickups:
    config = {
        "host": HOST,
        "port": post.port,
        "username": USER,
        "pattern": "*.bai",
        "senders": [SENDER],
        "archive_folder": "Done",
    }
    return await pickups(
        world,
        provider="mailbox",
        config=config | settings,
        held=MailboxCredentials(password=password),  # type: ignore[arg-type]  # of a text
        access=access
        or PickupAccess(private_allowed=True, resolve=inward, tls=certificate.trusting),
    )


async def test_attachments_are_imported_and_their_message_is_moved(
    world: World, post: Post, certificate: Issued
) -> None:
    files = await of_post(world, post, certificate)
    post.put(
        mail(
            ("march.bai", statement(COFFEE)),
            ("April.BAI", statement(RENT, day="260401")),
            ("terms.pdf", b"%PDF"),
        )
    )

    ended = await files.look()
    assert (ended["state"], ended["fetched"]) == ("completed", 2)
    assert post.uids_of("INBOX") == [1]
    jobs = await files.import_all()
    assert [(job["file_name"], job["imported"]) for job in jobs] == [
        ("April.BAI", 1),
        ("march.bai", 1),
    ]

    await files.look()
    assert (post.uids_of("INBOX"), len(post.uids_of("Done"))) == ([], 1)
    assert await files.items() == {"<1@bank.example>": ("archived", None)}
    assert "EXPUNGE" not in post.commands


async def test_without_a_folder_messages_are_marked(
    world: World, post: Post, certificate: Issued
) -> None:
    files = await of_post(world, post, certificate, archive_folder=None)
    post.put(mail(("march.bai", statement(COFFEE))))

    await files.look()
    await files.import_all()
    await files.look()
    await files.look()

    [message] = post.folders["INBOX"]
    assert message.flags == {"\\Seen"}
    assert len(await files.imports()) == 1


async def test_without_moves_messages_are_marked_and_never_deleted(
    world: World, post: Post, certificate: Issued
) -> None:
    post.capabilities = "IMAP4rev1 AUTH=PLAIN"
    files = await of_post(world, post, certificate)
    post.put(mail(("march.bai", statement(COFFEE))))

    await files.look()
    await files.import_all()
    await files.look()

    [message] = post.folders["INBOX"]
    assert message.flags == {"\\Seen"}


@pytest.mark.parametrize(
    "sender",
    [
        "eve@evil.example",
        f'"{SENDER}" <eve@evil.example>',
        f"{SENDER} <eve@evil.example>",
        f"{SENDER}, eve@evil.example",
        f"eve@evil.example ({SENDER})",
        "statements@bank.example.evil.example",
        f"{SENDER}\nFrom: eve@evil.example",
        "",
    ],
)
async def test_others_are_not_read(
    world: World, post: Post, certificate: Issued, sender: str
) -> None:
    files = await of_post(world, post, certificate)
    raw = mail(("march.bai", statement(COFFEE)), sender=SENDER)
    post.put(raw.replace(f"From: {SENDER}".encode(), f"From: {sender}".encode(), 1))
    bodies: list[int] = []
    post.on_body = lambda: bodies.append(1)

    await files.look()

    assert (await files.imports(), bodies) == ([], [])
    assert set((await files.items()).values()) == {("ignored", "sender-not-allowed")}


async def test_a_second_sender_far_down_in_the_head_is_found_when_it_is_read(
    world: World, post: Post, certificate: Issued
) -> None:
    files = await of_post(world, post, certificate)
    more = b"Authentication-Results: of nobody; none\n" * 500 + b"From: eve@evil.example\n"
    raw = mail(("march.bai", statement(COFFEE)))
    assert raw.startswith(b"From: ")
    post.put(raw.replace(b"To: ", more + b"To: ", 1))

    await files.look()

    assert await files.imports() == []
    assert set((await files.items()).values()) == {("ignored", "sender-not-allowed")}


@pytest.mark.parametrize(
    "sender", ["STATEMENTS@Bank.Example", "The Bank <statements@bank.example>"]
)
@pytest.mark.parametrize("allowed", [SENDER, "@bank.example"])
async def test_capitals_and_names_make_no_difference(
    world: World, post: Post, certificate: Issued, sender: str, allowed: str
) -> None:
    files = await of_post(world, post, certificate, senders=[allowed])
    post.put(mail(("march.bai", statement(COFFEE)), sender=sender))

    await files.look()

    assert len(await files.imports()) == 1


@pytest.mark.parametrize(
    ("results", "passes"),
    [
        ([PASSES], True),
        ([PASSES, "mx.evil.example; dmarc=fail header.from=bank.example"], True),
        ([], False),
        (["mx.evil.example; dmarc=pass header.from=bank.example"], False),
        ([PASSES.replace("dmarc=pass", "dmarc=fail"), PASSES], False),
        ([PASSES.replace("header.from=bank.example", "header.from=evil.example")], False),
        (["mx.acme.example; spf=pass (dmarc=pass header.from=bank.example)"], False),
        (['mx.acme.example; spf=fail reason="; dmarc=pass header.from=bank.example"'], False),
        (["mx.acme.example; none"], False),
    ],
)
async def test_a_sender_is_proven_where_that_is_asked_for(
    world: World, post: Post, certificate: Issued, results: list[str], passes: bool
) -> None:
    files = await of_post(world, post, certificate, authentication_results="mx.acme.example")
    heads = "".join(f"Authentication-Results: {one}\n" for one in results)
    post.put(heads.encode() + mail(("march.bai", statement(COFFEE))))

    await files.look()

    assert len(await files.imports()) == (1 if passes else 0)
    if not passes:
        assert set((await files.items()).values()) == {("refused", "not-authenticated")}


async def test_a_message_that_comes_twice_is_imported_once(
    world: World, post: Post, certificate: Issued
) -> None:
    files = await of_post(world, post, certificate)
    first = mail(("march.bai", statement(COFFEE)))
    post.put(first)
    post.put(first)
    post.put(mail(("march.bai", statement(COFFEE, SALARY))))  # under the same id, another file

    await files.look()
    await files.import_all()
    await files.look()

    assert len(await files.imports()) == 2
    assert len(await world.rows(files.place)) == 2
    assert (post.uids_of("INBOX"), len(post.uids_of("Done"))) == ([], 3)


async def test_new_numbers_of_a_folder_double_nothing(
    world: World, post: Post, certificate: Issued
) -> None:
    files = await of_post(world, post, certificate, archive_folder=None)
    post.put(mail(("march.bai", statement(COFFEE))))
    await files.look()

    post.validity = 8
    await files.look()

    assert len(await files.imports()) == 1


async def test_many_messages_are_read_over_several_runs(
    world: World, post: Post, certificate: Issued
) -> None:
    files = await of_post(world, post, certificate)
    for number in range(52):
        sender = SENDER if number % 2 else "eve@evil.example"
        raw = mail(("a.bai", b"01,broken"), message_id=f"<{number}@x>", sender=sender)
        post.put(raw)
    for number in range(200):
        post.put(mail(message_id=f"<later {number}@x>", sender="eve@evil.example"))
    post.put(mail(("b.bai", b"01,broken"), message_id="<last@x>"))

    ended = [await files.look() for _ in range(2)]

    assert [one["fetched"] for one in ended] == [26, 1]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (mail(("a.bai", b"x" * 3_000)), "too-large"),
        (mail(*((f"{number}.bai", b"x") for number in range(21))), "too-many-attachments"),
        (mail(("a.pdf", b"x")), "no-attachment"),
        (mail(("a.bai", b"x"), X_Nested="multipart/mixed " * 41), "too-nested"),
    ],
)
async def test_what_is_too_much_is_refused_and_the_rest_is_read(
    world: World, post: Post, certificate: Issued, raw: bytes, reason: str
) -> None:
    access = PickupAccess(
        private_allowed=True, resolve=inward, tls=certificate.trusting, bytes_max=2_000
    )
    files = await of_post(world, post, certificate, access=access)
    post.put(raw.replace(b"<1@bank.example>", b"<bomb@bank.example>"))
    post.put(mail(("march.bai", statement(COFFEE))))

    ended = await files.look()

    assert (ended["state"], ended["fetched"]) == ("completed", 1)
    items = await files.items()
    assert items["<bomb@bank.example>"][1] == reason
    assert items["<1@bank.example>"] == ("fetched", None)


@pytest.mark.parametrize(
    "name", ["../../evil.bai", "C:\\evil.bai", "e\x01vil.bai", "=?utf-8?q?evil=2Ebai?="]
)
async def test_a_hostile_name_is_made_plain(
    world: World, post: Post, certificate: Issued, name: str
) -> None:
    files = await of_post(world, post, certificate)
    raw = mail(("placeholder.bai", statement(COFFEE)))
    post.put(raw.replace(b'"placeholder.bai"', f'"{name}"'.encode()))

    await files.look()

    assert [job["file_name"] for job in await files.imports()] == ["evil.bai"]


async def test_a_certificate_for_another_name_gets_no_password(
    world: World, post: Post, certificate: Issued
) -> None:
    files = await of_post(world, post, certificate, host="other.mail.example")

    ended = await files.look()

    assert (ended["state"], ended["error_code"]) == ("queued", "certificate-refused")
    assert post.logins == []


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 AUTH=PLAIN", "IMAP4rev1"])
async def test_a_wrong_password_asks_for_a_person_and_is_not_told(
    world: World, post: Post, certificate: Issued, capabilities: str, all_logs: AllLogs
) -> None:
    post.capabilities = capabilities
    files = await of_post(world, post, certificate, password="wrong secret")

    ended = await files.look()

    assert (ended["state"], ended["error_code"]) == ("failed", "login-refused")
    assert post.logins == [(USER, "wrong secret")]
    assert (await files.connection())["status"] == "reauth"
    told = f"{dict(ended)} {dict(await files.connection())}"
    logged = "".join(f"{record.getMessage()} {record.__dict__}" for record in all_logs.records)
    assert "wrong secret" not in told + logged


async def test_a_server_that_is_busy_is_tried_again(
    world: World, post: Post, certificate: Issued
) -> None:
    for at_login, at_select in (("NO [UNAVAILABLE] later", ""), ("", "NO [INUSE] later")):
        post.says_at_login, post.says_at_select = at_login, at_select
        files = await of_post(world, post, certificate)

        ended = await files.look()

        assert (ended["state"], ended["error_code"]) == ("queued", "provider-failed")


async def test_a_body_without_end_is_cut_off(world: World, post: Post, certificate: Issued) -> None:
    files = await of_post(world, post, certificate)
    post.put(mail(("march.bai", statement(COFFEE))))
    post.endless = True

    ended = await files.look()

    assert (ended["state"], ended["error_code"]) == ("queued", "connection-broken")


async def test_a_folder_with_a_name_of_its_own(
    world: World, post: Post, certificate: Issued
) -> None:
    post.put(mail(("march.bai", statement(COFFEE))), "Kontoausz&APw-ge & more".replace("& ", "&- "))
    files = await of_post(world, post, certificate, folder="Kontoauszüge & more")
    assert (await files.look())["fetched"] == 1

    lost = await of_post(world, post, certificate, folder="nowhere")
    assert (await lost.look())["error_code"] == "folder-missing"


async def test_only_public_addresses_are_connected_to(
    world: World, post: Post, certificate: Issued
) -> None:
    access = PickupAccess(private_allowed=False, resolve=inward, tls=certificate.trusting)
    files = await of_post(world, post, certificate, access=access)

    ended = await files.look()

    assert (ended["error_code"], post.logins) == ("address-refused", [])
