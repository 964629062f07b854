"""One booking that two sources deliver counts once, and no other booking is lost."""

from __future__ import annotations

from typing import Any

from core.links import LinkKind, pair_key
from matching.duplicates import weighed
from matching.rows import prepared
from tests.matching.making import BANK, FILE, THIRD, asked, row, stated, sure, twice


def test_a_feed_and_a_statement_of_one_account_merge() -> None:
    feed, statement = row("-4.50", "Coffee Corner"), stated("-4.50", "COFFEE CORNER 0815 BERLIN")

    assert sure(twice(feed, statement)) == {(statement.id, feed.id)}


def test_the_source_that_is_believed_first_is_kept() -> None:
    feed, statement = row("-4.50"), stated("-4.50", rank=0)

    assert sure(twice(feed, statement)) == {(feed.id, statement.id)}


def test_what_a_person_has_touched_is_kept() -> None:
    feed, statement = row("-4.50"), stated("-4.50", vouched=True)

    assert sure(twice(feed, statement)) == {(feed.id, statement.id)}


def test_twins_of_one_source_pair_with_as_many_of_the_other_and_the_rest_stays() -> None:
    feed = [row("-4.50") for _ in range(3)]
    statement = [stated("-4.50") for _ in range(2)]

    found = twice(*feed, *statement)

    assert {one for one, _ in sure(found)} == {one.id for one in statement}
    assert len({kept for _, kept in sure(found)}) == 2
    assert not asked(found)


def test_a_thousand_twins_are_no_more_work_than_one() -> None:
    feed = [row("-4.50") for _ in range(1_000)]
    statement = [stated("-4.50") for _ in range(999)]

    assert len(sure(twice(*feed, *statement))) == 999


def test_rows_of_one_source_or_one_document_never_merge() -> None:
    one, other = row("-4.50"), row("-4.50")
    elsewhere = stated("-4.50", raw_id=BANK)

    assert not twice(one, other)
    assert not twice(one, elsewhere)


def test_nor_are_rows_of_one_document_weighed_anew() -> None:
    kept, other, booked = prepared(
        [row("-4.50"), stated("-4.50", raw_id=BANK), stated("-4.50", raw_id=FILE)]
    )

    assert weighed(kept, other) is None
    assert weighed(kept, booked) is not None


def test_other_amounts_currencies_signs_accounts_are_other_bookings() -> None:
    one = row("-4.50")

    others: list[tuple[str, dict[str, Any]]] = [
        ("-4.51", {}),
        ("4.50", {}),
        ("-4.50", {"currency": "USD"}),
        ("-4.50", {"account_id": FILE}),
    ]
    for amount, said in others:
        assert not twice(one, stated(amount, **said))


def test_days_of_a_row_may_be_those_of_another() -> None:
    one = row("-4.50", day=7)
    other = stated("-4.50", day=9, transaction_date=one.day)

    assert sure(twice(one, other)) == {(other.id, one.id)}


def test_a_weekend_is_no_distance() -> None:
    friday, monday = row("-4.50", day=4), stated("-4.50", day=7)

    assert sure(twice(friday, monday)) == {(monday.id, friday.id)}


def test_a_week_apart_is_asked_about_and_more_is_nothing() -> None:
    one = row("-4.50")
    later, much_later = stated("-4.50", day=7), stated("-4.50", day=8)

    assert asked(twice(one, later)) == {(later.id, one.id)}
    assert not twice(one, much_later)


def test_texts_that_share_nothing_are_asked_about_at_most() -> None:
    one, same_day = row("-4.50"), stated("-4.50", "Parking Garage")
    next_day = stated("-4.50", "Parking Garage", day=1)

    assert asked(twice(one, same_day)) == {(same_day.id, one.id)}
    assert not sure(twice(one, next_day))


def test_two_rows_that_could_be_meant_are_asked_about() -> None:
    one = row("-4.50", "Coffee Corner")
    others = [stated("-4.50", "Coffee Corner Nord"), stated("-4.50", "Coffee Corner Sued")]

    found = twice(one, *others)

    assert not sure(found)
    assert len(asked(found)) == 1


