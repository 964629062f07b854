"""Transfers: money that leaves one account of the tenant's and reaches another."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.days import shifted
from core.links import Found, LinkKind, MatchAccount, MatchRow
from core.reviews import ReviewReason
from matching import scoring
from matching.assignment import Bundle, Pair, assigned
from matching.candidates import bundled, edges, near
from matching.rates import Rates
from matching.rejected import Rejected
from matching.rounds import in_rounds, one_to_one
from matching.rows import Row, gap
from matching.scoring import SURE, Reasons, reason
from matching.text import agreement, transfer_pattern, words

DAYS_MAX: Final = 4
SORTED_WITHIN: Final = 7
MASK_MIN: Final = 4
CLOSE: Final = Decimal("0.005")  # to what the rate says: more than a tolerance allows
KIND: Final = LinkKind.TRANSFER

Accounts = Mapping[UUID, MatchAccount]
Candidate = tuple[Bundle, Bundle, Reasons]


def find(
    rows: Iterable[Row], *, accounts: Accounts, rates: Rates, rejected: Rejected
) -> list[Found]:
    """Transfers among rows that count, and what may be one."""
    pairs = in_rounds(
        candidates(rows, accounts=accounts, rates=rates, rejected=rejected),
        once=lambda left: assigned(edges(KIND, left)),
        is_sure=lambda pair: _is_sure(pair, rejected),
        without=one_to_one,
    )
    return [_found(pair, rejected) for pair in pairs]


def candidates(
    rows: Iterable[Row], *, accounts: Accounts, rates: Rates, rejected: Rejected
) -> list[Candidate]:
    """Rows that may be one, with what speaks for it."""
    free = [row for row in rows if not row.of.in_transfer and row.of.amount != 0]
    weighed = [*_of_equal_amounts(free, accounts, rejected)]
    weighed += _of_other_currencies(free, accounts, rates, rejected)
    return weighed


def weighed(out: Row, into: Row, *, accounts: Accounts, rates: Rates) -> Reasons | None:
    """What speaks for money of one row having come in with another; None where it cannot have."""
    if out.of.amount >= 0 or into.of.amount <= 0 or not _may(out, into):
        return None
    if out.of.currency == into.of.currency:
        if out.size != into.size:
            return None
        return [scoring.same_amount(out, 35), *_words(out, into, accounts)]
    worth = _worth(out, into, accounts, rates)
    return None if worth is None else [worth, *_words(out, into, accounts)]


def _is_sure(pair: Pair, rejected: Rejected) -> bool:
    return pair.alone and pair.edge.score >= SURE[KIND] and rejected.is_silent(pair)


def _found(pair: Pair, rejected: Rejected) -> Found:
    return Found(
        kind=KIND,
        transaction_id=pair.left.id,
        other_id=pair.right.id,
        account_id=pair.left.of.account_id,
        score=pair.edge.score,
        reasons=pair.edge.reasons,
        sure=_is_sure(pair, rejected),
        later=pair.later,
    )


def _of_equal_amounts(
    rows: Sequence[Row], accounts: Accounts, rejected: Rejected
) -> Iterator[Candidate]:
    sides: dict[object, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for row in rows:
        sides[row.of.currency, abs(row.of.amount)][row.of.amount > 0].append(row)
    for outs, ins in sides.values():
        if not outs or not ins:
            continue
        for left, right in near(
            bundled(outs, rejected), bundled(ins, rejected), within=SORTED_WITHIN
        ):
            out, into = left.first, right.first
            if (
                _may(out, into)
                and _is_worth_it(out, into, accounts)
                and not rejected.says(KIND, out, into)
            ):
                yield left, right, [scoring.same_amount(out, 35), *_words(out, into, accounts)]


def _of_other_currencies(
    rows: Sequence[Row], accounts: Accounts, rates: Rates, rejected: Rejected
) -> Iterator[Candidate]:
    """With a rate, one of the two must call itself a transfer; without one, both must."""
    if len({row.of.currency for row in rows}) < 2:
        return
    outs = bundled((row for row in rows if row.of.amount < 0), rejected)
    ins = bundled((row for row in rows if row.of.amount > 0), rejected)
    seen = dict.fromkeys(
        (*_worth_the_same(outs, ins, rates), *near(_named(outs), _named(ins), within=DAYS_MAX))
    )
    for left, right in seen:
        out, into = left.first, right.first
        if (
            out.of.currency == into.of.currency
            or not _may(out, into)
            or rejected.says(KIND, out, into)
        ):
            continue
        worth = _worth(out, into, accounts, rates)
        if worth is not None:
            yield left, right, [worth, *_words(out, into, accounts)]


def _named(bundles: Sequence[Bundle]) -> list[Bundle]:
    return [one for one in bundles if scoring.says_transfer(one.first)]


def _worth_the_same(
    outs: Sequence[Bundle], ins: Sequence[Bundle], rates: Rates
) -> Iterator[tuple[Bundle, Bundle]]:
    """What calls itself a transfer, and what is worth about as much in another currency."""
    for ones, others, flipped in ((_named(outs), ins, False), (_named(ins), outs, True)):
        by_currency: dict[str, list[Bundle]] = defaultdict(list)
        for other in sorted(others, key=lambda one: (abs(one.first.of.amount), one.first.order)):
            by_currency[other.first.of.currency].append(other)
        for one in ones:
            for currency, sorted_others in by_currency.items():
                row = one.first.of
                known = [] if currency == row.currency else _around(row, currency, rates, flipped)
                if not known:
                    continue
                # Twice the tolerance: what is precise is said of each pair.
                least, most = abs(row.amount) * min(known), abs(row.amount) * max(known)
                low = bisect_left(sorted_others, least * (1 - 2 * rates.tolerance), key=_size)
                high = bisect_right(sorted_others, most * (1 + 2 * rates.tolerance), key=_size)
                for other in sorted_others[low:high]:
                    yield (other, one) if flipped else (one, other)


def _around(row: MatchRow, currency: str, rates: Rates, flipped: bool) -> list[Decimal]:
    """What its currency may have been worth: the day on which the money left counts, and that is
    not known of what came in."""
    days = range(-SORTED_WITHIN, SORTED_WITHIN + 1) if flipped else (0,)
    found = (rates.of(row.currency, currency, shifted(row.day, timedelta(one))) for one in days)
    return [rate.rate for rate in found if rate is not None]


def _size(bundle: Bundle) -> Decimal:
    return abs(bundle.first.of.amount)


def _worth(out: Row, into: Row, accounts: Accounts, rates: Rates) -> ReviewReason | None:
    """What the rate says of two amounts; None where it is another one, or they say nothing."""
    rate = rates.of(out.of.currency, into.of.currency, out.of.day)
    if rate is None:
        both = scoring.says_transfer(out) and scoring.says_transfer(into)
        if not both or not _names(out, into, accounts):
            return None
        return reason("rate", 5, "Nobody has said what the currencies were worth on that day.")
    expected = -out.of.amount * rate.rate
    off = abs(into.of.amount - expected)
    if off > expected * rates.tolerance:
        return None
    text = (
        f"At {rate.rate.normalize():f} of {rate.day} ({rate.source}), {expected:.2f} "
        f"{into.of.currency} would have come in; {rates.tolerance_percent.normalize():f} % off is "
        "allowed."
    )
    return reason("rate", 35 if off <= expected * CLOSE else 25, text)


def _is_worth_it(out: Row, into: Row, accounts: Accounts) -> bool:
    """Whether more than the amount can speak for them: most pairs of rows end here."""
    return (
        out.day == into.day
        or scoring.says_transfer(out)
        or scoring.says_transfer(into)
        or bool(out.references & into.references)
        or _names(out, into, accounts) > 0
    )


def _may(out: Row, into: Row) -> bool:
    return out.of.account_id != into.of.account_id and gap(out, into) <= DAYS_MAX


def _words(out: Row, into: Row, accounts: Accounts) -> Reasons:
    """How near they are, and what their texts say of it."""
    found = [scoring.days_apart(out, into, (20, 16, 12, 8, 4))]
    said = scoring.says_transfer(out) + scoring.says_transfer(into)
    if said:
        which = "Both call themselves" if said == 2 else "One calls itself"
        found.append(reason("transfer", 10 + 5 * said, f"{which} a transfer."))
    names = _names(out, into, accounts)
    if names:
        which = "Each names the account of the other." if names == 2 else "One names the account."
        found.append(reason("account", 10 + 5 * names, which))
    found += scoring.references(out, into)
    if said == 0 and not names and out.of.merchant_name and into.of.merchant_name:
        found += [one for one in scoring.texts(out, into, against=-20) if one.points < 0]
    return found


def _names(out: Row, into: Row, accounts: Accounts) -> int:
    """How many of the two name the account of the other."""
    return sum(
        _is_named(accounts.get(other.of.account_id), row)
        for row, other in ((out, into), (into, out))
    )


def _is_named(account: MatchAccount | None, row: Row) -> bool:
    if account is None:
        return False
    said = row.text.split()
    if any(len(mask) >= MASK_MIN and _ends(said, mask) for mask in account.masks):
        return True
    name = words(account.name)
    return (
        sum(map(len, name)) >= MASK_MIN
        and agreement(name, row.words) == 100
        and (name <= row.words)
    )


def telling(accounts: Iterable[MatchAccount]) -> str:
    """A pattern of Postgres that finds, of plain texts, at least those that call themselves a
    transfer or name one of the accounts."""
    named: set[str] = set()
    for account in accounts:
        named.update(mask for mask in account.masks if len(mask) >= MASK_MIN and mask.isalnum())
        name = words(account.name)
        if sum(map(len, name)) >= MASK_MIN:
            named.add(max(name, key=lambda word: (len(word), word)))
    return "|".join((transfer_pattern(), *sorted(named)))


def _ends(said: Iterable[str], mask: str) -> bool:
    return any(word.endswith(mask) for word in said)
