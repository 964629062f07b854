"""Global ids: what is none of ours is the id of nothing."""

from __future__ import annotations

import base64
from uuid import UUID, uuid4

import pytest

from schema.ids import NOTHING, GlobalId, decode, encode, key_of


def test_id_comes_back_as_what_it_was_made_of() -> None:
    key = uuid4()

    assert decode(encode("Account", key)) == GlobalId(type="Account", key=key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Account",
        "🦊",
        "%%%%",
        "x" * 10_000,
        base64.urlsafe_b64encode(b"Account:").decode(),
        base64.urlsafe_b64encode(b"Account:not-a-uuid").decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        str(UUID(int=7)),
    ],
)
def test_malformed_id_is_the_id_of_nothing(text: str) -> None:
    assert key_of("Account", text) == NOTHING


def test_id_of_another_type_is_the_id_of_nothing() -> None:
    assert key_of("Account", encode("Connection", uuid4())) == NOTHING
