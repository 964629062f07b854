"""The interpreter of a process that lives long."""

from __future__ import annotations

import gc
from typing import Final

# Objects between two collections of each generation. The standard's few hundred would look through
# everything alive hundreds of times a second, for hardly a circle.
COLLECTOR_THRESHOLDS: Final = (100_000, 50, 100)


def tune() -> None:
    """Leaves what the start has made out of collections, and makes those rarer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
