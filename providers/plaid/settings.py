"""What the operator sets for Plaid, and what a connection (an Item) needs to be asked."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field, SecretStr

from providers.base import AppSettings
from providers.credentials import Credentials

PRODUCTION: Final = "https://production.plaid.com"
COUNTRIES: Final = (
    "US", "CA", "GB", "IE", "FR", "ES", "NL", "DE", "IT", "PL",
    "DK", "NO", "SE", "EE", "LT", "LV", "PT", "BE", "AT", "FI",
)  # fmt: skip


def _listed(value: object) -> object:
    """A list as variables hold it: "US,CA"."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip().upper() for part in value.split(",") if part.strip())


class PlaidApp(AppSettings):
    """The operator's application at Plaid."""

    url: str = Field(default=PRODUCTION, pattern=r"^https?://[^\s?#]+[^\s?#/]$")
    client_id: str = Field(min_length=1)
    secret: SecretStr
    client_name: str = Field(default="Bankfeeds", min_length=1, max_length=30)
    language: str = Field(default="en", pattern="^[a-z]{2}$")
    countries: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=("US",), min_length=1
    )
    # Of new links: the address of an endpoint, which nobody can look up once it was made.
    webhook_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    redirect_url: str | None = None  # of banks with OAuth, as registered at Plaid
    hosted: bool = False  # people link on a page of Plaid's, instead of in a widget of the app's
    investments: bool = True  # Plaid bills them from the first request on


class PlaidCredentials(Credentials):
    """The access to one Item; it does not run out."""

    access_token: SecretStr
    item_id: str = Field(min_length=1)
