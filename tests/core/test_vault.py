"""Secrets at rest open only where they belong, and only unchanged."""

from __future__ import annotations

import io
import pickle
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import SealBroken, UnknownKey
from core.seal_stream import HEADER_BYTES, SEGMENT_BYTES, TAG_BYTES
from core.vault import Aad, DataKey, Vault, sealing_key_id
from db.keys import HeldKeys

AAD = Aad(tenant_id=UUID(int=1), purpose="connection.credentials", record_id=UUID(int=2))
ELSEWHERE = [
    replace(AAD, tenant_id=UUID(int=9)),
    replace(AAD, record_id=UUID(int=9)),
    replace(AAD, purpose="webhook.secret"),
    replace(AAD, tenant_id=UUID(int=2), record_id=UUID(int=1)),
]
OLD_KEY, NEW_KEY, OTHER_KEY = b"o" * 32, b"n" * 32, b"x" * 32
DATA_KEY = DataKey(bytes(range(32)))
SEALED_SEGMENT_BYTES = SEGMENT_BYTES + TAG_BYTES
AROUND_SEGMENTS = [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES]


def vault(**keys: bytes) -> Vault:
    held = keys or {"old": OLD_KEY}
    return Vault(HeldKeys(keys=held, current_id=next(iter(held))))


