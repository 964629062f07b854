"""Money between accounts of a tenant is found where both sides say so, and never made up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from core.links import ExchangeRate, MatchAccount
from matching.rates import Rates
from tests.matching.making import ACCOUNT, DAY, SAVINGS, asked, moved, row, sure


def _rate(rate: str, *, day: int = 0, percent: str = "2") -> Rates:
    return Rates([_said(rate, day=day)], tolerance_percent=Decimal(percent))


def _said(rate: str, *, day: int = 0) -> ExchangeRate:
    of = DAY + timedelta(days=day)
    return ExchangeRate(base="EUR", quote="USD", day=of, rate=Decimal(rate), source="ECB")


def test_a_transfer_that_says_so_is_linked() -> None:
    out = row("-500", "Transfer to savings")
    into = row("500", "Incoming transfer", account_id=SAVINGS, day=1)

    assert sure(moved(out, into)) == {(out.id, into.id)}


def test_equal_amounts_alone_are_asked_about() -> None:
    out, into = row("-500", "Standing order"), row("500", "Credit", account_id=SAVINGS)

    assert asked(moved(out, into)) == {(out.id, into.id)}


def test_a_payment_to_somebody_else_is_none() -> None:
    out = row("-500", "Landlord", merchant_name="Landlord")
    into = row("500", "Employer", merchant_name="Employer", account_id=SAVINGS)

    assert not moved(out, into)


def test_the_same_account_too_many_days_or_another_amount_are_none() -> None:
    out = row("-500", "Transfer")

    assert not moved(out, row("500", "Transfer"))
    assert not moved(out, row("500", "Transfer", account_id=SAVINGS, day=5))
    assert not moved(out, row("500.01", "Transfer", account_id=SAVINGS))


def test_the_number_of_the_other_account_speaks_for_it() -> None:
    accounts = {
        ACCOUNT: MatchAccount(id=ACCOUNT, name="Main", masks=("1234",)),
        SAVINGS: MatchAccount(id=SAVINGS, name="Rainy Day", masks=("9876",)),
    }
    out, into = row("-500", "To x9876"), row("500", "From x1234", account_id=SAVINGS)

    assert sure(moved(out, into, accounts=accounts)) == {(out.id, into.id)}


def test_two_that_could_be_meant_are_asked_about() -> None:
    out = row("-500", "Transfer to savings")
    ins = [row("500", f"Transfer {one}", account_id=SAVINGS) for one in ("alpha", "beta")]

    assert not sure(moved(out, *ins))


def test_another_currency_goes_by_the_rate_that_the_tenant_gave() -> None:
    out = row("-100", "Transfer to dollars")
    into = row("109.50", "Transfer from euros", account_id=SAVINGS, currency="USD", day=1)

    found = moved(out, into, rates=_rate("1.10"))

    assert sure(found) == {(out.id, into.id)}
    assert "ECB" in found[0].reasons[0].text


def test_an_amount_off_the_rate_or_a_rate_too_old_is_none() -> None:
    out = row("-100", "Transfer to dollars")
    into = row("120", "Transfer from euros", account_id=SAVINGS, currency="USD")
    right = row("110", "Transfer from euros", account_id=SAVINGS, currency="USD")

    assert not moved(out, into, rates=_rate("1.10"))
    assert not moved(out, right, rates=_rate("1.10", day=-30))


@pytest.mark.parametrize(
    ("percent", "amount", "is_one"),
    [
        ("2", "112.20", True),
        ("2", "112.21", False),
        ("2", "107.80", True),
        ("2", "107.79", False),
        ("0.1", "110.11", True),
        ("0.1", "110.12", False),
        ("10", "121", True),
        ("10", "121.01", False),
    ],
)
@pytest.mark.parametrize("who_says_so", ["out", "in"])
def test_the_tolerance_is_the_tenants_to_the_cent(
    percent: str, amount: str, is_one: bool, who_says_so: str
) -> None:
    texts = ("Transfer", "Credit") if who_says_so == "out" else ("Debit", "Transfer")
    out = row("-100", texts[0])
    into = row(amount, texts[1], account_id=SAVINGS, currency="USD")

    assert bool(moved(out, into, rates=_rate("1.10", percent=percent))) is is_one


def test_a_narrow_tolerance_goes_by_the_day_on_which_the_money_left() -> None:
    rates = Rates([_said("1.10"), _said("1.12", day=1)], tolerance_percent=Decimal("0.1"))
    out = row("-100", "Debit")
    into = row("110", "Transfer from euros", account_id=SAVINGS, currency="USD", day=2)

    assert moved(out, into, rates=rates)


def test_a_rate_is_good_for_seven_days_and_not_before_its_own() -> None:
    out = row("-100", "Transfer to dollars")
    into = row("110", "Transfer from euros", account_id=SAVINGS, currency="USD")

    assert moved(out, into, rates=_rate("1.10", day=-7))
    assert not moved(out, into, rates=_rate("1.10", day=-8))
    assert not moved(out, into, rates=_rate("1.10", day=1))


def test_the_inverse_of_a_rate_is_a_rate() -> None:
    out = row("-110", "Transfer to euros", account_id=SAVINGS, currency="USD")
    into = row("100", "Transfer from dollars")

    assert sure(moved(out, into, rates=_rate("1.10"))) == {(out.id, into.id)}


def test_without_a_rate_it_is_asked_about_where_both_name_it() -> None:
    accounts = {SAVINGS: MatchAccount(id=SAVINGS, name="Dollar Pot")}
    out = row("-100", "Transfer to dollar pot")
    into = row("109.50", "Transfer from euros", account_id=SAVINGS, currency="USD")
    silent = row("109.50", "Salary", account_id=SAVINGS, currency="USD")

    assert not sure(moved(out, into, accounts=accounts))
    assert not moved(out, silent, accounts=accounts)
