"""Transfers and refunds that stand give way to clearly better ones, whatever comes last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from core.links import Found, LinkKind, LinkMethod, MatchRow, Standing, pair_key
from matching.rates import Rates
from pipeline.match_belonging import Belonging, belonging
from pipeline.match_material import Others
from tests.matching.making import ACCOUNT, SAVINGS, asked, row, sure

THIRD = UUID(int=3)


def link(found: Found, method: LinkMethod = LinkMethod.AUTO) -> Standing:
    return Standing(
        id=uuid4(),
        kind=found.kind,
        method=method,
        transaction_id=found.transaction_id,
        other_id=found.other_id,
        score=found.score,
    )


def weighed(
    links: Sequence[Standing],
    *rows: MatchRow,
    new: Iterable[MatchRow],
    rejected: Iterable[str] = (),
) -> Belonging:
    """What becomes of links as new rows come."""
    new = [*new]
    every = {one.id: one for one in (*rows, *new)}
    for one in links:
        first, second = every[one.transaction_id], every[one.other_id]
        if one.kind is LinkKind.TRANSFER:
            every[first.id] = replace(first, in_transfer=True)
            every[second.id] = replace(second, in_transfer=True)
        else:
            every[first.id] = replace(first, is_refund=True)
            paid_back = second.paid_back + abs(first.amount)
            every[second.id] = replace(second, paid_back=paid_back)
    material = Others(
        accounts={},
        rows=every,
        moved=every.keys(),
        given_back=every.keys(),
        links=links,
        rates=Rates(),
        rejected=[*rejected],
    )
    return belonging(material, [every[one.id] for one in new], ())


def arrived(order: Iterable[MatchRow]) -> set[tuple[UUID, UUID]]:
    """What is linked after rows have come one by one, each given up or left compared anew."""
    before: list[MatchRow] = []
    standing: dict[frozenset[UUID], Standing] = {}
    for late in order:
        new = [late]
        before.append(late)
        while new:
            done = weighed([*standing.values()], *before, new=new)
            new = []
            for one in done.replaced:
                del standing[one.link.pair]
                new = [row for row in before if row.id in one.link.pair]
            standing |= {one.pair: link(one) for one in done.found if one.sure}
    return {(one.transaction_id, one.other_id) for one in standing.values()}


def test_whichever_side_comes_last_the_same_transfer_is_linked() -> None:
    out = row("-500", "Transfer", reference="ORDER 1", day=1)
    clear = row("500", "Transfer", account_id=SAVINGS, reference="ORDER 1", day=1)
    loose = row("500", "Transfer", account_id=THIRD, day=2)

    for order in permutations((out, clear, loose)):
        assert arrived(order) == {(out.id, clear.id)}


def test_whichever_row_comes_last_the_same_refund_is_linked() -> None:
    paid = row("-59.90", "Shoe Shop", reference="ORDER 1")
    clear = row("59.90", "Shoe Shop refund", reference="ORDER 1", day=9)
    loose = row("59.90", "Shoe Shop refund", day=8)

    for order in permutations((paid, clear, loose)):
        assert arrived(order) == {(clear.id, paid.id)}


def test_a_person_s_word_stands_and_a_no_is_kept() -> None:
    out = row("-500", "Transfer", reference="ORDER 1", day=1)
    loose = row("500", "Transfer", account_id=THIRD, day=2)
    clear = row("500", "Transfer", account_id=SAVINGS, reference="ORDER 1", day=1)
    (found,) = weighed([], out, new=[loose]).found
    no = pair_key(LinkKind.TRANSFER, out.id, clear.id)

    for stands, rejected in ((link(found, LinkMethod.USER), ()), (link(found), (no,))):
        done = weighed([stands], out, loose, new=[clear], rejected=rejected)
        assert (done.found, done.replaced) == ([], [])


def test_a_refund_has_room_beside_what_is_linked_or_takes_its_place() -> None:
    """Of 60, 40 came back: 20 more may, 30 more only instead of it."""
    paid = row("-60", "Shoe Shop", reference="ORDER 1")
    stands = row("40", "Shoe Shop refund", day=8, reference="ORDER 1")
    (found,) = weighed([], paid, new=[stands]).found
    assert found.sure

    for amount, fits in (("20", True), ("30", False)):
        late = row(amount, "Shoe Shop refund", day=9, reference="ORDER 1")
        done = weighed([link(found)], paid, stands, new=[late])
        assert not done.replaced
        assert bool(sure(done.found)) is fits
        assert bool(asked(done.found)) is not fits


def test_a_transfer_takes_a_row_from_a_refund_as_if_both_were_found_at_once() -> None:
    paid = row("-500", "Payment Transfer shop")
    back = row("500", "Refund transfer shop", day=3, reference="ORDER 1")
    out = row("-500", "Transfer shop", account_id=SAVINGS, day=3, reference="ORDER 1")
    (found,) = weighed([], paid, new=[back]).found
    assert found.kind is LinkKind.REFUND

    done = weighed([link(found)], paid, back, new=[out])
    said = weighed([link(found, LinkMethod.USER)], paid, back, new=[out])

    assert [one.link.kind for one in done.replaced] == [LinkKind.REFUND]
    assert sure(done.found) == {(out.id, back.id)}
    assert not said.replaced
    assert asked(said.found) == {(out.id, back.id)}


def test_what_is_found_is_found_at_once() -> None:
    """A third row makes a pair doubtful, and goes surely with a fourth."""
    doubtful = row("-500", "Transfer", day=2), row("500", "Transfer", account_id=SAVINGS, day=3)
    clear = (
        row("-500", "Transfer", account_id=THIRD, day=3, reference="ORDER 1"),
        row("500", "Transfer", account_id=UUID(int=4), day=3, reference="ORDER 1"),
    )
    rows = (*doubtful, *clear)

    done = weighed([], new=rows)
    again = weighed([link(one) for one in done.found if one.sure], *rows, new=rows)

    assert {one.pair: one.later for one in done.found if one.sure} == {
        frozenset(one.id for one in clear): False,
        frozenset(one.id for one in doubtful): True,
    }
    assert (again.found, again.replaced) == ([], [])


moves = st.tuples(
    st.sampled_from(("500", "-500")),
    st.sampled_from(("Transfer", "Transfer to x", "Payment")),
    st.sampled_from((ACCOUNT, SAVINGS, THIRD)),
)
gifts = st.sampled_from(
    [
        *(("60", text, ACCOUNT) for text in ("Shoe Shop", "Shoe Shop refund", "Grocer refund")),
        *(("-60", text, ACCOUNT) for text in ("Shoe Shop", "Shoe Shop Berlin", "Grocer")),
    ]
)
said = st.tuples(st.integers(0, 4), st.sampled_from((None, None, "ORDER 1", "ORDER 2")))


@given(
    st.sampled_from((moves, gifts)).flatmap(
        lambda kind: st.lists(st.tuples(kind, said), min_size=2, max_size=7)
    )
)
@settings(max_examples=60, deadline=None)
def test_a_second_pass_changes_nothing_and_no_order_counts_anything_twice(
    told: list[tuple[tuple[str, str, UUID], tuple[int, str | None]]],
) -> None:
    rows = [
        row(amount, text, account_id=account, day=day, reference=reference)
        for (amount, text, account), (day, reference) in told
    ]
    size = {one.id: abs(one.amount) for one in rows}

    done = weighed([], new=rows)
    again = weighed([link(one) for one in done.found if one.sure], *rows, new=rows)

    assert not sure(again.found)
    assert not again.replaced
    assert asked(again.found) == asked(done.found)
    linked = arrived(rows)
    assert max(Counter(one for one, _ in linked).values(), default=1) == 1
    for payment in {other for _, other in linked}:
        assert sum(size[one] for one, other in linked if other == payment) <= size[payment]


def test_more_than_was_paid_never_comes_back() -> None:
    paid = row("-60", "Shoe Shop", reference="ORDER 1")
    backs = [
        row(amount, "Shoe Shop refund", day=day, reference="ORDER 1")
        for day, amount in enumerate(("30", "30", "60", "20", "10"), start=5)
    ]
    size = {one.id: one.amount for one in backs}

    for order in permutations((paid, *backs), 4):
        assert sum((size[one] for one, _ in arrived(order)), Decimal(0)) <= 60
