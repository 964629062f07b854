"""Turns rows into models: enumerations become members, the rest is as Postgres gave it."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar

Model = TypeVar("Model")


class Row(Protocol):
    """A row of Postgres: values by column name."""

    def __getitem__(self, name: str, /) -> Any:
        """The value of a column."""
        ...


def columns(model: type[Any]) -> tuple[str, ...]:
    """The column names of a model, in order."""
    return _shape(model)[0]


def read(model: type[Model], row: Row) -> Model:
    """The model of a row that has at least the model's columns."""
    names, enums = _shape(model)
    return model(**{n: enums[n](row[n]) if n in enums else row[n] for n in names})


_Shape = tuple[tuple[str, ...], Mapping[str, Callable[[Any], Any]]]
_SHAPES: Final[dict[type[Any], _Shape]] = {}  # memo: a dataclass never changes its shape


def _shape(model: type[Any]) -> _Shape:
    """The columns of a model, and which of them hold members of a closed set (never null)."""
    if model not in _SHAPES:
        hints = typing.get_type_hints(model)
        enums = {
            name: hint
            for name, hint in hints.items()
            if isinstance(hint, type) and issubclass(hint, StrEnum)
        }
        _SHAPES[model] = (tuple(field.name for field in dataclasses.fields(model)), enums)
    return _SHAPES[model]
