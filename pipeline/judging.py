"""Judging: what a tenant's evidence says of rows; pure, so that it is done while others wait.

The engine (`categories.evidence`) knows the order of evidence. This puts what it decides into the
tenant's words, and remembers what it said of equal rows: most rows of a feed are of few merchants.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from categories import features, merchant, taxonomy
from categories.conditions import Conditions
from categories.corrections import Corrections
from categories.evidence import Decision, Facts, Opinion, Source, Trade, decide_many
from categories.model import TextModel
from categories.rule_book import Rule, RuleBook
from core.categories import UNDECIDED, CategoryOrigin, Subject, Verdict

NAME_MAX: Final = 200
REASON_MAX: Final = 300
REMEMBERED_MAX: Final = 50_000
SAID: Final = "The source says so."
CODE_KEYS: Final = ("mcc", "MCC", "sic", "SIC")  # of a record's extra
_CODE_DIGITS: Final = 4
_LEVEL: Final = "category_confidence_level"
# Numbers, days and references of a description: they tell rows apart, never merchants.
_NUMBER: Final = re.compile(r"(?=\D*\d\D*\d)[\d.,/:#*+-]+|\S*\d{3}\S*")

# What is equal for rows of which the engine says the same; the last two are how the model sees an
# amount (`categories.classifier.Look`), which it is not asked about where money comes in.
_Known = tuple[str, str, str | None, str | None, str | None, int, bool]
_MONEY_IN: Final = -1


class Judge:
    """Decides by one tenant's rules and names, as they were when it was made."""

    def __init__(
        self,
        *,
        rules: Sequence[Mapping[str, Any]] = (),
        codes: Mapping[str, str] | None = None,
        mappings: Mapping[str, str] | None = None,
    ) -> None:
        """`codes` are of the taxonomy, by the tenant's own names; `mappings` the tenant's words."""
        made = [_rule(row) for row in rules]
        self._book = RuleBook(made) if made else None
        self._codes = codes or {}
        self._mappings = mappings or {}
        self._remembered: dict[_Known, Verdict] = {}
        self.account_rules = frozenset(rule.id for rule in made if rule.conditions.account_ids)

    def judge(
        self, subjects: Sequence[Subject], *, corrections: Corrections | None = None
    ) -> list[Verdict]:
        """What the evidence says of each row, in their order."""
        remembered = self._remembered if corrections is None and self._book is None else {}
        found: list[Verdict | None] = []
        unknown: list[tuple[int, Facts, _Known]] = []
        for number, subject in enumerate(subjects):
            known = _known(subject)
            verdict = remembered.get(known)
            if verdict is None:
                facts = facts_of(subject, known[0])
                verdict = self._by_people(facts, corrections) or self._remembered.get(known)
                if verdict is None:
                    unknown.append((number, facts, known))
            found.append(verdict)
        self._decide(unknown, found)
        return [UNDECIDED if verdict is None else verdict for verdict in found]

    def _by_people(self, facts: Facts, corrections: Corrections | None) -> Verdict | None:
        """By what members of the tenant chose for the merchant, or by its rules."""
        said = None if corrections is None else corrections.opinion(facts)
        if said is not None and said.sure:
            return self._said(facts, said, CategoryOrigin.USER)
        rule = None if self._book is None else self._book.find(facts)
        if rule is None:
            return None
        assert self._book is not None
        opinion = self._book.opinion(facts)
        assert opinion is not None
        return self._said(facts, opinion, CategoryOrigin.RULE)._replace(rule_id=rule.id)

    def _said(self, facts: Facts, said: Opinion, origin: CategoryOrigin) -> Verdict:
        return _blank(facts)._replace(
            category=said.category,
            code=_code(said.category, self._codes),
            origin=origin,
            confidence=round(said.probability * 100),
            reason=said.reason[:REASON_MAX],
        )

    def _decide(
        self, unknown: Sequence[tuple[int, Facts, _Known]], found: list[Verdict | None]
    ) -> None:
        decisions = decide_many((facts for _, facts, _ in unknown), model=_MODEL)
        for (number, facts, known), decision in zip(unknown, decisions, strict=True):
            verdict = self._verdict(facts, decision)
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[known] = found[number] = verdict

    def _verdict(self, facts: Facts, decision: Decision) -> Verdict:
        """The decision in the tenant's words.

        The source's own word counts, however sure it is, where nothing surer speaks.
        """
        source = decision.source
        if facts.provider_category is not None and (
            source is Source.PROVIDER or not decision.applied
        ):
            name, code = self._called(facts.provider_category)
            is_told = source is Source.PROVIDER
            return _blank(facts)._replace(
                category=name,
                code=code,
                origin=CategoryOrigin.PROVIDER,
                confidence=decision.confidence if is_told else None,
                reason=decision.reason[:REASON_MAX] if is_told else SAID,
            )
        if source is Source.NONE:
            return _blank(facts)
        said = _spoken(decision)
        name, code = self._named(said)
        return _blank(facts)._replace(
            category=name if said.applied else None,
            suggested=None if said.applied else name,
            code=code,
            origin=CategoryOrigin(said.source.value),
            confidence=round(said.probability * 100),
            reason=said.reason[:REASON_MAX],
        )

    def _named(self, said: Trade) -> tuple[str, str]:
        """The category in the tenant's words, and its code in the taxonomy."""
        code = said.detailed or said.primary
        for name in (said.detailed, said.primary):
            if name is not None and name in self._mappings:
                called = self._mappings[name]
                return called, self._codes.get(called, code)
        return code, code

    def _called(self, provider_category: str) -> tuple[str, str | None]:
        """A source's category in the tenant's words where it has some, and its code."""
        place = taxonomy.place(provider_category)
        code = None if place is None else place.detailed or place.primary
        known = (provider_category, *(() if place is None else (place.detailed, place.primary)))
        for name in known:
            if name is not None and name in self._mappings:
                called = self._mappings[name]
                return called, self._codes.get(called) or code or _code(called, self._codes)
        return provider_category[:NAME_MAX], self._codes.get(provider_category, code)


