"""Real JSON and XML of banks and of other systems, against what each file states.

`json_xml_expected.json` has the rows and balances as they stand in the files. What Xero documents
are statements without their rows, so their proofs fail, as they should. Files are not part of this
repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from core.records import BalanceRecord
from statements.registry import detect
from tests.fixtures.csv_reading import codes, rows
from tests.fixtures.tree_file import read_tree

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"
EXPECTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("json_xml_expected.json").read_text("utf-8")
)
PROFILES: Final[dict[str, dict[str, Any]]] = {
    "xero": {
        "format": "json",
        "dateFormat": "YMD",
        "decimalMark": ".",
        "currency": "NZD",
        "debitValues": ["DEBIT"],
        "creditValues": ["CREDIT"],
        "rows": "statementLines[]",
        "statement": {
            "path": "items[]",
            "account": "feedConnectionId",
            "count": "statementLineCount",
            "opening": {
                "amount": "startBalance.amount",
                "date": "startDate",
                "indicator": "startBalance.creditDebitIndicator",
            },
            "closing": {
                "amount": "endBalance.amount",
                "date": "endDate",
                "indicator": "endBalance.creditDebitIndicator",
            },
        },
        "fields": {
            "postedDate": "postedDate",
            "amount": "amount",
            "indicator": "creditDebitIndicator",
        },
    },
    "stripe": {
        "format": "json",
        "dateFormat": "epoch",
        "decimalMark": ".",
        "minorUnits": True,
        "currency": "USD",
        "rows": "$",
        "fields": {
            "postedDate": "created",
            "amount": "amount",
            "currency": "currency",
            "externalId": "id",
            "description": ["description", "merchant_data.name"],
        },
    },
    "finsta": {
        "format": "xml",
        "dateFormat": "DMY",
        "decimalMark": ",",
        "currency": "CZK",
        # CR and DR take back a credit and a debit; the balances of the file prove it.
        "debitValues": ["D", "CR"],
        "creditValues": ["C", "DR"],
        "rows": "FINSTA05",
        "statement": {
            "path": "FINSTA/FINSTA03",
            "account": "S25_CISLO_UCTU",
            "opening": {"amount": "S60_CASTKA", "date": "S60_DATUM", "indicator": "S60_CD_INDIK"},
            "closing": {"amount": "S62_CASTKA", "date": "S62_DATUM", "indicator": "S62_CD_INDIK"},
        },
        "fields": {
            "postedDate": "DPROCD",
            "amount": "S61_CASTKA",
            "indicator": "S61_CD_INDIK",
            "externalId": "REF_TRANS_SYS",
            "description": ["PART_ID1_1", "PART_ID1_2"],
        },
    },
}

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the repository"
)


def test_every_file_of_the_corpus_is_expected() -> None:
    found = {
        str(path.relative_to(CORPUS))
        for folder in ("json", "xml")
        for path in (CORPUS / folder).rglob("*")
        if path.is_file()
    }

    assert found == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_rows_balances_and_findings_are_those_of_the_file(name: str) -> None:
    expected = EXPECTED[name]
    content = (CORPUS / name).read_bytes()
    profile = PROFILES[expected["profile"]]
    statement = {"statement": profile.get("statement", {}) | expected.get("change", {})}

    records = read_tree(content, profile | statement)

    assert [
        f"{row.posted_date} {row.amount} {row.currency} {row.external_id}" for row in rows(records)
    ] == expected["rows"]
    assert [
        f"{record.amount} {record.as_of}" for record in records if isinstance(record, BalanceRecord)
    ] == expected["balances"]
    assert codes(records) == expected["findings"]
    recognised = detect(content)
    assert recognised is not None
    assert recognised.name == profile["format"]
