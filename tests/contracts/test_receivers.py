"""Webhooks, of every connector that receives them: only what the provider signed now is taken."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from providers.base import Linked
from providers.http import Client
from providers.webhooks import BadSignature, Ignore, Malformed, Receiver
from tests.contracts.base import Adapter, Bank, Letter, adapters

RECEIVING = [one for one in adapters() if isinstance(one.connector, Receiver)]
HOUR = timedelta(hours=1)


@pytest.fixture(params=RECEIVING, ids=lambda adapter: adapter.slug)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    found: Adapter = request.param
    return found


@pytest.fixture
def receiver(adapter: Adapter) -> Receiver:
    connector = adapter.connector
    assert isinstance(connector, Receiver)
    return connector


@pytest.fixture
def letter(bank: Bank, linked: Linked) -> Letter:
    return bank.letter(linked)


async def test_a_signed_webhook_is_taken_and_means_something(
    receiver: Receiver, letter: Letter, linked: Linked, client: Client
) -> None:
    await receiver.verify(letter.request, letter.secrets, client)
    events = receiver.events(letter.request)

    assert [event.item for event in events] != []
    for event in events:
        assert Ignore(known=False) not in receiver.reactions(event)


async def test_a_webhook_that_comes_again_has_the_same_key(
    bank: Bank,
    receiver: Receiver,
    letter: Letter,
    linked: Linked,
) -> None:
    later = replace(letter.request, received_at=letter.request.received_at + HOUR)

    keys = [event.key for event in receiver.events(letter.request)]

    assert [event.key for event in receiver.events(later)] == keys
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("wrong", ["signature", "absent", "empty", "old", "early", "body", "more"])
async def test_anything_else_is_refused(
    receiver: Receiver, letter: Letter, client: Client, wrong: str
) -> None:
    request, name = letter.request, letter.signature
    signed = request.headers[name]
    others = {key: value for key, value in request.headers.items() if key != name}
    changed = {
        "signature": replace(request, headers={**others, name: _bent(signed)}),
        "absent": replace(request, headers=others),
        "empty": replace(request, headers={**others, name: ""}),
        "old": replace(request, received_at=request.received_at + HOUR),
        "early": replace(request, received_at=request.received_at - HOUR),
        "body": replace(request, body=request.body.replace(b"a", b"b", 1)),
        "more": replace(request, body=request.body + b" "),
    }[wrong]

    with pytest.raises((BadSignature, Malformed)):
        await receiver.verify(changed, letter.secrets, client)


async def test_a_secret_of_another_is_refused(
    receiver: Receiver, letter: Letter, client: Client
) -> None:
    await receiver.verify(letter.request, (b"another", *letter.secrets), client)

    # A provider that signs with published keys heeds no secret, a wrong one neither.
    refused: AbstractContextManager[object] = (
        pytest.raises(BadSignature) if letter.secrets else nullcontext()
    )
    with refused:
        await receiver.verify(letter.request, (b"another",), client)


def _bent(signed: str) -> str:
    """Another text of the same form: one character in the midst of the signature is another."""
    at = len(signed) - 10
    return signed[:at] + ("A" if signed[at] != "A" else "B") + signed[at + 1 :]
