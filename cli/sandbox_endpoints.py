"""Where simulated providers send webhooks: an endpoint of each, as the operator's command makes it.

The last part of its address is kept in the data directory, so that the next `up` finds the same
endpoint instead of making another.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from core.settings import Settings
from core.vault import Vault
from core.webhook_secrets import address, is_token, token_hash
from db import webhook_inbox
from db.session import Database
from providers.webhooks import Receiver
from resolvers.services import open_sealed
from resolvers.webhook_operations import create_endpoint


async def sandbox_endpoints(settings: Settings, *, url: str) -> Mapping[str, str]:
    """The addresses by the slugs of providers; `url` is the API's on this machine.

    Raises BankfeedsError.
    """
    # They take a moment to import, and are needed here alone.
    from providers.registry import by_slug
    from sandbox.registry import SANDBOXES

    found = {}
    async with open_sealed(settings) as (database, vault):
        for one in SANDBOXES:
            receiver = by_slug(one.slug)
            if one.webhook_field is not None and isinstance(receiver, Receiver):
                file = settings.data_dir / f"sandbox-{one.slug}-webhook"
                token = await _token(database, vault, file, one.slug, receiver)
                found[one.slug] = address(url, one.slug, token)
    return found


async def _token(
    database: Database, vault: Vault, file: Path, slug: str, receiver: Receiver
) -> str:
    kept = _kept(file)
    if kept is not None:
        known = await webhook_inbox.endpoint(database, token_hash=token_hash(kept))
        if known is not None and known.provider == slug:
            return kept
    made = await create_endpoint(
        database, vault, provider=slug, receiver=receiver, secret=None, public_url=""
    )
    assert made.url is not None
    token = made.url.rpartition("/")[2]
    _keep(file, token)
    return token


def _kept(file: Path) -> str | None:
    text = file.read_text(encoding="utf-8").strip() if file.is_file() else ""
    return text if is_token(text) else None


def _keep(file: Path, token: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as kept:
        kept.write(token + "\n")
