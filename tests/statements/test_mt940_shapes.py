"""MT940 shapes: a text that is like one before it says what it would say by itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statements import mt940_shapes
from statements.mt940_details import read_details
from statements.mt940_shapes import ShapedReader

WORDS = st.sampled_from(
    ["", " ", "RENT", "A B", "MAY ", " BIC", "A BIC", "NONREF", "1+1", "EREF", "+", "?x", "BEREF+C"]
)
KEYS = st.sampled_from(["00", "20", "20", "21", "22", "30", "31", "32", "33", "34", "60", "99"])
SAID = st.sampled_from(["", "", "EREF+", "SVWZ+", "SVWZ+", "BIC +", "KREF+", "IBAN+", "ABWA+"])
SKELETONS = st.tuples(
    st.sampled_from(["", "166"]),
    st.sampled_from("?>~^@<|"),
    st.lists(st.tuples(KEYS, SAID), min_size=1, max_size=5),
)
FILLINGS = st.lists(st.lists(WORDS, min_size=5, max_size=5), min_size=2, max_size=5)


@settings(max_examples=150, deadline=None)
@given(skeleton=SKELETONS, fillings=FILLINGS)
def test_a_shape_changes_nothing(
    skeleton: tuple[str, str, list[tuple[str, str]]], fillings: list[list[str]]
) -> None:
    code, separator, parts = skeleton
    shaped = ShapedReader()

    for words in fillings:
        zipped = zip(parts, words, strict=False)
        pieces = (f"{separator}{key}{said}{word}" for (key, said), word in zipped)
        text = code + "".join(pieces)
        lines = [text[:20], text[20:]]
        found, alone = shaped.read(lines), read_details(lines)
        assert found == alone
        assert list(found.extra) == list(alone.extra)


def test_texts_that_are_alike_are_read_by_their_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    shaped = ShapedReader()
    shaped.read(["166?00TRANSFER?20EREF+E1?21SVWZ+RENT?22 MAY?32ANNA"])
    monkeypatch.setattr(mt940_shapes, "read_details", None)

    details = shaped.read(["152?00SALARY?20EREF+E2?21SVWZ+APRIL?22 2026?32ACME"])

    assert (details.description, details.counterparty) == ("APRIL 2026", "ACME")
    assert (details.reference, details.extra["transaction_code"]) == ("E2", "152")
