"""Access to Quiltt: the operator's application, and what a connection is known by."""

from __future__ import annotations

from typing import Final

from pydantic import Field, SecretStr, field_validator

from providers.base import AppSettings
from providers.credentials import Credentials

_ENVIRONMENT: Final = r"^[a-z0-9_-]{1,40}$"


class QuilttApp(AppSettings):
    """The application: an API key opens one environment, test or production."""

    api_key: SecretStr = Field(description="Secret of the environment's API key.")
    connector_id: str = Field(
        min_length=1, max_length=100, description="Which Connector of the dashboard is shown."
    )
    url: str = "https://api.quiltt.io"
    auth_url: str = "https://auth.quiltt.io"
    page_url: str | None = Field(
        default=None, description="Where the Connector is a page; none: the app shows a widget."
    )
    # Profiles of one environment do not exist in another, so that they are kept apart under it.
    environment: str = Field(
        default="production", pattern=_ENVIRONMENT, description="A name for the environment."
    )

    @field_validator("url", "auth_url")
    @classmethod
    def _bare(cls, url: str) -> str:
        if not url.startswith(("https://", "http://")) or url.endswith("/"):
            raise ValueError("must begin with https:// and have no slash at its end")
        return url


class QuilttCredentials(Credentials):
    """No secrets: the application's key opens the profile, and both ids are Quiltt's."""

    profile_id: str = Field(min_length=1, max_length=200)
    connection_id: str = Field(min_length=1, max_length=200)
