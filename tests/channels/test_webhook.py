"""Outgoing webhooks are signed as Standard Webhooks has it; its own verifier is the judge."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from channels import webhook
from channels.base import Message, Result
from channels.outgoing import outgoing
from channels.webhook import BadSecret, headers, key_of, payload
from core.notifications import TITLES, NotificationKind
from schema.ids import encode
from tests.channels.messages import MESSAGE, NOW, message
from tests.fixtures.receiver import Received, receiving, status

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()


async def _sent(secrets: list[str], sent: Message = MESSAGE) -> Received:
    async with receiving() as receiver, outgoing(private_allowed=True) as out:
        outcome = await webhook.send(
            out,
            url=receiver.url,
            keys=[key_of(secret) for secret in secrets],
            message=sent,
            now=datetime.now(UTC),
        )
    assert outcome.result is Result.DELIVERED
    return receiver.received[0]


@pytest.mark.parametrize("name", ["Northbank", "Zürich „Bank“ 銀行 🏦", 'a"b\\c\n\x00', "e\u0301"])
async def test_the_official_verifier_accepts_what_is_sent(name: str) -> None:
    request = await _sent([SECRET], message(connection_name=name))

    found = Webhook(SECRET).verify(request.body, request.headers)

    assert found["type"] == "reauthentication_required"
    assert found["data"]["connection"]["name"] == name


async def test_both_secrets_sign_while_one_takes_the_others_place() -> None:
    request = await _sent([OTHER, SECRET])

    for secret in (SECRET, OTHER):
        Webhook(secret).verify(request.body, request.headers)
    assert len(request.headers["webhook-signature"].split(" ")) == 2


@pytest.mark.parametrize("changed", ["body", "id", "timestamp", "secret"])
async def test_the_official_verifier_refuses_anything_else(changed: str) -> None:
    request = await _sent([SECRET])
    body, sent = request.body, dict(request.headers)
    match changed:
        case "body":
            body = body.replace(b"Northbank", b"Southbank")
        case "id":
            sent["webhook-id"] += "0"
        case "timestamp":
            sent["webhook-timestamp"] = str(int(sent["webhook-timestamp"]) + 1)

    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER if changed == "secret" else SECRET).verify(body, sent)


def test_signatures_are_the_official_ones() -> None:
    body = json.dumps({"test": 2432232314}).encode()
    now = datetime.fromtimestamp(1_614_265_330, UTC)

    signed = headers(MESSAGE, body, keys=[key_of(SECRET)], now=now)

    assert signed["webhook-id"] == "msg_00000000000000000000000000000001"
    assert signed["webhook-timestamp"] == "1614265330"
    assert signed["webhook-signature"] == Webhook(SECRET).sign(
        signed["webhook-id"], now, body.decode()
    )


def test_the_vector_of_the_specification_is_signed_alike() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, libraries' own test vector.
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'

    assert webhook.signature(key, signed) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_id_is_the_same_whenever_it_is_sent() -> None:
    first = headers(MESSAGE, b"{}", keys=[], now=NOW)
    again = headers(MESSAGE, b"{}", keys=[], now=datetime.now(UTC))

    assert first["webhook-id"] == again["webhook-id"]
    assert (
        first["webhook-id"]
        != headers(message(id=UUID(int=9)), b"{}", keys=[], now=NOW)["webhook-id"]
    )


def test_what_a_receiver_reads_is_named_as_in_graphql() -> None:
    found = payload(message(job_id=UUID(int=5)))

    assert found == {
        "type": "reauthentication_required",
        "timestamp": "2026-03-01T12:00:00Z",
        "data": {
            "id": encode("Notification", UUID(int=2)),
            "title": TITLES[NotificationKind.REAUTHENTICATION_REQUIRED],
            "tenant": {"id": encode("Tenant", UUID(int=3)), "name": "Harbor Tea"},
            "connection": {"id": encode("Connection", UUID(int=4)), "name": "Northbank"},
            "job": {"id": encode("IngestionJob", UUID(int=5))},
            "details": {"code": "login-required"},
        },
    }


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        base64.b64encode(bytes(32)).decode(),
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_not base64 of anything at all!!!!!!",
        "whsec_ünverständlich",
    ],
)
def test_what_is_no_secret_is_refused_and_not_quoted(secret: str) -> None:
    with pytest.raises(BadSecret) as refused:
        key_of(secret)

    assert not secret.removeprefix("whsec_") or secret not in repr(refused.value)


@pytest.mark.parametrize("size", [24, 32, 64])
def test_secrets_of_the_sizes_that_the_standard_recommends_are_taken(size: int) -> None:
    assert key_of("whsec_" + base64.b64encode(bytes(size)).decode()) == bytes(size)


async def test_what_is_said_in_an_error_is_not_kept() -> None:
    async with (
        receiving(status(500, body=b"secret of theirs")) as receiver,
        outgoing(private_allowed=True) as out,
    ):
        outcome = await webhook.send(
            out, url=receiver.url, keys=[key_of(SECRET)], message=MESSAGE, now=NOW
        )

    assert "theirs" not in repr(outcome)
    assert SECRET not in repr(outcome)
