"""Our top-level packages are ours: imported from the checkout, owned by no other distribution."""

from __future__ import annotations

import importlib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.tidy.tree import PACKAGES, ROOT


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_imported_from_the_checkout(name: str) -> None:
    module = importlib.import_module(name)

    assert module.__file__ is not None
    assert Path(module.__file__).resolve().parent == ROOT / name


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_owns_the_name(name: str) -> None:
    owners = set(packages_distributions().get(name, []))

    assert owners <= {"bankfeeds"}, f"uninstall {owners - {'bankfeeds'}}"


def test_the_supabase_folder_does_not_shadow_the_supabase_package() -> None:
    assert not (ROOT / "supabase" / "__init__.py").exists()
    assert hasattr(importlib.import_module("supabase"), "acreate_client")