def test_a_daily_coffee_merges_day_by_day_where_files_overlap() -> None:
    feed = [row("-4.50", day=day) for day in range(0, 4)]
    statement = [stated("-4.50", day=day) for day in range(2, 6)]

    found = twice(*feed, *statement)

    assert sure(found) == {(statement[0].id, feed[2].id), (statement[1].id, feed[3].id)}


def test_different_checks_never_merge() -> None:
    one = row("-100", "Check", check_number="1001")

    assert not twice(one, stated("-100", "Check", check_number="1002"))
    same = stated("-100", "Paid item", check_number="01001")
    assert sure(twice(one, same)) == {(same.id, one.id)}


def test_a_reference_in_common_speaks_for_a_pair() -> None:
    one = row("-250", "Rent March", reference="RF18539007547034")
    other = stated("-250", "SEPA Dauerauftrag", reference="RF18 5390 0754 7034")

    assert sure(twice(one, other)) == {(other.id, one.id)}


def test_three_sources_leave_one_row() -> None:
    feed, statement, third = row("-4.50"), stated("-4.50"), row("-4.50", mapping=THIRD)

    assert {one for one, _ in sure(twice(third, statement, feed))} == {statement.id, third.id}


def test_a_row_has_one_duplicate_of_each_source() -> None:
    one = row("-4.50", taken=((FILE, ""),))

    assert not twice(one, stated("-4.50"))


def test_what_a_person_rejected_is_not_found_again_nor_its_twin_taken() -> None:
    feed, statement = [row("-4.50"), row("-4.50")], stated("-4.50")
    said = pair_key(LinkKind.DUPLICATE, feed[0].id, statement.id)

    assert not twice(feed[0], statement, rejected=(said,))
    assert not sure(twice(*feed, statement, rejected=(said,)))


def test_pending_in_one_source_is_booked_in_another() -> None:
    pending, posted = row("-4.50", pending=True), stated("-4.50", day=3)

    found = twice(pending, posted)

    assert sure(found) == {(pending.id, posted.id)}
    assert found[0].kind is LinkKind.PENDING_POSTED


def test_pending_is_not_booked_before_or_long_after() -> None:
    pending = row("-4.50", pending=True, day=10)

    assert not twice(pending, stated("-4.50", day=8))
    assert not twice(pending, stated("-4.50", day=19))


def test_a_tip_is_only_asked_about() -> None:
    pending, posted = row("-40.00", pending=True), stated("-46.00", day=1)
    too_much = stated("-52.01", day=1)

    assert asked(twice(pending, posted)) == {(pending.id, posted.id)}
    assert not twice(pending, too_much)


def test_what_the_bank_printed_counts_where_a_feed_names_the_merchant_otherwise() -> None:
    printed = "PURCHASE WM SUPERCENTER"
    named = row("-17.80", "Walmart", description_raw=printed)
    same, other = stated("-17.80", printed), stated("-17.80", "PURCHASE TESCO STORES")

    assert sure(twice(named, same)) == {(same.id, named.id)}
    assert not sure(twice(named, other))
    assert not sure(twice(row("-17.80", "Walmart"), same))


def test_that_the_bank_printed_the_kind_alone_says_nothing_of_who_was_paid() -> None:
    named = row("-17.80", "Walmart", description_raw="POS")
    both = row("-17.80", "Walmart", description_raw="CARD 1")

    assert not sure(twice(named, stated("-17.80", "POS AMAZON MARKETPLACE")))
    assert not sure(twice(both, stated("-17.80", "Amazon", description_raw="CARD 1")))


def test_reasons_say_why() -> None:
    found = twice(row("-4.50"), stated("-4.50"))

    assert {one.code for one in found[0].reasons} == {"amount", "days", "text", "unique"}
    assert found[0].score == min(100, sum(one.points for one in found[0].reasons))
