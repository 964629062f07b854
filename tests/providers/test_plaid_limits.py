"""The connector's pace stays below the limits that Plaid publishes."""

from __future__ import annotations

from datetime import timedelta

from pipeline.pacing import WAIT_MAX
from providers.base import Rate
from providers.plaid.connector import PLAID
from sandbox.plaid_limits import Limits

MINUTE = timedelta(minutes=1)


def in_a_minute(rate: Rate) -> int:
    """The most calls of any minute."""
    windows = -(-MINUTE // rate.per)
    return rate.calls * windows


def test_no_item_and_no_application_is_asked_more_often_than_it_may_be() -> None:
    published = {path: limit for path, limit in Limits().limits.items() if limit.per_item}
    paced = published.keys() & PLAID.facts.rates.keys()

    assert len(paced) >= 6
    for path in paced:
        per_item, per_client = published[path].per_item, published[path].per_client
        assert per_item is not None and per_client is not None
        assert in_a_minute(PLAID.facts.rates[path]) < per_item, path
        if path != "/item/remove":
            assert in_a_minute(PLAID.facts.app_rate) <= per_client, path


def test_no_call_waits_so_long_that_a_reading_is_given_up() -> None:
    rates = (PLAID.facts.connection_rate, *PLAID.facts.rates.values())

    assert all(rate.per <= WAIT_MAX for rate in rates)
