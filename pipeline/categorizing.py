"""Categorizing: asks the evidence of a tenant about rows, before they are written or when told to.

The engine is pure (`categories.evidence`). What it needs of a tenant is read once a job; what
members chose for merchants is read for each batch, so that a choice counts at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from categories import merchant, taxonomy
from categories.conditions import Conditions
from categories.corrections import REMEMBERED_MAX, Correction, Corrections
from categories.evidence import Decision, Facts, Model, Source, decide_many
from categories.rule_book import Rule, RuleBook
from core.categories import UNDECIDED, CategoryOrigin, Subject, Verdict
from db import category_evidence as stored
from db.category_evidence import Choice, Evidence
from db.session import Tx

NAME_MAX: Final = 200
REASON_MAX: Final = 300
SAID: Final = "The source says so."
_CODE_KEYS: Final = ("mcc", "MCC", "sic", "SIC")  # of a record's extra
_CODE_DIGITS: Final = 4
# Numbers, days and references of a description: they tell rows apart, never merchants.
_NUMBERS: Final = re.compile(r"(?<!\S)(?:(?=\S*\d\S*\d)[\d.,/:#*+-]+|(?=\S*\d{3})\S+)(?!\S)")


class Categorizer:
    """Decides for one tenant, as its evidence was when it was first asked.

    `evidence` is given where it is not the stored one: a dry run asks what another would say.
    """

    def __init__(self, *, tenant_id: UUID, evidence: Evidence | None = None) -> None:
        self._tenant_id = tenant_id
        self._evidence = evidence
        self._book: RuleBook | None = None

    async def decide(self, tx: Tx, subjects: Sequence[Subject]) -> list[Verdict]:
        """What the evidence says of each row, in their order."""
        if not subjects:
            return []
        if self._evidence is None:
            self._evidence = await stored.evidence(tx, tenant_id=self._tenant_id)
        if self._book is None:
            self._book = RuleBook([rule_of(one) for one in self._evidence.rules])
        facts = [facts_of(subject) for subject in subjects]
        keys = [merchant.key(one.merchant) for one in facts]
        chosen = await stored.chosen(
            tx, tenant_id=self._tenant_id, merchant_keys={key for key in keys if key}
        )
        decisions = decide_many(
            facts,
            corrections=_corrections(chosen) if chosen else None,
            rules=self._book if self._evidence.rules else None,
            model=model(),
        )
        return [
            self._verdict(one, decision, key)
            for one, decision, key in zip(facts, decisions, keys, strict=True)
        ]

    def _verdict(self, facts: Facts, decision: Decision, key: str) -> Verdict:
        """The decision in the tenant's words.

        The source's own word counts, however sure it is, where nothing stronger or surer speaks.
        """
        blank = UNDECIDED._replace(merchant=clean_name(facts.merchant), merchant_key=key or None)
        source = decision.source
        if facts.provider_category is not None and (
            source is Source.PROVIDER or not decision.applied
        ):
            name, code = self._called(facts.provider_category)
            is_told = source is Source.PROVIDER
            return blank._replace(
                category=name,
                code=code,
                origin=CategoryOrigin.PROVIDER,
                confidence=decision.confidence if is_told else None,
                reason=decision.reason[:REASON_MAX] if is_told else SAID,
            )
        if source is Source.NONE:
            return blank
        name, code = self._named(decision)
        return blank._replace(
            category=name if decision.applied else None,
            suggested=None if decision.applied else name,
            code=code,
            origin=CategoryOrigin(source.value),
            confidence=decision.confidence,
            reason=decision.reason[:REASON_MAX],
            rule_id=self._rule_id(facts) if source is Source.RULE else None,
        )

    def _rule_id(self, facts: Facts) -> UUID | None:
        rule = None if self._book is None else self._book.find(facts)
        return None if rule is None else rule.id

    def _named(self, decision: Decision) -> tuple[str, str | None]:
        """The category in the tenant's words, and its code in the taxonomy."""
        assert self._evidence is not None
        code = decision.detailed or decision.primary
        if decision.source in (Source.USER, Source.RULE):
            return decision.category, _code(decision.category, self._evidence.codes)
        mappings = self._evidence.mappings
        for name in (decision.detailed, decision.primary):
            if name is not None and name in mappings:
                return mappings[name], self._evidence.codes.get(mappings[name], code)
        return code, code

    def _called(self, provider_category: str) -> tuple[str, str | None]:
        """A source's category in the tenant's words where it has some, and its code."""
        assert self._evidence is not None
        mappings, codes = self._evidence.mappings, self._evidence.codes
        place = taxonomy.place(provider_category)
        code = None if place is None else place.detailed or place.primary
        known = (provider_category, *(() if place is None else (place.detailed, place.primary)))
        for name in known:
            if name is not None and name in mappings:
                called = mappings[name]
                return called, codes.get(called) or code or _code(called, codes)
        return provider_category[:NAME_MAX], codes.get(provider_category, code)


def facts_of(subject: Subject) -> Facts:
    """What the engine is told of a row."""
    extra = subject.extra or {}
    code = next((extra[key] for key in _CODE_KEYS if key in extra), None)
    return Facts(
        merchant=subject.merchant_name or without_numbers(subject.description),
        amount=subject.amount,
        currency=subject.currency,
        description=subject.description,
        mcc=code if code is not None and _is_trade(code) else None,
        provider_category=subject.source_category,
        provider_confidence=extra.get("category_confidence_level"),
        account_id=None if subject.account_id is None else str(subject.account_id),
    )


def without_numbers(description: str) -> str:
    """The words of a description; all of it where there are no words."""
    words = " ".join(_NUMBERS.sub("", description[: merchant.CHARACTERS_MAX]).split())
    return words or description


def rule_of(row: Mapping[str, Any]) -> Rule:
    """A stored rule as the book takes it."""
    return Rule(
        id=UUID(str(row["id"])),
        name=row["name"],
        category=row["category"],
        conditions=Conditions.model_validate(row["conditions"]),
    )


def clean_name(raw: str) -> str | None:
    """The merchant's name as it is kept; None where there is none."""
    return merchant.clean(raw)[:NAME_MAX] or None


@lru_cache(maxsize=1)
def model() -> Model | None:
    """The statistical model, read once a process."""
    return None


def _corrections(chosen: Mapping[str, Sequence[Choice]]) -> Corrections:
    """What members chose, the newest last."""
    found = Corrections()
    for merchant_key, choices in chosen.items():
        for choice in sorted(choices, key=lambda choice: choice.newest):
            for _ in range(min(choice.times, REMEMBERED_MAX)):
                found.learn(Correction(merchant=merchant_key, category=choice.category))
    return found


def _code(category: str, codes: Mapping[str, str]) -> str | None:
    place = taxonomy.place(codes.get(category, category))
    return None if place is None else place.detailed or place.primary


def _is_trade(code: str) -> bool:
    return len(code) == _CODE_DIGITS and code.isascii() and code.isdigit()
