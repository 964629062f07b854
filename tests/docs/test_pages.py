"""Pages with a form of their own: changelog, contributing, findings."""

from __future__ import annotations

import ast
import re
import tomllib
from datetime import date

from tests.docs.blocks import ROOT

CONTRIBUTING_LINES_MAX = 100
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
REPORTERS = {
    "Finding",
    "Failure",
    "RowRejected",
    "Unreadable",
    "_check_conventions",
    "_reject_amount",
    "_report",
    "_recover",
    "_warn",
    "control",
    "info",
    "reject",
    "warn",
}
KEBAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def test_contributing_fits_on_a_page_or_two() -> None:
    lines = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()

    assert len(lines) <= CONTRIBUTING_LINES_MAX


def test_the_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\](?: - (\S+))?$", text, re.MULTILINE)
    dates = [date.fromisoformat(day) for _, day in headings[1:]]

    assert headings[0] == ("Unreleased", "")
    assert dates == sorted(dates, reverse=True)
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= KINDS


def test_the_changelog_knows_the_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert f"## [{project['version']}] - " in text


def test_every_finding_code_is_explained() -> None:
    pages = [ROOT / "docs" / name for name in ("statements.md", "syncs.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    unexplained = sorted(code for code in _codes() if f"`{code}`" not in text)

    assert not unexplained, "explain it in docs/statements.md or syncs.md:\n" + "\n".join(
        unexplained
    )


def _codes() -> set[str]:
    """The first kebab-case text that each report is called with, and what the ledger settles."""
    found = set()
    for folder in ("statements", "pipeline"):
        for path in (ROOT / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    found |= _code_of(node)
    return found


def _code_of(call: ast.Call) -> set[str]:
    named = [keyword.value for keyword in call.keywords if keyword.arg in {"code", "error_code"}]
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = [*named, *(call.args if name in REPORTERS else ())]
    texts = [one.value for one in given if isinstance(one, ast.Constant)]
    codes = [text for text in texts if isinstance(text, str) and KEBAB.fullmatch(text)]
    return set(codes[:1])
