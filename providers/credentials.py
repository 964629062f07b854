"""Credentials: what a connection needs to speak to its provider, and the form that asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, SecretStr, TypeAdapter, ValidationError

from core.errors import BadInput, SealBroken

_VALUES: Final = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One question of a connection form."""

    name: str
    label: str
    help: str
    secret: bool
    required: bool


class Credentials(BaseModel):
    """Base of each connector's credentials: frozen, and silent about secrets.

    A field with a `title` is asked of the user; the others come from linking. Secrets are
    `SecretStr`, so that no repr, log line or error shows them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def form(cls) -> tuple[FormField, ...]:
        """What a person is asked for; empty where linking brings everything."""
        return tuple(
            FormField(
                name=name,
                label=field.title,
                help=field.description or "",
                secret=_is_secret(field.annotation),
                required=field.is_required(),
            )
            for name, field in cls.model_fields.items()
            if field.title is not None
        )

    @classmethod
    def from_form(cls, answers: Mapping[str, str]) -> Self:
        """The credentials that a person gave. Raises BadInput naming each field, never a value."""
        try:
            return cls.model_validate(dict(answers))
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False, include_context=False)
            wrong = sorted({".".join(map(str, one["loc"])) for one in found if one["loc"]})
            if not wrong:  # each is right by itself; a validator of ours says what is not
                message = found[0]["msg"].removeprefix("Value error, ")
                raise BadInput(f"{message[:1].upper()}{message[1:]}.") from None
            raise BadInput(f"These are missing or wrong: {', '.join(wrong)}.") from None

    def to_bytes(self) -> bytes:
        """The form in which they are sealed."""
        return _VALUES.dump_json(_bare(self.__dict__))

    @classmethod
    def from_bytes(cls, plain: bytes) -> Self:
        """What `to_bytes` gave. Raises SealBroken where it was no such thing."""
        try:
            return cls.model_validate_json(plain)
        except ValidationError:
            raise SealBroken("what was sealed here are no credentials of this provider") from None


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def _bare(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in values.items()
    }
