"""Source lines: where a number comes from, shown as the file has it, account numbers masked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final
from uuid import UUID

from core import account_number
from core.models import Job, RawDocument
from core.scope import WorkerScope
from core.vault import DataKey
from db import audit, jobs, mappings, reports
from db.tenant_keys import data_key
from pipeline.document import opened
from pipeline.formats import of_document
from resolvers.context import Context
from statements.base import StatementFormat

LINES_MAX: Final = 200
LINE_CHARACTERS_MAX: Final = 2_000
CHUNK_BYTES: Final = 256 * 1024
SHOWN: Final = 4

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}", re.IGNORECASE)
_IBAN_MIN: Final = 15
_NUMBER: Final = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){7,33}(?![0-9])")
_RUN: Final = re.compile(r"[0-9]{8,34}")
# Known numbers are looked for among words, of digits or of letters, alone and joined.
_WORD: Final = re.compile(r"[0-9]+|[^\W0-9_]+")
_JOINTS: Final = frozenset(("", *" ./-_:"))
_JOINTS_MAX: Final = 12
_PLAIN_CHARACTERS: Final = range(4, 41)
_CARD_DIGITS: Final = range(12, 20)
_LONGEST: Final = 100  # characters of a number with blanks in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Lines of a raw document, counted from 1; `last` is one of them."""

    document_id: UUID
    first: int
    last: int

    @property
    def numbers(self) -> range:
        """The lines that are shown."""
        return range(max(self.first, 1), min(self.last, self.first + LINES_MAX - 1) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One physical line; `text` has its account numbers masked, and is cut where it is long."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What tells account numbers from other text: keyed hashes, and the ends of numbers."""

    key: DataKey
    hashes: frozenset[bytes]
    tails: frozenset[str]  # of all the numbers that the hashes are of, and maybe of others

    def is_account(self, plain: str) -> bool:
        """Whether this is a number, without blanks and the like, that the connection has named."""
        if account_number.masked(plain)[-SHOWN:] not in self.tails:
            return False  # nearly all text ends here, which spares the hash
        return self.key.keyed_hash("account-number", plain) in self.hashes


async def lines(context: Context, places: Sequence[Place]) -> Mapping[Place, Sequence[SourceLine]]:
    """The lines of each place, 200 of it at most; reading them is audited.

    Nothing for a document that the caller has none such. Raises StorageUnavailable and SealBroken
    where one cannot be opened.
    """
    found: dict[Place, Sequence[SourceLine]] = {}
    audited = await _audited(context, places)
    if not audited:
        return found
    known = await _known(context)
    for document, job in audited:
        here = [place for place in places if place.document_id == document.id]
        if job.format is None:
            continue
        statement_format = of_document(job.format, document_name=document.name)
        async with opened(
            document,
            scope=WorkerScope(tenant_id=context.tenant),
            database=context.services.database,
            blobs=context.services.blobs,
            key=known.key,
        ) as file:
            found |= await asyncio.to_thread(_picked, file, statement_format, here, known)
    return found


def masked(raw: bytes, known: Known) -> str:
    """A line as text with IBANs, card numbers and known account numbers masked."""
    text = raw.decode("utf-8", "replace").replace("\x00", "\ufffd")
    # A number at the cut is seen whole before it is cut.
    text = _without_ibans(text[: LINE_CHARACTERS_MAX + _LONGEST])
    text = _without_known(text, known)
    # Twice: a number may have blanks in it, and a blank may part it from a number beside it.
    return _RUN.sub(_hidden_card, _NUMBER.sub(_hidden_card, text))[:LINE_CHARACTERS_MAX]


async def _audited(context: Context, places: Sequence[Place]) -> list[tuple[RawDocument, Job]]:
    """The documents with the jobs that read them, and a trace of who looks at them."""
    ids = list(dict.fromkeys(place.document_id for place in places))
    async with context.write() as tx:
        documents = await reports.documents(tx, tenant_id=context.tenant, ids=ids)
        found = await jobs.by_ids(
            tx, tenant_id=context.tenant, ids=[one.job_id for one in documents.values()]
        )
        for document in documents.values():
            first_lines = [one.first for one in places if one.document_id == document.id]
            await audit.record(
                tx,
                "source.read",
                connection_id=document.connection_id,
                job_id=document.job_id,
                data={"documentId": str(document.id), "lines": first_lines[:LINES_MAX]},
            )
    return [(document, found[document.job_id]) for document in documents.values()]


async def _known(context: Context) -> Known:
    key = await data_key(context.as_worker, context.services.vault)
    async with context.as_worker() as tx:
        return Known(
            key=key,
            hashes=await mappings.number_hashes(tx, tenant_id=context.tenant),
            tails=await mappings.tails(tx, tenant_id=context.tenant),
        )


def _picked(
    file: BinaryIO, statement_format: StatementFormat, places: Sequence[Place], known: Known
) -> dict[Place, Sequence[SourceLine]]:
    """The lines of all places in one pass over the document."""
    wanted = {number: "" for place in places for number in place.numbers}
    lines = statement_format.lines(_chunks(file))
    for number, raw in enumerate(islice(lines, max(wanted, default=0)), start=1):
        if number in wanted:
            wanted[number] = masked(raw, known)
    return {
        place: [SourceLine(number=number, text=wanted[number]) for number in place.numbers]
        for place in places
    }


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _hidden_card(match: re.Match[str]) -> str:
    plain = account_number.plain_number(match[0])
    return account_number.masked(plain) if _is_card(plain) else match[0]


def _without_known(text: str, known: Known) -> str:
    """Masks the longest known number that begins at a word, then goes on behind it."""
    words = list(_WORD.finditer(text))
    parts = []
    start = index = 0
    while index < len(words):
        found = None
        for count, plain in _joined(words, index):
            if len(plain) in _PLAIN_CHARACTERS and known.is_account(plain):
                found = count, plain
        if found is None:
            index += 1
            continue
        count, plain = found
        parts += [text[start : words[index].start()], account_number.masked(plain)]
        start = words[index + count - 1].end()
        index += count
    return "".join([*parts, text[start:]])


def _joined(words: Sequence[re.Match[str]], index: int) -> Iterator[tuple[int, str]]:
    """The word, then it and the next, and so on: how many words, and their capital letters."""
    plain = ""
    joints = 0
    for count, word in enumerate(words[index : index + _PLAIN_CHARACTERS.stop], start=1):
        if count > 1:
            joint = word.string[words[index + count - 2].end() : word.start()]
            joints += joint != ""
            if joint not in _JOINTS or joints > _JOINTS_MAX:
                return
        plain += word[0].upper()
        if len(plain) >= _PLAIN_CHARACTERS.stop:
            return
        yield count, plain


def _without_ibans(text: str) -> str:
    """Words may follow an IBAN as its own groups do: the check digits say where it ends."""
    parts = []
    start = 0
    while (match := _IBAN.search(text, start)) is not None:
        end = _end_of_iban(match)
        if end is None:
            parts.append(text[start : match.start() + 1])
            start = match.start() + 1
        else:
            last = text[match.start() : end].replace(" ", "")[-SHOWN:]
            parts.append(f"{text[start : match.start()]}••••{last}")
            start = end
    return "".join([*parts, text[start:]])


def _end_of_iban(match: re.Match[str]) -> int | None:
    """Where the longest IBAN ends that the match begins with; None where it begins with none."""
    ends = [
        place
        for place in range(match.start() + 1, match.end() + 1)
        if match.string[place - 1] != " "
    ]
    for end in reversed(ends[_IBAN_MIN - 1 :]):
        if _is_iban(match.string[match.start() : end].replace(" ", "")):
            return end
    return None


def _is_iban(text: str) -> bool:
    """ISO 13616: the check digits make the rearranged number 1 modulo 97."""
    rearranged = (text[4:] + text[:4]).upper()
    return int("".join(str(int(one, 36)) for one in rearranged)) % 97 == 1


def _is_card(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: the Luhn sum is a multiple of ten."""
    if len(digits) not in _CARD_DIGITS:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
