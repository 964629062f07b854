"""Linking a bank over Plaid as its person does, from the first step to rows and back to health."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

from core.models import Connection
from db import credentials as stored
from providers.plaid.settings import PlaidCredentials
from resolvers import links
from resolvers.context import Context
from resolvers.links import Link
from resolvers.refusal import RefusalCode, Refused
from tests.fixtures.context import context
from tests.fixtures.personas import a_persona
from tests.fixtures.plaid_feed import PLATYPUS, Feed, PlaidBank
from tests.fixtures.world import World


async def begun(person: Context, connection_id: UUID | None = None) -> Link:
    link = await links.begin(
        person,
        provider="plaid",
        connection_id=connection_id,
        callback_url=None,
        select_accounts=False,
    )
    assert isinstance(link, Link), link
    return link


async def completed(person: Context, link: Link, **answers: str) -> Connection:
    connection = await links.complete(
        person, link_id=link.id, state=link.state, answers=answers, name=None
    )
    assert isinstance(connection, Connection), connection
    return connection


async def walk(bank: PlaidBank, link: Link, username: str) -> None:
    form = {"institution_id": PLATYPUS, "username": username, "password": "pass_good"}
    reply = await bank.http.post(
        f"{bank.app.url}/link/{link.token}", data={**form, "accounts": "all"}
    )
    assert reply.status_code in (200, 303), reply.text


async def test_a_bank_is_linked_synced_broken_and_repaired(world: World, bank: PlaidBank) -> None:
    synced = world.altered(providers=bank.access)
    place = await synced.place()
    person = context(synced, place)
    person = replace(person, services=replace(person.services, providers=bank.access))

    link = await begun(person)
    await walk(bank, link, "user_no_investments_61")
    linked = await completed(person, link)
    here = replace(place, connection_id=linked.id)
    async with synced.database.as_(here.worker) as tx:
        found = await stored.find(tx, tenant_id=here.tenant_id, connection_id=linked.id)
    assert found is not None
    aad = stored.aad(here.tenant_id, linked.id)
    plain = await synced.services.vault.open(found.sealed, aad=aad)
    feed = Feed(
        world=synced,
        bank=bank,
        place=here,
        credentials=PlaidCredentials.from_bytes(plain),
    )
    await feed.sync()
    first = await feed.connection()
    bank.control.fail(feed.item, "ITEM_LOGIN_REQUIRED", reason="OAUTH_CONSENT_EXPIRED")
    await feed.sync()
    broken = await feed.connection()
    bank.control.advance(feed.item, added=3, pending=1, removed=1)
    repair = await begun(person, linked.id)
    await walk(bank, repair, "user_no_investments_61")
    again = await completed(person, repair)
    await feed.sync()
    well = await feed.connection()

    assert (linked.provider, linked.name) == ("plaid", "First Platypus Bank")
    assert first["external_id"] == feed.item
    assert first["status"] == "active"
    assert broken["status"] == "reauth"
    assert broken["error_message"] == "The consent at the bank has run out."
    assert again.id == linked.id
    assert (well["status"], well["error_code"]) == ("active", None)
    assert bank.control.items() == [feed.item]
    await feed.assert_truth()
    secret = feed.credentials.access_token.get_secret_value()
    logged = await world.owner.fetch("select data::text from app.ingestion_audit_log")
    assert all(secret not in row["data"] for row in logged)


async def test_a_link_names_the_address_that_the_operator_set_for_webhooks(
    world: World, bank: PlaidBank
) -> None:
    address = "https://feeds.test/webhooks/plaid/an-endpoint"
    bank.app = bank.app.model_copy(update={"webhook_url": address})
    person = context(world, await world.place())
    person = replace(person, services=replace(person.services, providers=bank.access))

    await begun(person)

    (asked,) = [one for one in bank.seen if one.url.path == "/link/token/create"]
    assert json.loads(asked.content)["webhook"] == address


async def test_a_bank_that_is_linked_for_the_tenant_takes_no_persona(
    world: World, bank: PlaidBank
) -> None:
    place = await world.place()
    person = context(world, place)
    person = replace(person, services=replace(person.services, providers=bank.access))

    refused = await links.begin(
        person,
        provider="plaid",
        connection_id=None,
        callback_url=None,
        select_accounts=False,
        persona_id=await a_persona(world, place),
    )

    assert isinstance(refused, Refused)
    assert (refused.code, tuple(refused.path)) == (RefusalCode.INVALID, ("personaId",))
    assert [one for one in bank.seen if one.url.path == "/link/token/create"] == []
