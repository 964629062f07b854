"""Suggestions: the likeliest account first, with the reason in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from core.models import Account, AccountMapping, AccountStatus, AccountType, MappingState
from db.mappings import Candidate
from resolvers.suggestions import CANDIDATES_MAX, SUGGESTIONS_MAX, Suggestion, suggest

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _account(**given: Any) -> Account:
    return Account(
        **{
            "id": uuid4(),
            "institution_id": None,
            "name": "Main",
            "type": AccountType.CHECKING,
            "currency": "EUR",
            "masked_number": None,
            "status": AccountStatus.ACTIVE,
            "created_at": NOW,
            "updated_at": NOW,
        }
        | given
    )


def _candidate(
    *, same_number: bool = False, same_institution: bool = False, **given: Any
) -> Candidate:
    return Candidate(
        account=_account(**given), same_number=same_number, same_institution=same_institution
    )


def _codes(suggestion: Suggestion) -> list[str]:
    return [reason.code.name for reason in suggestion.reasons]


def _mapping(**given: Any) -> AccountMapping:
    return AccountMapping(
        **{
            "id": uuid4(),
            "connection_id": uuid4(),
            "lineage_id": uuid4(),
            "account_id": None,
            "external_account_id": "x",
            "masked_number": "••••5678",
            "external_name": None,
            "external_type": None,
            "institution": None,
            "currency": "EUR",
            "state": MappingState.PENDING,
            "verified_at": None,
            "verified_by": None,
            "created_at": NOW,
            "updated_at": NOW,
        }
        | given
    )


def test_equal_tail_and_name_come_before_a_tail_alone() -> None:
    both = _candidate(name="Operating", masked_number="••••5678")
    tail = _candidate(name="Payroll", masked_number="••••5678")

    found = suggest(_mapping(external_name="OPERATING"), [tail, both])

    assert [one.account for one in found] == [both.account, tail.account]
    assert found[0].score == 100
    assert found[0].reason == (
        "Both numbers end in 5678, the names are 100 % alike, both are in EUR."
    )
    assert _codes(found[0]) == ["SAME_MASK", "SAME_NAME", "SAME_CURRENCY"]
    assert _codes(found[1]) == ["SAME_MASK", "SAME_CURRENCY"]


def test_the_same_number_wins_over_everything_else() -> None:
    number = _candidate(name="Ledger", same_number=True)
    others = _candidate(name="Operating", masked_number="••••5678", same_institution=True)

    found = suggest(_mapping(masked_number="••••0001", external_name="Operating"), [others, number])

    assert [one.account for one in found] == [number.account, others.account]
    assert _codes(found[0]) == ["SAME_NUMBER", "SAME_CURRENCY"]
    assert _codes(found[1]) == ["SAME_NAME", "SAME_INSTITUTION", "SAME_CURRENCY"]


def test_institution_and_kind_add_to_a_reason_and_suffice_for_none() -> None:
    mapping = _mapping(external_name="Main", external_type="Credit Card")
    card = _candidate(name="Main", type=AccountType.CREDIT_CARD, same_institution=True)
    stranger = _candidate(name="Other", type=AccountType.CREDIT_CARD, same_institution=True)

    (found,) = suggest(mapping, [card, stranger])

    assert (found.account, found.score) == (card.account, 50)
    assert _codes(found) == ["SAME_NAME", "SAME_INSTITUTION", "SAME_TYPE", "SAME_CURRENCY"]


def test_a_score_is_a_hundred_at_most() -> None:
    same = _candidate(masked_number="••••5678", same_number=True, same_institution=True)

    assert [one.score for one in suggest(_mapping(), [same])] == [100]


def test_another_currency_is_never_suggested() -> None:
    assert suggest(_mapping(), [_candidate(currency="USD", masked_number="••••5678")]) == []


def test_account_with_nothing_in_common_is_not_suggested() -> None:
    accounts = [
        _candidate(masked_number="••••0000"),
        _candidate(),
        _candidate(masked_number="••••"),
    ]

    assert suggest(_mapping(), accounts) == []
    assert suggest(_mapping(masked_number="••••"), accounts) == []


def test_suggestions_are_few_whatever_there_is() -> None:
    accounts = [_candidate(masked_number="••••5678", name=f"N{number}") for number in range(50)]

    assert len(suggest(_mapping(), accounts)) == SUGGESTIONS_MAX


@pytest.mark.parametrize(
    ("external", "alike"),
    [
        ("Account, Operating: MAIN", 100),
        ("Main operating", 80),
        ("Payroll account", 40),
        ("Payroll", 0),
        ("…", 0),
        (None, 0),
    ],
)
def test_names_are_alike_by_the_words_that_they_share(external: str | None, alike: int) -> None:
    account = _candidate(name="Main Operating Account", masked_number="••••5678")

    (found,) = suggest(_mapping(external_name=external), [account])

    assert found.score == 70 + 30 * alike // 100
    assert (f"the names are {alike} % alike" in found.reason) == (alike > 0)


def test_no_more_candidates_are_compared_than_may_be() -> None:
    looked_at: list[Candidate] = []

    def accounts() -> Iterator[Candidate]:
        for number in range(10 * CANDIDATES_MAX):
            looked_at.append(_candidate(name=f"Account {number}"))
            yield looked_at[-1]

    suggest(_mapping(external_name="Account 7"), accounts())

    assert len(looked_at) == CANDIDATES_MAX
