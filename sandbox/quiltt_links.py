"""Links of the simulated Quiltt: how connections come to be, break, are repaired and end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, assert_never

from sandbox.quiltt_answers import Refused, refused
from sandbox.quiltt_bank import EXTRA, INSTITUTIONS, Product, account_of
from sandbox.quiltt_movements import complete_history, first_sync, open_ledger, sync
from sandbox.quiltt_records import Account, Connection, Profile
from sandbox.quiltt_world import Relink, World

ErrorKind = Literal["repairable", "institution", "provider", "service"]

FIRST: Final = next(iter(INSTITUTIONS))


def link(
    world: World, profile: Profile, *, institution: str, names: Sequence[str] | None
) -> Connection:
    """A new connection with these accounts of the institution, or all of them.

    Accounts of an ended or broken connection to the same institution move to the new one.
    """
    products = _products(institution, names)
    now = world.clock.now()
    connection = Connection(
        id=world.draw.id("conn"),
        profile_id=profile.id,
        institution=institution,
        provider=world.settings.provider,
        created_at=now,
        at=now,
    )
    movable = _movable(world, profile, institution)
    world.connections[connection.id] = connection
    world.emit("connection.created", connection)
    for product in products:
        if product.name in movable:
            _move(world, movable[product.name], connection)
        else:
            _open(world, connection, product)
    connection.status = "SYNCING"
    world.clock.later(world.settings.initial_after_s, lambda: first_sync(world, connection))
    return connection


def relink(world: World, connection: Connection, mode: Relink) -> Connection:
    """The user has logged in again; the connection, or the one that takes its place."""
    if connection.status in {"DISCONNECTING", "DISCONNECTED"}:
        raise refused(409, "The Connection is disconnected.")
    match mode:
        case "same":
            pass
        case "moved":
            connection = _replaced(world, connection)
        case "new_ids":
            for account in world.accounts_of(connection):
                _reidentify(world, account)
        case _:
            assert_never(mode)
    connection.status = "SYNCING"
    kept = connection

    def finish() -> None:
        if kept.is_active and kept.id in world.connections:
            sync(world, kept, is_quiet=True)
            complete_history(world, kept)

    world.clock.later(world.settings.historical_after_s, finish)
    return connection


def fail(world: World, connection: Connection, kind: ErrorKind) -> None:
    """The connection stops syncing; only a repairable error needs the user."""
    if connection.status in {"DISCONNECTING", "DISCONNECTED"}:
        raise refused(409, "The Connection is disconnected.")
    connection.status, connection.at = f"ERROR_{kind.upper()}", world.clock.now()
    world.emit(f"connection.synced.errored.{kind}", connection)


def recover(world: World, connection: Connection) -> None:
    """An error that nobody had to repair is over."""
    if connection.status in {"DISCONNECTING", "DISCONNECTED"}:
        raise refused(409, "The Connection is disconnected.")
    connection.status = "SYNCING"
    sync(world, connection)


def disconnect(world: World, connection: Connection) -> None:
    """Nothing syncs any more; the data stays. Once is as good as twice."""
    if connection.status in {"DISCONNECTING", "DISCONNECTED"}:
        return
    connection.status = "DISCONNECTING"

    def finish() -> None:
        if connection.id in world.connections:
            connection.status, connection.at = "DISCONNECTED", world.clock.now()
            world.emit("connection.disconnected", connection)

    world.clock.later(world.settings.disconnection_after_s, finish)


def open_account(world: World, connection: Connection) -> Account:
    """The user opens one more account at the bank, and Quiltt finds it."""
    if not connection.is_active:
        raise refused(409, f"The Connection is {connection.status}.")
    number = len(world.accounts_of(connection))
    account = _open(world, connection, replace(EXTRA, name=f"{EXTRA.name} {number}"))
    sync(world, connection)
    account.reach = "all"
    return account


def close_account(world: World, account: Account) -> None:
    """The bank closes it; there is no event for that, only the next sync."""
    account.state = "CLOSED"
    sync(world, world.connections[account.connection_id])


def _products(institution: str, names: Sequence[str] | None) -> list[Product]:
    if institution not in INSTITUTIONS:
        raise Refused(422, {"institution": [f"is none of {', '.join(INSTITUTIONS)}"]})
    products = [
        product for product in INSTITUTIONS[institution] if names is None or product.name in names
    ]
    if not products or (names is not None and len(products) < len(set(names))):
        raise Refused(422, {"accounts": ["must name accounts of the institution"]})
    return products


def _open(world: World, connection: Connection, product: Product) -> Account:
    account = account_of(
        world.draw,
        product,
        profile_id=connection.profile_id,
        connection_id=connection.id,
        now=world.clock.now(),
    )
    world.accounts[account.id] = account
    world.emit("account.created", account)
    open_ledger(world, account)
    return account


def _movable(world: World, profile: Profile, institution: str) -> dict[str, Account]:
    """The accounts of earlier connections that a new one would take over, by name."""
    mode = world.settings.relink
    return {
        account.name: account
        for connection in world.connections_of(profile)
        if connection.institution == institution and mode != "new_ids"
        if mode == "moved" or not connection.is_active
        for account in world.accounts_of(connection)
    }


def _replaced(world: World, connection: Connection) -> Connection:
    """A connection of another id in the place of this one."""
    made = replace(connection, id=world.draw.id("conn"), created_at=world.clock.now(), waiting=[])
    made.waiting, connection.waiting = connection.waiting, []
    world.connections[made.id] = made
    world.emit("connection.created", made)
    for account in world.accounts_of(connection):
        _move(world, account, made)
    return made


def _move(world: World, account: Account, to: Connection) -> None:
    """The account keeps its id; the connection that it leaves is over."""
    left = world.connections[account.connection_id]
    ends = {
        name: {"id": each.id, "provider": each.provider}
        for name, each in (("from", left), ("to", to))
    }
    account.connection_id = to.id
    world.emit("account.reconnected", account, ends)
    disconnect(world, left)


def _reidentify(world: World, account: Account) -> None:
    """The same account of the bank under new ids, with all its transactions."""
    del world.accounts[account.id]
    ids = {old: world.draw.id("txn") for old in account.transactions}
    made = replace(account, id=world.draw.id("acct"), created_at=world.clock.now())
    made.transactions = {
        ids[old]: replace(
            each, id=ids[old], pending_id=ids.get(each.pending_id or "", each.pending_id)
        )
        for old, each in account.transactions.items()
    }
    if account.balance is not None:
        made.balance = replace(account.balance, id=world.draw.id("bal"), account_id=made.id)
    world.accounts[made.id] = made
    world.emit("account.created", made)
