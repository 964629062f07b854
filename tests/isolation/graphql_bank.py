"""A bank that links by a form and answers everybody alike, so that what differs is our doing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final

from httpx import Response
from pydantic import Field

from core.provider_error import ProviderError
from core.records import Record
from providers.base import (
    AppSettings,
    Checkpoint,
    Facts,
    LinkAsk,
    Linked,
    LinkKind,
    LinkStep,
    Page,
    ProviderKind,
    Rate,
    Restart,
    Wanted,
)
from providers.credentials import Credentials
from providers.http import Client

SLUG: Final = "form_bank"
LOGIN: Final = "login"
STATE: Final = "the state of a link"
_RATE: Final = Rate(calls=1_000_000, per=timedelta(seconds=1))


class FormBankCredentials(Credentials):
    """Who logs in."""

    login: str = Field(title="Login")


class FormBank:
    """Works for whoever has credentials."""

    facts: ClassVar[Facts] = Facts(
        slug=SLUG,
        name="Form Bank",
        kind=ProviderKind.BANK,
        countries=(),
        website="https://bank.example",
        stable_ids=True,
        history_days_max=365,
        sync_every=timedelta(days=1),
        app_rate=_RATE,
        connection_rate=_RATE,
    )
    credentials: ClassVar[type[Credentials]] = FormBankCredentials
    app: ClassVar[type[AppSettings]] = AppSettings
    link_kind: ClassVar[LinkKind] = LinkKind.FORM

    @staticmethod
    def failures(response: Response, /) -> ProviderError | None:
        return None

    async def begin(self, client: Client, ask: LinkAsk) -> LinkStep:
        return LinkStep(
            kind=LinkKind.FORM,
            url="https://bank.example/login",
            token="for the widget",
            fields=FormBankCredentials.form(),
            widget={"color": "green"},
        )

    async def complete(
        self, client: Client, ask: LinkAsk, kept: Mapping[str, str], answers: Mapping[str, str]
    ) -> Linked:
        return Linked(credentials=FormBankCredentials(login=answers[LOGIN]), external_id="a login")

    async def test(self, client: Client, credentials: Any) -> None:
        assert isinstance(credentials, FormBankCredentials)

    async def refresh(self, client: Client, credentials: Any) -> None:
        assert isinstance(credentials, FormBankCredentials)

    async def revoke(self, client: Client, credentials: Any) -> None:
        assert isinstance(credentials, FormBankCredentials)

    async def fetch(
        self, client: Client, credentials: Any, wanted: Wanted
    ) -> AsyncIterator[Page | Restart | Checkpoint]:
        yield Checkpoint(cursor=None)

    def parse(self, page: Page) -> Iterator[Record]:
        yield from ()

    def elements(self, page: Page) -> Iterator[str]:
        yield from ()


FORM_BANK: Final = FormBank()
