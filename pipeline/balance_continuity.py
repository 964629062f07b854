"""Looks after a job whether its accounts' balances still add up: tells, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from core.continuity import Difference
from core.days import shifted
from core.models import Job
from core.notifications import NotificationKind
from core.records import Finding, Severity
from db import continuity, ledger, notifications
from db.continuity import Days, Fed, Known
from db.session import Tx
from matching.statement_days import differences, prove
from pipeline.balance_explanations import Unexplained, explained
from pipeline.services import Services

CODE: Final = "balance-discontinuity"
RESTORED: Final = "balance-restored"
LOOKBACK: Final = timedelta(days=92)
AHEAD: Final = timedelta(days=366)  # an older document may break what came after it
TOLD_MAX: Final = 10  # of one account and job
AT_ONCE: Final = 50  # accounts


async def check_continuity(job: Job, services: Services) -> None:
    """Raises a finding where a balance is not what was before and the rows between come to, and a
    notification where nothing told of it before. Settles what was told of and is mended."""
    now = services.clock()
    last: UUID | None = None
    while True:
        async with services.database.as_(services.scope(job)) as tx:
            some = await continuity.fed(tx, job, after=last, most=AT_ONCE)
            told = await _check(tx, job, some, now=now) if some else []
            await ledger.renew(tx, job, lease=services.lease)
        for one in told:
            await services.events.publish(job.tenant_id, "notification", one)
        if len(some) < AT_ONCE:
            return
        last = some[-1].account_id


async def _check(tx: Tx, job: Job, accounts: Sequence[Fed], *, now: datetime) -> list[UUID]:
    """What was told of, and what is settled."""
    asked = [_days(account, today=now.date()) for account in accounts]
    known = await continuity.of_each(tx, tenant_id=job.tenant_id, asked=asked)
    standing = await notifications.standing_balances(
        tx, tenant_id=job.tenant_id, account_ids=[account.account_id for account in accounts]
    )
    mended: list[UUID] = []
    restored: list[Finding] = []
    differing: list[tuple[Fed, Unexplained]] = []
    for account, days, one in zip(accounts, asked, known, strict=True):
        differs = _unexplained(days, one)
        ends = _mended(account, days, differs.found, standing)
        mended += ends
        restored += _restored(account, ends.values(), differs.found)
        if differs.found:
            last = differs.found[-TOLD_MAX:]
            differing.append((account, replace(differs, found=last)))
    await notifications.settle_balances(tx, ids=mended, at=now)
    findings, told = await _tell(tx, job, differing)
    findings = [*restored, *findings]
    if findings:
        before = await continuity.told(tx, job, code=CODE)
        start = await ledger.next_finding(tx, job)
        new = [one for one in findings if one.message not in before]
        await ledger.put_findings(tx, job, start=start, findings=new)
    return [*mended, *told]


def _mended(
    account: Fed, days: Days, found: Sequence[Difference], standing: Mapping[str, UUID]
) -> dict[UUID, date]:
    """What was told of these days and is so no more, with its day."""
    still = {_key(account, one) for one in found}
    mended = {}
    for key, notification in standing.items():
        _, of, text, _ = key.split(":")
        day = date.fromisoformat(text)
        is_looked_at = of == str(account.account_id) and days.first <= day <= days.last
        if is_looked_at and key not in still:
            mended[notification] = day
    return mended


def _restored(account: Fed, days: Iterable[date], found: Sequence[Difference]) -> Iterator[Finding]:
    for day in sorted(set(days) - {one.day for one in found}):
        text = f"The books of {account.name} add up again at the end of {day}."
        yield Finding(Severity.INFO, RESTORED, text)


def _key(account: Fed, found: Difference) -> str:
    return f"balance:{account.account_id}:{found.day}:{found.amount}"


def _days(account: Fed, *, today: date) -> Days:
    """The days that are looked at: the last ones, and those that the job states."""
    first, last = today - LOOKBACK, today
    if account.first_day is not None and account.last_day is not None:
        first, last = min(first, account.first_day), max(last, shifted(account.last_day, AHEAD))
    return Days(account_id=account.account_id, currency=account.currency, first=first, last=last)


def _unexplained(days: Days, known: Known) -> Unexplained:
    """What differs in an account."""
    proved = differences(prove(known.sums, known.stated)) if known.stated else []
    found = [one for one in proved if one.day >= days.first]
    return Unexplained(account_id=days.account_id, currency=days.currency, known=known, found=found)


async def _tell(
    tx: Tx, job: Job, differing: Sequence[tuple[Fed, Unexplained]]
) -> tuple[list[Finding], list[UUID]]:
    """Notifies of what does not add up; what is to be said of the job, and the notifications."""
    of_each = await explained(tx, tenant_id=job.tenant_id, asked=[one for _, one in differing])
    found = [
        (_key(account, one), account, one)
        for (account, _), some in zip(differing, of_each, strict=True)
        for one in some
    ]
    findings = [_finding(account, one) for _, account, one in found]
    told = await notifications.put_each(
        tx,
        tenant_id=job.tenant_id,
        kind=NotificationKind.DATA_ANOMALY,
        connection_id=job.connection_id,
        job_id=job.id,
        data={
            key: {"code": CODE, "day": one.day.isoformat(), "message": finding.message[:500]}
            for (key, _, one), finding in zip(found, findings, strict=True)
        },
    )
    news = [
        finding
        for (key, account, one), finding in zip(found, findings, strict=True)
        if key in told or _states(account, one)
    ]
    return news, list(told.values())


def _states(account: Fed, found: Difference) -> bool:
    """Whether the job itself states a balance of these days."""
    if account.first_day is None or account.last_day is None:
        return False
    return account.first_day <= found.day <= account.last_day


def _finding(account: Fed, found: Difference) -> Finding:
    span = f"of {found.day}" if found.since == found.day else f"of {found.since} to {found.day}"
    cause = found.explanations[0].text if found.explanations else ""
    return Finding(
        Severity.WARNING,
        CODE,
        f"The books of {account.name} do not add up at the end {span}: the source states "
        f"{found.expected} {account.currency}, and what was before comes with its transactions to "
        f"{found.found}; the difference is {found.amount}. {cause} Import what is missing, or look "
        "at the reconciliation of the account.",
    )
