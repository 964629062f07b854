"""What admins do with webhooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

import strawberry

from core.webhooks import OVERLAP
from resolvers import webhooks
from resolvers.refusal import Refused
from schema.context import Info
from schema.fields import mutation
from schema.ids import key_of
from schema.payload import Payload, user_errors
from schema.webhooks import WebhookEndpoint, WebhookEvent

EndpointId = Annotated[strawberry.ID, strawberry.argument(description="The endpoint.")]
_HOURS: Final = int(OVERLAP.total_seconds()) // 3_600


@strawberry.input(description="Events to be processed again.")
class WebhookEventReplayInput:
    ids: list[strawberry.ID] = strawberry.field(description="The events, 1 to 100 of them.")


@strawberry.input(description="A new endpoint.")
class WebhookEndpointCreateInput:
    connection_id: strawberry.ID = strawberry.field(
        description="The connection whose events it takes."
    )
    secret: str | None = strawberry.field(
        default=None,
        description="The signing secret that the provider shows, where the provider makes it; it "
        "may be given later by webhookEndpointRotate.",
    )


@strawberry.input(description="Another secret of an endpoint.")
class WebhookEndpointRotateInput:
    secret: str | None = strawberry.field(
        default=None,
        description="The secret that the provider shows; null where it is made here.",
    )
    keep_hours: int = strawberry.field(
        default=_HOURS,
        description="For how many hours the secret before stays valid, 0 to 720.",
    )


@strawberry.type(description="What webhookEventReplay answers.")
class WebhookEventReplayPayload(Payload):
    events: list[WebhookEvent] | None = strawberry.field(
        description="The events as they are now; null where it was refused."
    )


@strawberry.type(description="What webhookEndpointCreate answers.")
class WebhookEndpointCreatePayload(Payload):
    endpoint: WebhookEndpoint | None = strawberry.field(
        description="The endpoint; null where it was refused."
    )
    url: str | None = strawberry.field(
        description="Where the provider is to send events to. Shown here and nowhere else."
    )
    secret: str | None = strawberry.field(
        description="What the provider is to sign with, where it is made here. Shown only once."
    )


@strawberry.type(description="What webhookEndpointRotate answers.")
class WebhookEndpointRotatePayload(Payload):
    endpoint: WebhookEndpoint | None = strawberry.field(
        description="The endpoint as it is now; null where it was refused."
    )
    secret: str | None = strawberry.field(
        description="What the provider is to sign with, where it is made here. Shown only once."
    )


@strawberry.type(description="What webhookEndpointDisable answers.")
class WebhookEndpointDisablePayload(Payload):
    endpoint: WebhookEndpoint | None = strawberry.field(
        description="The endpoint as it is now; null where it was refused."
    )


@strawberry.type(description="What admins do with webhooks.")
class WebhookMutations:
    @mutation(
        description="Has events processed again, all of them or none; those that wait to be "
        "processed are left alone. For admins."
    )
    async def webhook_event_replay(
        self,
        info: Info,
        input: Annotated[WebhookEventReplayInput, strawberry.argument(description="Which events.")],
    ) -> WebhookEventReplayPayload | None:
        """Has events processed again."""
        keys = [key_of("WebhookEvent", one) for one in input.ids]
        answer = await webhooks.replay(info.context, ids=keys)
        return WebhookEventReplayPayload(
            events=None
            if isinstance(answer, Refused)
            else [WebhookEvent.of(event) for event in answer],
            user_errors=user_errors(answer),
        )

    @mutation(
        description="Makes an address that a provider sends the events of one connection to; for "
        "admins."
    )
    async def webhook_endpoint_create(
        self,
        info: Info,
        input: Annotated[
            WebhookEndpointCreateInput, strawberry.argument(description="What to make.")
        ],
    ) -> WebhookEndpointCreatePayload | None:
        """Makes an endpoint."""
        answer = await webhooks.create_endpoint(
            info.context,
            connection_id=key_of("Connection", input.connection_id),
            secret=input.secret,
        )
        made = None if isinstance(answer, Refused) else answer
        return WebhookEndpointCreatePayload(
            endpoint=None if made is None else WebhookEndpoint.of(made.endpoint),
            url=None if made is None else made.url,
            secret=None if made is None else made.secret,
            user_errors=user_errors(answer),
        )

    @mutation(
        description="Changes the secret of an endpoint; both are valid for a while. For admins."
    )
    async def webhook_endpoint_rotate(
        self,
        info: Info,
        id: EndpointId,
        input: Annotated[
            WebhookEndpointRotateInput, strawberry.argument(description="The other secret.")
        ],
    ) -> WebhookEndpointRotatePayload | None:
        """Changes the secret of an endpoint."""
        answer = await webhooks.rotate_endpoint(
            info.context,
            endpoint_id=key_of("WebhookEndpoint", id),
            secret=input.secret,
            keep=timedelta(hours=input.keep_hours),
        )
        made = None if isinstance(answer, Refused) else answer
        return WebhookEndpointRotatePayload(
            endpoint=None if made is None else WebhookEndpoint.of(made.endpoint),
            secret=None if made is None else made.secret,
            user_errors=user_errors(answer),
        )

    @mutation(
        description="Takes no more events at an endpoint, for good, and forgets its secrets; for "
        "admins."
    )
    async def webhook_endpoint_disable(
        self, info: Info, id: EndpointId
    ) -> WebhookEndpointDisablePayload | None:
        """Takes no more events at an endpoint."""
        answer = await webhooks.disable_endpoint(
            info.context, endpoint_id=key_of("WebhookEndpoint", id)
        )
        return WebhookEndpointDisablePayload(
            endpoint=None if isinstance(answer, Refused) else WebhookEndpoint.of(answer),
            user_errors=user_errors(answer),
        )
