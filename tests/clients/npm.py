"""The packages of the TypeScript client, installed once from its lock where npm is there."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
CLIENT: Final = ROOT / "clients" / "typescript"
NODE_LEAST: Final = (20, 19)
INSTALLS_WITHIN_S: Final = 300
RUNS_WITHIN_S: Final = 120


def installed() -> None:
    """Brings node_modules to what the lock says; skips where there is no way to."""
    if (version := _node()) < NODE_LEAST or shutil.which("npm") is None:
        found = ".".join(map(str, version)) or "none"
        pytest.skip(f"needs npm and Node {NODE_LEAST[0]}.{NODE_LEAST[1]}; Node here: {found}")
    (ROOT / ".data").mkdir(exist_ok=True)
    with (ROOT / ".data" / "npm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several test processes, one installs
        if _is_installed():
            return
        try:
            done = run("npm", "ci", "--fetch-retries=1", within_s=INSTALLS_WITHIN_S)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm ci took more than {INSTALLS_WITHIN_S} seconds")
        if done.returncode != 0:
            pytest.skip(f"npm ci failed: {done.stdout[-1000:]}")


def run(*command: str, within_s: float = RUNS_WITHIN_S) -> subprocess.CompletedProcess[str]:
    """A command in the client's folder; what it says is in `stdout`."""
    return subprocess.run(
        command,
        cwd=CLIENT,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=within_s,
        check=False,
    )


def tool(name: str) -> str:
    """The path of a program that a package brings."""
    return str(CLIENT / "node_modules" / ".bin" / name)


def _node() -> tuple[int, ...]:
    node = shutil.which("node")
    said = run(node, "--version").stdout if node else ""
    return tuple(int(number) for number in re.findall(r"\d+", said)[:2])


def _is_installed() -> bool:
    """Whether what npm wrote down of node_modules is what the lock says."""
    there, wanted = (
        _packages(CLIENT / place)
        for place in ("node_modules/.package-lock.json", "package-lock.json")
    )
    return all(
        there.get(path, {}).get("version") == package["version"]
        for path, package in wanted.items()
        if path and not package.get("optional")
    )


def _packages(lock: Path) -> dict[str, Any]:
    if not lock.is_file():
        return {}
    packages: dict[str, Any] = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return packages
