"""What admins do to link connections at providers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from providers.base import LinkKind
from resolvers import links
from resolvers.refusal import Refused
from schema.connections import Connection
from schema.context import Info
from schema.fields import mutation
from schema.ids import encode, key_of, optional_key_of
from schema.payload import Payload, user_errors
from schema.providers import ProviderField


@strawberry.input(description="What to link, or to link again.")
class ConnectionLinkBeginInput:
    provider: str = strawberry.field(description="The slug of the provider.")
    connection_id: strawberry.ID | None = strawberry.field(
        default=None, description="A connection that is to be linked again; null: a new one."
    )
    callback_url: str | None = strawberry.field(
        default=None,
        description="A page of the web app that the person comes back to; null: one of ours.",
    )
    select_accounts: bool = strawberry.field(
        default=False, description="Whether accounts of that connection are to be chosen anew."
    )
    persona_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Whose connection it is to be, where the provider links personas, as Quiltt "
        "does; null: whose it was, or the caller's primary persona's.",
    )


@strawberry.type(description="One thing that a provider's widget needs.")
class ConnectionLinkValue:
    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(description="What the person's browser needs to link.")
class ConnectionLink:
    id: strawberry.ID = strawberry.field(description="Names the link in connectionLinkComplete.")
    kind: LinkKind = strawberry.field(description="How the person links.")
    state: str = strawberry.field(
        description="Goes back to connectionLinkComplete; nobody else has it."
    )
    url: str | None = strawberry.field(
        description="The page to open; null where the kind is another."
    )
    token: str | None = strawberry.field(
        description="What the provider's widget takes; short-lived; null where there is none."
    )
    widget: list[ConnectionLinkValue] = strawberry.field(
        description="What the widget needs beside the token, such as connectorId."
    )
    fields: list[ProviderField] = strawberry.field(
        description="The form to fill; empty where the kind is another."
    )
    expires_at: datetime = strawberry.field(description="When the link is over.")

    @staticmethod
    def of(link: links.Link) -> ConnectionLink:
        """A link that was begun."""
        return ConnectionLink(
            id=encode("ConnectionLink", link.id),
            kind=link.kind,
            state=link.state,
            url=link.url,
            token=link.token,
            widget=[
                ConnectionLinkValue(name=name, value=value) for name, value in link.widget.items()
            ],
            fields=[ProviderField.of(field) for field in link.fields],
            expires_at=link.expires_at,
        )


@strawberry.input(description="One thing that the person comes back with.")
class ConnectionLinkAnswer:
    name: str = strawberry.field(
        description="Its name, such as publicToken, code, or that of a field of the form."
    )
    value: str = strawberry.field(description="Its value.")


@strawberry.input(description="What the person comes back with.")
class ConnectionLinkCompleteInput:
    link_id: strawberry.ID = strawberry.field(description="The link.")
    state: str = strawberry.field(description="The link's state, as it came back.")
    answers: list[ConnectionLinkAnswer] = strawberry.field(
        description="What the provider gave, or the filled form; 20 at most."
    )
    name: str | None = strawberry.field(
        default=None, description="What users will call it; null: as the institution is called."
    )


@strawberry.type(description="What connectionLinkBegin answers.")
class ConnectionLinkBeginPayload(Payload):
    link: ConnectionLink | None = strawberry.field(
        description="What to do next; null where it was refused."
    )


@strawberry.type(description="What connectionLinkComplete answers.")
class ConnectionLinkCompletePayload(Payload):
    connection: Connection | None = strawberry.field(
        description="The connection, whose first sync waits; null where it was refused."
    )


@strawberry.type(description="What admins do to link connections at providers.")
class LinkMutations:
    @mutation(description="Begins to link a connection, or to link one again; for admins.")
    async def connection_link_begin(
        self,
        info: Info,
        input: Annotated[ConnectionLinkBeginInput, strawberry.argument(description="What.")],
    ) -> ConnectionLinkBeginPayload | None:
        """Begins to link a connection."""
        answer = await links.begin(
            info.context,
            provider=input.provider,
            connection_id=optional_key_of("Connection", input.connection_id),
            callback_url=input.callback_url,
            select_accounts=input.select_accounts,
            persona_id=optional_key_of("Persona", input.persona_id),
        )
        link = None if isinstance(answer, Refused) else ConnectionLink.of(answer)
        return ConnectionLinkBeginPayload(link=link, user_errors=user_errors(answer))

    @mutation(description="Completes a link, once, within ten minutes; for who began it.")
    async def connection_link_complete(
        self,
        info: Info,
        input: Annotated[ConnectionLinkCompleteInput, strawberry.argument(description="What.")],
    ) -> ConnectionLinkCompletePayload | None:
        """Completes a link."""
        answer = await links.complete(
            info.context,
            link_id=key_of("ConnectionLink", input.link_id),
            state=input.state,
            answers={one.name: one.value for one in input.answers},
            name=input.name,
        )
        connection = None if isinstance(answer, Refused) else Connection.of(answer)
        return ConnectionLinkCompletePayload(connection=connection, user_errors=user_errors(answer))
