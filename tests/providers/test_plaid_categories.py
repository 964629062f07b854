"""Plaid's categories: the published ones are known, and those of version 1 have a successor."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import pytest

from providers.plaid import categories

PUBLISHED: Final = (
    Path(__file__).resolve().parents[2] / "../shared/specs/plaid-pfc-taxonomy-all.csv"
)


def test_there_are_18_primary_and_123_detailed_categories() -> None:
    assert len(set(categories.detailed().values())) == 18
    assert len(categories.detailed()) == 123


def test_what_version_1_called_otherwise_is_found() -> None:
    assert categories.current("INCOME_WAGES") == "INCOME_SALARY"
    assert categories.current("FOOD_AND_DRINK_COFFEE") == "FOOD_AND_DRINK_COFFEE"
    assert categories.current("NEVER_HEARD_OF") == "NEVER_HEARD_OF"
    assert set(categories.renamed().values()) <= set(categories.detailed())
    assert not set(categories.renamed()) & set(categories.detailed())


def test_categories_have_words() -> None:
    assert categories.label("FOOD_AND_DRINK_COFFEE") == "Food and drink: coffee"
    assert categories.label("INCOME_WAGES") == "Income: salary"
    assert all(categories.label(code) for code in categories.detailed())


@pytest.mark.skipif(
    not PUBLISHED.is_file(), reason="Plaid's taxonomy is not beside this repository"
)
def test_they_are_those_that_plaid_publishes() -> None:
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        rows = [row for row in list(csv.reader(file))[2:] if row]
    second = {row[1].strip(): row[0].strip() for row in rows if row[1].strip()}
    first = {name for row in rows for name in row[4].split(" / ") if name.strip()}

    assert categories.detailed() == second
    assert {name for name in first if not categories.is_known(name)} == set()
