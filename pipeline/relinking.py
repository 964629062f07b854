"""Relinking: an account that was linked again is the same account, whatever it is called now.

Three things change when a person logs in at their bank again. The provider may move its accounts to
a connection of another id: then the connections continue each other, and share a lineage. It may
give the accounts other ids: then an account that looks exactly as one that is not there any more
takes its place. Or it says what has become of what, in an event. Rows stay where they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from core.models import Connection
from db import relinks
from db.intake import ExternalAccount
from db.relinks import MissingAccount
from db.session import Tx
from providers.webhooks import Relinked

Looks = tuple[str | None, str | None, str | None, str]


async def recognise(
    tx: Tx, *, tenant_id: UUID, connection: Connection, accounts: Sequence[ExternalAccount]
) -> UUID:
    """Lets accounts that are met for the first time go on as those that they were, and returns the
    connection's lineage. `accounts` are all of the connection."""
    lineage_id = await relinks.lineage(tx, tenant_id=tenant_id, connection_id=connection.id)
    ids = [one.external_account_id for one in accounts]
    known = await relinks.known(tx, tenant_id=tenant_id, lineage_id=lineage_id, ids=ids)
    if len(known) == len(set(ids)):
        # Where it has changed just now, the accounts have gone along.
        return await relinks.keep_lineage(tx, tenant_id=tenant_id, connection_id=connection.id)
    await relinks.lock(tx, tenant_id=tenant_id)
    lineage_id = await relinks.keep_lineage(tx, tenant_id=tenant_id, connection_id=connection.id)
    known = await relinks.known(tx, tenant_id=tenant_id, lineage_id=lineage_id, ids=ids)
    new = [one for one in ids if one not in known]
    lineage_id = await _moved(tx, tenant_id, connection, lineage_id, new)
    known = await relinks.known(tx, tenant_id=tenant_id, lineage_id=lineage_id, ids=ids)
    unmet = [one for one in accounts if one.external_account_id not in known]
    if unmet:
        missing = await relinks.missing(
            tx, tenant_id=tenant_id, connection_id=connection.id, ids=ids
        )
        for mapping_id, external_id in renamed(missing, unmet):
            await relinks.rename(
                tx, tenant_id=tenant_id, mapping_id=mapping_id, external_id=external_id
            )
    return lineage_id


async def relinked(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, reaction: Relinked
) -> UUID | None:
    """What a provider says has become of an account; the connection that is to be synced."""
    await relinks.lock(tx, tenant_id=tenant_id)
    if reaction.account is None:
        await _named(tx, tenant_id, connection_id, reaction)
        return connection_id
    joined = await relinks.of_connection(
        tx, tenant_id=tenant_id, beside=connection_id, external_id=reaction.to_id
    )
    if joined is None:
        return None  # nobody has linked it here yet: the first sync will recognise the account
    await _parted(tx, tenant_id, joined, reaction.account)
    return joined


def renamed(
    missing: Sequence[MissingAccount], unmet: Sequence[ExternalAccount]
) -> list[tuple[UUID, str]]:
    """Mappings with the ids that they have now: those that look like one new account alone, which
    looks like them alone. The end of the number is part of the looks, or they say too little."""
    old = {_looks(one): one for one in missing if one.masked_number is not None}
    olds = Counter(_looks(one) for one in missing)
    news = Counter(_looks(one) for one in unmet)
    return [
        (old[looks].mapping_id, one.external_account_id)
        for one in unmet
        if (looks := _looks(one)) in old and olds[looks] == news[looks] == 1
    ]


async def _moved(
    tx: Tx, tenant_id: UUID, connection: Connection, lineage_id: UUID, new: Sequence[str]
) -> UUID:
    """Joins the lineages of connections that had these accounts before; the lineage of all."""
    found = await relinks.elsewhere(
        tx, tenant_id=tenant_id, provider=connection.provider, lineage_id=lineage_id, ids=new
    )
    moved = []
    for one in found:
        if one.lineage_id != lineage_id and not await relinks.join(
            tx, tenant_id=tenant_id, from_id=lineage_id, to_id=one.lineage_id
        ):
            continue
        lineage_id = one.lineage_id
        moved.append(one.mapping_id)
    if moved:
        await relinks.move(tx, tenant_id=tenant_id, mapping_ids=moved, connection_id=connection.id)
    return lineage_id


async def _named(tx: Tx, tenant_id: UUID, connection_id: UUID, reaction: Relinked) -> None:
    lineage_id = await relinks.keep_lineage(tx, tenant_id=tenant_id, connection_id=connection_id)
    known = await relinks.known(
        tx, tenant_id=tenant_id, lineage_id=lineage_id, ids=[reaction.to_id]
    )
    mapping_id = await relinks.of_account(
        tx, tenant_id=tenant_id, lineage_id=lineage_id, external_id=reaction.from_id
    )
    if mapping_id is not None and not known:
        await relinks.rename(
            tx, tenant_id=tenant_id, mapping_id=mapping_id, external_id=reaction.to_id
        )


async def _parted(tx: Tx, tenant_id: UUID, connection_id: UUID, account: str) -> None:
    """The account comes over this connection from now on."""
    lineage_id = await relinks.keep_lineage(tx, tenant_id=tenant_id, connection_id=connection_id)
    provider = await relinks.provider(tx, tenant_id=tenant_id, connection_id=connection_id)
    for one in await relinks.elsewhere(
        tx, tenant_id=tenant_id, provider=provider, lineage_id=lineage_id, ids=[account]
    ):
        if await relinks.join(tx, tenant_id=tenant_id, from_id=lineage_id, to_id=one.lineage_id):
            lineage_id = one.lineage_id
    mapping_id = await relinks.of_account(
        tx, tenant_id=tenant_id, lineage_id=lineage_id, external_id=account
    )
    if mapping_id is not None:
        await relinks.move(
            tx, tenant_id=tenant_id, mapping_ids=[mapping_id], connection_id=connection_id
        )


def _looks(account: ExternalAccount | MissingAccount) -> Looks:
    return account.masked_number, account.name, account.type, account.currency
