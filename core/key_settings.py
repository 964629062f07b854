"""What settings say of key-encryption keys: where they are, and whether that makes sense."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import SecretStr

KEY_BYTES: Final = 32  # AES-256
KMS_KEYS_MAX: Final = 16

KeySource = Literal["file", "environment", "kms"]
VARIABLES: Final[Mapping[KeySource, str]] = {
    "file": "BANKFEEDS_KEY_FILE",
    "environment": "BANKFEEDS_KEYS",
    "kms": "BANKFEEDS_KMS_KEY",
}

_KMS_KEY: Final = re.compile(
    r"(?:arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/)?(?:mrk-)?[0-9a-f-]{32,36}"
    r"|(?:arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:)?alias/[A-Za-z0-9/_-]{1,128}"
)


def key_list(value: SecretStr) -> SecretStr:
    """Accept `id:base64,id:base64`, each key 32 bytes; the first one seals, all of them open."""
    entries = value.get_secret_value().split(",")
    for number, entry in enumerate(entries, start=1):
        key_id, _, encoded = entry.strip().partition(":")
        if not (key_id and _is_key(encoded)):
            raise ValueError(f"entry {number} is not id:base64 of {KEY_BYTES} bytes")
    if len({entry.strip().partition(":")[0] for entry in entries}) < len(entries):
        raise ValueError("two entries have the same id")
    return value


def _is_key(encoded: str) -> bool:
    try:
        return len(b64decode(encoded, validate=True)) == KEY_BYTES
    except binascii.Error:
        return False


def kms_key_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Accept ids, aliases and ARNs, comma-separated; the first one seals, all of them open."""
    if not 1 <= len(names) <= KMS_KEYS_MAX:
        raise ValueError(f"names {len(names)} keys; 1 to {KMS_KEYS_MAX} can be used")
    for number, name in enumerate(names, start=1):
        if not _KMS_KEY.fullmatch(name):
            raise ValueError(f"entry {number} is no key id, alias/name or ARN of a KMS key")
    return names


def contradictions(values: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the variables together: the first to touch, and the remedy."""
    production = values.get("BANKFEEDS_ENV") == "production"
    given = [name for name in VARIABLES.values() if name in values]
    source = values.get("BANKFEEDS_KEY_SOURCE")
    if production and not given:
        yield (
            "BANKFEEDS_KEYS: production needs a key-encryption key; set it, BANKFEEDS_KEY_FILE or"
            " BANKFEEDS_KMS_KEY"
        )
    if len(given) > 1 and source is None:
        yield (
            f"{given[0]}: is set beside {given[1]}; unset one or, while keys move from one to the"
            " other, say in BANKFEEDS_KEY_SOURCE which one seals"
        )
    missing = [name for word, name in VARIABLES.items() if word == source and name not in given]
    for name in missing:
        yield f"BANKFEEDS_KEY_SOURCE: means {name}, which is not set; set that too"
    if "BANKFEEDS_KEY_FILE" in values and not Path(values["BANKFEEDS_KEY_FILE"]).is_file():
        yield "BANKFEEDS_KEY_FILE: there is no such file; create it or set BANKFEEDS_KEYS"
    if "BANKFEEDS_KMS_ENDPOINT" in values and "BANKFEEDS_KMS_KEY" not in values:
        yield "BANKFEEDS_KMS_KEY: BANKFEEDS_KMS_ENDPOINT is set without it; set both or neither"
    if production and values.get("BANKFEEDS_KMS_ENDPOINT", "").lower().startswith("http://"):
        yield "BANKFEEDS_KMS_ENDPOINT: data keys would travel in clear; use https://"
