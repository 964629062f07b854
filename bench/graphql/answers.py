"""Before anything is timed: every system's answers are fine, and say the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any, Final

from bench.graphql.questions import Question, Sample
from bench.graphql.systems import System
from schema.ids import decode

CHECKED: Final = 40


class WrongAnswer(Exception):
    """A system answers with errors, or not as another one does; the message has both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A body as sent, and as read."""

    body: bytes
    data: Any


def ask(system: System, question: Question, sample: Sample) -> Answer:
    """One answer. Raises WrongAnswer where it is none."""
    body, headers = system.asks(question, sample)
    connection = HTTPConnection("127.0.0.1", system.port, timeout=30)
    try:
        connection.request(
            "POST",
            "/graphql",
            body=body,
            headers={"content-type": "application/json", "accept": "application/json", **headers},
        )
        response = connection.getresponse()
        received = response.read()
    finally:
        connection.close()
    content = json.loads(received)
    if response.status != HTTPStatus.OK or "errors" in content:
        raise WrongAnswer(f"{system.name}, {question.name}: {received[:500].decode()}")
    return Answer(body=received, data=content["data"])


def check(one: System, other: System, question: Question, samples: list[Sample]) -> None:
    """Raises WrongAnswer unless both give the same for each of the samples."""
    for sample in samples[:CHECKED]:
        left = facts(ask(one, question, sample).data)
        right = facts(ask(other, question, sample).data)
        if left != right or not left:
            raise WrongAnswer(
                f"{question.name} {sample}: {one.name} says {left[:4]}, {other.name} {right[:4]}"
            )


def facts(data: Any) -> list[object]:
    """What an answer says, in order, however its fields are called and nested.

    Ids become keys and amounts numbers; cursors, which are each server's own, are left out, and
    so are groups' orders.
    """
    return list(_facts(data))


def _facts(value: Any) -> Iterator[object]:
    match value:
        case {"groupedAggregates": list(groups)}:
            yield from sorted((_peer_group(group) for group in groups), key=str)
        case {"transactionSummary": list(groups)}:
            yield from sorted((_our_group(group) for group in groups), key=str)
        case dict():
            for name, inner in value.items():
                if name != "endCursor":
                    yield from _facts(inner)
        case list():
            for inner in value:
                yield from _facts(inner)
        case str():
            yield _plain(value)
        case _:
            yield value


def _our_group(group: dict[str, Any]) -> tuple[object, ...]:
    net = Decimal(group["net"]["amount"])
    return (group["month"][:7], group["currency"], net, group["count"])


def _peer_group(group: dict[str, Any]) -> tuple[object, ...]:
    month, currency = group["keys"]
    return (month[:7], currency, Decimal(group["sum"]["amount"]), int(group["count"]["amount"]))


def _plain(text: str) -> object:
    found = decode(text)
    if found is not None:
        return str(found.key)
    try:
        return Decimal(text)
    except ArithmeticError:
        return text.lower()  # enumerations are upper case in one, and text in the other
