"""Money that comes back is linked with its payment."""

from __future__ import annotations

from tests.matching.making import SAVINGS, asked, given_back, row, sure


def test_a_refund_of_the_whole_amount_is_linked() -> None:
    paid, back = row("-59.90", "Shoe Shop"), row("59.90", "SHOE SHOP", day=9)

    assert sure(given_back(paid, back)) == {(back.id, paid.id)}


def test_a_part_is_linked_where_it_names_the_payment_and_asked_about_else() -> None:
    paid = row("-59.90", "Shoe Shop", reference="ORDER-4711", external_id="TX-0815")

    for said in ({"reference": "order 4711"}, {"customer_reference": "tx0815"}):
        named = row("20.00", "Refund Shoe Shop", day=9, **said)
        assert sure(given_back(paid, named)) == {(named.id, paid.id)}
    for text in ("Refund Shoe Shop", "Shoe Shop"):
        silent = row("20.00", text, day=9)
        assert asked(given_back(paid, silent)) == {(silent.id, paid.id)}


def test_of_twins_a_part_belongs_to_the_one_that_it_names() -> None:
    paid = [row("-59.90", "Shoe Shop", external_id=f"TX-0815{one}") for one in "AB"]
    back = row("20.00", "Refund Shoe Shop", day=9, reference="TX0815B")

    assert sure(given_back(*paid, back)) == {(back.id, paid[1].id)}


def test_more_than_was_paid_before_it_or_elsewhere_is_none() -> None:
    paid = row("-59.90", "Shoe Shop", day=9)

    assert not given_back(paid, row("60.00", "Shoe Shop refund", day=10))
    assert not given_back(paid, row("59.90", "Shoe Shop refund", day=8))
    assert not given_back(paid, row("59.90", "Shoe Shop refund", day=10, account_id=SAVINGS))
    assert not given_back(paid, row("59.90", "Shoe Shop refund", day=200))


def test_a_reversal_that_its_source_names_is_linked_whatever_its_text() -> None:
    paid = row("-59.90", "Direct debit gym")
    back = row("59.90", "Entry 4711", day=2, reversal=True)

    assert sure(given_back(paid, back)) == {(back.id, paid.id)}


def test_a_returned_deposit_is_linked_with_it() -> None:
    deposit, back = row("100", "Check Miller"), row("-100", "Returned check Miller", day=2)

    assert sure(given_back(deposit, back)) == {(back.id, deposit.id)}


def test_of_two_equal_payments_nobody_guesses() -> None:
    paid = [row("-59.90", "Shoe Shop"), row("-59.90", "Shoe Shop", day=3)]
    back = row("59.90", "Shoe Shop", day=9)

    assert not sure(given_back(*paid, back))


def test_a_transfer_is_no_refund() -> None:
    paid = row("-59.90", "Shoe Shop", in_transfer=True)

    assert not given_back(paid, row("59.90", "Shoe Shop", day=9))
