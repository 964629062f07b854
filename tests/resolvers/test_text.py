"""Text that people give is trimmed and bounded, and reads as what it is."""

from __future__ import annotations

import pytest

from resolvers import text
from resolvers.refusing import Refusal


@pytest.mark.parametrize(
    "given", ["Café", "שלום", "\u05d0\u200c\u05d1", "👩\u200d👩\u200d👧", "a\u200eb", "x" * 200]
)
def test_what_people_write_is_kept(given: str) -> None:
    assert text.name(f"  {given} ", "name") == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "\u200b",
        "\u2060 \ufeff",
        "a\x00b",
        "a\nb",
        "a\u2028b",
        "\ud800",
        "invoice\u202efdp.exe",
        "\u2066a\u2069",
        "x" * 201,
    ],
    ids=ascii,
)
def test_what_cannot_be_seen_or_reads_as_something_else_is_refused(given: str) -> None:
    with pytest.raises(Refusal):
        text.name(given, "name")
