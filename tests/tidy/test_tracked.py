"""What is tracked: no addresses of registries, no paths of a machine, no secrets."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.tidy.tree import ROOT

TEXT_BYTES_MAX = 1_000_000


def tracked() -> list[str]:
    if shutil.which("git") is None:
        pytest.skip("git is not here")
    # A checkout that another user owns is as good as our own.
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def test_the_lock_names_no_registry() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")

    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_no_tracked_file_names_a_path_of_a_machine() -> None:
    machine = re.compile(r"(?<![\w.])/(?:work|root|home/\w+)/")
    found = []
    for name in tracked():
        data = (ROOT / name).read_bytes()
        if len(data) > TEXT_BYTES_MAX or b"\x00" in data or name.endswith("test_tracked.py"):
            continue
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            if machine.search(line):
                found.append(f"{name}:{number}")

    assert not found, "paths differ between machines:\n" + "\n".join(found)


def test_no_environment_file_is_tracked() -> None:
    assert [name for name in tracked() if name.split("/")[-1] == ".env"] == []
