"""Jobs: their kinds, states and stages, and how often and how long they may be tried."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

ATTEMPTS_MAX: Final = 5
LEASE: Final = timedelta(seconds=30)  # renewed with every batch; a dead worker's job is free after
RETRY_DELAYS: Final = tuple(timedelta(seconds=s) for s in (1, 5, 30, 120))
BUSY_DELAY: Final = timedelta(seconds=1)  # another job of the connection is running


class JobKind(StrEnum):
    """What a job is for."""

    IMPORT = "import"
    DERIVE = "derive"
    SYNC = "sync"
    CATEGORIZE = "categorize"
    MATCH = "match"


class JobTrigger(StrEnum):
    """What asked for a job."""

    USER = "user"
    SCHEDULE = "schedule"
    WEBHOOK = "webhook"
    LINK = "link"
    SYSTEM = "system"


class JobTask(StrEnum):
    """What a worker is to do with the job when it claims it."""

    RUN = "run"
    REVERT = "revert"


class JobState(StrEnum):
    """Where a job stands. The last six are final until someone retries or reverts."""

    QUEUED = "queued"
    RUNNING = "running"
    AWAITING_MAPPING = "awaiting_mapping"
    AWAITING_REVIEW = "awaiting_review"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DISCARDED = "discarded"
    REVERTED = "reverted"


class JobStage(StrEnum):
    """What a running job is doing."""

    RECEIVE = "receive"
    FETCH = "fetch"
    SCAN = "scan"
    PREVIEW = "preview"
    PLACE = "place"
    WRITE = "write"
    REVERT = "revert"
    CATEGORIZE = "categorize"
    MATCH = "match"


ACTIVE: Final = frozenset({JobState.QUEUED, JobState.RUNNING})
SETTLED: Final = frozenset(JobState) - ACTIVE


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after this many attempts, the first being 1."""
    assert attempts >= 1
    return RETRY_DELAYS[min(attempts, len(RETRY_DELAYS)) - 1]
