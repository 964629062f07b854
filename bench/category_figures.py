"""Categories on months that training never saw: precision, coverage, calibration, by week, speed.

    PYTHONPATH=. python bench/category_figures.py
        [--quick] [--walk] [--data FOLDER] [--json FILE] [--coded FILE]

Two models are trained here, each on what came before its test months, bars and temperature
included; the model that ships has seen all of these months and is measured for speed alone.
--quick leaves the second out. --walk tests each month that has six before it, too, by a model of
all that came before; that takes some minutes. A file of rows with merchant category codes is
measured where one is given.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.category_training import trades, walk
from bench.category_training.figures import wilson_low
from bench.category_training.measure import Report, Split, facts_of, named, report
from bench.category_training.noise import noise
from bench.category_training.online import Week, weeks
from bench.category_training.rows import CLASSES, DATA, Row, read
from bench.category_training.train import train
from categories import mcc
from categories.classifier import Classifier
from categories.evidence import Facts, decide_many
from categories.merchant import key
from categories.model import TextModel
from categories.weights import unpack

SPLITS: Final = (
    Split(name="2017-06..08 after 2016-12..2017-05", last_trained="2017-05", last_tested="2017-08"),
    Split(name="2021-11..12 after all before", last_trained="2021-10", last_tested="2021-12"),
)
CODES: Final = ("mcc_iso18245_official_list.csv", "mcc_stripe_list.csv", "mcc_usda_list.csv")
PRIVATE: Final = range(3000, 4000)
MISLEADING: Final = "tesco pay at pump"
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
PARTS: Final = 4  # stretches of training months on which bars rest
GOAL_ROWS_PER_SECOND: Final = 20_000


def main() -> None:
    """Trains, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--walk", action="store_true")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--coded", type=Path, help="CSV with the columns merchant, amount, mcc")
    given = parser.parse_args()
    if not given.data.is_dir():
        raise SystemExit(f"{given.data} is not there; give the labelled rows with --data.")
    rows = read(given.data)
    console = Console(width=120)
    found: list[dict[str, Any]] = []
    for split in SPLITS[: 1 if given.quick else 2]:
        found.append(_measured(console, split, rows))
    walked = list(walk.steps(rows, parts=PARTS)) if given.walk else []
    if walked:
        console.print(_walk_table(walked))
    trade, codes = _trades(rows, given.coded), _codes(given.data)
    speed = [*_speed(rows), *_speed_of_strangers()]
    for line in (*trade, *codes, *speed):
        console.print(line)
    if given.json:
        said = {
            "splits": found,
            "walk": [asdict(each) for each in walked],
            "trade": trade,
            "codes": codes,
            "speed": speed,
        }
        given.json.write_text(json.dumps(said, indent=1, default=str), encoding="utf-8")


def _measured(console: Console, split: Split, rows: Sequence[Row]) -> dict[str, Any]:
    seen, test = split.parts(rows)
    model = TextModel(Classifier(unpack(train(seen, parts=PARTS).data)))
    names = {key(row.merchant) for row in seen}
    reports = [
        report("all rows", model, test, seen=names),
        report("rows of the closed classes", model, named(test), seen=names),
    ]
    online = weeks(model, test)
    console.print(_report_table(split, reports))
    console.print(_class_table(split, reports))
    console.print(_week_table(split, online))
    told = noise(named(seen))
    console.print(str(told))
    return {
        "split": asdict(split),
        "reports": [asdict(each) for each in reports],
        "weeks": [asdict(each) for each in online],
        "noise": asdict(told),
    }


def _report_table(split: Split, reports: Sequence[Report]) -> Table:
    table = Table("", *(each.name for each in reports), title=split.name)
    figures: list[tuple[str, list[str]]] = [
        ("rows", [f"{each.rows:,}" for each in reports]),
        ("applied", [f"{each.applied:,}" for each in reports]),
        ("precision of what is applied", [f"{each.precision:.1%}" for each in reports]),
        ("lower end of Wilson's interval", [f"{each.low:.1%}" for each in reports]),
        ("coverage", [f"{each.coverage:.1%}" for each in reports]),
        ("coverage, merchants seen", [f"{each.covered_seen:.1%}" for each in reports]),
        ("coverage, merchants unseen", [f"{each.covered_unseen:.1%}" for each in reports]),
        ("recall of what is applied, mean of classes", [f"{each.macro:.1%}" for each in reports]),
        ("coverage by a bar chosen on the test", [f"{each.at_most:.1%}" for each in reports]),
        ("accuracy with all suggestions", [f"{each.accuracy:.1%}" for each in reports]),
        ("right if each name's commonest label were known", [f"{e.by_name:.1%}" for e in reports]),
        ("calibration error", [f"{each.calibration:.3f}" for each in reports]),
        ("share of OTHER as estimated", [f"{each.share or 0:.2f}" for each in reports]),
    ]
    for name, cells in figures:
        table.add_row(name, *cells)
    return table


