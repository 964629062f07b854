"""The peer of the import benchmark: dlt merges the same rows into a bare table.

    python bench/dlt_merge.py ROWS.ndjson HOST USER PASSWORD DATABASE PIPELINES_DIR

Runs in the benchmark's own environment (see `bench/peers.py`); prints seconds as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import dlt

BATCH = 10_000


def rows(path: str) -> Iterator[list[dict[str, Any]]]:
    """The rows in batches, as dlt's documentation advises."""
    batch: list[dict[str, Any]] = []
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a path from the command line
        for line in file:
            batch.append(json.loads(line))
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def main(path: str, host: str, user: str, password: str, database: str, directory: str) -> None:
    # libpq takes a socket directory as a percent-encoded host.
    place = quote(host, safe="")
    credentials = f"postgresql://{user}:{password}@{place}:5432/{database}"
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.postgres(credentials=credentials),
        dataset_name="bare",
        pipelines_dir=directory,
    )
    resource_ = dlt.resource(
        rows(path),
        name="transactions",
        write_disposition="merge",
        primary_key=["account", "fingerprint", "occurrence"],
        columns={"amount": {"data_type": "decimal"}, "posted_date": {"data_type": "date"}},
    )
    started = time.perf_counter()
    pipeline.run(resource_)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mib": peak}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:7])
