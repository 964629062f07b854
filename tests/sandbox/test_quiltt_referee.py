"""Quiltt's own client, @quiltt/core, against the simulated Quiltt."""

from __future__ import annotations

import json
import os
import subprocess
from urllib.parse import urlsplit

from tests.clients import npm
from tests.fixtures.quiltt_service import Service


def test_vendors_client_accepts_sessions_and_answers(quiltt: Service) -> None:
    npm.installed()
    profile_id, connection_id = quiltt.linked()
    token = quiltt.session(profile_id)

    done = subprocess.run(
        ("node", "audits/quiltt.mjs", token),
        cwd=npm.CLIENT,
        env={
            **os.environ,
            "QUILTT_API_INSECURE": "true",
            "QUILTT_API_DOMAIN": f"localhost:{urlsplit(quiltt.url).port}",
        },
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [told[name] for name in ("ping", "pingWrong", "revoke", "pingRevoked")] == [
        200,
        401,
        204,
        401,
    ]
    assert told["claims"]["uid"] == profile_id
    assert told["graphql"]["profile"]["id"] == profile_id
    known = [
        transaction
        for account in quiltt.control.truth(connection_id)["accounts"]
        for transaction in account["transactions"]
    ]
    assert told["graphql"]["transactions"]["count"] == len(known)
    amounts = {transaction["id"]: float(transaction["amount"]) for transaction in known}
    for node in told["graphql"]["transactions"]["nodes"]:
        assert node["amount"] == amounts[node["id"]]
