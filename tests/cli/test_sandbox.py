"""`bankfeeds sandbox`: what goes wrong is told in words."""

from __future__ import annotations

import signal
import socket

import pytest
from typer.testing import CliRunner, Result

from cli.main import app


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sandbox", *arguments], env={"COLUMNS": "200"})


@pytest.mark.parametrize("port", ["0", "65536", "70000"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    refused = run("--port", port)

    assert refused.exit_code == 2
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_there_must_be_ports_for_all() -> None:
    refused = run("--port", "65535")

    assert refused.exit_code == 2
    assert "2 providers need ports up to 65536; give a lower one" in refused.stderr


def test_a_port_that_somebody_has_is_told_of() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("plaid", "--port", str(port))

    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"bankfeeds: cannot listen on 127.0.0.1 port {port}: ")
    assert refused.stderr.endswith("; give another --port\n")


def test_no_signal_stays_blocked_where_it_could_not_begin() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run("plaid", "--port", str(taken.getsockname()[1]))

    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_a_provider_that_is_none_is_told_with_those_there_are() -> None:
    refused = run("nobody")

    assert refused.exit_code == 2
    assert "no sandbox 'nobody'; there are: plaid, quiltt" in refused.stderr
