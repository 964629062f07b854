"""Movements of the simulated Quiltt: what the bank does, and how Quiltt comes to know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from sandbox.quiltt_answers import refused
from sandbox.quiltt_bank import RECENT_DAYS, history, movement
from sandbox.quiltt_records import Account, Balance, Connection, Transaction
from sandbox.quiltt_world import World

SPENDING: Final = frozenset({"DEPOSITORY", "CREDIT"})
PROJECTED_DAYS: Final = 7
TIP: Final = Decimal("1.2")

Step = Callable[[list[Account]], set[date]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How many of what happens at the bank; the oldest pending ones settle or vanish first."""

    posted: int = 0
    pending: int = 0
    projected: int = 0
    settled: int = 0
    settled_higher: int = 0  # by a tip
    vanished: int = 0
    unposted: int = 0  # posted ones that the bank takes back
    edited: int = 0
    account_id: str | None = None  # the spending accounts in turn


def open_ledger(world: World, account: Account) -> None:
    """Fills an account with its past and gives it its first balance."""
    settings, today = world.settings, world.clock.now().date()
    past = history(
        world.draw,
        account,
        today=today,
        days=settings.history_days,
        per_month=settings.transactions_per_month,
    )
    account.transactions = {each.id: each for each in past}
    # The opening balance of the product is the one of today.
    account.opening -= sum((each.amount for each in account.transactions.values()), Decimal())
    balance(world, account, source="INITIAL")


def balance(world: World, account: Account, *, source: str) -> None:
    """A new balance from the ledger, and its event."""
    amounts = {status: Decimal() for status in ("POSTED", "PENDING", "PROJECTED")}
    for each in account.transactions.values():
        amounts[each.status] += each.amount
    current = account.opening + amounts["POSTED"]
    is_spending = account.kind in SPENDING
    account.balance = Balance(
        id=world.draw.id("bal"),
        account_id=account.id,
        at=world.clock.now(),
        source=source,
        available=current + amounts["PENDING"] + (account.limit or 0) if is_spending else None,
        current=current,
        limit=account.limit,
    )
    profile = world.profiles[account.profile_id]
    world.webhooks.emit("balance.created", profile=profile, record=account.balance.shown())


def change(world: World, connection: Connection, changes: Changes) -> None:
    """These happen at the bank; Quiltt learns of them at the next sync."""
    if not _chosen(world.accounts_of(connection), changes.account_id):
        raise refused(409, "The Connection has no such open Account.")
    for step in _steps(world, changes):
        connection.waiting.append(partial(_apply, step=step, account_id=changes.account_id))


def sync(
    world: World,
    connection: Connection,
    *,
    event_type: str = "connection.synced.successful",
    is_quiet: bool = False,
) -> dict[str, list[str]]:
    """Quiltt learns what waits at the bank; the ids that came and went.

    Quiet, it says nothing where nothing has changed.
    """
    if not connection.is_active:
        raise refused(409, f"The Connection is {connection.status}.")
    accounts = world.accounts_of(connection)
    before = {each.id for account in accounts for each in account.visible()}
    steps, connection.waiting = connection.waiting, []
    touched = set().union(*(step(accounts) for step in steps), _post_projected(world, accounts))
    connection.status, connection.at = "SYNCED", world.clock.now()
    for account in accounts:
        account.at = connection.at
        account.reach = "all" if account.reach == "all" else "recent"
        if _is_moved(account):
            balance(world, account, source="SYNC")
    after = {each.id for account in accounts for each in account.visible()}
    if touched or not is_quiet:
        world.emit(event_type, connection, _span(touched))
    return {"added": sorted(after - before), "removed": sorted(before - after)}


def first_sync(world: World, connection: Connection) -> None:
    """The last thirty days are there; the history follows."""
    if connection.id not in world.connections or not connection.is_active:
        return
    connection.status, connection.at = "SYNCED", world.clock.now()
    for account in world.accounts_of(connection):
        account.reach = "recent" if account.reach == "nothing" else account.reach
    today = connection.at.date()
    recent = {today - timedelta(days=RECENT_DAYS), today}
    world.emit("connection.synced.successful.initial", connection, _span(recent))
    world.clock.later(
        world.settings.historical_after_s, lambda: complete_history(world, connection)
    )


def complete_history(world: World, connection: Connection) -> None:
    """Everything is there, after a new link or a repaired one."""
    if connection.id not in world.connections or not connection.is_active:
        return
    today = world.clock.now().date()
    span = _span({today - timedelta(days=world.settings.history_days), today})
    for account in world.accounts_of(connection):
        account.reach = "all"
    connection.status, connection.at = "SYNCED", world.clock.now()
    world.emit("connection.synced.successful.historical", connection, span)
    profile = world.profiles[connection.profile_id]
    world.webhooks.emit(
        "profile.ready",
        profile=profile,
        record=profile.shown(),
        metadata={**span, "connectionId": connection.id},
    )


def refresh_balance(world: World, account: Account) -> None:
    """Asks the provider for the balance; it comes as an event a little later."""
    connection = world.connections[account.connection_id]
    if not connection.is_active:
        raise refused(403, "Account does not belong to an active Connection.")
    finicity_only = connection.provider == "FINICITY" and account.kind != "DEPOSITORY"
    if finicity_only or (connection.provider == "PLAID" and account.kind == "LOAN"):
        kind = f"`{account.kind}` accounts"
        raise refused(400, f"Account provider does not support Balance Refreshes for {kind}.")
    if world.settings.is_refresh_limited:
        raise refused(429, "The Connection provider's rate limit has been exceeded.")
    world.clock.later(
        world.settings.refresh_after_s, lambda: balance(world, account, source="REFRESH")
    )


