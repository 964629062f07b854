"""The training of categories: bars hold on what weights never saw, the same rows give one file."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bench.category_training import bars, walk
from bench.category_training.figures import calibration_error, covered_at_most, wilson_low
from bench.category_training.measure import named, report
from bench.category_training.noise import noise
from bench.category_training.online import weeks
from bench.category_training.rows import (
    CLASSES,
    DATA,
    FILES,
    NUMBERS,
    Row,
    fingerprints,
    folds,
    read,
)
from categories.classifier import Classifier, Look
from categories.model import TextModel, classifier
from categories.weights import unpack

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    ("shell garage", "FUEL"),
    ("corner books", "BOOKS"),
    ("city taxis", "TAXI"),
    ("thing depot", "OTHER"),
)

NAMED = ("FUEL", "BOOKS", "OTHER")  # of `heldout`


def some_rows(count: int) -> list[Row]:
    """Rows of four merchants in turn, one a day."""
    found = []
    for number in range(count):
        merchant, label = NAMES[number % 4]
        merchant, amount = f"{merchant} {number % 7}", Decimal(10 + number % 30)
        found.append(
            Row(
                day=date(2020, 1, 1) + timedelta(days=number),
                merchant=merchant,
                amount=amount,
                label=NUMBERS[label],
                look=Look.at(merchant, amount),
            )
        )
    return found


def heldout(right: float, count: int = 1_000) -> bars.Heldout:
    """Rows of two classes: half are right at 0.8, of the others at 0.62 this share of rows is."""
    sure = np.where(np.arange(count) % 2 == 0, 0.8, 0.62)
    wrong = (np.arange(count) % 2 == 1) & (np.arange(count) / count > right)
    likely = np.stack([sure, 1 - sure, np.full(count, 1e-9)], axis=1)
    return bars.Heldout(likely=likely, labels=wrong.astype(np.int64), other=2)


def test_wilsons_interval_is_that_of_the_books() -> None:
    assert wilson_low(95, 100) == pytest.approx(0.8882, abs=1e-4)
    assert wilson_low(0, 10) == pytest.approx(0, abs=1e-9)
    assert wilson_low(0, 0) == 0


def test_what_is_always_right_and_half_sure_is_off_by_a_half() -> None:
    assert calibration_error(np.full(10, 0.5), np.ones(10, dtype=bool)) == pytest.approx(0.5)
    assert calibration_error(np.array([]), np.array([], dtype=bool)) == 0


def test_a_bar_that_is_chosen_on_the_test_covers_as_much_as_any_could() -> None:
    sure = np.linspace(1, 0, 1_000)

    assert covered_at_most(sure, np.ones(1_000, dtype=bool), 0.95) == 1
    assert covered_at_most(sure, sure > 0.5, 0.95) == pytest.approx(0.51, abs=0.02)
    assert covered_at_most(sure, np.zeros(1_000, dtype=bool), 0.95) == 0


def test_a_month_is_tested_if_six_come_before_it() -> None:
    assert walk.tested(some_rows(240), rows_min=20) == ["2020-07", "2020-08"]


def test_stretches_are_whole_months_and_leave_nothing_out() -> None:
    rows = some_rows(400)

    found = folds(rows, 3)

    assert [number for stretch in found for number in stretch] == list(range(400))
    assert all(rows[one.stop - 1].month != rows[two.start].month for one, two in pairwise(found))


def test_a_bar_lets_through_what_was_right_often_enough() -> None:
    good, mixed = (bars.lowest([heldout(right)], 0.5, {}, NAMED)[0] for right in (1.0, 0.7))

    assert good.bar <= 0.6
    assert 0.6 < mixed.bar <= 0.8


def test_one_bad_stretch_raises_the_bar_of_all() -> None:
    found = bars.lowest([heldout(1.0, 20_000), heldout(0.7)], 0.5, {}, NAMED)[0]

    assert found.bar > 0.6


def test_a_class_that_is_wrong_too_often_has_a_higher_bar_and_the_others_a_lower_one() -> None:
    fuel, books, doubted = [0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.2, 0.5, 0.3]
    likely = np.array([fuel] * 120 + [books] * 2_000 + [doubted] * 300)
    # Of what is taken for FUEL, half is.
    labels = np.array([0] * 60 + [1] * 60 + [1] * 2_000 + [1] * 210 + [0] * 90)
    stretch = bars.Heldout(likely=likely, labels=labels, other=2)

    raised = bars.raised([stretch], 0.2, NAMED)

    assert raised["FUEL"] > 0
    assert "BOOKS" not in raised
    assert bars.lowest([stretch], 0.2, raised, NAMED)[0].bar < (
        bars.lowest([stretch], 0.2, {}, NAMED)[0].bar
    )


def test_noise_is_how_often_one_name_has_several_labels() -> None:
    fuel, books, _, other = some_rows(4)
    amount = fuel.amount
    rows = [fuel, fuel, replace(fuel, label=books.label), replace(fuel, amount=amount + 1), other]

    found = noise(rows)

    assert (found.disputed, found.commonest) == (0.8, 0.8)
    assert found.alike == pytest.approx(1 / 3)


def test_the_same_rows_give_the_same_file_and_later_ones_are_known(tmp_path: Path) -> None:
    rows = some_rows(480)
    for name, part in zip(FILES, (rows[:200], rows[200:360]), strict=True):
        lines = [f"{row.day},{row.amount},GBP,{row.merchant},,{CLASSES[row.label]}" for row in part]
        head = "date,amount,currency,merchant,cac_label,category"
        (tmp_path / name).write_text("\n".join([head, *lines]), encoding="utf-8")

    one, two = trained(tmp_path, "one.bin"), trained(tmp_path, "two.bin")

    model = TextModel(Classifier(unpack(one)))
    assert one == two
    assert report("later", model, named(rows[360:]), seen=set()).accuracy == 1
    step = walk.step(one, rows[:360], rows[360:])
    assert (step.trained, step.unseen, step.classes.by_name) == (360, 0, 1)
    assert sum(week.rows for week in weeks(model, rows[360:])) == 120


def trained(folder: Path, name: str) -> bytes:
    """The file that the command makes of the rows in this folder."""
    script = ROOT / "bench/category_training/train.py"
    done = subprocess.run(
        [sys.executable, str(script), "--data", str(folder), "--output", str(folder / name)],
        # One thread, as in the Makefile: sums in another order would end in other bytes.
        env={"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return (folder / name).read_bytes()


@pytest.mark.skipif(not DATA.is_dir(), reason="the labelled rows are not beside this repository")
def test_the_labelled_rows_are_read_by_day() -> None:
    rows = read(Path(DATA))

    assert len(rows) > 50_000
    assert all(one.day <= two.day for one, two in pairwise(rows))


@pytest.mark.skipif(not DATA.is_dir(), reason="the labelled rows are not beside this repository")
def test_what_ships_was_trained_on_all_the_rows_beside_it() -> None:
    # That training gives these bytes takes minutes: make train-categories ARGS=--check.
    card = classifier().card

    assert card.trained_on == fingerprints()
    assert card.rows == sum((DATA / name).read_bytes().count(b"\n") - 1 for name in FILES)
    assert [bar.share for bar in card.bars] == list(bars.SHARES)
