"""Logs carry fields and context, one line an event, and no value of a foreign exception."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from core.errors import Unreadable
from core.logs import bound, configure


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged; the root logger is put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


def _log_to(
    stream: io.StringIO, form: Literal["console", "json"] = "json", *, reveal: bool = False
) -> logging.Logger:
    configure(level="info", form=form, reveal=reveal, stream=stream)
    return logging.getLogger("tests.logs")


def _only_line(stream: io.StringIO) -> dict[str, Any]:
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1, lines
    line: dict[str, Any] = json.loads(lines[0])
    return line


def test_an_event_is_one_json_line_with_its_fields(stream: io.StringIO) -> None:
    log = _log_to(stream)

    log.info("sync.page", extra={"rows": 50})

    line = _only_line(stream)
    assert line["event"] == "sync.page"
    assert line["rows"] == 50
    assert line["level"] == "info"
    assert line["time"].endswith("+00:00")


def test_the_context_adds_its_fields_until_it_ends(stream: io.StringIO) -> None:
    log = _log_to(stream)

    with bound(request_id="r-1"), bound(job_id="j-1"):
        log.info("inside")
    log.info("outside")

    inside, outside = map(json.loads, stream.getvalue().splitlines())
    assert (inside["request_id"], inside["job_id"]) == ("r-1", "j-1")
    assert "request_id" not in outside


def test_what_is_below_the_level_is_not_written(stream: io.StringIO) -> None:
    log = _log_to(stream)

    log.debug("too.small")

    assert stream.getvalue() == ""


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_foreign_exception_keeps_its_place_and_loses_its_text(
    stream: io.StringIO, form: Literal["console", "json"]
) -> None:
    log = _log_to(stream, form)

    try:
        int("4111111111111111x")
    except ValueError:
        log.exception("job.failed")

    assert "4111" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert "test_logs.py" in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_event_that_says_there_is_no_exception_is_written(
    stream: io.StringIO, form: Literal["console", "json"]
) -> None:
    log = _log_to(stream, form)

    log.error("closing", exc_info=False)  # as asyncio says it

    assert "closing" in stream.getvalue()


def test_our_own_errors_keep_their_text_and_what_they_came_from(stream: io.StringIO) -> None:
    log = _log_to(stream)

    try:
        try:
            int("secret")
        except ValueError as error:
            raise Unreadable("NO_HEADER", "line 1 has no header") from error
    except Unreadable:
        log.exception("job.failed")

    errors = _only_line(stream)["error"]
    assert [error["type"] for error in errors] == ["Unreadable", "ValueError"]
    assert errors[0]["text"] == "line 1 has no header"
    assert "text" not in errors[1]


def test_development_shows_the_text_of_every_exception(stream: io.StringIO) -> None:
    log = _log_to(stream, "console", reveal=True)

    try:
        int("shown")
    except ValueError:
        log.exception("job.failed")

    assert "'shown'" in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_line_break_in_a_value_makes_no_second_event(
    stream: io.StringIO, form: Literal["console", "json"]
) -> None:
    log = _log_to(stream, form)

    log.info("hello\n12:00:00 error forged", extra={"name_": "a\nb"})

    assert len(stream.getvalue().splitlines()) == 1


def test_access_lines_of_the_server_are_not_written(stream: io.StringIO) -> None:
    _log_to(stream)

    logging.getLogger("uvicorn.access").warning("PUT /uploads/1?token=secret")

    assert stream.getvalue() == ""
