"""Where our server spends its time: the hottest functions while it answers one question.

    python bench/graphql/profile.py Q1 [--clients 8] [--seconds 10] [--quick]

py-spy samples the running server from outside, so nothing in it changes. The folded stacks stay in
PLACE/Q1.folded, for any tool that draws flame graphs.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
# This folder is called as a package is, and this file as a module of the standard library.
sys.path[0] = str(ROOT)

from bench.graphql import load, systems
from bench.graphql.cluster import FULL, QUICK, running
from bench.graphql.questions import QUESTIONS, samples
from bench.graphql.tokens import signer
from bench.peers import peer_python

PLACE: Final = ROOT / ".data" / "bench"
PEER: Final = "py-spy==0.4.3"
SHOWN: Final = 25
WARM_S: Final = 2


async def main(name: str, place: Path, *, clients: int, seconds: int, quick: bool) -> None:
    """Prints the hottest functions by their own time."""
    question = next(question for question in QUESTIONS if question.name == name)
    size = QUICK if quick else FULL
    place.mkdir(parents=True, exist_ok=True)
    program, folded = load.compiled(place), place / f"{name}.folded"
    spy = peer_python(PEER).with_name("py-spy")
    async with running(place, size) as cluster:
        with signer() as keys:
            async with systems.ours(cluster, keys, place) as ours:
                requests = place / "ours.requests"
                load.write(requests, (ours.request(question, each) for each in samples(size)))
                recorders: list[subprocess.Popen[bytes]] = []
                found = await load.run(
                    program,
                    requests,
                    port=ours.port,
                    clients=clients,
                    warm_s=WARM_S,
                    seconds=seconds + 1,
                    between=lambda: recorders.append(_record(spy, ours.pid, folded, seconds)),
                )
                for recorder in recorders:
                    recorder.wait(timeout=load.GRACE_S)
    _show(folded)
    print(f"{found.answers / found.seconds:,.0f} requests a second while sampled; {folded}")


def _record(spy: Path, pid: int, folded: Path, seconds: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *(str(spy), "record", "--pid", str(pid)),
            *("--duration", str(seconds), "--rate", "200", "--native", "--format", "raw"),
            *("--output", str(folded)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _show(folded: Path) -> None:
    own: Counter[str] = Counter()
    below: Counter[str] = Counter()
    for line in folded.read_text().splitlines():
        stack, _, samples_taken = line.rpartition(" ")
        frames = stack.split(";")
        own[frames[-1]] += int(samples_taken)
        below.update(dict.fromkeys(frames, int(samples_taken)))
    whole = max(1, own.total())
    for title, counted in (("own time", own), ("with what it calls", below)):
        print(title)
        for frame, count in counted.most_common(SHOWN):
            print(f"  {100 * count / whole:5.1f} %  {frame}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("question", choices=[question.name for question in QUESTIONS])
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="2,000 rows")
    parser.add_argument("--place", type=Path, default=PLACE, help="where the database is kept")
    given = parser.parse_args()
    asyncio.run(
        main(
            given.question,
            given.place.absolute(),
            clients=given.clients,
            seconds=given.seconds,
            quick=given.quick,
        )
    )
