"""Webhooks' delays, tokens and secrets."""

from __future__ import annotations

import base64
from datetime import timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from core.webhook_secrets import (
    address,
    is_token,
    new_secret,
    new_token,
    secret_aad,
    token_hash,
)
from core.webhooks import ATTEMPTS_MAX, RETRY_DELAYS, SPREAD_PERCENT, retry_delay

SPREADS = st.integers(-SPREAD_PERCENT, SPREAD_PERCENT)


def test_delays_grow_from_half_a_minute_to_a_day() -> None:
    delays = [retry_delay(attempts, spread=0) for attempts in range(1, ATTEMPTS_MAX)]

    assert delays == list(RETRY_DELAYS)
    assert (delays[0], delays[-1]) == (timedelta(seconds=30), timedelta(days=1))


@given(st.integers(1, 1_000), SPREADS)
def test_a_delay_is_at_most_a_fifth_off(attempts: int, spread: int) -> None:
    middle = retry_delay(attempts, spread=0)

    assert middle * 0.8 <= retry_delay(attempts, spread=spread) <= middle * 1.2


def test_tokens_are_of_128_random_bits_and_safe_in_addresses() -> None:
    tokens = {new_token() for _ in range(1_000)}

    assert len(tokens) == 1_000
    assert all(is_token(token) for token in tokens)
    assert {len(base64.b32decode(token.upper() + "======")) for token in tokens} == {16}


@given(st.text(max_size=40))
def test_a_text_that_is_no_token_is_told_from_one(text: str) -> None:
    assert is_token(text) == (
        len(text) == 26 and set(text) <= set("abcdefghijklmnopqrstuvwxyz234567")
    )


def test_secrets_are_written_as_standard_webhooks_writes_them() -> None:
    secret = new_secret()

    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32


def test_a_secret_is_bound_to_its_endpoint_and_tenant() -> None:
    endpoint_id, tenant_id = uuid4(), uuid4()

    bound = {
        secret_aad(tenant_id=tenant_id, endpoint_id=endpoint_id).encoded(),
        secret_aad(tenant_id=None, endpoint_id=endpoint_id).encoded(),
        secret_aad(tenant_id=tenant_id, endpoint_id=uuid4()).encoded(),
    }

    assert len(bound) == 3
    assert secret_aad(tenant_id=None, endpoint_id=endpoint_id).tenant_id == UUID(int=0)


def test_an_address_names_provider_and_token() -> None:
    assert address("https://feeds.example", "plaid", "t") == (
        "https://feeds.example/webhooks/plaid/t"
    )
    assert len(token_hash("t")) == 32
