"""What may be behind a difference of balances: rows too many, too few, or the wrong way round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.continuity import (
    Cause,
    Contradiction,
    Difference,
    Explanation,
    ProofRow,
    StatedBalance,
    StatementProof,
)
from core.records import TransactionStatus
from matching.reconcile_agreement import minor
from matching.statement_days import CLOSINGS
from matching.statement_suspects import Suspects, contradicted
from matching.subset import subsets

EXPLANATIONS_MAX: Final = 10  # of one difference
_PENDING_MAX: Final = 40  # that are tried together


def explain(
    found: Difference,
    *,
    rows: Sequence[ProofRow],
    stated: Sequence[StatedBalance],
    currency: str,
    statements: Sequence[StatementProof] = (),
    contradictions: Sequence[Contradiction] = (),
    rejected: int = 0,
) -> Difference:
    """The difference with its explanations. `rows` are those of its days, removed ones too;
    `rejected` is how many rows of the documents could not be read."""
    asked = list(contradicted(found, contradictions, currency))
    if found.amount == sum(one.amount for one in asked):
        alone, asked = asked, []
    else:
        alone = [one for one in asked if one.amount == found.amount]
        asked = [one for one in asked if one.amount != found.amount]
    alone += _of_rows(found, rows, stated)
    documents = list(_of_documents(found, stated, statements, rejected))
    if alone:
        return _told(found, [*alone, *asked, *documents])
    suspects = Suspects(rows, documents={one.raw_id for one in stated}, conflicts=asked)
    several = suspects.together(found.amount)
    if several:
        return _told(found, [*several, *documents, _unexplained(found, found.amount)])
    known = suspects.evident()
    rest = found.amount - sum(one.amount for one in known)
    return _told(found, [*known, *documents, _unexplained(found, rest)])


def _told(found: Difference, explanations: Sequence[Explanation]) -> Difference:
    return replace(found, explanations=tuple(explanations[:EXPLANATIONS_MAX]))


def _of_rows(
    found: Difference, rows: Sequence[ProofRow], stated: Sequence[StatedBalance]
) -> Iterator[Explanation]:
    missing = found.amount  # what our rows come short of
    posted = [row for row in rows if row.status is TransactionStatus.POSTED]
    doubled = _doubled(posted, -missing)
    if doubled:
        yield Explanation(
            cause=Cause.DUPLICATE,
            text=f"{len(doubled)} rows are equal: one too many would account for it.",
            amount=missing,
            transaction_ids=doubled,
        )
    turned = [row.id for row in posted if -2 * row.amount == missing]
    if turned:
        yield Explanation(
            cause=Cause.SIGN,
            text="It is twice this row's amount: its sign may be the wrong way round.",
            amount=missing,
            transaction_ids=tuple(turned),
        )
    yield from _pending(rows, missing)
    gone = [
        row.id for row in rows if row.status is TransactionStatus.REMOVED and row.amount == missing
    ]
    if gone:
        yield Explanation(
            cause=Cause.REMOVED,
            text="A row of this amount was taken back.",
            amount=missing,
            transaction_ids=tuple(gone),
        )
    yield from _extra(posted, missing, {one.raw_id for one in stated})


def _doubled(posted: Sequence[ProofRow], amount: Decimal) -> tuple[UUID, ...]:
    alike: dict[tuple[object, str], list[UUID]] = defaultdict(list)
    for row in posted:
        if row.amount == amount:
            alike[row.day, row.description.casefold()].append(row.id)
    return tuple(id for ids in alike.values() if len(ids) > 1 for id in ids)


def _pending(rows: Sequence[ProofRow], missing: Decimal) -> Iterator[Explanation]:
    waiting = [row for row in rows if row.status is TransactionStatus.PENDING][:_PENDING_MAX]
    if not waiting:
        return
    found = subsets([minor(row.amount) for row in waiting], minor(missing), least=1)
    if found.solutions:
        ids = tuple(waiting[i].id for i in found.solutions[0])
        yield Explanation(
            cause=Cause.PENDING,
            text="The stated balance has pending rows in it, which do not count here.",
            amount=missing,
            transaction_ids=ids,
        )


def _extra(
    posted: Sequence[ProofRow], missing: Decimal, documents: set[UUID]
) -> Iterator[Explanation]:
    fitting = [row for row in posted if row.amount == -missing]
    foreign = [row.id for row in fitting if row.raw_id not in documents]
    if foreign:
        yield Explanation(
            cause=Cause.EXTRA,
            text="A row of this amount is in no statement of these days.",
            amount=missing,
            transaction_ids=tuple(foreign),
        )
    elif fitting:
        yield Explanation(
            cause=Cause.EXTRA,
            text="Without this row the balance would come out.",
            amount=missing,
            transaction_ids=tuple(row.id for row in fitting),
        )


def _of_documents(
    found: Difference,
    stated: Sequence[StatedBalance],
    statements: Sequence[StatementProof],
    rejected: int,
) -> Iterator[Explanation]:
    ends = {one.amount for one in stated if one.day == found.day and one.kind is CLOSINGS[0]}
    if len(ends) > 1:
        yield Explanation(
            cause=Cause.CONTRADICTION,
            text="Documents state different balances: "
            + ", ".join(str(one) for one in sorted(ends))
            + ". The newest counts.",
            amount=found.amount,
        )
    for one in statements:
        if one.proof == "fails" and found.since <= one.to_date <= found.day:
            yield Explanation(
                cause=Cause.SOURCE,
                text=f"The statement up to {one.to_date} does not add up by itself.",
                amount=one.difference or Decimal(0),
            )
    if rejected:
        yield Explanation(
            cause=Cause.REJECTED,
            text=f"{rejected:,} rows of the documents could not be read: see their findings.",
            amount=found.amount,
        )


def _unexplained(found: Difference, amount: Decimal) -> Explanation:
    span = str(found.day) if found.since == found.day else f"{found.since} to {found.day}"
    beside = "Rows" if amount == found.amount else "Beside that, rows"
    return Explanation(
        cause=Cause.MISSING,
        text=f"{beside} that come to {amount} are missing of {span}.",
        amount=amount,
    )
