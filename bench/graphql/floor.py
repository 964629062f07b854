"""The floor of SQL: the statements of our server, sent by pgbench in one round trip a request.

They are taken from the log of Postgres while our server answers, parameters included, so the floor
does what the server does, and changes with it.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from bench.graphql.answers import ask
from bench.graphql.cells import Cell
from bench.graphql.clocks import Clocks
from bench.graphql.cluster import DATABASE, FLOOR_LOGIN, PASSWORD, Cluster
from bench.graphql.questions import Question, Sample
from bench.graphql.systems import POOL, System
from db.bootstrap import LOGIN

# Each asks about something else. Each connection prepares each, and plans it anew the first five
# times: many of them would measure planning.
SCRIPTS: Final = 10
RELOAD_S: Final = 0.3
REAPED_S: Final = 0.5  # the postmaster knows what an ended backend took once it has reaped it

_LOGGING: Final = {
    "log_statement": "all",
    "log_error_verbosity": "default",
    "log_parameter_max_length": "-1",
}
# A role's settings hold from the next login on; the peer is not concerned.
_RECONNECT: Final = """
select pg_terminate_backend(pid)
from pg_stat_activity
where usename = $1 and application_name <> 'postgraphile'
"""
_ENTRY: Final = re.compile(r"\d{4}-\d\d-\d\d [\d:.]+ UTC \[\d+\] (LOG|DETAIL):  (.*)", re.DOTALL)
_SAID: Final = re.compile(r"(?:statement|execute [^:]+): (.*)", re.DOTALL)
_PREPARED: Final = re.compile(r"^prepare \w+ \([^)]*\) as\s+")  # pgbench prepares by itself
_PARAMETER: Final = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
_TPS: Final = re.compile(r"tps = ([\d.]+) \(without")
_PROCESSED: Final = re.compile(r"actually processed: (\d+)")
_FAILED: Final = re.compile(r"number of failed transactions: (\d+)")


class NoPgbench(Exception):
    """pgbench is not there, or failed; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement with its parameters as text; None for null."""

    sql: str
    parameters: Sequence[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The requests of one question, each as the statements that it took."""

    cluster: Cluster
    requests: Sequence[Sequence[Statement]]

    @classmethod
    async def capture(
        cls, cluster: Cluster, system: System, question: Question, samples: list[Sample]
    ) -> Floor:
        """What `system` sends for `question`. Caches are warm: each is asked twice."""
        requests = []
        await _log(cluster, on=True)
        try:
            for sample in samples[:SCRIPTS]:
                ask(system, question, sample)
                begin = cluster.log.stat().st_size
                ask(system, question, sample)
                requests.append(list(statements(cluster.log.read_bytes()[begin:].decode())))
        finally:
            await _log(cluster, on=False)
        return cls(cluster=cluster, requests=requests)

    async def measure(self, *, clients: int, seconds: float) -> Cell:
        """One run, over as many connections as a server's pool has at most. Raises NoPgbench."""
        program = shutil.which("pgbench")
        if program is None:
            raise NoPgbench("there is no pgbench on PATH: install Postgres' client programs")
        with tempfile.TemporaryDirectory() as name:
            arguments = list(self._scripts(Path(name)))
            before = Clocks.read(None, self.cluster.pid)
            process = await asyncio.create_subprocess_exec(
                *(program, "--no-vacuum", "--protocol=prepared", "--random-seed=7"),
                *(f"--host={self.cluster.socket_dir}", f"--username={FLOOR_LOGIN}"),
                *(f"--client={min(clients, POOL)}", "--jobs=1", f"--time={max(1, int(seconds))}"),
                *(*arguments, DATABASE),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "PGPASSWORD": PASSWORD},
            )
            out, err = await process.communicate()
            await asyncio.sleep(REAPED_S)
        text = out.decode()
        tps, processed, failed = _TPS.search(text), _PROCESSED.search(text), _FAILED.search(text)
        if process.returncode != 0 or not (tps and processed):
            raise NoPgbench(f"pgbench failed: {err.decode()[-1000:]}")
        spent = Clocks.read(None, self.cluster.pid).since(before)
        return Cell(
            rate=float(tps[1]),
            p50_ms=None,
            p95_ms=None,
            p99_ms=None,
            server_cpu_ms=None,
            postgres_cpu_ms=spent.postgres * 1000 / int(processed[1]),
            answer_bytes=None,
            failed=int(failed[1]) if failed else 0,
        )

    def _scripts(self, folder: Path) -> Iterator[str]:
        """A script a request; what differs is bound, so that the server prepares it once."""
        for number, request in enumerate(self.requests):
            script = folder / f"{number}.sql"
            lines = []
            for place, statement in enumerate(request):
                prefix = f"v{number}_{place}"
                lines.append(_with_variables(statement, prefix) + ";")
                for index, value in enumerate(statement.parameters, start=1):
                    if value is not None:
                        yield f"--define={prefix}_{index}={value}"
            script.write_text("\n".join(["\\startpipeline", *lines, "\\endpipeline", ""]))
            yield f"--file={script}"


def statements(log: str) -> Iterator[Statement]:
    """The statements of a piece of the log, in order."""
    entries = [_ENTRY.fullmatch(entry) for entry in re.split(r"\n(?=\d{4}-)", log.strip("\n"))]
    found = [(match[1], match[2].replace("\n\t", "\n")) for match in entries if match]
    for index, (kind, text) in enumerate(found):
        said = _SAID.fullmatch(text)
        if kind != "LOG" or said is None:
            continue
        follows = found[index + 1] if index + 1 < len(found) else ("", "")
        detail = follows[1] if follows[0] == "DETAIL" else ""
        sql = _PREPARED.sub("", said[1].strip()).rstrip(";")
        yield Statement(sql=sql, parameters=_parameters(detail))


def _parameters(detail: str) -> list[str | None]:
    return [
        None if text == "NULL" else text[1:-1].replace("''", "'")
        for _, text in _PARAMETER.findall(detail)
    ]


def _with_variables(statement: Statement, prefix: str) -> str:
    def variable(match: re.Match[str]) -> str:
        index = int(match[1])
        return "null" if statement.parameters[index - 1] is None else f":{prefix}_{index}"

    return re.sub(r"\$(\d+)", variable, statement.sql)


async def _log(cluster: Cluster, *, on: bool) -> None:
    """The command line of the server keeps statements out of the log; only a role overrides it."""
    admin = await asyncpg.connect(cluster.postgres.url(database="postgres"))
    for name, value in _LOGGING.items():
        setting = f"set {name} = '{value}'" if on else f"reset {name}"
        await admin.execute(f"alter role {LOGIN} {setting}")
    await admin.execute(_RECONNECT, LOGIN)
    await admin.close()
    await asyncio.sleep(RELOAD_S)
