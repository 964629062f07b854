"""Settings: every variable is documented, checked at start, and never shows a secret."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import pytest

from core.settings import Settings, SettingsError, environment, names

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"
KEY = b64encode(bytes(32)).decode()
ARN = "arn:aws:kms:eu-central-1:111122223333:key/0f1e2d3c-4b5a-4968-8776-655443322110"
DATABASE = "postgresql://app:pa55word@db.example.com/postgres"


def problems(values: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.load(values)
    return "\n".join(caught.value.problems)


def test_the_example_documents_every_setting_and_no_other() -> None:
    documented = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE)

    assert documented == list(dict.fromkeys(documented))
    assert set(documented) == set(names())


def test_the_example_is_itself_valid_and_says_the_defaults() -> None:
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))

    assert Settings.load(example) == Settings.load({})


def test_nothing_needs_to_be_set() -> None:
    settings = Settings.load({})

    assert settings.database_url is None
    assert settings.jwt_issuer == "bankfeeds-development"
    assert settings.jwks_url is None
    assert settings.storage_dir == settings.data_dir / "storage"
    assert not settings.production


def test_supabase_says_who_signs() -> None:
    settings = Settings.load({"SUPABASE_URL": "https://project.supabase.co/"})

    assert settings.jwt_issuer == "https://project.supabase.co/auth/v1"
    assert settings.jwks_url == "https://project.supabase.co/auth/v1/.well-known/jwks.json"


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.load({"DATABASE_URL": "", "BANKFEEDS_PORT": ""}) == Settings.load({})


def test_secrets_are_never_shown() -> None:
    settings = Settings.load(
        {
            "DATABASE_URL": DATABASE,
            "MIGRATION_DATABASE_URL": "postgresql://owner:0wnerword@db.example.com/postgres",
            "REDIS_URL": "redis://:r3dis@cache.example.com",
            "SUPABASE_URL": "https://project.supabase.co",
            "SUPABASE_SECRET_KEY": "sb_secret_abc",
            "SUPABASE_JWT_SECRET": "j" * 32,
            "BANKFEEDS_KEYS": f"k1:{KEY}",
            "BANKFEEDS_SMTP_URL": "smtps://mailer:ma1lpass@mail.example.com",
            "BANKFEEDS_MAIL_FROM": "feeds@example.com",
        }
    )

    shown = f"{settings!r} {settings} {settings.model_dump_json()}"

    for secret in ("pa55word", "0wnerword", "r3dis", "sb_secret_abc", "j" * 32, KEY, "ma1l"):
        assert secret not in shown


def test_a_wrong_secret_is_not_quoted_back() -> None:
    told = problems(
        {
            "DATABASE_URL": "mysql://app:pa55word@db",
            "BANKFEEDS_KEYS": "k1:c2hvcnQ=",
            "SUPABASE_JWT_SECRET": "tooshort",
        }
    )

    assert "pa55word" not in told
    assert "c2hvcnQ" not in told
    assert "tooshort" not in told


def test_every_problem_is_told_at_once_with_its_variable_and_remedy() -> None:
    told = problems(
        {
            "BANKFEEDS_ENV": "production",
            "DATABASE_URL": DATABASE,
            "BANKFEEDS_PORT": "99999",
            "BANKFEEDS_UPLOAD_BYTES_MAX": "many",
            "BANKFEEDS_PROT": "8000",
        }
    )

    assert "BANKFEEDS_PORT: Input should be less than or equal to 65535" in told
    assert "BANKFEEDS_UPLOAD_BYTES_MAX:" in told
    assert "BANKFEEDS_PROT: no such setting; do you mean BANKFEEDS_PORT?" in told
    assert "REDIS_URL: production with DATABASE_URL needs a Redis of its own" in told
    assert "BANKFEEDS_KEYS: production needs a key-encryption key" in told
    assert "SUPABASE_URL: nothing says who signs tokens" in told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"DATABASE_URL": "host=db"}, "DATABASE_URL: must begin with postgresql://"),
        ({"REDIS_URL": "http://cache"}, "REDIS_URL: must begin with redis://"),
        ({"MIGRATION_DATABASE_URL": DATABASE}, "DATABASE_URL: MIGRATION_DATABASE_URL is set"),
        (
            {"DATABASE_URL": DATABASE, "MIGRATION_DATABASE_URL": DATABASE},
            "DATABASE_URL: has the owner's login",
        ),
        (
            {"SUPABASE_SECRET_KEY": "sb_publishable_x", "SUPABASE_URL": "https://x.example"},
            "SUPABASE_SECRET_KEY: is no secret key",
        ),
        ({"SUPABASE_SECRET_KEY": "sb_secret_x"}, "SUPABASE_URL: SUPABASE_SECRET_KEY is set"),
        ({"SUPABASE_JWT_SECRET": "short"}, "SUPABASE_JWT_SECRET: is shorter than 32"),
        ({"BANKFEEDS_KEYS": f"k1:{KEY},k2"}, "BANKFEEDS_KEYS: entry 2 is not id:base64"),
        ({"BANKFEEDS_KEYS": f"k:{KEY},k:{KEY}"}, "BANKFEEDS_KEYS: two entries have the same id"),
        ({"BANKFEEDS_KEY_FILE": "/nowhere"}, "BANKFEEDS_KEY_FILE: there is no such file"),
        ({"BANKFEEDS_KMS_KEY": "alias/a, b"}, "BANKFEEDS_KMS_KEY: entry 2 is no key id, alias/"),
        ({"BANKFEEDS_KMS_KEY": ","}, "BANKFEEDS_KMS_KEY: names 0 keys"),
        ({"BANKFEEDS_KMS_KEY": ",".join(["alias/a"] * 17)}, "BANKFEEDS_KMS_KEY: names 17 keys"),
        (
            {"BANKFEEDS_KMS_ENDPOINT": "https://kms.example"},
            "BANKFEEDS_KMS_KEY: BANKFEEDS_KMS_ENDPOINT is set without it",
        ),
        (
            {"BANKFEEDS_KMS_KEY": "alias/a", "BANKFEEDS_KEYS": f"k1:{KEY}"},
            "BANKFEEDS_KEYS: is set beside BANKFEEDS_KMS_KEY; unset one or",
        ),
        (
            {"BANKFEEDS_KEYS": f"k1:{KEY}", "BANKFEEDS_KEY_SOURCE": "kms"},
            "BANKFEEDS_KEY_SOURCE: means BANKFEEDS_KMS_KEY, which is not set",
        ),
        (
            {
                "BANKFEEDS_ENV": "production",
                "BANKFEEDS_KMS_KEY": "alias/a",
                "BANKFEEDS_KMS_ENDPOINT": "HTTP://kms.example",
            },
            "BANKFEEDS_KMS_ENDPOINT: data keys would travel in clear",
        ),
        ({"BANKFEEDS_POOL_MIN": "11"}, "BANKFEEDS_POOL_MIN: is more than BANKFEEDS_POOL_MAX"),
        ({"BANKFEEDS_ENV": "staging"}, "BANKFEEDS_ENV: Input should be"),
        ({"BANKFEEDS_ALLOWED_ORIGINS": "app.example.com"}, "BANKFEEDS_ALLOWED_ORIGINS: must begin"),
        ({"BANKFEEDS_SMTP_URL": "mail.example.com"}, "BANKFEEDS_SMTP_URL: must begin with smtp://"),
        (
            {"BANKFEEDS_SMTP_URL": "smtp://mail.example.com"},
            "BANKFEEDS_SMTP_URL: goes with BANKFEEDS_MAIL_FROM",
        ),
        (
            {"BANKFEEDS_MAIL_FROM": "Feeds <a@b.example>"},
            "BANKFEEDS_MAIL_FROM: String should match",
        ),
        (
            {"BANKFEEDS_ENV": "production", "BANKFEEDS_OUTGOING_PRIVATE": "allow"},
            "BANKFEEDS_OUTGOING_PRIVATE: production sends to the internet alone",
        ),
    ],
)
def test_a_wrong_setting_is_refused(values: dict[str, str], told: str) -> None:
    assert told in problems(values)


def test_production_is_content_with_keys_signer_and_services() -> None:
    settings = Settings.load(
        {
            "BANKFEEDS_ENV": "production",
            "DATABASE_URL": DATABASE,
            "REDIS_URL": "rediss://cache.example.com",
            "SUPABASE_URL": "https://project.supabase.co",
            "BANKFEEDS_KEYS": f"k2:{KEY}, k1:{KEY}",
        }
    )

    assert settings.production


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({}, True),
        ({"BANKFEEDS_OUTGOING_PRIVATE": "allow"}, True),
        ({"BANKFEEDS_OUTGOING_PRIVATE": "refuse"}, False),
        ({"BANKFEEDS_ENV": "production", "BANKFEEDS_KEYS": f"k1:{KEY}"}, False),
    ],
)
def test_only_development_sends_into_its_own_network(values: dict[str, str], allowed: bool) -> None:
    assert Settings.load(values).private_allowed is allowed


@pytest.mark.parametrize(
    "name",
    [
        ARN,
        "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef",
        "0f1e2d3c-4b5a-4968-8776-655443322110",
        "mrk-0123456789abcdef0123456789abcdef",
        "alias/bankfeeds/production",
        "arn:aws:kms:eu-central-1:111122223333:alias/bankfeeds",
    ],
)
def test_a_kms_key_has_many_names(name: str) -> None:
    assert Settings.load({"BANKFEEDS_KMS_KEY": name}).kms_keys == (name,)


@pytest.mark.parametrize(
    ("values", "source"),
    [
        ({}, None),
        ({"BANKFEEDS_KEYS": f"k1:{KEY}"}, "environment"),
        ({"BANKFEEDS_KEY_FILE": str(EXAMPLE)}, "file"),
        ({"BANKFEEDS_ENV": "production", "BANKFEEDS_KMS_KEY": ARN}, "kms"),
        (
            {
                "BANKFEEDS_KEYS": f"k1:{KEY}",
                "BANKFEEDS_KMS_KEY": ARN,
                "BANKFEEDS_KEY_SOURCE": "kms",
            },
            "kms",
        ),
    ],
)
def test_one_source_of_keys_seals(values: dict[str, str], source: str | None) -> None:
    assert Settings.load(values).key_source == source


def test_the_default_of_an_option_is_no_setting() -> None:
    assert Settings.load({"BANKFEEDS_URL": "http://x", "BANKFEEDS_TOKEN": "t"})


def test_origins_are_a_list() -> None:
    settings = Settings.load({"BANKFEEDS_ALLOWED_ORIGINS": "https://a.example, https://b.example/"})

    assert settings.allowed_origins == ("https://a.example", "https://b.example")


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("BANKFEEDS_PORT=9001\nBANKFEEDS_HOST=::1\n")
    monkeypatch.setenv("BANKFEEDS_PORT", "9002")
    monkeypatch.delenv("BANKFEEDS_HOST", raising=False)

    values = environment(file)

    assert (values["BANKFEEDS_PORT"], values["BANKFEEDS_HOST"]) == ("9002", "::1")


def test_a_home_directory_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert Settings.load({"BANKFEEDS_DATA_DIR": "~/bank"}).data_dir == tmp_path / "bank"
