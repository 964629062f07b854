"""Incoming: rows as they are copied, with new ids and with what the evidence says of them."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterable
from itertools import repeat
from typing import Final
from uuid import UUID

from core.categories import UNDECIDED, Subject, Verdict
from db.merge import Incoming
from pipeline.batch import Entry, Target

# RFC 9562, section 5.7: 48 bits of milliseconds, then version and variant among random bits.
_VERSION_7: Final = 0x7 << 76 | 0x2 << 62
_RANDOM: Final = (1 << 76) - 1 & ~(0x3 << 62)


def subject(entry: Entry, target: Target | None = None) -> Subject:
    """What of a row the evidence is asked about."""
    record = entry.record
    return Subject(
        record.merchant_name,
        record.description,
        record.amount,
        record.currency,
        record.category,
        record.extra,
        None if target is None else target.account_id,
    )


def incoming(
    rows: Iterable[tuple[Entry, int]], verdicts: Iterable[Verdict] = repeat(UNDECIDED)
) -> Iterable[Incoming]:
    """Rows for COPY. Their ids grow with time, so that the primary key is appended to.

    Ids are no secrets: a generator with a secret seed is as good as the system's, and quicker.
    """
    prefix = (time.time_ns() // 1_000_000) << 80 | _VERSION_7
    chance = random.Random(os.urandom(32)).getrandbits  # noqa: S311 - see above
    for ((record, sort_date, fingerprint, occurrence, content_key, _), number), verdict in zip(
        rows, verdicts, strict=False
    ):
        yield Incoming(
            number,
            record.line,
            record.line_end,
            UUID(int=prefix | chance(76) & _RANDOM),
            fingerprint,
            occurrence,
            content_key,
            record.external_id,
            record.status,
            record.amount,
            record.currency,
            sort_date,
            record.posted_date,
            record.transaction_date,
            record.value_date,
            record.description,
            record.description_raw,
            record.merchant_name,
            record.reference,
            record.customer_reference,
            record.type_code,
            record.category,
            record.running_balance,
            record.extra or None,
            *verdict,
        )