def refresh_transactions(world: World, connection: Connection) -> None:
    """Asks the provider to look at the bank; an event comes only where something is new."""
    if not connection.is_active:
        raise refused(403, "Connection is not active.")
    if connection.is_refreshing:
        raise refused(409, "A refresh is already in progress for this Connection.")
    now, last = world.clock.now(), connection.refreshed_at
    wait = timedelta(seconds=world.settings.refresh_wait_s)
    if world.settings.is_refresh_limited or (last is not None and now < last + wait):
        raise refused(429, "This Connection has already been refreshed recently.")
    connection.is_refreshing, connection.status = True, "SYNCING"

    def finish() -> None:
        connection.is_refreshing, connection.refreshed_at = False, world.clock.now()
        if connection.is_active and connection.id in world.connections:
            sync(world, connection, is_quiet=True)

    world.clock.later(world.settings.refresh_after_s, finish)


def keep_moving(world: World, *, every_s: float) -> None:
    """From now on something happens that often, at every bank that can be asked."""

    def move() -> None:
        world.clock.later(every_s, move)  # first: whatever fails below, the next time comes
        for connection in list(world.connections.values()):
            if connection.status == "SYNCED" and _chosen(world.accounts_of(connection), None):
                # The pending one of the last time settles, so that this time's can be seen.
                change(world, connection, Changes(settled=1))
                change(world, connection, Changes(posted=1, pending=1))
                sync(world, connection)

    world.clock.later(every_s, move)


def _steps(world: World, changes: Changes) -> Iterator[Step]:
    today = world.clock.now().date()
    days = {
        "POSTED": (changes.posted, today),
        "PENDING": (changes.pending, today),
        "PROJECTED": (changes.projected, today + timedelta(days=PROJECTED_DAYS)),
    }
    for status, (count, on) in days.items():
        for number in range(count):
            yield partial(_add, world=world, number=number, on=on, status=status)
    yield from [partial(_settle, world=world, factor=Decimal(1))] * changes.settled
    yield from [partial(_settle, world=world, factor=TIP)] * changes.settled_higher
    yield from [partial(_drop, status="PENDING")] * changes.vanished
    yield from [partial(_drop, status="POSTED")] * changes.unposted
    for number in range(changes.edited):
        yield partial(_edit, number=number)


def _apply(accounts: list[Account], *, step: Step, account_id: str | None) -> set[date]:
    chosen = _chosen(accounts, account_id)
    return step(chosen) if chosen else set()


def _chosen(accounts: list[Account], account_id: str | None) -> list[Account]:
    """The account that is named, or those that are spent from, if there are any."""
    able = [
        each
        for each in accounts
        if each.state == "OPEN" and (account_id is None or each.id == account_id)
    ]
    return [each for each in able if each.kind in SPENDING] or able


def _add(accounts: list[Account], *, world: World, number: int, on: date, status: str) -> set[date]:
    account = accounts[number % len(accounts)]
    made = movement(world.draw, account, on=on, status=status)
    account.transactions[made.id] = made
    return {on}


def _settle(accounts: list[Account], *, world: World, factor: Decimal) -> set[date]:
    """A pending one is replaced by a posted one of another id."""
    found = _oldest(accounts, "PENDING")
    if found is None:
        return set()
    account, pending = found
    posted = replace(
        pending,
        id=world.draw.id("txn"),
        status="POSTED",
        date=world.clock.now().date(),
        amount=(pending.amount * factor).quantize(pending.amount),
        pending_id=pending.id,
        metadata=None,
    )
    del account.transactions[pending.id]
    account.transactions[posted.id] = posted
    return {pending.date, posted.date}


def _drop(accounts: list[Account], *, status: str) -> set[date]:
    found = _oldest(accounts, status)
    if found is None:
        return set()
    account, dropped = found
    del account.transactions[dropped.id]
    return {dropped.date}


def _edit(accounts: list[Account], *, number: int) -> set[date]:
    posted = [
        each
        for account in accounts
        for each in account.visible()
        if each.status == "POSTED" and each.is_recent
    ]
    if not posted:
        return set()
    edited = posted[-1 - number % len(posted)]
    edited.description += " *"
    return {edited.date}


def _post_projected(world: World, accounts: list[Account]) -> set[date]:
    """What was expected for a day that has come is posted, under another id."""
    today = world.clock.now().date()
    touched = set()
    for account in accounts:
        due = [
            each
            for each in account.transactions.values()
            if each.status == "PROJECTED" and each.date <= today
        ]
        for each in due:
            del account.transactions[each.id]
            posted = replace(each, id=world.draw.id("txn"), status="POSTED", metadata=None)
            account.transactions[posted.id] = posted
            touched.add(posted.date)
    return touched


def _oldest(accounts: list[Account], status: str) -> tuple[Account, Transaction] | None:
    """The first that came, among those that are recent enough to be looked at again."""
    for account in accounts:
        for each in account.visible():
            if each.status == status and each.is_recent:
                return account, each
    return None


def _is_moved(account: Account) -> bool:
    assert account.balance is not None
    posted = sum(
        (each.amount for each in account.transactions.values() if each.status == "POSTED"),
        account.opening,
    )
    pending = sum(
        (each.amount for each in account.transactions.values() if each.status == "PENDING"),
        posted + (account.limit or 0),
    )
    last = account.balance
    return last.current != posted or last.available not in {None, pending}


def _span(dates: set[date]) -> dict[str, Any]:
    if not dates:
        return {}
    return {"startDate": min(dates).isoformat(), "endDate": max(dates).isoformat()}
