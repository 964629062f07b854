"""Syncs: how often a connection is asked, and how far its history is."""

from __future__ import annotations

from enum import StrEnum


class SyncFrequency(StrEnum):
    """How often a connection is asked for news."""

    MANUAL = "manual"
    REALTIME = "realtime"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


class SyncPhase(StrEnum):
    """How far the history of a connection is."""

    INITIAL = "initial"  # the newest days, so that somebody sees something soon
    HISTORICAL = "historical"  # the time before them
    INCREMENTAL = "incremental"  # what changes
