"""Categorizing: judges rows on their way in, by what the tenant has said up to this moment.

Rules and names are read once a job. What members chose for merchants is read with each batch, so
that a choice counts at once. Rows may have been judged ahead, while the database was at work: those
are judged anew only where someone has chosen for their merchant, or where a rule asks for accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from categories.corrections import REMEMBERED_MAX, Correction, Corrections
from core.categories import Subject, Verdict
from db import category_evidence as stored
from db.category_evidence import Choice, Evidence
from db.session import Tx
from pipeline.flow import in_thread
from pipeline.judging import Judge


class Categorizer:
    """Judges the rows of one tenant's job.

    `evidence` is given where it is not the stored one: a dry run asks what another would say.
    """

    def __init__(self, *, tenant_id: UUID, evidence: Evidence | None = None) -> None:
        self._tenant_id = tenant_id
        self._judge = None if evidence is None else judge_of(evidence)

    async def judge(self, tx: Tx) -> Judge:
        """The tenant's judge, without what members chose."""
        if self._judge is None:
            self._judge = judge_of(await stored.evidence(tx, tenant_id=self._tenant_id))
        return self._judge

    async def decide(
        self, tx: Tx, subjects: Sequence[Subject], foreseen: Sequence[Verdict] | None = None
    ) -> list[Verdict]:
        """What the evidence says of each row, in their order."""
        if not subjects:
            return []
        judge = await self.judge(tx)
        if foreseen is None or judge.account_rules:
            foreseen = await in_thread(partial(judge.judge, subjects))
        keys = {verdict.merchant_key for verdict in foreseen}
        chosen = await stored.chosen(
            tx, tenant_id=self._tenant_id, merchant_keys={key for key in keys if key is not None}
        )
        if not chosen:
            return list(foreseen)
        verdicts = list(foreseen)
        again = [
            number for number, verdict in enumerate(foreseen) if verdict.merchant_key in chosen
        ]
        corrected = await in_thread(
            partial(
                judge.judge,
                [subjects[number] for number in again],
                corrections=_corrections(chosen),
            )
        )
        for number, verdict in zip(again, corrected, strict=True):
            verdicts[number] = verdict
        return verdicts


def judge_of(evidence: Evidence) -> Judge:
    """The judge of a tenant's evidence."""
    return Judge(rules=evidence.rules, codes=evidence.codes, mappings=evidence.mappings)


def _corrections(chosen: Mapping[str, Sequence[Choice]]) -> Corrections:
    """What members chose, the newest last."""
    found = Corrections()
    for merchant_key, choices in chosen.items():
        for choice in sorted(choices, key=lambda choice: choice.newest):
            for _ in range(min(choice.times, REMEMBERED_MAX)):
                found.learn(Correction(merchant=merchant_key, category=choice.category))
    return found
