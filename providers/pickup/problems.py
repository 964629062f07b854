"""What goes wrong at file sources, in the words of provider errors."""

from __future__ import annotations

from core.provider_error import PROVIDER_FAILED, Action, ErrorKind, ProviderError


def name_not_found() -> ProviderError:
    """The host has no address."""
    return _retry("name-not-found", "The server's name has no address.", "Check the host.")


def address_refused() -> ProviderError:
    """The host is no public one."""
    return _stop(
        "address-refused",
        "The server's address is not on the public internet.",
        "Give a server on the public internet.",
    )


def unreachable() -> ProviderError:
    """Nobody answers there."""
    return _retry("unreachable", "The server does not answer.", "Check host and port.")


def broken() -> ProviderError:
    """The connection ended, or nothing came for too long."""
    return _retry(
        "connection-broken", "The connection to the server broke.", "Nothing: it is tried again."
    )


def not_archived(name: str) -> ProviderError:
    """The server failed to move a file, and says no more."""
    return ProviderError(
        action=Action.RETRY,
        kind=ErrorKind.BUSINESS,
        code="not-archived",
        message=f"The server could not move {name!r} to the archive. What is new is fetched.",
        next_step="See that the archive is a folder that may be written to, with room, and of an"
        " SFTP server on the same disk.",
    )


def no_safe_tls() -> ProviderError:
    """What is on the port speaks no TLS that is still safe."""
    return _retry(
        "tls-failed",
        "The server speaks no TLS on this port that is still safe; nothing was sent to it.",
        "Give the port of IMAP with TLS, mostly 993, or ask for a server with TLS 1.2 or newer.",
    )


def untrusted_certificate() -> ProviderError:
    """The certificate is not one for the host, of an authority that is trusted."""
    return _retry(
        "certificate-refused",
        "The server's certificate is not valid for its name; nothing was sent to it.",
        "Have the server's certificate put right, or correct the host.",
    )


class HostKeyRefused(ProviderError):
    """The server's key, which `shown` is the fingerprint of, is not pinned."""

    shown: str = ""


def host_key_changed(shown: str) -> HostKeyRefused:
    """The server shows another key than the pinned ones."""
    return _with_key(
        shown,
        code="host-key-changed",
        message=f"The server shows another key, {shown}; nothing was sent to it.",
        next_step="Ask the bank whether it has a new key. If so, confirm that one.",
    )


def host_key_unconfirmed(shown: str) -> HostKeyRefused:
    """No key is pinned."""
    return _with_key(
        shown,
        code="host-key-unconfirmed",
        message=f"The server's key is not confirmed yet. It shows {shown}; nothing was sent to it.",
        next_step="Compare that with what the bank says, and confirm it.",
    )


def login_refused() -> ProviderError:
    """The server does not let us in."""
    return ProviderError(
        action=Action.REAUTH,
        kind=ErrorKind.AUTHENTICATION,
        code="login-refused",
        message="The server refuses the user name, the password or the key.",
        next_step="Give the right ones.",
    )


def key_unreadable() -> ProviderError:
    """The private key does not open."""
    return ProviderError(
        action=Action.REAUTH,
        kind=ErrorKind.AUTHENTICATION,
        code="key-unreadable",
        message="The private key cannot be read, or its passphrase is wrong.",
        next_step="Give the private key, not the public one, as `ssh-keygen` or `openssl` makes"
        " it, with its passphrase.",
    )


def not_connected() -> ProviderError:
    """There is nothing to log in with."""
    return ProviderError(
        action=Action.REAUTH,
        kind=ErrorKind.AUTHENTICATION,
        code="not-connected",
        message="The connection has no password and no key.",
        next_step="Give one of them.",
    )


def settings_missing() -> ProviderError:
    """The connection's settings are none that can be used."""
    return _stop(
        "settings-missing",
        "The connection does not say where to fetch files.",
        "Set its settings.",
    )


def nothing_in_common() -> ProviderError:
    """No algorithm is safe and known to both sides."""
    return _stop(
        "no-common-algorithm",
        "The server knows no algorithm that is still safe.",
        "Ask the bank for a server with current algorithms.",
    )


def folder_missing(name: str) -> ProviderError:
    """The folder is not there."""
    return _stop("folder-missing", f"The server has no folder {name!r}.", "Correct the folder.")


def not_permitted(what: str) -> ProviderError:
    """The server lets us in, but not do this."""
    return _stop("not-permitted", f"The server does not permit {what}.", "Ask the bank to.")


def failed() -> ProviderError:
    """The server answered that it failed."""
    return _retry(
        PROVIDER_FAILED, "The server failed at what it was asked.", "Nothing: it is tried again."
    )


def unintelligible() -> ProviderError:
    """The server answers what cannot be read, or without end."""
    return _retry(
        "answer-unreadable",
        "The server answers what cannot be read, or too much.",
        "Ask the bank, where it goes on.",
    )


def _with_key(shown: str, *, code: str, message: str, next_step: str) -> HostKeyRefused:
    error = HostKeyRefused(
        action=Action.REAUTH,
        kind=ErrorKind.AUTHENTICATION,
        code=code,
        message=message,
        next_step=next_step,
    )
    error.shown = shown
    return error


def _retry(code: str, message: str, next_step: str) -> ProviderError:
    return ProviderError(
        action=Action.RETRY,
        kind=ErrorKind.NETWORK,
        code=code,
        message=message,
        next_step=next_step,
    )


def _stop(code: str, message: str, next_step: str) -> ProviderError:
    return ProviderError(
        action=Action.STOP,
        kind=ErrorKind.BUSINESS,
        code=code,
        message=message,
        next_step=next_step,
    )
