"""Logging in over SSH: at a server that shows a pinned key, and at no other."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

import asyncssh

from providers.pickup import problems
from providers.pickup.access import PickupAccess
from providers.pickup.settings import SftpCredentials, SftpSettings

LOGIN_S: Final = 30
GOODBYE_S: Final = 2
KEEPALIVE_S: Final = 15
# None of these is a certificate, and none rests on SHA-1.
_ED25519: Final = ("ssh-ed25519",)
_ECDSA: Final = ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
_RSA: Final = ("rsa-sha2-512", "rsa-sha2-256")
# A server has a key of each kind, and shows the one that it is asked for first.
HOST_KEY_ALGORITHMS: Final = (
    (*_ED25519, *_ECDSA, *_RSA),
    (*_ECDSA, *_RSA, *_ED25519),
    (*_RSA, *_ECDSA, *_ED25519),
)


class _Pinned(asyncssh.SSHClient):
    """Believes the pinned keys, and no others, and asks for keys of some kinds."""

    def __init__(self, host_keys: Collection[str], algorithms: Sequence[str]) -> None:
        self._host_keys = host_keys
        self.algorithms = list(algorithms)
        self.shown = "none"

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Whether the server's key is pinned."""
        self.shown = key.get_fingerprint("sha256")
        return self.shown in self._host_keys


async def connected(
    access: PickupAccess,
    settings: SftpSettings,
    credentials: SftpCredentials,
    key: asyncssh.SSHKey | None,
) -> asyncssh.SSHClientConnection:
    """Logs in. Raises ProviderError where no key is pinned, before anything is sent, and what
    asyncssh raises.

    The bank may have told the fingerprint of another of its keys than it shows at first: where
    that one is not pinned, it is asked for the others.
    """
    shown = "none"
    for algorithms in HOST_KEY_ALGORITHMS:
        pinned = _Pinned(settings.host_keys, algorithms)
        try:
            return await _connected(access, settings, credentials, key, pinned)
        except asyncssh.HostKeyNotVerifiable:
            if not settings.is_confirmed:
                raise problems.host_key_unconfirmed(pinned.shown) from None
            if algorithms is HOST_KEY_ALGORITHMS[0]:
                shown = pinned.shown
    raise problems.host_key_changed(shown)


async def ended(connection: asyncssh.SSHClientConnection) -> None:
    """Ends a connection, whether or not the server answers."""
    connection.close()
    try:
        async with asyncio.timeout(GOODBYE_S):
            await connection.wait_closed()
    except TimeoutError:
        connection.abort()


async def _connected(
    access: PickupAccess,
    settings: SftpSettings,
    credentials: SftpCredentials,
    key: asyncssh.SSHKey | None,
    pinned: _Pinned,
) -> asyncssh.SSHClientConnection:
    password = credentials.password
    connection, _ = await asyncssh.create_connection(
        lambda: pinned,
        settings.host,
        settings.port,
        sock=await access.dial(settings.host, settings.port),
        config=None,
        known_hosts=([], [], []),  # none is known but by its pinned fingerprint
        server_host_key_algs=pinned.algorithms,
        x509_trusted_certs=None,
        username=settings.username,
        password=None if password is None else password.get_secret_value(),
        client_keys=None if key is None else [key],
        preferred_auth="publickey" if key else "password,keyboard-interactive",
        agent_path=None,
        gss_kex=False,
        gss_auth=False,
        host_based_auth=False,
        compression_algs=None,
        login_timeout=LOGIN_S,
        keepalive_interval=KEEPALIVE_S,
        client_version="Bankfeeds",
    )
    return connection
