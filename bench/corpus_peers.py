"""The best other reader of each format, as a program that runs in an environment of its own.

Each program gets paths on its standard input, a line each, and prints for each a line of JSON:
`rows` and `sum` as its reader has them, or `error`. Ten seconds are given to a file.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.peers import peer_python

FILE_SECONDS: Final = 10
_FRAME: Final = """
import json, logging, signal, sys, warnings
from decimal import Decimal
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

def late(*_):
    raise TimeoutError("hangs")

signal.signal(signal.SIGALRM, late)
for line in sys.stdin:
    signal.alarm({seconds})
    try:
        amounts = list(read(line.rstrip("\\n")))
        told = {{"rows": len(amounts), "sum": str(sum(amounts, Decimal(0)))}}
    except BaseException as error:
        told = {{"error": type(error).__name__ + ": " + str(error)[:200]}}
    signal.alarm(0)
    print(json.dumps(told), flush=True)
"""
_BAI2: Final = """
from bai2 import bai2

def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        parsed = bai2.parse_from_file(file)
    for group in parsed.children:
        for account in group.children:
            for row in account.children:
                sign = -1 if row.type_code.transaction.value == "debit" else 1
                yield Decimal(sign * (row.amount or 0))
"""
_CAMT: Final = """
from camt053 import parse_document

def read(path):
    with open(path, "rb") as file:
        data = file.read()
    document = parse_document(data.decode("utf-8-sig", "replace"))
    for entry in document.all_entries():
        amount = entry.amount_decimal
        yield -amount if entry.credit_debit_indicator == "DBIT" else amount
"""
_MT940: Final = """
import mt940

def read(path):
    with open(path, "rb") as file:
        data = file.read()
    for one in mt940.parse_statements(data, options=mt940.Options.all()):
        for row in one.transactions:
            yield row.data["amount"].amount
"""
_OFX: Final = """
from ofxtools.Parser import OFXTree

def read(path):
    tree = OFXTree()
    with open(path, "rb") as file:
        tree.parse(file)
    for statement in tree.convert().statements:
        for row in getattr(statement, "banktranlist", None) or ():
            yield row.trnamt
        for row in getattr(statement, "transactions", None) or ():
            if not hasattr(row, "trnamt") and hasattr(row, "total"):
                yield row.total
"""


class Peer(NamedTuple):
    """A reader of the package index."""

    pin: str
    program: str


PEERS: Final[Mapping[str, Peer]] = {
    "bai2": Peer("bai2==0.15.0", _BAI2),
    "camt": Peer("camt053==0.0.20", _CAMT),
    "mt940": Peer("mt-940==5.1.1", _MT940),
    "ofx": Peer("ofxtools==1.1.1", _OFX),
}


def told_by(peer: Peer, paths: Sequence[Path]) -> list[dict[str, Any]]:
    """What the peer makes of each file."""
    frame = _FRAME.format(seconds=FILE_SECONDS)
    run = subprocess.run(
        [str(peer_python(peer.pin)), "-c", peer.program + frame],
        input="".join(f"{path}\n" for path in paths),
        capture_output=True,
        text=True,
        check=True,
        timeout=FILE_SECONDS * (len(paths) + 2),
    )
    return [json.loads(line) for line in run.stdout.splitlines()]
