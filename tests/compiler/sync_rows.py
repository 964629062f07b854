"""What syncs leave on connections and jobs, some of it null on every third row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.compiler.odd_values import INSTANTS


def sync_of_connection(number: int, *, text: Callable[[int], str]) -> dict[str, Any]:
    """How far a connection is, and what went wrong."""
    return {
        "sync_phase": ("initial", "historical", "incremental")[number % 3],
        "sync_progress": None if number % 3 == 2 else number,
        "initial_complete_at": _instant(number + 1, none=number),
        "history_complete_at": _instant(number + 2, none=number + 1),
        "consent_expires_at": _instant(number + 4, none=number + 2),
        "retry_at": _instant(number + 5, none=number + 1),
        "error_code": None if number % 3 == 2 else "busy",
        "error_kind": None if number % 3 == 2 else ("network", "rate_limit")[number % 2],
        "error_message": None if number % 3 == 2 else text(number),
        "next_step": None if number % 3 == 2 else text(number + 1),
        "attention": number % 2 == 0,
    }


def sync_of_job(number: int, *, text: Callable[[int], str]) -> dict[str, Any]:
    """What asked for a job, and what a provider said of it."""
    return {
        "trigger": ("user", "schedule", "webhook", "link", "system")[number % 5],
        "sync_phase": None if number % 3 == 2 else ("initial", "incremental")[number % 2],
        "error_kind": None if number % 3 == 0 else ("network", "rate_limit")[number % 2],
        "next_step": None if number % 3 == 2 else text(number + 2),
    }


def _instant(number: int, *, none: int) -> Any:
    return None if none % 3 == 2 else INSTANTS[number % len(INSTANTS)]
