"""AWS KMS by boto3: the one file that knows it, its exceptions and its logs.

The texts of its exceptions and its logs at level debug hold what was sent, and so data keys:
none of them is kept.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final, Protocol, cast

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
)

from core.errors import KeysRefused, KeysUnavailable, SealBroken, UnknownKey
from db.keys import InvalidKeys

CONNECT_TIMEOUT_S: Final = 1
READ_TIMEOUT_S: Final = 2
ATTEMPTS: Final = 3  # with pauses of up to one and two seconds

_ARN: Final = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]+):[0-9]*:(?:key/.+|alias/.+)")
_CODE: Final = re.compile(r"[A-Za-z.]{1,64}")
_GONE: Final = frozenset({"DisabledException", "KMSInvalidStateException", "NotFoundException"})
_BROKEN: Final = frozenset({"IncorrectKeyException", "InvalidCiphertextException"})
_REFUSED: Final = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidKeyUsageException",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "OptInRequired",
        "UnrecognizedClientException",
        "ValidationException",
    }
)

for _name in ("boto3", "botocore", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class _Client(Protocol):
    """The part of boto3's client that is used; it has no types of its own."""

    def describe_key(self, *, KeyId: str) -> Mapping[str, Any]: ...

    def encrypt(
        self, *, KeyId: str, Plaintext: bytes, EncryptionContext: Mapping[str, str]
    ) -> Mapping[str, Any]: ...

    def decrypt(
        self, *, KeyId: str, CiphertextBlob: bytes, EncryptionContext: Mapping[str, str]
    ) -> Mapping[str, Any]: ...

    def close(self) -> None: ...


class KmsService:
    """A `db.kms.KeyService`. Region and credentials come as AWS's own tools find them; the region
    of a key that is named by its ARN is the one in it.
    """

    def __init__(self, *, endpoint: str | None, connections: int) -> None:
        self._endpoint = endpoint
        self._config = Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=connections,
        )
        self._clients: dict[str | None, _Client] = {}
        self._lock = Lock()

    def arn(self, name: str) -> str:
        """The ARN of the key that an id, an alias or an ARN names."""
        if ":key/" in name:
            return name
        with _translated(name):
            answer = self._client(name).describe_key(KeyId=name)
            return str(answer["KeyMetadata"]["Arn"])

    def encrypt(self, arn: str, data_key: bytes, context: Mapping[str, str]) -> bytes:
        """The data key wrapped under a key and bound to the context."""
        with _translated(arn):
            answer = self._client(arn).encrypt(
                KeyId=arn, Plaintext=data_key, EncryptionContext=context
            )
            return bytes(answer["CiphertextBlob"])

    def decrypt(self, arn: str, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The data key that was wrapped under the key with this context."""
        with _translated(arn):
            answer = self._client(arn).decrypt(
                KeyId=arn, CiphertextBlob=wrapped, EncryptionContext=context
            )
            return bytes(answer["Plaintext"])

    def close(self) -> None:
        """Closes the connections that are kept."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, name: str) -> _Client:
        arn = _ARN.fullmatch(name)
        # boto3 itself reads AWS_DEFAULT_REGION alone, and the profile.
        region = arn[1] if arn else os.environ.get("AWS_REGION")
        with self._lock:  # making one is not for several threads
            if region not in self._clients:
                made = boto3.session.Session().client(
                    "kms", region_name=region, endpoint_url=self._endpoint, config=self._config
                )
                self._clients[region] = cast("_Client", made)
            return self._clients[region]


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Raises our errors for boto3's, of whose texts none is kept."""
    try:
        yield
    except ClientError as error:
        raise _of_service(name, error) from None
    except (NoCredentialsError, PartialCredentialsError):
        raise KeysRefused(
            "there are no AWS credentials: give the process a role, or set AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY"
        ) from None
    except (NoRegionError, InvalidRegionError):
        raise InvalidKeys(
            f"the region of the key {name!r} is unknown: name it by its ARN, or set AWS_REGION"
        ) from None
    except ParamValidationError:
        raise SealBroken("AWS KMS cannot be asked with such bytes") from None
    except BotoCoreError as error:
        raise KeysUnavailable(f"AWS KMS cannot be reached ({type(error).__name__})") from None


def _of_service(name: str, error: ClientError) -> Exception:
    given = str(error.response.get("Error", {}).get("Code", ""))
    code = given if _CODE.fullmatch(given) else "unknown"
    if code in _BROKEN:
        return SealBroken("the wrapped data key does not open")
    if code in _GONE:
        return UnknownKey(
            f"the key-encryption key {name!r} is unknown to AWS KMS, disabled or being deleted"
            f" ({code})"
        )
    if code in _REFUSED:
        return KeysRefused(
            f"AWS KMS denies the use of the key-encryption key {name!r} ({code}): allow"
            " kms:Encrypt and kms:Decrypt, and kms:DescribeKey where it is not named by its ARN"
        )
    return KeysUnavailable(f"AWS KMS could not answer ({code})")
