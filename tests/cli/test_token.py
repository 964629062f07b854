"""`bankfeeds token` prints a token that the API of this machine believes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import typer
from rich.text import Text
from typer.testing import CliRunner

from api.auth import TokenVerifier
from api.dev_keys import create_development_key
from cli.token import token
from core.settings import DEVELOPMENT_ISSUER
from db.demo import USERS

SOMEONE = str(UUID(int=5))


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(token)
    return app


async def test_a_demo_users_token_is_believed(app: typer.Typer, tmp_path: Path) -> None:
    key = create_development_key(tmp_path)
    user = USERS[0]
    tenant = ["--tenant", str(user.tenant_id), "--ttl", "2h"]

    done = CliRunner().invoke(app, ["--user", user.email, *tenant, "--data-dir", str(tmp_path)])
    now = datetime.now(UTC)
    verifier = TokenVerifier(key.public, issuer=DEVELOPMENT_ISSUER)
    identity = await verifier.verify(done.stdout.strip(), now)

    assert (done.exit_code, done.stderr) == (0, "")
    assert (identity.user_id, identity.email) == (user.id, user.email)
    assert identity.tenant_claim == user.tenant_id
    assert timedelta(hours=1, minutes=59) < identity.expires_at - now <= timedelta(hours=2)


async def test_any_users_token_is_signed_by_id(app: typer.Typer, tmp_path: Path) -> None:
    key = create_development_key(tmp_path)

    done = CliRunner().invoke(app, ["--sub", SOMEONE, "--data-dir", str(tmp_path)])
    verifier = TokenVerifier(key.public, issuer=DEVELOPMENT_ISSUER)
    identity = await verifier.verify(done.stdout.strip(), datetime.now(UTC))

    assert (str(identity.user_id), identity.tenant_claim) == (SOMEONE, None)


def test_without_a_development_key_nothing_is_signed(app: typer.Typer, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--sub", SOMEONE, "--data-dir", str(tmp_path)])

    assert (done.exit_code, done.stdout) == (1, "")
    assert "bankfeeds up" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_in_production_nothing_is_signed(app: typer.Typer, tmp_path: Path) -> None:
    create_development_key(tmp_path)
    key = base64.b64encode(bytes(range(32))).decode()
    production = {"BANKFEEDS_ENV": "production", "BANKFEEDS_KEYS": f"a:{key}"}

    done = CliRunner().invoke(app, ["--sub", SOMEONE, "--data-dir", str(tmp_path)], env=production)

    assert (done.exit_code, done.stdout) == (1, "")
    assert "Supabase Auth signs" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either --user or --sub"),
        (["--user", USERS[0].email, "--sub", SOMEONE], "either --user or --sub"),
        (["--user", "nobody@acme.example"], USERS[0].email),
        (["--sub", SOMEONE, "--ttl", "soon"], "a number and s, m, h or d"),
        (["--sub", SOMEONE, "--ttl", "0s"], "at most 31 days"),
        (["--sub", SOMEONE, "--ttl", "32d"], "at most 31 days"),
        (["--sub", "me"], "--sub"),
    ],
)
def test_wrong_options_are_named(
    app: typer.Typer, tmp_path: Path, arguments: list[str], message: str
) -> None:
    create_development_key(tmp_path)

    done = CliRunner().invoke(
        app, [*arguments, "--data-dir", str(tmp_path)], env={"COLUMNS": "200", "NO_COLOR": "1"}
    )

    assert (done.exit_code, done.stdout) == (2, "")
    assert message in Text.from_ansi(done.stderr).plain
