"""The lock of the TypeScript client: exact, by hashes, from no named registry, freely licensed."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tests.clients.npm import CLIENT

LICENSES: Final = {
    "(MIT OR Apache-2.0)",
    "0BSD",
    "Apache-2.0",
    "BlueOak-1.0.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC-BY-4.0",
    "ISC",
    "MIT",
    "Python-2.0",
}


def _packages() -> dict[str, Any]:
    lock = json.loads((CLIENT / "package-lock.json").read_text(encoding="utf-8"))
    return {path: package for path, package in lock["packages"].items() if path}


def test_the_lock_names_no_registry() -> None:
    assert [path for path, package in _packages().items() if "resolved" in package] == []


def test_every_package_has_a_hash() -> None:
    assert [path for path, package in _packages().items() if "integrity" not in package] == []


def test_every_package_is_freely_licensed() -> None:
    found = {path: package.get("license") for path, package in _packages().items()}

    assert {path: name for path, name in found.items() if name not in LICENSES} == {}


def test_what_is_asked_for_is_exact() -> None:
    asked = json.loads((CLIENT / "package.json").read_text(encoding="utf-8"))
    versions = {**asked["dependencies"], **asked["devDependencies"], **asked["overrides"]}

    assert {n: v for n, v in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", v)} == {}
