"""Files of the corpus that are read, refused or wrong, beside the best other reader of each format.

    python bench/corpus_table.py [--details]

A file is read where number and sum of its rows are those that its own source or its own text
states, as `tests/corpus/*_expected.json` keeps them; wrong where they differ; refused where the
reader says why it takes none of them, rightly where the file holds no statement. Ends with status 1
where ours is wrong about one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.corpus_peers import PEERS, told_by
from core.errors import Unreadable
from core.records import Finding, TransactionRecord
from statements.base import ParseOptions
from statements.profile import CsvProfile
from statements.registry import by_name

ROOT: Final = Path(__file__).resolve().parents[1]
CORPUS: Final = ROOT / "../shared/corpus"
FORMATS: Final = ("bai2", "camt", "csv", "mt940", "ofx")
DECIMALS: Final = 2  # of the minor units that a peer leaves amounts in


class Truth(NamedTuple):
    """What a file is known to hold."""

    path: Path
    refused: bool
    rows: int
    entries: int  # where a reader leaves batches whole
    sum: Decimal
    profile: CsvProfile | None


def main() -> int:
    """Prints a line for each format and reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--details", action="store_true", help="name each file that is not read")
    arguments = parser.parse_args()
    print(f"{'format':<8}{'reader':<18}{'files':>6}{'read':>6}{'refused':>9}{'wrong':>7}")
    wrong = 0
    for name in FORMATS:
        truths = list(known(name))
        ours = [ours_of(name, truth) for truth in truths]
        wrong += report(name, "bankfeeds", truths, ours, details=arguments.details)
        peer = PEERS.get(name)
        if peer is not None:
            theirs = told_by(peer, [truth.path for truth in truths])
            if name == "bai2":
                theirs = [scaled(told) for told in theirs]
            report(name, peer.pin, truths, theirs, details=arguments.details)
    return 1 if wrong else 0


def known(name: str) -> Iterator[Truth]:
    """The files of a format, with what is known of each."""
    kept = json.loads((ROOT / "tests" / "corpus" / f"{name}_expected.json").read_text("utf-8"))
    for file, expected in sorted(kept.items()):
        folder = CORPUS if name == "mt940" else CORPUS / name
        rows, amounts = expected.get("rows", []), Decimal(0)
        if name == "mt940":
            count, amounts = rows, Decimal(expected["sum"])
        elif name == "csv":
            count, amounts = rows["count"], Decimal(rows["sum"])
        else:
            listed = expected.get("entries", []) if name == "camt" else rows
            count = len(listed)
            amounts = sum((Decimal(row[0]) for row in listed), Decimal(0))
        profile = expected.get("profile")
        yield Truth(
            folder / file,
            "unreadable" in expected,
            expected.get("transactions", count) if name == "camt" else count,
            count,
            amounts,
            None if profile is None else CsvProfile.model_validate(profile),
        )


def ours_of(name: str, truth: Truth) -> dict[str, Any]:
    """What our reader makes of a file."""
    options = ParseOptions(currency="EUR", profile=truth.profile)
    try:
        records = list(by_name(name).parse([truth.path.read_bytes()], options))
    except Unreadable as error:
        return {"error": f"{error.code}: {error.message}"}
    amounts = [record.amount for record in records if isinstance(record, TransactionRecord)]
    rejected = [one for one in records if isinstance(one, Finding) and one.rejected]
    if not amounts and len(rejected) >= truth.rows > 0:
        return {"error": f"{rejected[0].code}: {rejected[0].message}"}
    return {"rows": len(amounts), "sum": str(sum(amounts, Decimal(0)))}


def scaled(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a reader says that leaves amounts in minor units."""
    if "sum" not in told:
        return dict(told)
    return {**told, "sum": str(Decimal(told["sum"]).scaleb(-DECIMALS))}


def report(
    name: str, reader: str, truths: list[Truth], told: list[dict[str, Any]], *, details: bool
) -> int:
    """Prints how a reader did; how many files it is wrong about."""
    states = [state_of(truth, one) for truth, one in zip(truths, told, strict=True)]
    counts = {state: states.count(state) for state in ("read", "refused", "wrong")}
    print(
        f"{name:<8}{reader:<18}{len(states):>6}{counts['read']:>6}{counts['refused']:>9}"
        f"{counts['wrong']:>7}"
    )
    if details:
        for truth, one, state in zip(truths, told, states, strict=True):
            if state != "read":
                print(f"    {state}: {truth.path.relative_to(CORPUS)}: {one}")
    return counts["wrong"]


def state_of(truth: Truth, told: Mapping[str, Any]) -> str:
    """What became of a file."""
    if "error" in told:
        return "refused"
    same = told["rows"] in {truth.rows, truth.entries} and Decimal(told["sum"]) == truth.sum
    return "read" if same and not truth.refused else "wrong"


if __name__ == "__main__":
    sys.exit(main())
