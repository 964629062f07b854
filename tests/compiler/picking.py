"""Picks values for rows by their number, so that the same rows are made each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Value = TypeVar("Value")


def pick(values: Sequence[Value], number: int) -> Value:
    """One of the values, another for the next number."""
    return values[number % len(values)]


def rarely(value: Value, number: int) -> Value | None:
    """The value, or null for every third number."""
    return None if number % 3 == 2 else value
