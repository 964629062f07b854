"""Addresses of this machine, to which alone simulations send."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import httpx

HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})
# No address, nobody there, or an answer that is garbled; a port above 65,535 overflows.
UNREACHABLE: Final = (httpx.HTTPError, httpx.InvalidURL, ValueError, OverflowError)


def is_address(url: str) -> bool:
    """Whether it names a host and, if any, a port that there can be."""
    try:
        parts = urlsplit(url)
        httpx.URL(url)
        return bool(parts.hostname) and parts.port != 0  # asking for the port checks it
    except (ValueError, httpx.InvalidURL):
        return False


def is_here(url: str) -> bool:
    """Whether it is such an address of this machine."""
    return is_address(url) and urlsplit(url).hostname in HOSTS