def _class_table(split: Split, reports: Sequence[Report]) -> Table:
    table = Table("class", title=f"{split.name}: rows, applied, right")
    for each in reports:
        table.add_column(each.name, justify="right")
    for number, name in enumerate(CLASSES):
        table.add_row(name, *("{1}, {2}, {3}".format(*each.classes[number]) for each in reports))
    return table


def _week_table(split: Split, online: Sequence[Week]) -> Table:
    table = Table("week of", title=f"{split.name}: labels revealed one by one")
    for name in ("rows", "right", "applied", "applied right", "corrected before", "of these right"):
        table.add_column(name, justify="right")
    for week in online:
        table.add_row(
            str(week.first),
            f"{week.rows:,}",
            f"{week.right / week.rows:.1%}",
            f"{week.applied / week.rows:.1%}",
            f"{week.applied_right / max(week.applied, 1):.1%}",
            f"{week.corrected / week.rows:.1%}",
            f"{week.corrected_right / max(week.corrected, 1):.1%}",
        )
    return table


def _walk_table(walked: Sequence[walk.Step]) -> Table:
    """Each month by a model of all before it, then all of them together."""
    table = Table("month", title="Each month after all before: rows of the closed classes | all")
    for name in ("rows", "unseen", "precision", "at least", "coverage", "at most", "error", "all"):
        table.add_column(name, justify="right")
    for each in walked:
        mine, everything = each.classes, each.everything
        table.add_row(
            each.month,
            f"{mine.rows:,}",
            f"{each.unseen:.1%}",
            f"{mine.precision:.1%}",
            f"{mine.low:.1%}",
            f"{mine.coverage:.1%}",
            f"{mine.at_most:.1%}",
            f"{mine.calibration:.3f}",
            f"{everything.precision:.1%} of {everything.coverage:.1%}",
        )
    rows, applied, right = (
        sum(getattr(each.classes, name) for each in walked) for name in ("rows", "applied", "right")
    )
    low = wilson_low(right, applied)
    table.add_row(
        "together", f"{rows:,}", "", f"{right / applied:.1%}", f"{low:.1%}", f"{applied / rows:.1%}"
    )
    return table


def _trades(rows: Sequence[Row], coded: Path | None) -> list[str]:
    """What the text alone tells of trades; with an acquirer's codes where a file has some."""
    model = TextModel.shipped()
    lines = [f"judged by the ledger: {trades.by_ledger(model, rows)}"]
    if coded is not None:
        told, alone = trades.by_code(model, coded)
        lines += [f"with their code: {told}", f"from the text alone, judged by codes: {alone}"]
    return lines


def _codes(folder: Path) -> list[str]:
    """The table of codes against the mapping of the data, and the lists of codes."""
    wanted = {
        line["mcc"]: line["pfc_primary"] for line in _lines(folder / "mcc_to_pfc_primary.csv")
    }
    # By the whole decision, with a name that says another trade: the code must go before it.
    decisions = decide_many(
        [Facts(merchant=MISLEADING, amount=Decimal(1), currency="", mcc=code) for code in wanted],
        model=TextModel.shipped(),
    )
    right = sum(
        said.trade.applied and said.primary == primary
        for said, primary in zip(decisions, wanted.values(), strict=True)
    )
    private = sum(mcc.find(str(code)) is not None for code in PRIVATE)
    found = [
        f"merchant category codes: {right} of {len(wanted)} are applied as the data's mapping says",
        f"codes of airlines, car rentals and hotels: {private:,} of {len(PRIVATE):,} are known",
    ]
    for name in CODES:
        codes = [line["MCC"] for line in _lines(folder / name)]
        known = sum(mcc.find(code) is not None for code in codes)
        found.append(f"{name}: {known} of {len(codes)} codes have a category")
    return found


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _speed(rows: Sequence[Row]) -> list[str]:
    """CPU seconds of all rows, as one process does them that knows nothing yet."""
    facts = [facts_of(row) for row in rows]
    began = time.process_time()
    model = TextModel.shipped().fitted(facts)
    count = sum(1 for _ in decide_many(facts, model=model))
    spent = time.process_time() - began
    return [
        f"speed: {count / spent:,.0f} rows a second of CPU, loading included "
        f"(goal {GOAL_ROWS_PER_SECOND:,}); {len({row.merchant for row in rows}):,} names"
    ]


def _speed_of_strangers() -> list[str]:
    """CPU seconds of names that are all new: words of letters drawn by chance."""
    draw = Random(1)
    facts = [
        Facts(
            merchant=" ".join("".join(draw.choices(LETTERS, k=6)) for _ in range(3)),
            amount=Decimal(draw.randrange(100, 99_999)) / 100,
            currency="GBP",
        )
        for _ in range(GOAL_ROWS_PER_SECOND)
    ]
    model = TextModel.shipped()
    began = time.process_time()
    count = sum(1 for _ in decide_many(facts, model=model))
    spent = time.process_time() - began
    return [f"speed: {count / spent:,.0f} rows a second of CPU where no two share a name"]


if __name__ == "__main__":
    main()
