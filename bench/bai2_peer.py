"""Ours against PyPI bai2 on the same file: bench/bai2_peer.py [--transactions N] [--best-of N]."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.bai2_file import write_bai2
from bench.peers import peer_python

ROOT = Path(__file__).resolve().parents[1]
PEER = "bai2==0.15.0"
PEER_PROGRAM = """
import json, resource, sys, time
from bai2 import bai2
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
with open(sys.argv[1]) as file:
    parsed = bai2.parse_from_file(file)
seconds = time.process_time() - started
count = sum(len(account.children) for group in parsed.children for account in group.children)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"cpu_seconds": seconds, "transactions": count, "rss_growth_kib": after - before}))
"""


def main() -> int:
    """Write the file, run both, print a table; fail where they disagree or ours is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=50_000)
    parser.add_argument("--memory-transactions", type=int, default=1_000_000, help="0: skip")
    parser.add_argument("--best-of", type=int, default=5)
    parser.add_argument("--ratio-min", type=float, default=2.7)
    arguments = parser.parse_args()
    ours = [sys.executable, str(ROOT / "bench" / "bai2_cpu.py"), "--json"]
    theirs = [str(peer_python(PEER)), "-c", PEER_PROGRAM]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "transactions.bai2"
        write_bai2(path, arguments.transactions)
        rows: dict[str, list[dict[str, Any]]] = {"bankfeeds": [], PEER: []}
        for _ in range(arguments.best_of):  # in turns, so that a busy machine slows both
            rows["bankfeeds"].append(figures([*ours[:2], str(path), *ours[2:]]))
            rows[PEER].append(figures([*theirs, str(path)]))
        best = {name: min(runs, key=lambda run: run["cpu_seconds"]) for name, runs in rows.items()}
        print_table(path.stat().st_size, best)
        if arguments.memory_transactions:
            write_bai2(path, arguments.memory_transactions)
            large = figures([*ours[:2], str(path), *ours[2:]])
            print_table(path.stat().st_size, {"bankfeeds": large})
    ratio = best[PEER]["cpu_seconds"] / best["bankfeeds"]["cpu_seconds"]
    agree = best[PEER]["transactions"] == best["bankfeeds"]["transactions"]
    print(f"ratio={ratio:.2f} ratio_min={arguments.ratio_min} same_transactions={agree}")
    return 0 if agree and ratio >= arguments.ratio_min else 1


def figures(command: list[str]) -> dict[str, Any]:
    """What one run in a process of its own printed."""
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    parsed: dict[str, Any] = json.loads(run.stdout)
    return parsed


def print_table(file_bytes: int, runs: dict[str, dict[str, Any]]) -> None:
    """One line for each reader."""
    print(f"file of {file_bytes / 1e6:.1f} MB")
    print(f"{'reader':<14}{'txns':>10}{'CPU s':>9}{'txns/s':>10}{'ratio':>7}{'RSS +MiB':>10}")
    slowest = max(run["cpu_seconds"] for run in runs.values())
    for name, run in runs.items():
        seconds, count = run["cpu_seconds"], run["transactions"]
        growth = run["rss_growth_kib"] / 1024
        print(
            f"{name:<14}{count:>10}{seconds:>9.3f}{count / seconds:>10.0f}"
            f"{slowest / seconds:>7.2f}{growth:>10.1f}"
        )


if __name__ == "__main__":
    sys.exit(main())
