"""`mt-940` as the referee of our own reading: of every text and amount of the corpus' files.

The library takes a text whose sub-fields were told apart before: it keeps only the last of one that
comes twice. Where it cuts or drops something, ours is written to differ; that is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from mt940.models import Amount, Transactions
from mt940.options import Options
from mt940.processors import transaction_details_post_processor
from mt940.tags import TransactionDetails

from statements.base import ParseOptions
from statements.csv_text import TextLines
from statements.findings import Findings
from statements.mt940_details import Details, folded, read_details
from statements.mt940_entry import Standing, read_entry
from statements.mt940_fields import Field, Usual, fields
from statements.mt940_proof import Proof
from statements.mt940_usual import UsualReader
from statements.mt940_values import Calendar, read_line

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"
NAMES = sorted(
    str(path.relative_to(CORPUS))
    for folder in ("mt940", "mt942")
    for path in (CORPUS / folder).rglob("*")
    if path.is_file() and path.suffix != ".json"
)
LIBRARY = Transactions(options=Options.all())
# What the library calls what, and where it stands with us.
EXTRA = {
    "posting_text": "posting_text",
    "prima_nota": "prima_nota",
    "applicant_bin": "counterparty_bank",
    "applicant_iban": "counterparty_account",
    "return_debit_notes": "text_key_addition",
    "recipient_name": "recipient_name",
    "end_to_end_reference": "end_to_end_reference",
    "additional_position_reference": "mandate_reference",
    "applicant_creditor_id": "creditor_id",
    "purpose_code": "purpose_code",
    "additional_position_date": "mandate_date",
    "deviate_applicant": "ultimate_originator",
    "deviate_recipient": "ultimate_recipient",
    "settlement_tag": "settlement_date",
    "debitor_identifier": "debtor_id",
    "compensation_amount": "compensation_amount",
    "original_amount": "original_amount",
    "gvc_applicant_iban": "stated_iban",
    "gvc_applicant_bin": "stated_bic",
}

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the repository"
)


def read(name: str) -> Iterator[Field]:
    for found in fields(TextLines([(CORPUS / name).read_bytes()], None)):
        if isinstance(found, Usual):
            yield from found.fields()
        else:
            yield found


def texts(name: str) -> Iterator[str]:
    """The texts in sub-fields of question marks, each of which comes once."""
    for field in read(name):
        text = "".join(field.lines)
        keys = re.findall(r"\?([0-9]{2})", text)
        plain = text.count("?") == len(keys) == len(set(keys)) and re.match(r"[0-9]{3}\?", text)
        continued = any(key[0] == "6" for key in keys)  # goes on with ?29, with us alone
        if field.tag == "86" and plain and not continued:
            yield text


def refereed(text: str) -> dict[str, str]:
    """What the library makes of a text."""
    groups = {"transaction_details": text}
    named = transaction_details_post_processor(LIBRARY, TransactionDetails(), groups, dict(groups))
    return {key: folded(value) for key, value in named.items() if value}


@pytest.mark.parametrize("name", NAMES)
def test_sub_fields_are_named_alike(name: str) -> None:
    for text in texts(name):
        ours: Details = read_details([text])
        theirs = refereed(text)

        named = {EXTRA[key]: value for key, value in theirs.items() if key in EXTRA}
        told = {key: value for key, value in ours.extra.items() if key in EXTRA.values()}
        assert told == {key: value for key, value in named.items() if value}
        stated = theirs.get("customer_reference") or theirs.get("end_to_end_reference")
        assert ours.reference == stated
        assert ours.counterparty == (theirs.get("applicant_name") or None)


def test_the_corpus_has_texts_to_compare() -> None:
    assert sum(1 for name in NAMES for _ in texts(name)) > 200


@pytest.mark.parametrize("name", NAMES)
def test_usual_entries_read_as_their_fields_do(name: str) -> None:
    standing = Standing(account="0042|EUR", currency="EUR", interim=False)
    calendar, findings = Calendar(ParseOptions().dates), Findings()
    reader = UsualReader(calendar)
    for usual in fields(TextLines([(CORPUS / name).read_bytes()], None)):
        if not isinstance(usual, Usual):
            continue
        row = reader.read(usual, standing, Proof())
        if row is not None:
            line, *texts = usual.fields()
            entry = read_entry(line, None, calendar, findings)
            assert entry is not None
            for text in texts:
                entry.add(text)
            assert repr(entry.record(standing)) == repr(row)
            assert not findings.pending


def test_the_corpus_has_usual_entries() -> None:
    found = [
        one
        for name in NAMES
        for one in fields(TextLines([(CORPUS / name).read_bytes()], None))
        if isinstance(one, Usual)
    ]
    assert len(found) > 300


@pytest.mark.parametrize("name", NAMES)
def test_amounts_are_signed_alike(name: str) -> None:
    for field in read(name):
        line = read_line("\n".join(field.lines)) if field.tag == "61" else None
        if line is not None:
            mark = line.mark.removeprefix("E")
            assert line.amount == Amount(line.written, mark, options=Options.all()).amount
