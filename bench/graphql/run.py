"""GraphQL reads: our server, PostGraphile 5, and the floors, on one database in one run.

    python bench/graphql/run.py [--quick] [--seconds N] [--rounds N] [--only Q1,Q3]
        [--systems ours,postgraphile,pgbench,asgi] [--clients 1,8,32] [--json FILE]

The first run makes the database (a minute and a half) and installs the peer from the npm registry,
both below .data/bench. Needs a C compiler; pgbench for the system of that name.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # this folder is called as a package is

from bench.graphql import load, report, systems
from bench.graphql.answers import WrongAnswer, ask, check
from bench.graphql.cells import Cell, measure, of_rounds
from bench.graphql.cluster import FULL, QUICK, Cluster, running
from bench.graphql.floor import Floor, NoPgbench
from bench.graphql.questions import QUESTIONS, Question, Sample, samples
from bench.graphql.statements import per_request
from bench.graphql.systems import System
from bench.graphql.tokens import signer

SYSTEMS: Final = ("ours", "postgraphile", "pgbench", "asgi")
PLACE: Final = ROOT / ".data" / "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be measured, how often and how long."""

    questions: Sequence[Question]
    systems: Sequence[str]
    clients: Sequence[int]
    rounds: int
    seconds: float
    warm_s: float
    quick: bool
    place: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Everything that runs."""

    plan: Plan
    cluster: Cluster
    servers: dict[str, System]
    samples: list[Sample]
    program: Path


async def main(plan: Plan, json_file: Path | None) -> int:
    """Prints the tables; the number of requests that failed."""
    size = QUICK if plan.quick else FULL
    plan.place.mkdir(parents=True, exist_ok=True)
    cells: dict[tuple[str, str, int], Cell] = {}
    statements: dict[tuple[str, str], float] = {}
    async with running(plan.place, size) as cluster, _servers(plan, cluster) as servers:
        bench = Bench(
            plan=plan,
            cluster=cluster,
            servers=servers,
            samples=samples(size),
            program=load.compiled(plan.place),
        )
        for question in plan.questions:
            _checked(bench, question)
            for name, system in servers.items():
                counted = await per_request(cluster, system, question, bench.samples)
                statements[question.name, name] = counted
            cells |= await _measured(bench, question)
        versions = await systems.versions(cluster, plan.place)
    command = shlex.join(["python", *sys.argv])
    report.show(cells, statements, plan.questions, versions, command)
    if json_file is not None:
        _write(json_file, cells, statements, versions, command)
    return sum(cell.failed for cell in cells.values())


@asynccontextmanager
async def _servers(plan: Plan, cluster: Cluster) -> AsyncIterator[dict[str, System]]:
    servers = {}
    async with AsyncExitStack() as stack:
        keys = stack.enter_context(signer())
        if "ours" in plan.systems:
            ours = systems.ours(cluster, keys, plan.place)
            servers["ours"] = await stack.enter_async_context(ours)
        if "postgraphile" in plan.systems:
            node = systems.installed_peer(plan.place)
            peer = systems.postgraphile(cluster, node)
            servers["postgraphile"] = await stack.enter_async_context(peer)
        yield servers


def _checked(bench: Bench, question: Question) -> None:
    """Ours and the peer say the same; one alone answers at all."""
    if {"ours", "postgraphile"} <= bench.servers.keys():
        ours, peer = bench.servers["ours"], bench.servers["postgraphile"]
        check(ours, peer, question, bench.samples)
    for system in bench.servers.values():
        ask(system, question, bench.samples[0])


async def _measured(bench: Bench, question: Question) -> dict[tuple[str, str, int], Cell]:
    """Rounds that alternate between the systems, there and back, so that noise spreads."""
    plan = bench.plan
    runs: dict[tuple[str, str, int], list[Cell]] = {
        (question.name, name, clients): [] for clients in plan.clients for name in plan.systems
    }
    async with AsyncExitStack() as stack:
        servers = dict(bench.servers)
        if "asgi" in plan.systems and "ours" in servers:
            answer = ask(servers["ours"], question, bench.samples[0])
            bare = systems.bare(answer.body, servers["ours"], plan.place)
            servers["asgi"] = await stack.enter_async_context(bare)
        floor = None
        if "pgbench" in plan.systems and "ours" in servers:
            floor = await Floor.capture(bench.cluster, servers["ours"], question, bench.samples)
        files = {name: plan.place / f"{name}.requests" for name in servers}
        for name, system in servers.items():
            load.write(files[name], (system.request(question, each) for each in bench.samples))
        for clients in plan.clients:
            for turn in range(plan.rounds):
                for name in plan.systems if turn % 2 == 0 else reversed(plan.systems):
                    if name in servers:
                        cell = await measure(
                            bench.program,
                            files[name],
                            servers[name],
                            bench.cluster.pid,
                            clients=clients,
                            warm_s=plan.warm_s,
                            seconds=plan.seconds,
                        )
                    elif floor is not None:
                        cell = await floor.measure(clients=clients, seconds=plan.seconds)
                    else:
                        continue
                    runs[question.name, name, clients].append(cell)
    return {which: of_rounds(found) for which, found in runs.items() if found}


def _write(
    path: Path,
    cells: dict[tuple[str, str, int], Cell],
    statements: dict[tuple[str, str], float],
    versions: dict[str, str],
    command: str,
) -> None:
    rows = [
        {
            "question": question,
            "system": system,
            "clients": clients,
            "statements": statements.get((question, system)),
            **asdict(cell),
        }
        for (question, system, clients), cell in cells.items()
    ]
    document = {"command": command, "machine": report.machine(), "versions": versions}
    path.write_text(json.dumps({**document, "cells": rows}, indent=1) + "\n")


def _plan(given: argparse.Namespace) -> Plan:
    wanted = given.only.split(",") if given.only else [each.name for each in QUESTIONS]
    return Plan(
        questions=[question for question in QUESTIONS if question.name in wanted],
        systems=given.systems.split(","),
        clients=[int(clients) for clients in given.clients.split(",")],
        rounds=1 if given.quick else given.rounds,
        seconds=given.seconds or (1 if given.quick else 5),
        warm_s=0.3 if given.quick else 2,
        quick=given.quick,
        place=given.place.absolute(),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="2,000 rows, a second a cell")
    parser.add_argument("--seconds", type=float, help="of one run; 5, or 1 when quick")
    parser.add_argument("--rounds", type=int, default=3, help="runs of a cell; medians are shown")
    parser.add_argument("--only", help="questions, such as Q1,Q3")
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--clients", default="1,8,32")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--place", type=Path, default=PLACE, help="where the database is kept")
    return parser.parse_args()


if __name__ == "__main__":
    asked = _arguments()
    try:
        failed = asyncio.run(main(_plan(asked), asked.json))
    except (load.NoCompiler, load.LoadFailed, NoPgbench, WrongAnswer) as error:
        sys.exit(f"bench/graphql: {error}")
    sys.exit(f"{failed} requests failed" if failed else 0)