def _spoken(decision: Decision) -> Trade:
    """What a row is called after: its merchant's trade, else its class where only that is sure."""
    trade, place = decision.trade, taxonomy.place(decision.category)
    if trade.applied or place is None or not (decision.applied or trade.source is Source.NONE):
        return trade
    return Trade(
        primary=place.primary,
        detailed=place.detailed,
        source=decision.source,
        probability=decision.probability,
        bar=0.0 if decision.applied else 1.0,
        reason=decision.reason,
    )


class _Spending:
    """The statistical model, which knows payments alone: it is not asked about money in."""

    def opinions(self, many: Sequence[Facts]) -> Sequence[Opinion | None]:
        """What the model says of each, in their order."""
        asked = [facts for facts in many if facts.amount < 0 and facts.merchant]
        said = iter(_text_model().opinions(asked) if asked else ())
        return [next(said) if facts.amount < 0 and facts.merchant else None for facts in many]


_MODEL: Final = _Spending()


@lru_cache(maxsize=1)
def _text_model() -> TextModel:
    """The model that ships, read once a process."""
    return TextModel.shipped()


def facts_of(subject: Subject, text: str) -> Facts:
    """What the engine is told of a row; `text` names the merchant."""
    return Facts(
        merchant=text,
        amount=subject.amount,
        currency=subject.currency,
        description=subject.description,
        mcc=_trade(subject.extra),
        provider_category=subject.source_category,
        provider_confidence=None if subject.extra is None else subject.extra.get(_LEVEL),
        account_id=None if subject.account_id is None else str(subject.account_id),
    )


def merchant_text(merchant_name: str | None, description: str) -> str:
    """What names the merchant: the words of the description where the source names none."""
    if merchant_name is not None:
        return merchant_name
    words = description[: merchant.CHARACTERS_MAX].split()
    named = " ".join([word for word in words if word.isalpha() or not _NUMBER.fullmatch(word)])
    return named or description


def _known(subject: Subject) -> _Known:
    text = merchant_text(subject.merchant_name, subject.description)
    amount, extra = subject.amount, subject.extra
    is_out = amount < 0
    return (
        text,
        subject.currency,
        subject.source_category,
        None if extra is None else extra.get(_LEVEL),
        None if extra is None else _trade(extra),
        features.size_of(amount) if is_out else _MONEY_IN,
        is_out and features.is_whole(amount),
    )


def _trade(extra: Mapping[str, str] | None) -> str | None:
    """The merchant category code, where the source gives one."""
    if extra is None:
        return None
    code = next((extra[key] for key in CODE_KEYS if key in extra), "")
    return code if len(code) == _CODE_DIGITS and code.isascii() and code.isdigit() else None


def _blank(facts: Facts) -> Verdict:
    return UNDECIDED._replace(
        merchant=merchant.clean(facts.merchant)[:NAME_MAX] or None,
        merchant_key=merchant.key(facts.merchant)[:NAME_MAX] or None,
    )


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(
        id=UUID(str(row["id"])),
        name=row["name"],
        category=row["category"],
        conditions=Conditions.model_validate(row["conditions"]),
    )


def _code(category: str, codes: Mapping[str, str]) -> str | None:
    """Where a category of the tenant's belongs; None for one that nobody placed."""
    place = taxonomy.place(codes.get(category, category))
    return None if place is None else place.detailed or place.primary
