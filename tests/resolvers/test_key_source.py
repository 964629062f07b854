"""Keys come from where the settings say, and from several places while they move."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from core.errors import UnknownKey
from core.settings import Settings
from core.vault import Aad, Vault, sealing_key_id
from db.keys import InvalidKeys, add_key, create_key_file
from resolvers.key_source import key_ring
from tests.fixtures.kms_server import KmsServer, kms, kms_service

__all__ = ["kms", "kms_service"]

AAD = Aad(tenant_id=UUID(int=1), purpose="test", record_id=UUID(int=2))
LISTED = f"listed:{base64.b64encode(bytes(range(32))).decode()}"


@asynccontextmanager
async def vault_of(**values: str) -> AsyncIterator[Vault]:
    async with key_ring(Settings.load(values)) as ring:
        yield Vault(ring)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    create_key_file(path)
    return path


async def test_keys_move_from_a_file_to_kms_and_back(kms: KmsServer, key_file: Path) -> None:
    file = {"BANKFEEDS_KEY_FILE": str(key_file)}
    service = {"BANKFEEDS_KMS_KEY": kms.key(), "BANKFEEDS_KMS_ENDPOINT": kms.url}
    async with vault_of(**file) as vault:
        sealed = await vault.seal(b"secret", aad=AAD)

    async with vault_of(**file, **service, BANKFEEDS_KEY_SOURCE="kms") as vault:
        moved = await vault.rewrap(sealed, aad=AAD)
        both = [await vault.open(one, aad=AAD) for one in (sealed, moved)]
        ids = vault.key_ids
    async with vault_of(**service) as vault:
        alone = await vault.open(moved, aad=AAD)
        with pytest.raises(UnknownKey, match="'k1'"):
            await vault.open(sealed, aad=AAD)
    async with vault_of(**file, **service, BANKFEEDS_KEY_SOURCE="file") as vault:
        back = await vault.rewrap(moved, aad=AAD)

    assert [*both, alone] == [b"secret"] * 3
    assert ids == (service["BANKFEEDS_KMS_KEY"], "k1")
    assert [sealing_key_id(one) for one in (sealed, moved, back)] == [ids[1], ids[0], ids[1]]


async def test_a_key_that_the_file_is_given_later_opens_beside_others(key_file: Path) -> None:
    both = {"BANKFEEDS_KEY_FILE": str(key_file), "BANKFEEDS_KEYS": LISTED}
    async with vault_of(**both, BANKFEEDS_KEY_SOURCE="environment") as vault:
        sealed = await Vault(add_key(key_file, "k2")).seal(b"secret", aad=AAD)

        assert await vault.open(sealed, aad=AAD) == b"secret"
        with pytest.raises(UnknownKey, match="'k3'"):
            await vault.open(sealed.replace(b"k2", b"k3", 1), aad=AAD)
        assert sealing_key_id(await vault.seal(b"secret", aad=AAD)) == "listed"


async def test_an_id_that_two_places_have_is_refused(key_file: Path) -> None:
    add_key(key_file, "listed")
    both = {"BANKFEEDS_KEY_FILE": str(key_file), "BANKFEEDS_KEYS": LISTED}

    with pytest.raises(InvalidKeys, match="BANKFEEDS_KEY_FILE and BANKFEEDS_KEYS have a key id"):
        async with vault_of(**both, BANKFEEDS_KEY_SOURCE="file"):
            pass
