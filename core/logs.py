"""Logs: events with fields, as JSON lines or for a terminal; the context adds request and job.

    _log.info("sync.page", extra={"rows": 50})

An exception's text may hold a value that a client sent. Unless `reveal` is set, only the texts of
our own errors are kept; of the others the type and the places in the code.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Literal, TextIO

from core.errors import BankfeedsError

FRAMES_MAX: Final = 30
TEXT_CHARACTERS_MAX: Final = 2_000
CHAIN_MAX: Final = 5

_CONTEXT: Final[ContextVar[Mapping[str, str]]] = ContextVar(
    "log_context", default=MappingProxyType({})
)
_ENCODER: Final = json.JSONEncoder(default=str, ensure_ascii=False)  # made once: it takes a while
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure(
    *, level: str, form: Literal["console", "json"], reveal: bool, stream: TextIO
) -> None:
    """Sends every log of the process to `stream`. May be called again; the last call wins.

    `reveal` shows the texts of foreign exceptions: for development alone.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(reveal=reveal) if form == "json" else Terminal(reveal=reveal))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    _tame_libraries()


class bound:  # used as a function, like contextlib's; a generator takes thrice as long
    """Adds fields, such as `request_id`, to all that is logged within, in this task's context."""

    __slots__ = ("_fields", "_token")

    def __init__(self, **fields: str) -> None:
        self._fields = fields

    def __enter__(self) -> None:
        self._token = _CONTEXT.set({**_CONTEXT.get(), **self._fields})

    def __exit__(self, *_: object) -> None:
        _CONTEXT.reset(self._token)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, *, reveal: bool) -> None:
        super().__init__()
        self._reveal = reveal

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage()[:TEXT_CHARACTERS_MAX],
            "logger": record.name,
            **_fields(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _chain(record.exc_info[1], reveal=self._reveal)
        return _ENCODER.encode(line)


class Terminal(logging.Formatter):
    """One line for a person, with the exception below it."""

    def __init__(self, *, reveal: bool) -> None:
        super().__init__()
        self._reveal = reveal

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines, without the last end."""
        clock = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        event = record.getMessage()[:TEXT_CHARACTERS_MAX]
        if not event.isprintable():  # a line break in a value must not look like another event
            event = json.dumps(event)
        fields = "".join(
            f" {name}={json.dumps(value, default=str, ensure_ascii=False)}"
            for name, value in _fields(record).items()
        )
        lines = [f"{clock} {record.levelname.lower():7} {event}{fields}"]
        if record.exc_info and record.exc_info[1] is not None:
            for error in _chain(record.exc_info[1], reveal=self._reveal):
                lines.append(f"  {error['type']}: {json.dumps(error.get('text', '…'))}")
                lines.extend(f"    {place}" for place in error["at"])
        return "\n".join(lines)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    own = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return {**_CONTEXT.get(), **own}


def _chain(error: BaseException, *, reveal: bool) -> list[dict[str, Any]]:
    """The exception and what it came from, outermost first."""
    links: list[dict[str, Any]] = []
    link: BaseException | None = error
    while link is not None and len(links) < CHAIN_MAX:
        links.append(_described(link, reveal=reveal))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links


def _described(error: BaseException, *, reveal: bool) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    described: dict[str, Any] = {
        "type": type(error).__name__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if reveal or isinstance(error, BankfeedsError):
        described["text"] = str(error)[:TEXT_CHARACTERS_MAX]
    return described


def _tame_libraries() -> None:
    """Access lines with query strings are not written: an upload's address carries its token."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = name != "uvicorn.access"
    for name in ("uvicorn.error", "arq", "httpx", "httpcore", "hpack"):
        logging.getLogger(name).setLevel(logging.WARNING)
