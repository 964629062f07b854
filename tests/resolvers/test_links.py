"""Links by OAuth: from the page of the bank to a connection, once, by who began."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from core.errors import BankfeedsError
from core.models import Connection, ConnectionStatus, Role
from db import provider_states
from resolvers import connection_access, links, revoking
from resolvers.refusal import RefusalCode, Refused
from sandbox.faults import FaultRule
from tests.contracts.browser import visit
from tests.fixtures.oauth_bank import CALLBACK, SECRET, SLUG, OAuthBank
from tests.fixtures.world import Place


async def place_of(bank: OAuthBank, **given: Any) -> Place:
    return await bank.world.place(**given)


async def connections_of(bank: OAuthBank, place: Place) -> int:
    count: int = await bank.world.owner.fetchval(
        "select count(*) from app.connections where tenant_id = $1 and provider = $2",
        place.tenant_id,
        SLUG,
    )
    return count


async def test_a_person_links_and_the_first_sync_waits(oauth_bank: OAuthBank) -> None:
    place = await place_of(oauth_bank)
    who = oauth_bank.context(place)

    connection = await oauth_bank.link(who)
    stored = await oauth_bank.stored(connection.id)
    job = await oauth_bank.sync(place, connection.id)

    assert connection.status is ConnectionStatus.ACTIVE
    assert connection.name == "OAuth Bank"
    assert stored is not None
    assert stored["expires_at"] is not None
    assert (job["state"], job["imported"]) == ("completed", 90)


async def test_the_page_is_asked_for_by_the_book(oauth_bank: OAuthBank) -> None:
    link = await oauth_bank.begin(oauth_bank.context(await place_of(oauth_bank)))

    assert link.url is not None
    asked = parse_qs(urlsplit(link.url).query)

    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == [CALLBACK]
    assert asked["state"] == [link.state]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert len(link.state) >= 43
    assert SECRET not in link.url
    assert link.state not in repr(link)


async def test_a_link_is_used_once(oauth_bank: OAuthBank) -> None:
    place = await place_of(oauth_bank)
    who = oauth_bank.context(place)
    link = await oauth_bank.begin(who)
    answers = await visit(link.url or "")

    first = await oauth_bank.complete(who, link, answers)
    second = await oauth_bank.complete(who, link, answers)

    assert isinstance(first, Connection)
    assert isinstance(second, Refused)
    assert second.code is RefusalCode.CONFLICT


async def test_of_many_who_come_back_at_once_one_wins(oauth_bank: OAuthBank) -> None:
    place = await place_of(oauth_bank)
    who = oauth_bank.context(place)
    link = await oauth_bank.begin(who)
    answers = await visit(link.url or "")

    done = await asyncio.gather(*(oauth_bank.complete(who, link, answers) for _ in range(5)))

    assert sum(isinstance(one, Connection) for one in done) == 1
    assert await connections_of(oauth_bank, place) == 1


async def test_nobody_else_completes_a_link(oauth_bank: OAuthBank) -> None:
    place, other = await place_of(oauth_bank), await place_of(oauth_bank)
    who = oauth_bank.context(place)
    link = await oauth_bank.begin(who)
    answers = await visit(link.url or "")
    colleague = await _colleague(oauth_bank, place)

    of_tenant = await oauth_bank.complete(oauth_bank.context(other), link, answers)
    of_user = await oauth_bank.complete(oauth_bank.context(colleague), link, answers)
    guessed = await oauth_bank.complete(who, replace(link, state="guessed"), answers)
    unknown = await oauth_bank.complete(who, replace(link, id=uuid4()), answers)
    rightly = await oauth_bank.complete(who, link, answers)

    for refused in (of_tenant, of_user, guessed, unknown):
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.CONFLICT
    assert isinstance(rightly, Connection)
    assert await connections_of(oauth_bank, other) == 0


@pytest.mark.parametrize(("minutes", "is_taken"), [(9.9, True), (10.1, False)])
async def test_a_link_lasts_ten_minutes(
    oauth_bank: OAuthBank, *, minutes: float, is_taken: bool
) -> None:
    who = oauth_bank.context(await place_of(oauth_bank))
    link = await oauth_bank.begin(who)
    oauth_bank.time.pass_(minutes=minutes)
    answers = await visit(link.url or "")

    done = await oauth_bank.complete(who, link, answers)

    assert isinstance(done, Connection) is is_taken


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"code": None},
        {"code": "guessed"},
        {"state": "of another"},
        {"error": "access_denied", "code": None},
        {"error": "server_error", "code": None},
    ],
    ids=str,
)
async def test_what_the_bank_did_not_answer_so_links_nothing(
    oauth_bank: OAuthBank, change: dict[str, str | None]
) -> None:
    place = await place_of(oauth_bank)
    who = oauth_bank.context(place)
    link = await oauth_bank.begin(who)
    answers = {**await visit(link.url or ""), **change}

    done = await oauth_bank.complete(
        who, link, {name: value for name, value in answers.items() if value is not None}
    )

    assert isinstance(done, Refused)
    assert await connections_of(oauth_bank, place) == 0
    assert oauth_bank.oauth.grants == []


async def test_who_does_not_agree_is_told_so(oauth_bank: OAuthBank) -> None:
    oauth_bank.oauth.denies = True
    who = oauth_bank.context(await place_of(oauth_bank))
    link = await oauth_bank.begin(who)

    done = await oauth_bank.complete(who, link, await visit(link.url or ""))

    assert isinstance(done, Refused)
    assert "did not agree" in done.message


async def test_a_code_of_another_link_is_good_for_nothing(oauth_bank: OAuthBank) -> None:
    victim = oauth_bank.context(await place_of(oauth_bank))
    thief = oauth_bank.context(await place_of(oauth_bank))
    begun = await oauth_bank.begin(victim)
    stolen = await visit(begun.url or "")
    own = await oauth_bank.begin(thief)

    done = await oauth_bank.complete(thief, own, {**stolen, "state": own.state})

    assert isinstance(done, Refused)
    assert oauth_bank.oauth.grants == []


async def test_a_used_code_ends_what_it_gave(oauth_bank: OAuthBank) -> None:
    who = oauth_bank.context(await place_of(oauth_bank))
    link = await oauth_bank.begin(who)
    answers = await visit(link.url or "")
    await oauth_bank.complete(who, link, answers)
    again = await oauth_bank.begin(who)

    done = await oauth_bank.complete(who, again, {**answers, "state": again.state})

    assert isinstance(done, Refused)
    assert [grant.revoked for grant in oauth_bank.oauth.grants] == [True]


@pytest.mark.parametrize(
    ("callback", "is_taken"),
    [
        ("https://app.example.com/linked", True),
        ("https://app.example.com:443/linked", False),
        ("https://app.example.com.evil.example/linked", False),
        ("https://evil.example/https://app.example.com", False),
        ("https://app.example.com@evil.example/", False),
        ("http://app.example.com/linked", False),
        ("//app.example.com/linked", False),
        ("javascript:alert(1)", False),
        ("http://[bad", False),
        ("http://127.0.0.1:4711/linked", False),
        ("http://localhost/linked", False),
        ("https://app.example.com/" + "a" * 2000, False),
        ("", False),
        (None, True),
    ],
)
async def test_people_come_back_to_pages_of_ours_alone(
    oauth_bank: OAuthBank, *, callback: str | None, is_taken: bool
) -> None:
    place = await place_of(oauth_bank)
    who = oauth_bank.context(place, development=False, app_origins=("https://app.example.com",))

    link = await links.begin(
        who, provider=SLUG, connection_id=None, callback_url=callback, select_accounts=False
    )

    assert isinstance(link, Refused) is not is_taken
    if not isinstance(link, Refused):
        expected = callback or f"http://localhost/oauth/callback/{SLUG}"
        assert parse_qs(urlsplit(link.url or "").query)["redirect_uri"] == [expected]


async def test_linking_again_keeps_the_connection(oauth_bank: OAuthBank) -> None:
    place = await place_of(oauth_bank)
    who = oauth_bank.context(place)
    first = await oauth_bank.link(who)
    oauth_bank.oauth.subject = (await oauth_bank.connection(first.id))["external_id"]

    named = await oauth_bank.link(who, first.id)
    unnamed = await oauth_bank.link(who)

    assert named.id == unnamed.id == first.id
    assert await connections_of(oauth_bank, place) == 1


async def test_another_login_does_not_take_a_connection_over(oauth_bank: OAuthBank) -> None:
    place = await place_of(oauth_bank)
    who = oauth_bank.context(place)
    first = await oauth_bank.link(who)
    before = await oauth_bank.stored(first.id)
    link = await oauth_bank.begin(who, first.id)

    done = await oauth_bank.complete(who, link, await visit(link.url or ""))

    assert isinstance(done, Refused)
    assert "another login" in done.message
    assert await oauth_bank.stored(first.id) == before


async def test_a_connection_is_linked_again_where_it_was_linked(oauth_bank: OAuthBank) -> None:
    place = await place_of(oauth_bank, provider="plaid", status="active")

    done = await links.begin(
        oauth_bank.context(place),
        provider=SLUG,
        connection_id=place.connection_id,
        callback_url=None,
        select_accounts=False,
    )

    assert isinstance(done, Refused)
    assert "another provider" in done.message


async def test_only_admins_link(oauth_bank: OAuthBank) -> None:
    place = await place_of(oauth_bank, role=Role.MEMBER)

    done = await links.begin(
        oauth_bank.context(place),
        provider=SLUG,
        connection_id=None,
        callback_url=None,
        select_accounts=False,
    )

    assert isinstance(done, Refused)


async def test_disconnecting_ends_the_grant_and_forgets_the_tokens(oauth_bank: OAuthBank) -> None:
    place = await place_of(oauth_bank)
    who = oauth_bank.context(place)
    connection = await oauth_bank.link(who)

    done = await connection_access.disconnect(who, connection_id=connection.id)

    assert isinstance(done, Connection)
    assert done.status is ConnectionStatus.DISCONNECTED
    assert [grant.revoked for grant in oauth_bank.oauth.grants] == [True]
    assert await oauth_bank.stored(connection.id) is None


async def test_a_provider_that_does_not_answer_keeps_no_token_here(
    oauth_bank: OAuthBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revoking, "WITHIN_S", 0.2)
    place = await place_of(oauth_bank)
    who = oauth_bank.context(place)
    connection = await oauth_bank.link(who)
    oauth_bank.sandbox.faults.add(FaultRule(path="/oauth/revoke", kind="slow", delay_s=5))

    done = await connection_access.disconnect(who, connection_id=connection.id)

    assert isinstance(done, Connection)
    assert done.status is ConnectionStatus.DISCONNECTED
    assert await oauth_bank.stored(connection.id) is None


async def test_what_the_operator_has_turned_off_is_not_tested_but_ended(
    oauth_bank: OAuthBank,
) -> None:
    place = await place_of(oauth_bank)
    who = oauth_bank.context(place)
    connection = await oauth_bank.link(who)
    async with oauth_bank.world.database.as_(place.worker) as tx:
        await provider_states.set_flag(tx, tenant_id=place.tenant_id, provider=SLUG, enabled=False)

    tested = await connection_access.test(who, connection_id=connection.id)
    begun = await links.begin(
        who, provider=SLUG, connection_id=None, callback_url=CALLBACK, select_accounts=False
    )
    done = await connection_access.disconnect(who, connection_id=connection.id)

    assert isinstance(tested, Refused)
    assert isinstance(begun, Refused)
    assert {tested.code, begun.code} == {RefusalCode.NOT_ALLOWED}
    assert isinstance(done, Connection)
    assert [grant.revoked for grant in oauth_bank.oauth.grants] == [True]


async def test_a_link_that_cannot_be_kept_leaves_nothing_here_or_there(
    oauth_bank: OAuthBank,
) -> None:
    place = await place_of(oauth_bank)
    who = oauth_bank.context(place)
    link = await oauth_bank.begin(who)
    answers = await visit(link.url or "")
    await oauth_bank.world.owner.execute("revoke insert on app.connection_credentials from worker")

    with contextlib.suppress(BankfeedsError):
        await oauth_bank.complete(who, link, answers)

    assert [grant.revoked for grant in oauth_bank.oauth.grants] == [True]
    rows = await oauth_bank.world.owner.fetch(
        "select status from app.connections where tenant_id = $1 and provider = $2",
        place.tenant_id,
        SLUG,
    )
    assert [row["status"] for row in rows] == ["disconnected"]


@pytest.mark.parametrize("name", ["", " ", "a\0b", "a" * 201])
async def test_a_name_that_cannot_be_is_refused_while_the_link_can_still_be_used(
    oauth_bank: OAuthBank, name: str
) -> None:
    who = oauth_bank.context(await place_of(oauth_bank))
    link = await oauth_bank.begin(who)
    answers = await visit(link.url or "")

    refused = await links.complete(
        who, link_id=link.id, state=link.state, answers=answers, name=name
    )
    done = await oauth_bank.complete(who, link, answers)

    assert isinstance(refused, Refused)
    assert refused.path == ("name",)
    assert isinstance(done, Connection)


async def _colleague(bank: OAuthBank, place: Place) -> Place:
    """Another owner of the same tenant."""
    user_id = uuid4()
    await bank.world.owner.execute(
        "insert into auth.users (id, email, email_confirmed_at) values ($1, $2, now())",
        user_id,
        f"{user_id}@example.com",
    )
    await bank.world.owner.execute(
        "insert into app.tenant_members (tenant_id, user_id, email, role)"
        " values ($1, $2, $3, 'owner')",
        place.tenant_id,
        user_id,
        f"{user_id}@example.com",
    )
    return replace(place, user_id=user_id)
