"""Opens what lives as long as a process: database, keys, blobs, events and queue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from channels.email import MailServer
from channels.sending import Sending
from core.settings import Settings, SettingsError
from core.vault import Vault
from db.blobs import Blobs, FolderBlobs, supabase_blobs
from db.direct import connected
from db.events import redis_events
from db.login import refuse_unsafe_login
from db.pool import connect
from db.queue import ArqQueue
from db.redis import RedisClient
from db.redis import connect as connect_redis
from db.session import Database
from db.throttle import Throttle
from pipeline.provider_access import ProviderAccess, open_http
from pipeline.receptions import receptions
from pipeline.services import Services as PipelineServices
from providers.pickup.access import PickupAccess
from providers.registry import configured
from providers.webhooks import Reception
from resolvers.context import Services
from resolvers.key_source import NO_KEY, key_ring

NO_DATABASE: Final = "DATABASE_URL: is not set; set it, or let `bankfeeds up` start a Postgres"
TRANSACTION_POOLER_PORT: Final = 6543  # Supavisor's and Supabase's dedicated PgBouncer


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The services of a process, and the Redis client below two of them."""

    services: Services
    redis: RedisClient


@asynccontextmanager
async def open_services(
    settings: Settings, *, receivers: Mapping[str, Reception] | None = None
) -> AsyncIterator[Services]:
    """The services that the settings describe, closed at the end of the block.

    Raises SettingsError, BadInput, UnsafeLogin, InvalidKeys, DatabaseUnavailable, and of a key
    service UnknownKey and KeysUnavailable. A Redis that is away is no reason not to start.
    """
    async with open_process(settings, receivers=receivers) as process:
        yield process.services


@asynccontextmanager
async def open_process(
    settings: Settings, *, receivers: Mapping[str, Reception] | None = None
) -> AsyncIterator[Process]:
    """As `open_services`, for who also wants to know how Redis is."""
    database_url, redis_url = addresses(settings)
    async with AsyncExitStack() as stack:
        vault = await stack.enter_async_context(_vault(settings, database_url))
        redis = await stack.enter_async_context(connect_redis(redis_url))
        providers = ProviderAccess(
            http=await stack.enter_async_context(open_http()),
            apps=configured(settings.provider_values),
            throttle=Throttle(redis),
        )
        services = Services(
            database=await stack.enter_async_context(
                connect(
                    database_url,
                    size=settings.pool_max,
                    least=settings.pool_min,
                    readers=settings.pool_max,
                    pooled=urlsplit(database_url).port == TRANSACTION_POOLER_PORT,
                )
            ),
            vault=vault,
            blobs=await stack.enter_async_context(_blobs(settings)),
            events=await stack.enter_async_context(redis_events(redis)),
            queue=ArqQueue(redis),
            providers=providers,
            pickup=PickupAccess(
                private_allowed=settings.private_allowed, bytes_max=settings.upload_bytes_max
            ),
            clock=lambda: datetime.now(UTC),
            public_url=settings.public_url or f"http://{settings.host}:{settings.port}",
            upload_bytes_max=settings.upload_bytes_max,
            app_origins=settings.allowed_origins,
            development=not settings.production,
            receivers=receptions(providers) if receivers is None else receivers,
            sending=_sending(settings),
        )
        yield Process(services=services, redis=redis)


@asynccontextmanager
async def open_sealed(settings: Settings) -> AsyncIterator[tuple[Database, Vault]]:
    """The database and the keys, for the operator's work on what is sealed.

    Raises as `open_services` does; needs no Redis.
    """
    if settings.database_url is None or settings.key_source is None:
        raise SettingsError((NO_DATABASE if settings.database_url is None else NO_KEY,))
    async with (
        _vault(settings, _shown(settings.database_url)) as vault,
        open_database(settings) as database,
    ):
        yield database, vault


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The database alone, for what the operator sets. Raises SettingsError."""
    if settings.database_url is None:
        raise SettingsError((NO_DATABASE,))
    database_url = settings.database_url.get_secret_value()
    pooled = urlsplit(database_url).port == TRANSACTION_POOLER_PORT
    async with connect(database_url, size=1, pooled=pooled) as database:
        yield database


def addresses(settings: Settings) -> tuple[str, str]:
    """The URLs of Postgres and Redis. Raises SettingsError with all that a process would lack."""
    problems = []
    if settings.database_url is None:
        problems.append(NO_DATABASE)
    if settings.redis_url is None:
        problems.append("REDIS_URL: is not set; set it, or let `bankfeeds up` start a Valkey")
    if settings.key_source is None:
        problems.append(NO_KEY)
    if problems:
        raise SettingsError(tuple(problems))
    return _shown(settings.database_url), _shown(settings.redis_url)


def pipeline_services(services: Services) -> PipelineServices:
    """The part of the services that running jobs need."""
    return PipelineServices(
        database=services.database,
        vault=services.vault,
        blobs=services.blobs,
        events=services.events,
        clock=services.clock,
        providers=services.providers,
        pickup=services.pickup,
        receivers=services.receivers,
    )


def _sending(settings: Settings) -> Sending:
    mail = None
    if settings.smtp_url is not None and settings.mail_from is not None:
        mail = MailServer.of(settings.smtp_url.get_secret_value(), settings.mail_from)
    return Sending(private_allowed=settings.private_allowed, mail=mail)


def _shown(secret: SecretStr | None) -> str:
    assert secret is not None
    return secret.get_secret_value()


@asynccontextmanager
async def _vault(settings: Settings, database_url: str) -> AsyncIterator[Vault]:
    """The keys, once the login is found to be one that may have them."""
    async with key_ring(settings) as ring:
        async with connected(database_url) as connection:
            await refuse_unsafe_login(connection)
        yield Vault(ring)


@asynccontextmanager
async def _blobs(settings: Settings) -> AsyncIterator[Blobs]:
    """Supabase Storage where there is a secret key for it, else a folder."""
    if settings.supabase_url is None or settings.supabase_secret_key is None:
        settings.storage_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield FolderBlobs(settings.storage_dir)
        return
    async with supabase_blobs(
        url=settings.supabase_url,
        secret_key=settings.supabase_secret_key.get_secret_value(),
        bucket=settings.storage_bucket,
    ) as blobs:
        yield blobs
