"""Links and paths: whatever a document points to is there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.blocks import ROOT, documents, prose

LINK = re.compile(r"\[[^\]]+\]\((?!https?:)([^)#\s]*)(#[^)\s]+)?\)")
PATH = re.compile(r"`([\w.-]+/[\w./*-]*)`")


def test_every_relative_link_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}{anchor}"
        for path in documents()
        for target, anchor in LINK.findall(prose(path))
        if not _leads(path, target, anchor)
    ]

    assert not broken, "correct the link:\n" + "\n".join(broken)


def test_every_path_that_is_named_exists() -> None:
    top = {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")}
    missing = [
        f"{path.relative_to(ROOT)}: {named}"
        for path in documents()
        for named in PATH.findall(prose(path))
        if named.split("/")[0] in top and not list(ROOT.glob(named.rstrip("/")))
    ]

    assert not missing, "name what is there:\n" + "\n".join(missing)


def test_every_document_is_linked_from_another() -> None:
    linked = {
        (path.parent / target).resolve()
        for path in documents()
        for target, _ in LINK.findall(prose(path))
        if target
    }
    entrances = {"README.md", "CHANGELOG.md"}
    lonely = [
        str(path.relative_to(ROOT))
        for path in documents()
        if path not in linked and path.name not in entrances
    ]

    assert not lonely, "link it from where a reader would look:\n" + "\n".join(lonely)


def _leads(path: Path, target: str, anchor: str) -> bool:
    place = (path.parent / target).resolve() if target else path
    if not place.exists():
        return False
    return not anchor or anchor[1:] in _anchors(place)


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }
