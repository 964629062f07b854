"""Size budgets: what does not fit in a head is split by noun."""

from __future__ import annotations

import ast

from tests.tidy.tree import PACKAGES, ROOT, ours, parsed, place

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60


def test_no_file_is_longer_than_400_lines() -> None:
    files = [*ours(*PACKAGES, "tests", "bench"), *ROOT.glob("supabase/migrations/*.sql")]
    files += ROOT.glob("sql/*.sql")

    long = [
        f"{place(path)}: {lines} lines"
        for path in files
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX
    ]

    assert not long, "split by noun, never in halves:\n" + "\n".join(long)


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{place(path, node)} {node.name}: {lines} lines"
        for path in ours(*PACKAGES, "tests", "bench")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]

    assert not long, "give a step of it a name:\n" + "\n".join(long)


def test_the_median_file_is_short() -> None:
    lengths = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in ours(*PACKAGES))

    assert lengths[len(lengths) // 2] < 150
