"""Keys in AWS KMS, asked by the real client over a socket."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import traceback
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest

from core.errors import KeysRefused, KeysUnavailable, SealBroken, UnknownKey
from core.vault import Aad, Vault, sealing_key_id
from db.keys import InvalidKeys
from db.kms import KmsKeys, kms_keys
from tests.fixtures.kms_server import KmsServer, kms, kms_service

__all__ = ["kms", "kms_service"]

AAD = Aad(tenant_id=UUID(int=1), purpose="connection.credentials", record_id=UUID(int=2))
ELSEWHERE = [
    replace(AAD, tenant_id=UUID(int=9)),
    replace(AAD, record_id=UUID(int=9)),
    replace(AAD, purpose="webhook.secret"),
    replace(AAD, tenant_id=UUID(int=2), record_id=UUID(int=1)),
]
DATA_KEY = bytes(range(100, 132))


@asynccontextmanager
async def ring_of(kms: KmsServer, *names: str) -> AsyncIterator[KmsKeys]:
    async with kms_keys(names, endpoint=kms.url) as ring:
        yield ring


async def test_a_data_key_is_wrapped_and_unwrapped_and_bound_in_named_parts(
    kms: KmsServer,
) -> None:
    arn = kms.key()

    async with ring_of(kms, arn) as ring:
        wrapped = await ring.wrap(DATA_KEY, AAD)
        unwrapped = await ring.unwrap(arn, wrapped, AAD)

    context = {
        "tenant": str(AAD.tenant_id),
        "purpose": "connection.credentials",
        "record": str(AAD.record_id),
    }
    uses = [(action, request["EncryptionContext"]) for action, request in kms.asked[1:]]
    assert unwrapped == DATA_KEY
    assert DATA_KEY not in wrapped
    assert uses == [("Encrypt", context), ("Decrypt", context)]


async def test_a_secret_names_the_arn_of_its_key_and_opens_in_another_process(
    kms: KmsServer,
) -> None:
    arn = kms.key()
    async with ring_of(kms, arn) as ring:
        sealed = await Vault(ring).seal(b"access-token", aad=AAD)

    async with ring_of(kms, arn) as ring:
        opened = await Vault(ring).open(sealed, aad=AAD)

    assert opened == b"access-token"
    assert sealing_key_id(sealed) == arn


@pytest.mark.parametrize("aad", ELSEWHERE)
async def test_a_secret_moved_to_another_row_does_not_open(kms: KmsServer, aad: Aad) -> None:
    async with ring_of(kms, kms.key()) as ring:
        vault = Vault(ring)
        sealed = await vault.seal(b"access-token", aad=AAD)
        await vault.open(sealed, aad=AAD)  # which its memory does not forget at once

        with pytest.raises(SealBroken):
            await vault.open(sealed, aad=aad)


async def test_wrapped_bytes_that_were_changed_do_not_open(kms: KmsServer) -> None:
    arn = kms.key()
    async with ring_of(kms, arn) as ring:
        wrapped = await ring.wrap(DATA_KEY, AAD)

        for changed in (wrapped[:-1], wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"\x00"):
            with pytest.raises(SealBroken):
                await ring.unwrap(arn, changed, AAD)


async def test_after_rotation_the_second_key_seals_and_both_open(kms: KmsServer) -> None:
    old, new = kms.key(), kms.key(region="us-east-1")
    async with ring_of(kms, old) as ring:
        sealed = await Vault(ring).seal(b"access-token", aad=AAD)

    async with ring_of(kms, new, old) as ring:
        vault = Vault(ring)
        rewrapped = await vault.rewrap(sealed, aad=AAD)
        opened = [await vault.open(one, aad=AAD) for one in (sealed, rewrapped)]
        assert ring.key_ids == (new, old)
    async with ring_of(kms, new) as ring:
        alone = await Vault(ring).open(rewrapped, aad=AAD)
        with pytest.raises(UnknownKey, match="not configured here"):
            await Vault(ring).open(sealed, aad=AAD)

    assert sealing_key_id(rewrapped) == new
    assert [*opened, alone] == [b"access-token"] * 3


async def test_an_alias_and_an_id_are_taken_for_the_arn_behind_them(
    kms: KmsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    first, second = kms.key(), kms.key()
    alias = kms.name(first, "alias/bankfeeds-test")

    async with ring_of(kms, alias, second.rpartition("/")[2]) as ring:
        assert ring.key_ids == (first, second)


async def test_a_key_that_is_named_twice_is_refused(
    kms: KmsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    arn = kms.key()

    with pytest.raises(InvalidKeys, match="key 2: is there already"):
        async with ring_of(kms, arn, arn.rpartition("/")[2]):
            pass


@pytest.mark.parametrize("code", ["DisabledException", "KMSInvalidStateException"])
async def test_a_key_that_is_disabled_or_being_deleted_is_named(kms: KmsServer, code: str) -> None:
    arn = kms.key()
    async with ring_of(kms, arn) as ring:
        wrapped = await ring.wrap(DATA_KEY, AAD)
        kms.unusable[arn] = code

        with pytest.raises(UnknownKey, match=f"{arn}.* disabled or being deleted"):
            await ring.unwrap(arn, wrapped, AAD)
        with pytest.raises(UnknownKey, match=arn):
            await ring.wrap(DATA_KEY, AAD)


async def test_a_key_that_is_not_there_is_named(
    kms: KmsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    absent = kms.key()[:-4] + "0000"

    async with ring_of(kms, absent) as ring:
        with pytest.raises(UnknownKey, match=absent):
            await ring.wrap(DATA_KEY, AAD)
    with pytest.raises(UnknownKey, match="alias/absent"):
        async with ring_of(kms, "alias/absent"):
            pass


async def test_a_key_that_is_not_configured_costs_no_call(kms: KmsServer) -> None:
    async with ring_of(kms, kms.key()) as ring:
        kms.asked.clear()
        with pytest.raises(UnknownKey, match="'k1' is not configured"):
            await ring.unwrap("k1", b"x", AAD)

    assert kms.asked == []


async def test_an_unreachable_service_says_so_and_may_be_asked_again(kms: KmsServer) -> None:
    arn = kms.key()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    async with kms_keys([arn], endpoint=f"http://127.0.0.1:{port}") as ring:
        with pytest.raises(KeysUnavailable, match="cannot be reached") as told:
            await ring.wrap(DATA_KEY, AAD)

    assert not isinstance(told.value, KeysRefused)
    _assert_untold(told.value)


async def test_a_service_that_does_not_answer_is_given_up_in_time(
    kms: KmsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ring_of(kms, kms.key()) as ring:
        await ring.wrap(DATA_KEY, AAD)
        kms.open.clear()
        with monkeypatch.context() as hurried:
            hurried.setattr("db.kms.DEADLINE_S", 0.2)
            with pytest.raises(KeysUnavailable, match="did not answer within"):
                await ring.wrap(DATA_KEY, AAD)
        kms.open.set()

        assert await ring.wrap(DATA_KEY, AAD)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "AccessDeniedException", KeysRefused),
        (400, "UnrecognizedClientException", KeysRefused),
        (500, "KMSInternalException", KeysUnavailable),
        (400, "ThrottlingException", KeysUnavailable),
        (400, "<b>nonsense</b>", KeysUnavailable),
    ],
)
async def test_what_the_service_answers_is_told_by_its_code_alone(
    kms: KmsServer, status: int, code: str, kind: type[Exception]
) -> None:
    arn = kms.key()
    kms.asked.clear()
    kms.failing = (status, code)

    async with ring_of(kms, arn) as ring:
        with pytest.raises(KeysUnavailable) as told:
            await ring.wrap(DATA_KEY, AAD)

    assert type(told.value) is kind
    assert code in str(told.value) or "(unknown)" in str(told.value)
    assert kms.count("Encrypt") <= 3
    _assert_untold(told.value)


async def test_without_credentials_it_says_what_to_set(
    kms: KmsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = kms.key()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    async with ring_of(kms, arn) as ring:
        with pytest.raises(KeysRefused, match="no AWS credentials"):
            await ring.wrap(DATA_KEY, AAD)


async def test_without_a_region_it_says_what_to_set(kms: KmsServer) -> None:
    with pytest.raises(InvalidKeys, match="or set AWS_REGION"):
        async with ring_of(kms, "alias/bankfeeds"):
            pass


async def test_without_its_package_it_says_what_to_install(
    kms: KmsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "db.kms_client", None)

    with pytest.raises(InvalidKeys, match=r"pip install 'bankfeeds\[aws\]'"):
        async with ring_of(kms, kms.key()):
            pass


async def test_a_burst_of_reads_costs_one_call(kms: KmsServer) -> None:
    async with ring_of(kms, kms.key()) as ring:
        vault = Vault(ring)
        sealed = await vault.seal(b"access-token", aad=AAD)

        first = await asyncio.gather(*(vault.open(sealed, aad=AAD) for _ in range(50)))
        again = await vault.open(sealed, aad=AAD)

    assert {*first, again} == {b"access-token"}
    assert kms.count("Decrypt") == 1


async def test_what_failed_is_asked_for_again(kms: KmsServer) -> None:
    arn = kms.key()
    async with ring_of(kms, arn) as ring:
        wrapped = await ring.wrap(DATA_KEY, AAD)
        kms.unusable[arn] = "DisabledException"
        with pytest.raises(UnknownKey):
            await ring.unwrap(arn, wrapped, AAD)
        kms.unusable.clear()

        assert await ring.unwrap(arn, wrapped, AAD) == DATA_KEY


async def test_nothing_secret_is_logged_or_shown(
    kms: KmsServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    arn = kms.key()
    async with ring_of(kms, arn) as ring:
        sealed = await Vault(ring).seal(b"access-token", aad=AAD)
        await Vault(ring).open(sealed, aad=AAD)
        wrapped = await ring.wrap(DATA_KEY, AAD)
        await ring.unwrap(arn, wrapped, AAD)
        shown = f"{caplog.text} {ring!r} {Vault(ring)!r} {vars(ring)!r}"

    assert arn in shown
    for secret in _forms(DATA_KEY) | _forms(b"access-token") | {"testing-secret"}:
        assert secret not in shown


def _assert_untold(error: BaseException) -> None:
    """The error, with all that it came from, shows neither data keys nor what AWS said."""
    shown = "".join(traceback.format_exception(error))
    assert error.__cause__ is None
    assert error.__suppress_context__
    for secret in _forms(DATA_KEY) | {"EncryptionContext", "nonsense"}:
        assert secret not in shown


def _forms(secret: bytes) -> set[str]:
    return {secret.hex(), b64encode(secret).decode(), repr(secret)[2:-1]}
