"""Mapping methods: how an external account came to what it is."""

from __future__ import annotations

from enum import StrEnum


class MappingMethod(StrEnum):
    """How an external account came to what it is."""

    OPENED = "opened"  # an account was opened for it
    MATCHED = "matched"  # a rule said which one it is
    USER = "user"
