"""House habits, each with what to do instead."""

from __future__ import annotations

import ast
import re

import pytest

from tests.tidy.tree import PACKAGES, ROOT, ours, parsed, place

EXACT = ("core", "pipeline", "providers", "statements")
VAGUE = {"utils", "common", "helpers", "lib", "types", "misc", "shared", "manager"}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        place(path) for path in ours(*PACKAGES, "bench") if not ast.get_docstring(parsed(path))
    ]

    assert not silent, "begin with a docstring that names the file's noun:\n" + "\n".join(silent)


def test_money_never_meets_a_float() -> None:
    found = [
        place(path, node)
        for path in ours(*EXACT)
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (
            (isinstance(node, ast.Constant) and isinstance(node.value, float))
            and path.parent.name != "pipeline"
        )
    ]

    assert not found, "use Decimal or a whole number:\n" + "\n".join(found)


def test_time_is_passed_in() -> None:
    clocks = {"now", "utcnow", "today"}
    found = [
        place(path, node)
        for path in ours("core", "statements", "schema")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in clocks
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date"}
    ]

    assert not found, "take the time as an argument:\n" + "\n".join(found)


def test_only_the_session_and_the_pool_touch_connections() -> None:
    doors = {"session.py", "pool.py", "failures.py"}
    setup = {
        "bootstrap.py",
        "direct.py",
        "migrate.py",
        "login.py",
        "readers.py",
        "demo.py",
        "embedded.py",
        "schema_dump.py",
    }
    found = [
        place(path, node)
        for path in ours(*PACKAGES)
        if path.name not in doors | setup or path.parent.name != "db"
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.Import) and any(a.name == "asyncpg" for a in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("asyncpg"))
    ]

    assert not found, "go through Database.as_(scope):\n" + "\n".join(found)


def test_nothing_is_called_utils() -> None:
    found = [place(path) for path in ours(*PACKAGES) if path.stem in VAGUE]

    assert not found, "a function without a home lacks a noun:\n" + "\n".join(found)


def test_nobody_catches_everything() -> None:
    outermost = {
        "pipeline/run.py",
        "pipeline/webhooks.py",
        "api/graphql.py",
        "api/errors.py",
        "api/outermost.py",
    }
    found = [
        place(path, node)
        for path in ours(*PACKAGES)
        if place(path) not in outermost
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception"})
        )
    ]

    assert not found, "name what you expect; the outermost frames catch the rest:\n" + "\n".join(
        found
    )


def test_no_fixture_is_named_as_a_test() -> None:
    found = [
        place(path, node)
        for path in ours("tests")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test")
        and any(
            ast.unparse(decorator).partition("(")[0].rpartition(".")[2] == "fixture"
            for decorator in node.decorator_list
        )
    ]

    assert not found, "a test that is a fixture never runs:\n" + "\n".join(found)


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME"])
def test_no_note_to_self_is_left(word: str) -> None:
    files = [*ours(*PACKAGES, "tests", "bench"), *ROOT.glob("sql/*.sql"), *ROOT.glob("docs/*.md")]
    found = [
        f"{place(path)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if word in line
    ]

    assert not found, "do it, or open an issue:\n" + "\n".join(found)


def test_ignored_type_errors_say_why() -> None:
    found = [
        f"{place(path)}:{number}"
        for path in ours(*PACKAGES)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"# type: ignore(\[[a-z, -]+\])?\s*$", line)
    ]

    assert not found, "add the reason behind the ignore:\n" + "\n".join(found)
