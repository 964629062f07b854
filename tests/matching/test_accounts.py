"""Account matching: what speaks for an account, what forbids a machine to say so, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candidates import Candidate, Considered, Looks, Subject
from core.models import Account, AccountStatus, AccountType, MappingPolicy
from core.spellings import NumberKind
from matching.accounts import (
    AUTOMATIC_MIN,
    MARGIN,
    DoubtCode,
    Match,
    ReasonCode,
    automatic,
    ranked,
)
from resolvers.suggestions import SUGGESTIONS_MAX, suggest

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IBAN, ROUTED, NUMBER = (frozenset({one}) for one in NumberKind)
LOOKS = Looks(
    name="Everyday",
    masked_number="••••5678",
    type="checking",
    institution="ins_1",
    institution_name="Harbor Bank",
)


def candidate(**given: Any) -> Candidate:
    account = {
        "id": uuid4(),
        "institution_id": None,
        "name": "Main",
        "type": AccountType.OTHER,
        "currency": "EUR",
        "masked_number": None,
        "status": AccountStatus.ACTIVE,
        "created_at": NOW,
        "updated_at": NOW,
    }
    of_account = {name: given.pop(name) for name in tuple(given) if name in account}
    return Candidate(account=Account(**account | of_account), **given)


def looking(looks: Looks = LOOKS, **given: Any) -> Candidate:
    """An account whose feed looks so."""
    return candidate(feeds=(looks,), **given)


def subject(looks: Looks = LOOKS, *, currency: str = "EUR", **given: Any) -> Subject:
    return Subject(looks=looks, currency=currency, **given)


def matches(of: Subject, *candidates: Candidate) -> Sequence[Match]:
    return ranked(Considered(subject=of, candidates=candidates))


def taken(of: Subject, *candidates: Candidate) -> Candidate | None:
    match = automatic(of, matches(of, *candidates))
    return None if match is None else match.candidate


def codes(match: Match) -> list[ReasonCode]:
    return [reason.code for reason in match.reasons]


def doubts(of: Subject, one: Candidate) -> set[DoubtCode]:
    (match,) = matches(of, one)
    return {doubt.code for doubt in match.doubts}


# What speaks for an account.


def test_reasons_come_with_their_points_the_strongest_first_and_make_the_score() -> None:
    (match,) = matches(subject(), looking())

    assert [(one.code, one.score) for one in match.reasons] == [
        (ReasonCode.SAME_MASK, 40),
        (ReasonCode.SAME_NAME, 25),
        (ReasonCode.SAME_INSTITUTION, 20),
        (ReasonCode.SAME_TYPE, 10),
        (ReasonCode.SAME_CURRENCY, 5),
    ]
    assert match.score == 100
    assert match.doubts == ()


def test_strongest_spelling_of_a_number_counts_and_no_weaker_one() -> None:
    bare = Looks()

    (match,) = matches(subject(bare), candidate(same_numbers=IBAN | ROUTED | NUMBER))

    assert codes(match) == [ReasonCode.SAME_IBAN, ReasonCode.SAME_CURRENCY]


def test_institution_kind_and_currency_are_said_of_many_and_suggest_none() -> None:
    assert matches(subject(replace(LOOKS, name=None, masked_number=None)), looking()) == []


def test_another_currency_is_never_suggested_and_an_unknown_one_is_no_difference() -> None:
    assert matches(subject(), looking(currency="USD")) == []
    for unknown in (
        matches(subject(currency="XXX"), looking(same_numbers=IBAN)),
        matches(subject(), looking(currency="XXX", same_numbers=IBAN)),
    ):
        assert ReasonCode.SAME_CURRENCY not in codes(unknown[0])


@pytest.mark.parametrize(
    ("external", "alike"),
    [
        ("Account, Operating: MAIN", 100),
        ("Main operating", 100),
        ("Payroll operating", 50),
        ("Payroll account", 0),
        ("…", 0),
        (None, 0),
    ],
)
def test_names_are_alike_by_the_words_that_tell_accounts_apart(
    external: str | None, alike: int
) -> None:
    account = candidate(name="Main Operating Account", masked_number="••••5678")

    (match,) = matches(subject(Looks(name=external, masked_number="••••5678")), account)

    assert match.score == 45 + 25 * alike // 100


def test_bank_is_the_same_by_its_code_without_the_branch_or_by_its_name() -> None:
    bic = Looks(masked_number="••••5678", institution="COBADEFFXXX")
    same = (
        Looks(masked_number="••••5678", institution="COBADEFF"),
        Looks(masked_number="••••5678", institution="37040044", institution_name="Commerzbank"),
    )
    for other in same:
        (match,) = matches(subject(replace(bic, institution_name="commerzbank")), looking(other))
        assert ReasonCode.SAME_INSTITUTION in codes(match)


def test_suggestions_are_few_and_say_which_an_import_would_take() -> None:
    sure = looking(same_numbers=IBAN)
    others = [looking(replace(LOOKS, name=f"Other {number}")) for number in range(50)]

    found = suggest(Considered(subject=subject(), candidates=[*others, sure]))

    assert len(found) == SUGGESTIONS_MAX
    assert [one.automatic for one in found] == [one.account == sure.account for one in found]
    assert found[0].reason.startswith("Another source feeds it under the same IBAN, ")


# What forbids a machine to decide.


@pytest.mark.parametrize("numbers", [IBAN, ROUTED])
def test_one_account_of_the_same_iban_or_number_and_bank_is_taken(
    numbers: frozenset[NumberKind],
) -> None:
    only = candidate(same_numbers=numbers)

    assert taken(subject(Looks()), only) == only


@pytest.mark.parametrize(
    ("looks", "other", "doubt"),
    [
        (LOOKS, replace(LOOKS, type="savings"), DoubtCode.OTHER_TYPE),
        (LOOKS, replace(LOOKS, name="Reserves"), DoubtCode.OTHER_NAME),
    ],
)
def test_same_iban_alone_is_no_proof(looks: Looks, other: Looks, doubt: DoubtCode) -> None:
    shared = looking(other, same_numbers=IBAN)

    (match,) = matches(subject(looks), shared)

    assert taken(subject(looks), shared) is None
    assert [one.code for one in match.doubts] == [doubt]
    assert match.near


def test_name_that_a_user_gave_and_a_kind_that_nobody_knows_are_no_difference() -> None:
    renamed = candidate(
        name="Household", feeds=(Looks(type="mystery"),), same_numbers=IBAN, currency="EUR"
    )

    assert taken(subject(), renamed) == renamed


def test_two_accounts_of_one_iban_are_told_apart_by_their_kind() -> None:
    checking = looking(same_numbers=IBAN)
    savings = looking(replace(LOOKS, type="savings"), same_numbers=IBAN)

    assert taken(subject(), savings, checking) == checking


def test_same_number_at_another_bank_is_another_account() -> None:
    here = Looks(institution="021000021", masked_number="••••5678")
    there = looking(replace(here, institution="121000358"), same_numbers=NUMBER)

    assert DoubtCode.OTHER_INSTITUTION in doubts(subject(here), there)
    assert not matches(subject(here), there)[0].near


def test_ids_of_banks_at_different_providers_are_no_difference() -> None:
    plaid = looking(replace(LOOKS, institution="ins_9", institution_name=None))

    assert doubts(subject(replace(LOOKS, institution="37040044")), plaid) == set()


def test_number_that_ends_differently_is_another_account() -> None:
    assert DoubtCode.OTHER_NUMBER in doubts(
        subject(), looking(replace(LOOKS, masked_number="••••0001"))
    )


@pytest.mark.parametrize(
    ("given", "doubt"),
    [
        ({"named": True}, DoubtCode.SAME_DOCUMENT),
        ({"doubted": True}, DoubtCode.REFUSED_BEFORE),
        ({"status": AccountStatus.CLOSED}, DoubtCode.CLOSED),
    ],
)
def test_what_else_forbids_it(given: dict[str, Any], doubt: DoubtCode) -> None:
    one = looking(same_numbers=IBAN, **given)

    assert doubts(subject(), one) == {doubt}
    assert taken(subject(), one) is None


def test_what_one_document_tells_apart_is_not_near_and_in_nobodys_way() -> None:
    other = looking(same_numbers=IBAN, named=True)
    itself = looking(same_numbers=IBAN)

    assert not matches(subject(), other)[0].near
    assert taken(subject(), other, itself) == itself


# When it is sure.


def test_all_looks_together_are_sure_and_all_but_one_are_not() -> None:
    assert taken(subject(), one := looking()) == one
    for missing in ("name", "masked_number", "type"):
        assert taken(subject(replace(LOOKS, **{missing: None})), looking()) is None
    unknown_bank = replace(LOOKS, institution=None, institution_name=None)
    assert taken(subject(unknown_bank), looking()) is None


def test_account_that_was_taken_away_is_a_persons_to_give() -> None:
    assert taken(subject(fed=True), looking(same_numbers=IBAN)) is None
    assert taken(subject(ignored=True), looking(same_numbers=IBAN)) is None


def test_where_the_connection_asks_a_persons_answer_about_the_number_is_sure() -> None:
    asks = subject(policy=MappingPolicy.ASK)
    answered = looking(same_numbers=IBAN, verified=True)

    assert taken(asks, answered) == answered
    assert taken(asks, looking(same_numbers=IBAN)) is None
    assert taken(asks, looking()) is None
    assert taken(asks, looking(same_numbers=NUMBER, verified=True)) is None
    assert taken(replace(asks, currency="XXX"), answered) is None


def test_a_thousand_candidates_hide_none() -> None:
    crowd = [looking(replace(LOOKS, masked_number=f"••••{at:04}")) for at in range(1_000)]
    one = looking(same_numbers=IBAN)

    assert taken(subject()) is None
    assert taken(subject(replace(LOOKS, masked_number=None)), *crowd) is None
    assert taken(subject(replace(LOOKS, masked_number=None)), *crowd, one) == one
    assert taken(subject(replace(LOOKS, masked_number="••••0007")), *crowd) == crowd[7]
    assert taken(subject(replace(LOOKS, masked_number="••••9999")), *crowd) is None


# Properties. Machines that test are busy, so no example has a time of its own.
untimed = settings(deadline=None)

TEXTS = st.sampled_from([None, "Everyday", "Everyday Plus", "Reserves"])
SEEN = st.builds(
    Looks,
    name=TEXTS,
    masked_number=st.sampled_from([None, "••••5678", "••••0001", "••••"]),
    type=st.sampled_from([None, "checking", "savings", "mystery"]),
    institution=st.sampled_from([None, "ins_1", "37040044", "10000000"]),
    institution_name=st.sampled_from([None, "Harbor Bank", "West Bank"]),
)
SUBJECTS = st.builds(
    Subject,
    looks=SEEN,
    currency=st.sampled_from(["EUR", "USD", "XXX"]),
    policy=st.sampled_from(MappingPolicy),
    fed=st.booleans(),
)
NUMBERS = st.frozensets(st.sampled_from(NumberKind))
CANDIDATES = st.builds(
    candidate,
    name=st.sampled_from(["Everyday", "Reserves", "Main"]),
    type=st.sampled_from([AccountType.OTHER, AccountType.CHECKING]),
    currency=st.sampled_from(["EUR", "XXX"]),
    status=st.sampled_from(AccountStatus),
    feeds=st.lists(SEEN, max_size=2).map(tuple),
    same_numbers=NUMBERS,
    verified=st.booleans(),
    doubted=st.booleans(),
    named=st.booleans(),
)


@untimed
@given(of=SUBJECTS, several=st.lists(CANDIDATES, max_size=6), data=st.data())
def test_order_of_candidates_does_not_matter(
    of: Subject, several: list[Candidate], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(several))

    assert matches(of, *shuffled) == matches(of, *several)
    assert taken(of, *shuffled) == taken(of, *several)


@untimed
@given(of=SUBJECTS, one=CANDIDATES, more=NUMBERS)
def test_more_evidence_never_lowers_the_score(
    of: Subject, one: Candidate, more: frozenset[NumberKind]
) -> None:
    def score(candidate: Candidate) -> int:
        return sum(match.score for match in matches(of, candidate))

    before = score(one)

    assert score(replace(one, same_numbers=one.same_numbers | more)) >= before
    assert score(replace(one, feeds=(*one.feeds, of.looks))) >= before
    assert score(replace(one, account=replace(one.account, currency=of.currency))) >= before


@untimed
@given(of=SUBJECTS, one=CANDIDATES, others=st.lists(CANDIDATES, max_size=3))
def test_a_tie_is_never_decided(of: Subject, one: Candidate, others: list[Candidate]) -> None:
    twin = replace(one, account=replace(one.account, id=uuid4()))

    assert taken(of, one, twin, *others) not in (one, twin)


@untimed
@given(of=SUBJECTS, several=st.lists(CANDIDATES, max_size=6))
def test_what_is_taken_is_above_the_bar_undoubted_and_leads_all_that_may_be_it(
    of: Subject, several: list[Candidate]
) -> None:
    found = matches(of, *several)

    match = automatic(of, found)

    if match is not None:
        assert match.score >= AUTOMATIC_MIN
        assert not match.doubts
        rivals = [one for one in found if one is not match and not one.excluded]
        assert all(one.score <= match.score - MARGIN for one in rivals)


@untimed
@given(of=SUBJECTS, several=st.lists(CANDIDATES, max_size=6), more=CANDIDATES)
def test_another_candidate_never_makes_an_old_one_sure(
    of: Subject, several: list[Candidate], more: Candidate
) -> None:
    before = taken(of, *several)

    assert taken(of, *several, more) in (before, more, None)
