"""Puts the demo in and signs its users in, for what `bankfeeds up` prints."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Final

from api.dev_keys import DevelopmentKey, create_development_key, sign_token
from cli.ready import Demo, ReadyConnection, ReadyUser
from core.settings import Settings, SettingsError
from db.demo import CONNECTIONS, USERS, DemoUser, seed

TOKEN_LIFETIME: Final = timedelta(days=7)


async def prepare(settings: Settings) -> Demo:
    """Seeds the database, where that has not happened, and signs a token for each user."""
    if settings.migration_database_url is None:
        raise SettingsError(("MIGRATION_DATABASE_URL: the demo is put in by the owner; set it",))
    await seed(settings.migration_database_url.get_secret_value())
    key = await asyncio.to_thread(create_development_key, settings.data_dir)
    return Demo(
        users=[_ready(user, key) for user in USERS],
        connections=[
            ReadyConnection(
                id=b64encode(f"Connection:{one.id}".encode()).decode(),
                name=one.name,
                tenant=str(one.tenant_id),
            )
            for one in CONNECTIONS
        ],
    )


def _ready(user: DemoUser, key: DevelopmentKey) -> ReadyUser:
    token = sign_token(
        key,
        user_id=user.id,
        email=user.email,
        tenant_id=user.tenant_id,
        lifetime=TOKEN_LIFETIME,
        now=datetime.now(UTC),
    )
    return ReadyUser(
        email=user.email, role=user.role.value, tenant=str(user.tenant_id), token=token
    )