def plaintext_of(length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def pieces_of(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


async def async_pieces_of(data: bytes, size: int) -> AsyncIterator[bytes]:
    for piece in pieces_of(data, size):
        yield piece


async def test_a_secret_opens_where_it_was_sealed() -> None:
    sealed = await vault().seal(b"access-token", aad=AAD)

    assert await vault().open(sealed, aad=AAD) == b"access-token"


async def test_a_secret_without_bytes_is_a_secret_too() -> None:
    sealed = await vault().seal(b"", aad=AAD)

    assert await vault().open(sealed, aad=AAD) == b""


async def test_the_same_secret_never_looks_the_same_twice() -> None:
    first, second = [await vault().seal(b"access-token", aad=AAD) for _ in range(2)]

    assert first != second
    assert b"access-token" not in first


@pytest.mark.parametrize("aad", ELSEWHERE)
async def test_a_secret_moved_to_another_row_does_not_open(aad: Aad) -> None:
    sealed = await vault().seal(b"access-token", aad=AAD)

    with pytest.raises(SealBroken):
        await vault().open(sealed, aad=aad)


@pytest.mark.parametrize("aad", ELSEWHERE)
async def test_a_secret_moved_to_another_row_is_not_rewrapped(aad: Aad) -> None:
    sealed = await vault().seal(b"access-token", aad=AAD)

    with pytest.raises(SealBroken):
        await vault(new=NEW_KEY, old=OLD_KEY).rewrap(sealed, aad=aad)


async def test_every_flipped_bit_of_a_secret_is_noticed() -> None:
    sealed = await vault().seal(b"access-token", aad=AAD)

    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises((SealBroken, UnknownKey)):
            await vault().open(bytes(changed), aad=AAD)


async def test_a_secret_cut_off_or_extended_anywhere_does_not_open() -> None:
    sealed = await vault().seal(b"access-token", aad=AAD)

    for length in range(len(sealed)):
        with pytest.raises((SealBroken, UnknownKey)):
            await vault().open(sealed[:length], aad=AAD)
    with pytest.raises(SealBroken):
        await vault().open(sealed + b"\x00", aad=AAD)


async def test_the_content_of_one_secret_does_not_open_under_the_key_of_another() -> None:
    first, second = [await vault().seal(b"access-token", aad=AAD) for _ in range(2)]
    content_bytes = HEADER_BYTES + len(b"access-token") + TAG_BYTES

    with pytest.raises(SealBroken):
        await vault().open(first[:-content_bytes] + second[-content_bytes:], aad=AAD)


async def test_a_key_that_is_not_configured_is_named() -> None:
    sealed = await vault().seal(b"access-token", aad=AAD)

    with pytest.raises(UnknownKey, match="'old'"):
        await vault(new=NEW_KEY).open(sealed, aad=AAD)


async def test_another_key_under_the_same_id_does_not_open() -> None:
    sealed = await vault().seal(b"access-token", aad=AAD)

    with pytest.raises(SealBroken):
        await vault(old=OTHER_KEY).open(sealed, aad=AAD)


async def test_rotation_rewraps_the_key_and_leaves_the_content() -> None:
    content_bytes = HEADER_BYTES + len(b"access-token") + TAG_BYTES
    sealed = await vault().seal(b"access-token", aad=AAD)

    rewrapped = await vault(new=NEW_KEY, old=OLD_KEY).rewrap(sealed, aad=AAD)

    assert (sealing_key_id(sealed), sealing_key_id(rewrapped)) == ("old", "new")
    assert rewrapped[-content_bytes:] == sealed[-content_bytes:]
    assert await vault(new=NEW_KEY).open(rewrapped, aad=AAD) == b"access-token"


async def test_rewrapping_under_the_same_key_changes_nothing() -> None:
    sealed = await vault().seal(b"access-token", aad=AAD)

    assert await vault().rewrap(sealed, aad=AAD) == sealed


async def test_a_tenants_data_key_opens_again_and_reads_what_it_sealed() -> None:
    data_key, sealed_key = await vault().new_data_key(aad=AAD)
    document = data_key.seal_bytes(b"01,BANK,...", aad=AAD)

    opened = await vault().open_data_key(sealed_key, aad=AAD)

    assert opened.open_bytes(document, aad=AAD) == b"01,BANK,..."


async def test_a_secret_that_is_no_data_key_is_refused_as_one() -> None:
    sealed = await vault().seal(b"access-token", aad=AAD)

    with pytest.raises(SealBroken, match="no data key"):
        await vault().open_data_key(sealed, aad=AAD)


def test_keys_show_themselves_nowhere() -> None:
    shown = [repr(DATA_KEY), repr(vault()), str(DATA_KEY), repr(HeldKeys.of("a", OLD_KEY))]

    assert not [text for text in shown if "ooo" in text or "\\x02" in text]
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(DATA_KEY)


def test_a_data_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes, not 16"):
        DataKey(b"0" * 16)


@settings(max_examples=40, deadline=None)
@given(
    length=st.one_of(st.sampled_from(AROUND_SEGMENTS), st.integers(0, 2 * SEGMENT_BYTES)),
    sealing=st.integers(min_value=997, max_value=SEGMENT_BYTES * 2),
    opening=st.integers(min_value=991, max_value=SEGMENT_BYTES * 2),
)
def test_a_stream_opens_to_the_same_bytes_however_it_was_chunked(
    length: int, sealing: int, opening: int
) -> None:
    plaintext = plaintext_of(length)

    sealed = b"".join(DATA_KEY.seal_stream(pieces_of(plaintext, sealing), aad=AAD))
    opened = b"".join(DATA_KEY.open_stream(pieces_of(sealed, opening), aad=AAD))

    assert opened == plaintext


@given(chunks=st.lists(st.binary(max_size=40), max_size=10))
def test_empty_and_tiny_chunks_are_fine(chunks: list[bytes]) -> None:
    sealed = b"".join(DATA_KEY.seal_stream(chunks, aad=AAD))

    opened = b"".join(DATA_KEY.open_stream(pieces_of(sealed, 1), aad=AAD))

    assert opened == b"".join(chunks)


async def test_streams_from_the_network_are_the_same_streams() -> None:
    plaintext = plaintext_of(SEGMENT_BYTES + 5)
    arriving = async_pieces_of(plaintext, 70_000)

    sealed = b"".join([p async for p in DATA_KEY.seal_async_stream(arriving, aad=AAD)])
    reading = async_pieces_of(sealed, 70_000)
    opened = b"".join([p async for p in DATA_KEY.open_async_stream(reading, aad=AAD)])

    assert opened == plaintext
    assert DATA_KEY.open_bytes(sealed, aad=AAD) == plaintext


def test_every_flipped_bit_of_a_stream_is_noticed() -> None:
    sealed = DATA_KEY.seal_bytes(b"statement", aad=AAD)

    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(SealBroken):
            DATA_KEY.open_bytes(bytes(changed), aad=AAD)


@pytest.mark.parametrize("length", [0, 5, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES])
def test_a_stream_cut_off_at_any_boundary_is_noticed(length: int) -> None:
    sealed = DATA_KEY.seal_bytes(plaintext_of(length), aad=AAD)
    boundaries = range(HEADER_BYTES, len(sealed), SEALED_SEGMENT_BYTES)
    cuts = {near for cut in boundaries for near in (cut - 1, cut, cut + 1)}
    cuts |= {0, 3, len(sealed) - TAG_BYTES, len(sealed) - 1}

    for cut in cuts:
        with pytest.raises(SealBroken):
            DATA_KEY.open_bytes(sealed[:cut], aad=AAD)
        with pytest.raises(SealBroken):
            DATA_KEY.open_file(io.BytesIO(sealed[:cut]), aad=AAD)


def test_segments_in_another_order_are_noticed() -> None:
    sealed = DATA_KEY.seal_bytes(plaintext_of(3 * SEGMENT_BYTES), aad=AAD)
    header, first, second, third = (
        sealed[:HEADER_BYTES],
        *pieces_of(sealed[HEADER_BYTES:], SEALED_SEGMENT_BYTES),
    )

    for body in [
        (second, first, third),
        (first, third),
        (first, first, second, third),
        (first, second, third, third),
        (first, third, second),
    ]:
        with pytest.raises(SealBroken):
            DATA_KEY.open_bytes(b"".join((header, *body)), aad=AAD)


def test_a_segment_of_another_object_does_not_fit() -> None:
    ours, theirs = [DATA_KEY.seal_bytes(plaintext_of(2 * SEGMENT_BYTES), aad=AAD) for _ in "12"]
    cut = HEADER_BYTES + SEALED_SEGMENT_BYTES

    with pytest.raises(SealBroken):
        DATA_KEY.open_bytes(ours[:cut] + theirs[cut:], aad=AAD)


def test_two_objects_in_a_row_are_no_object() -> None:
    whole = DATA_KEY.seal_bytes(plaintext_of(SEGMENT_BYTES), aad=AAD)

    with pytest.raises(SealBroken):
        DATA_KEY.open_bytes(whole + whole, aad=AAD)


@pytest.mark.parametrize("aad", ELSEWHERE)
def test_an_object_in_the_place_of_another_does_not_open(aad: Aad) -> None:
    sealed = DATA_KEY.seal_bytes(b"statement", aad=AAD)

    with pytest.raises(SealBroken):
        DATA_KEY.open_bytes(sealed, aad=aad)
    with pytest.raises(SealBroken):
        DataKey(b"x" * 32).open_bytes(sealed, aad=AAD)


@settings(max_examples=40, deadline=None)
@given(
    length=st.one_of(st.sampled_from(AROUND_SEGMENTS), st.integers(0, 2 * SEGMENT_BYTES)),
    places=st.lists(
        st.tuples(st.integers(0, 3 * SEGMENT_BYTES), st.integers(0, SEGMENT_BYTES + 9)),
        max_size=4,
    ),
)
def test_a_sealed_file_reads_like_the_plain_file(
    length: int, places: list[tuple[int, int]]
) -> None:
    plain = io.BytesIO(plaintext_of(length))
    sealed = DATA_KEY.seal_bytes(plain.getvalue(), aad=AAD)

    opened = DATA_KEY.open_file(io.BytesIO(sealed), aad=AAD)

    for offset, size in [(0, length + 1), *places]:
        assert opened.seek(offset) == plain.seek(offset)
        assert opened.read(size) == plain.read(size)
        assert opened.tell() == plain.tell()
    assert opened.seek(0, io.SEEK_END) == length


def test_a_sealed_file_that_was_extended_is_refused_at_once() -> None:
    sealed = DATA_KEY.seal_bytes(b"statement", aad=AAD)

    with pytest.raises(SealBroken):
        DATA_KEY.open_file(io.BytesIO(sealed + sealed), aad=AAD)


def test_keyed_hashes_match_equal_values_of_one_purpose_and_tenant() -> None:
    number = "DE02120300000000202051"

    hashed = DATA_KEY.keyed_hash("account.number", number)

    assert len(hashed) == 32
    assert hashed == DATA_KEY.keyed_hash("account.number", number)
    assert hashed != DATA_KEY.keyed_hash("account.number", number + " ")
    assert hashed != DATA_KEY.keyed_hash("account.other", number)
    assert hashed != DataKey(b"x" * 32).keyed_hash("account.number", number)
