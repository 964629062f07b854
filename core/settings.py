"""Settings: what the environment says, checked once at start, then trusted."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from core import key_settings
from core.errors import BankfeedsError
from core.jobs import LEASE
from core.key_settings import KeySource, key_list, kms_key_names

PORT: Final = 8000
DEVELOPMENT_ISSUER: Final = "bankfeeds-development"
UPLOAD_BYTES_MAX: Final = 512 * 1024 * 1024
JWT_SECRET_CHARACTERS_MIN: Final = 32
RATE_LIMIT_MAX: Final = 1_000_000_000
PROVIDER_PREFIX: Final = "BANKFEEDS_PROVIDER_"  # which of them there are, connectors say
COMMAND_LINE_NAMES: Final = ("BANKFEEDS_URL", "BANKFEEDS_TOKEN")  # defaults of options, no settings


class SettingsError(BankfeedsError):
    """The environment is wrong; `problems` names every variable and its remedy, never a value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(("These settings are wrong:", *(f"  {p}" for p in problems))))
        self.problems = problems


def data_dir_default() -> Path:
    """`.data` beside the code in a checkout, otherwise the user's data directory (XDG)."""
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / "supabase" / "migrations").is_dir():
        return checkout / ".data"
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "bankfeeds"


def _separated(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _url(*schemes: str) -> AfterValidator:
    def check(value: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if urlsplit(text).scheme not in schemes:
            raise ValueError(f"must begin with {' or '.join(f'{s}://' for s in schemes)}")
        return value

    return AfterValidator(check)


def _jwt_secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < JWT_SECRET_CHARACTERS_MIN:
        raise ValueError(f"is shorter than {JWT_SECRET_CHARACTERS_MIN} characters")
    return value


def _supabase_secret(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("sb_secret_", "eyJ")):
        raise ValueError("is no secret key, which begins with sb_secret_ (or eyJ, self-hosted)")
    return value


PostgresUrl = Annotated[SecretStr, _url("postgresql", "postgres")]
RedisUrl = Annotated[SecretStr, _url("redis", "rediss", "unix")]
SmtpUrl = Annotated[SecretStr, _url("smtp", "smtps")]
MailAddress = Annotated[str, Field(pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$")]
HttpUrl = Annotated[str, _url("https", "http"), AfterValidator(lambda url: url.rstrip("/"))]
SupabaseKey = Annotated[SecretStr, AfterValidator(_supabase_secret)]
JwtSecret = Annotated[SecretStr, AfterValidator(_jwt_secret)]
KeyList = Annotated[SecretStr, AfterValidator(key_list)]
KmsKeys = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(_separated), AfterValidator(kms_key_names)
]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Origins = Annotated[tuple[HttpUrl, ...], NoDecode, BeforeValidator(_separated)]
Operations = Literal["any", "automatic", "listed"]
LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(BaseSettings):
    """Every variable that Bankfeeds reads; `.env.example` explains each to the operator."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: PostgresUrl | None = Field(None, alias="DATABASE_URL")
    migration_database_url: PostgresUrl | None = Field(None, alias="MIGRATION_DATABASE_URL")
    redis_url: RedisUrl | None = Field(None, alias="REDIS_URL")

    supabase_url: HttpUrl | None = Field(None, alias="SUPABASE_URL")
    supabase_secret_key: SupabaseKey | None = Field(None, alias="SUPABASE_SECRET_KEY")
    supabase_jwt_secret: JwtSecret | None = Field(None, alias="SUPABASE_JWT_SECRET")
    supabase_jwks_url: HttpUrl | None = Field(None, alias="SUPABASE_JWKS_URL")
    supabase_jwt_issuer: str | None = Field(None, alias="SUPABASE_JWT_ISSUER")
    supabase_jwt_audience: str = Field("authenticated", alias="SUPABASE_JWT_AUDIENCE")

    env: Literal["development", "production"] = Field("development", alias="BANKFEEDS_ENV")
    host: str = Field("127.0.0.1", alias="BANKFEEDS_HOST")
    port: int = Field(PORT, alias="BANKFEEDS_PORT", ge=1, le=65535)
    public_url: HttpUrl | None = Field(None, alias="BANKFEEDS_PUBLIC_URL")
    allowed_origins: Origins = Field((), alias="BANKFEEDS_ALLOWED_ORIGINS")
    app_url: HttpUrl | None = Field(None, alias="BANKFEEDS_APP_URL")

    rate_limit_user: int = Field(
        100_000, alias="BANKFEEDS_RATE_LIMIT_USER", ge=0, le=RATE_LIMIT_MAX
    )
    rate_limit_tenant: int = Field(
        1_000_000, alias="BANKFEEDS_RATE_LIMIT_TENANT", ge=0, le=RATE_LIMIT_MAX
    )
    operations: Operations = Field("any", alias="BANKFEEDS_OPERATIONS")
    operations_file: AbsolutePath | None = Field(None, alias="BANKFEEDS_OPERATIONS_FILE")

    demo: bool = Field(False, alias="BANKFEEDS_DEMO")
    data_dir: AbsolutePath = Field(default_factory=data_dir_default, alias="BANKFEEDS_DATA_DIR")
    pg_bindir: AbsolutePath | None = Field(None, alias="BANKFEEDS_PG_BINDIR")
    key_file: AbsolutePath | None = Field(None, alias="BANKFEEDS_KEY_FILE")
    keys: KeyList | None = Field(None, alias="BANKFEEDS_KEYS")
    kms_keys: KmsKeys | None = Field(None, alias="BANKFEEDS_KMS_KEY")
    kms_endpoint: HttpUrl | None = Field(None, alias="BANKFEEDS_KMS_ENDPOINT")
    key_source_override: KeySource | None = Field(None, alias="BANKFEEDS_KEY_SOURCE")
    storage_dir_override: AbsolutePath | None = Field(None, alias="BANKFEEDS_STORAGE_DIR")
    storage_bucket: str = Field(
        "statements", alias="BANKFEEDS_STORAGE_BUCKET", pattern=r"^[a-z0-9][a-z0-9_-]{1,62}$"
    )
    upload_bytes_max: int = Field(UPLOAD_BYTES_MAX, alias="BANKFEEDS_UPLOAD_BYTES_MAX", ge=1)

    pool_min: int = Field(1, alias="BANKFEEDS_POOL_MIN", ge=0, le=1000)
    pool_max: int = Field(10, alias="BANKFEEDS_POOL_MAX", ge=1, le=1000)
    worker_concurrency: int = Field(10, alias="BANKFEEDS_WORKER_CONCURRENCY", ge=1, le=1000)
    worker_lease_s: int = Field(
        int(LEASE.total_seconds()), alias="BANKFEEDS_WORKER_LEASE_S", ge=1, le=3600
    )

    smtp_url: SmtpUrl | None = Field(None, alias="BANKFEEDS_SMTP_URL")
    mail_from: MailAddress | None = Field(None, alias="BANKFEEDS_MAIL_FROM")
    outgoing_private: Literal["allow", "refuse"] | None = Field(
        None, alias="BANKFEEDS_OUTGOING_PRIVATE"
    )

    provider_values: Mapping[str, SecretStr] = Field(
        default_factory=dict, alias="BANKFEEDS_PROVIDER_*"
    )

    log_level: LogLevel = Field("info", alias="BANKFEEDS_LOG_LEVEL")
    log_format: Literal["console", "json"] = Field("console", alias="BANKFEEDS_LOG_FORMAT")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read only what `load` passes in: nothing changes behind a caller's back."""
        return (init_settings,)

    @classmethod
    def load(cls, values: Mapping[str, str] | None = None) -> Self:
        """The settings that `values`, otherwise this process's `environment()`, give.

        An empty variable counts as unset. Raises `SettingsError` with every problem at once.
        """
        given = environment() if values is None else values
        filled = {name: value for name, value in given.items() if value}
        problems = [
            *_unknown(filled),
            *_contradictions(filled),
            *_contradictions_of_notifications(filled),
        ]
        try:
            settings = cls(**{**filled, **_of_providers(filled)})  # type: ignore[arg-type]  # texts
        except ValidationError as error:
            raise SettingsError((*_invalid(error), *problems)) from None
        if problems:
            raise SettingsError(tuple(problems))
        return settings

    @property
    def production(self) -> bool:
        """Whether all hardening is on."""
        return self.env == "production"

    @property
    def private_allowed(self) -> bool:
        """Whether notifications may go to this machine and its network: to develop, no more."""
        return not self.production and self.outgoing_private != "refuse"

    @property
    def storage_dir(self) -> Path:
        """Where raw documents are kept when no Supabase Storage is configured."""
        return self.storage_dir_override or self.data_dir / "storage"

    @property
    def key_source(self) -> KeySource | None:
        """Which of the configured keys seal; None where no key is configured."""
        given = {"file": self.key_file, "environment": self.keys, "kms": self.kms_keys}
        present = (source for source in get_args(KeySource) if given[source])
        return self.key_source_override or next(present, None)

    @property
    def jwt_issuer(self) -> str:
        """The `iss` that a user's token must carry."""
        if self.supabase_jwt_issuer:
            return self.supabase_jwt_issuer
        return f"{self.supabase_url}/auth/v1" if self.supabase_url else DEVELOPMENT_ISSUER

    @property
    def jwks_url(self) -> str | None:
        """Where the public signing keys are; None where only `SUPABASE_JWT_SECRET` signs."""
        if self.supabase_jwks_url or not self.supabase_url:
            return self.supabase_jwks_url
        return f"{self.supabase_url}/auth/v1/.well-known/jwks.json"


def environment(env_file: Path | None = Path(".env")) -> dict[str, str]:
    """The variables of this process; those of `env_file` where it does not set them."""
    return {**_read(env_file), **os.environ}


def names() -> tuple[str, ...]:
    """The environment variables that are settings, in the order of their declaration.

    Those of providers are not among them: the connectors know them.
    """
    aliases = (str(field.alias) for field in Settings.model_fields.values())
    return tuple(alias for alias in aliases if not alias.endswith("*"))


def _read(env_file: Path | None) -> dict[str, str]:
    if env_file is None or not env_file.is_file():
        return {}
    source = DotEnvSettingsSource(Settings, env_file=env_file, case_sensitive=True)
    return {name: value for name, value in source.env_vars.items() if value is not None}


def _invalid(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(problem["loc"][0])
        yield f"{name}: {problem['msg'].removeprefix('Value error, ')}; see .env.example"


_SIGNERS: Final = frozenset(
    {"SUPABASE_URL", "SUPABASE_JWKS_URL", "SUPABASE_JWT_SECRET", "BANKFEEDS_DEMO"}
)


def _unknown(values: Mapping[str, str]) -> Iterator[str]:
    known = names()
    for name in sorted(values):
        if name.startswith(PROVIDER_PREFIX):
            continue  # told by the connectors, which know them
        if name.startswith("BANKFEEDS_") and name not in (*known, *COMMAND_LINE_NAMES):
            near = difflib.get_close_matches(name, known, n=1)
            yield f"{name}: no such setting; " + (f"do you mean {near[0]}?" if near else "unset it")


def _of_providers(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    given = {name: value for name, value in values.items() if name.startswith(PROVIDER_PREFIX)}
    return {f"{PROVIDER_PREFIX}*": given}


def _contradictions(values: Mapping[str, str]) -> Iterator[str]:
    production = values.get("BANKFEEDS_ENV") == "production"
    yield from key_settings.contradictions(values)
    if production and "DATABASE_URL" in values:
        if "REDIS_URL" not in values:
            yield "REDIS_URL: production with DATABASE_URL needs a Redis of its own; set it too"
        if not values.keys() & _SIGNERS:
            yield "SUPABASE_URL: nothing says who signs tokens; set it or SUPABASE_JWKS_URL"
    if "MIGRATION_DATABASE_URL" in values and "DATABASE_URL" not in values:
        yield "DATABASE_URL: MIGRATION_DATABASE_URL is set without it; set both or neither"
    elif _login(values, "DATABASE_URL") == _login(values, "MIGRATION_DATABASE_URL") != "":
        yield "DATABASE_URL: has the owner's login; use the application's login role"
    if "SUPABASE_SECRET_KEY" in values and "SUPABASE_URL" not in values:
        yield "SUPABASE_URL: SUPABASE_SECRET_KEY is set without it; set both or neither"
    operations_file = values.get("BANKFEEDS_OPERATIONS_FILE")
    if operations_file is None and values.get("BANKFEEDS_OPERATIONS") == "listed":
        yield "BANKFEEDS_OPERATIONS_FILE: nothing is listed; set it, or BANKFEEDS_OPERATIONS=any"
    if operations_file is not None and not Path(operations_file).is_file():
        yield "BANKFEEDS_OPERATIONS_FILE: there is no such file; create it or unset it"
    if _number(values, "BANKFEEDS_POOL_MIN", 1) > _number(values, "BANKFEEDS_POOL_MAX", 10):
        yield "BANKFEEDS_POOL_MIN: is more than BANKFEEDS_POOL_MAX; lower it"


def _contradictions_of_notifications(values: Mapping[str, str]) -> Iterator[str]:
    production = values.get("BANKFEEDS_ENV") == "production"
    if production and values.get("BANKFEEDS_OUTGOING_PRIVATE") == "allow":
        yield "BANKFEEDS_OUTGOING_PRIVATE: production sends to the internet alone; unset it"
    if ("BANKFEEDS_SMTP_URL" in values) != ("BANKFEEDS_MAIL_FROM" in values):
        yield "BANKFEEDS_SMTP_URL: goes with BANKFEEDS_MAIL_FROM; set both or neither"


def _login(values: Mapping[str, str], name: str) -> str:
    login, at, _ = values.get(name, "").partition("://")[2].rpartition("@")
    return login.partition(":")[0] if at else ""


def _number(values: Mapping[str, str], name: str, default: int) -> int:
    return int(values[name]) if values.get(name, "").isdecimal() else default
