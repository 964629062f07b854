"""An endpoint of Plaid's: what may be asked of it, and what answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sandbox.loopback import is_address
from sandbox.plaid_bank import Bank
from sandbox.plaid_errors import PlaidError
from sandbox.plaid_institutions import PRODUCTS
from sandbox.plaid_item import Item
from sandbox.plaid_json import read
from sandbox.plaid_ledger import Account


class Part(BaseModel):
    """A part of a request; Plaid knows its own fields only, and converts no types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Ask(Part):
    """A request; the credentials may come in headers instead."""

    client_id: str | None = None
    secret: str | None = None


class ItemAsk(Ask):
    """A request about one Item."""

    access_token: str


class AccountsOptions(Part):
    """Some of the Item's accounts."""

    account_ids: list[str] | None = None


AskT = TypeVar("AskT", bound=Ask)
CountryCode = Literal[
    "US", "GB", "ES", "NL", "FR", "IE", "CA", "DE", "IT", "PL",
    "DK", "NO", "SE", "EE", "LT", "LV", "PT", "BE", "AT", "FI",
]  # fmt: skip
DaysRequested = Annotated[int, Field(ge=1, le=730)]


def _whole(url: str) -> str:
    if not is_address(url):
        raise ValueError("must name a host, and a port from 1 to 65535 if any")
    return url


Url = Annotated[
    str,
    Field(pattern=r"^https?://[^\s/?#]+[^\s]*$", max_length=2048),
    AfterValidator(_whole),
]


def _date(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("must be a date such as 2026-11-21")
    return date.fromisoformat(value)


def _product(value: object) -> object:
    if value not in PRODUCTS:
        raise ValueError(f"{value} is no product of this sandbox")
    return value


Day = Annotated[date, BeforeValidator(_date)]
Product = Annotated[str, BeforeValidator(_product)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[AskT]):
    """A kind of request and its answer, without request_id."""

    ask: type[AskT]
    answer: Callable[[Bank, AskT], dict[str, Any]]

    def read(self, body: bytes) -> AskT:
        """The request of this body; raises PlaidError as Plaid words it."""
        try:
            value = read(body)
        except ValueError:
            raise PlaidError("INVALID_BODY") from None
        if not isinstance(value, dict):
            raise PlaidError("INVALID_BODY")
        try:
            return self.ask.model_validate(value)
        except ValidationError as error:
            raise _refusal(error.errors(include_url=False)) from None


DEFAULT_DAYS: Final = 90


def chosen_accounts(item: Item, account_ids: list[str] | None) -> list[Account]:
    """The Item's accounts, or those of these ids; raises PlaidError for a foreign id."""
    known = item.ledger.accounts
    if account_ids is None:
        return list(known.values())
    if not set(account_ids) <= known.keys():
        raise PlaidError("INVALID_ACCOUNT_ID")
    return [account for key, account in known.items() if key in account_ids]


def _refusal(errors: Sequence[Mapping[str, Any]]) -> PlaidError:
    for kind, code, words in (
        ("missing", "MISSING_FIELDS", "the following required fields are missing"),
        ("extra_forbidden", "UNKNOWN_FIELDS", "the following fields are not recognized"),
    ):
        if names := [_name(error) for error in errors if error["type"] == kind]:
            return PlaidError(code, f"{words}: {', '.join(names)}")
    return PlaidError("INVALID_FIELD", f"{_name(errors[0])}: {errors[0]['msg']}")


def _name(error: Mapping[str, Any]) -> str:
    return ".".join(str(part) for part in error["loc"])
