"""`bankfeeds parse`: shows what a statement file says, without any server."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Protocol

import typer

if TYPE_CHECKING:
    from core.records import Finding, Record
    from statements.base import StatementFormat
    from statements.profiles import Profile

CHUNK_BYTES: Final = 256 * 1024
PROFILE_BYTES_MAX: Final = 1024 * 1024
CURRENCY_UNKNOWN: Final = "XXX"  # ISO 4217: no currency
_NAMELESS: Final = ("csv", "json", "qif", "xml")  # formats that need not name a currency


class Report(Protocol):
    """What becomes of the records: JSON or tables."""

    format: str | None

    def add(self, record: Record) -> None:
        """Takes one record in."""
        ...

    def write(self) -> None:
        """Prints all of it to standard output."""
        ...


def parse(
    file: Annotated[Path, typer.Argument(help="The statement file.", readable=False)],
    *,
    format: Annotated[
        str | None,
        typer.Option(
            "--format", help="bai2, camt, csv, json, mt940, ofx, qif or xml; else by content."
        ),
    ] = None,
    profile: Annotated[
        Path | None, typer.Option("--profile", help="Profile of the file's format, as JSON.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", help="ISO code where the file names none.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    propose: Annotated[
        bool,
        typer.Option("--propose", help="Print a CSV or QIF profile, and what it leaves open."),
    ] = False,
) -> None:
    """Read a statement file and print its accounts, balances, transactions and findings.

    Exit status 0 when rows could be read, even if some were rejected; 2 when none could.
    """
    if propose:
        _print_proposal(file)
        return
    report = _report(json=json)
    readable = _fill(report, file, format=format, profile=profile, currency=currency)
    report.write()
    if not readable:
        raise typer.Exit(2)


def _report(*, json: bool) -> Report:
    if json:
        from cli.parse_json import JsonReport

        return JsonReport()
    from cli.parse_table import TableReport

    return TableReport()


def _fill(
    report: Report, file: Path, *, format: str | None, profile: Path | None, currency: str | None
) -> bool:
    """Whether the file could be read: something but errors came out of it."""
    from core.errors import Unreadable
    from core.records import Finding, Severity

    read = errors = 0
    try:
        head, chunks = _peek(_chunks(file))
        chosen = _format(head, format, profile=profile)
        report.format = chosen.name
        for record in _records(chosen, head, chunks, profile=profile, currency=currency):
            report.add(record)
            read += not isinstance(record, Finding)
            errors += isinstance(record, Finding) and record.severity is Severity.ERROR
    except Unreadable as error:
        report.add(Finding(Severity.ERROR, error.code, error.message, line=error.line))
        return False
    return read > 0 or errors == 0


def _records(
    chosen: StatementFormat,
    head: bytes,
    chunks: Iterator[bytes],
    *,
    profile: Path | None,
    currency: str | None,
) -> Iterator[Record]:
    from core.errors import Unreadable
    from core.records import AccountRecord, Finding, Severity
    from statements.base import ParseOptions
    from statements.repeats import told_repeats

    mapping = None if profile is None else _saved_profile(profile)
    if mapping is not None and mapping.format != chosen.name:
        raise Unreadable(
            "profile-of-other-format",
            f"The profile is for {mapping.format}, but the file is {chosen.name}; give another "
            "one, or name the format.",
        )
    if mapping is None and chosen.name == "csv":
        mapping, note = _detected_profile(head)
        yield note
    if chosen.name in _NAMELESS:
        currency = currency or CURRENCY_UNKNOWN
    options = ParseOptions(currency=currency, profile=mapping)
    for record in told_repeats(chosen.parse(chunks, options)):
        yield record
        if (
            chosen.name in _NAMELESS
            and isinstance(record, AccountRecord)
            and record.currency == CURRENCY_UNKNOWN
        ):
            yield Finding(
                Severity.WARNING,
                "currency-unknown",
                f"Nothing names the currency of account {record.key}; give --currency, or "
                "`currency` in the profile.",
                line=record.line,
            )


def _format(head: bytes, name: str | None, *, profile: Path | None) -> StatementFormat:
    """The named format, else what the content shows, else that of the profile."""
    from statements.registry import by_name, detect, refusal

    if name is not None:
        return by_name(name)
    found = detect(head)
    if found is not None:
        return found
    error = refusal(head)
    if profile is not None and error.code == "format-unrecognised":
        return by_name(_saved_profile(profile).format)
    raise error


def _detected_profile(head: bytes) -> tuple[Profile, Finding]:
    from core.errors import Unreadable
    from core.records import Finding, Severity
    from statements.csv_detect import propose

    proposal = propose(head)
    if proposal.profile is None:
        questions = " ".join(
            f"{question.field}: {question.text} Seen: {', '.join(question.examples)}."
            for question in proposal.questions
        )
        raise Unreadable(
            "profile-required",
            f"The file leaves open what a profile must say. {questions} Save the output of "
            "`bankfeeds parse FILE --propose`, fill in what is null there, and give it with "
            "--profile.",
        )
    text = proposal.profile.model_dump_json(exclude_defaults=True)
    message = (
        f"No profile was given; this one was detected with {proposal.confidence} % confidence: "
        f"{text}"
    )
    return proposal.profile, Finding(Severity.INFO, "profile-detected", message)


def _saved_profile(path: Path) -> Profile:
    """The profile in a JSON file, by itself or as `--propose` prints it."""
    from json import JSONDecodeError, loads

    from pydantic import ValidationError

    from core.errors import Unreadable
    from statements.profiles import read_profile

    try:
        with path.open("rb") as stream:
            text = stream.read(PROFILE_BYTES_MAX + 1)
    except OSError as error:
        raise Unreadable(
            "profile-unreadable", f"The profile {path} cannot be read: {error.strerror}."
        ) from error
    if len(text) > PROFILE_BYTES_MAX:
        raise Unreadable("profile-unreadable", f"The profile {path} is larger than 1 MiB.")
    try:
        value = loads(text)
        if isinstance(value, dict) and "profile" in value:
            value = value["profile"]
        return read_profile(value)
    except (JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("profile-invalid", f"{path} is no JSON: {error}.") from error
    except ValidationError as error:
        places = "; ".join(
            f"{'.'.join(map(str, part['loc'])) or 'profile'}: {part['msg']}"
            for part in error.errors()
        )
        raise Unreadable("profile-invalid", f"{path} is no valid profile. {places}.") from error


def _print_proposal(file: Path) -> None:
    from json import dumps

    from core.errors import Unreadable
    from statements.proposing import propose

    try:
        head, _ = _peek(_chunks(file))
        proposal = propose(head)
    except Unreadable as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        raise typer.Exit(2) from error
    typer.echo(dumps(proposal.as_json(), ensure_ascii=False, indent=2))


def _chunks(file: Path) -> Iterator[bytes]:
    from core.errors import Unreadable

    if str(file) == "-":
        raise Unreadable(
            "file-unreadable", "Standard input is not read; save the statement to a file first."
        )
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise Unreadable("file-unreadable", f"{file} cannot be read: {error.strerror}.") from error


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes for recognition, and all chunks again."""
    from statements.base import HEAD_BYTES

    first = next(chunks, b"")
    return first[:HEAD_BYTES], chain([first], chunks)
