"""Finding the programs of Postgres."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.binaries import NoBinaries, postgres_binaries


def test_programs_are_found_in_the_package_and_where_the_operator_says() -> None:
    assert postgres_binaries().major >= 17
    with pytest.raises(NoBinaries, match="correct BANKFEEDS_PG_BINDIR"):
        postgres_binaries(Path("/nowhere"))


def test_an_old_postgres_is_refused(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
        program.chmod(0o755)

    with pytest.raises(NoBinaries, match="is Postgres 14; 15 is the oldest"):
        postgres_binaries(tmp_path)
