"""A field that fails takes down what it is part of, and nothing beside that."""

from __future__ import annotations

import pytest

from tests.compiler.both_ways import ACME, BothWays, Document


@pytest.mark.parametrize("more", ["", "mappings { edges { cursor } }", "balances { id }"])
def test_a_failure_leaves_what_others_wait_for(both: BothWays, more: str) -> None:
    id = ACME.id_of("Account", "account", 0)
    failing = (
        f'institution {{ name }} transactions(after: "forged") {{ edges {{ cursor }} }} {more}'
    )
    text = (
        f'{{ a: account(id: "{id}") {{ {failing} }}'
        f' b: account(id: "{id}") {{ institution {{ name }} {more} }} }}'
    )

    answer = both.same(ACME, Document(text=text))

    assert answer.data["a"] is None
    assert answer.data["b"]["institution"]["name"].endswith(" acme")
    assert [error["path"] for error in answer.errors] == [["a", "transactions"]]
