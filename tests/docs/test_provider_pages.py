"""Pages of providers name every setting, code and finding that there is."""

from __future__ import annotations

import ast

import pytest

from providers import registry
from providers.plaid.errors import _CODES
from tests.docs.blocks import ROOT
from tests.tidy.tree import ours, parsed

PLAID = ROOT / "docs" / "providers" / "plaid.md"


@pytest.mark.parametrize("slug", ["plaid"])
def test_every_setting_of_a_provider_is_on_its_page(slug: str) -> None:
    page = (ROOT / "docs" / "providers" / f"{slug}.md").read_text(encoding="utf-8")
    fields = registry.by_slug(slug).app.model_fields

    missing = [
        name for field in fields if f"`{(name := registry.variable(slug, field))}`" not in page
    ]

    assert not missing


def test_every_code_of_plaid_is_on_its_page() -> None:
    page = PLAID.read_text(encoding="utf-8")

    missing = [code for code in _CODES if f"`{code.lower().replace('_', '-')}`" not in page]

    assert not missing


def test_every_finding_of_plaid_is_on_its_page() -> None:
    page = PLAID.read_text(encoding="utf-8")
    codes = {
        node.args[0].value
        for path in ours("providers/plaid")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"note", "rejected"}
        and isinstance(node.args[0], ast.Constant)
    }

    assert len(codes) >= 6
    assert [code for code in sorted(map(str, codes)) if f"`{code}`" not in page] == []
