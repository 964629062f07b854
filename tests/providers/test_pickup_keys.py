"""Private keys open in every form that people have, and none keeps a process busy."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import asyncssh
import pytest

from core.provider_error import ProviderError
from providers.pickup import keys
from tests.fixtures.ssh_keys import PHRASE, Form, endless, exported

KEY = asyncssh.generate_private_key("ssh-ed25519")
KEYGEN = shutil.which("ssh-keygen")


@pytest.mark.parametrize("phrase", [None, PHRASE])
@pytest.mark.parametrize(
    ("algorithm", "form"),
    [
        ("ssh-ed25519", "openssh"),
        ("ssh-ed25519", "pkcs8-pem"),
        ("ssh-rsa", "openssh"),
        ("ssh-rsa", "pkcs1-pem"),
        ("ecdsa-sha2-nistp256", "pkcs8-pem"),
        ("ecdsa-sha2-nistp521", "openssh"),
    ],
)
def test_a_key_opens_in_each_form(algorithm: str, form: Form, phrase: str | None) -> None:
    key = asyncssh.generate_private_key(algorithm)
    text = exported(key, form, phrase)

    assert keys.opened(text, phrase) == key
    assert keys.opened("\n" + text.replace("\n", "\r\n").rstrip(), phrase) == key


@pytest.mark.skipif(KEYGEN is None, reason="there is no ssh-keygen")
@pytest.mark.parametrize("form", [[], ["-m", "PEM"], ["-m", "PKCS8"]])
def test_what_ssh_keygen_makes_with_a_passphrase_opens(tmp_path: Path, form: list[str]) -> None:
    file = tmp_path / "key"
    subprocess.run(
        [KEYGEN or "", "-q", "-t", "ecdsa", *form, "-N", PHRASE, "-f", file],
        check=True,
        timeout=20,
    )

    opened = keys.opened(file.read_text(), PHRASE)

    assert file.with_suffix(".pub").read_bytes().split()[1] in opened.export_public_key()


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        (endless("openssh"), PHRASE),
        (endless("pkcs8-pem"), PHRASE),
        (exported(KEY, "openssh", PHRASE), "another one"),
        (exported(KEY, "openssh", PHRASE), None),
        (exported(KEY, "pkcs8-pem", PHRASE), "another one"),
        (exported(KEY, "pkcs8-pem", PHRASE), None),
        (KEY.export_public_key().decode(), None),
        ("PuTTY-User-Key-File-3: ssh-ed25519\n", None),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", None),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", None),
        (f"-----BEGIN RSA PRIVATE KEY-----\n{'A' * 19_000}\n-----END RSA PRIVATE KEY-----", None),
        ("\u00e4", None),
    ],
    # Keys are new in every process, and all processes must call the tests the same.
    ids=[
        "bcrypt-for-hours",
        "pbkdf2-for-hours",
        "openssh-wrong-phrase",
        "openssh-no-phrase",
        "pkcs8-wrong-phrase",
        "pkcs8-no-phrase",
        "public",
        "putty",
        "pem-of-nothing",
        "openssh-of-nothing",
        "too-long",
        "no-key",
    ],
)
def test_what_does_not_open_is_told_at_once_and_says_no_secret(
    text: str, phrase: str | None
) -> None:
    before = time.process_time()

    with pytest.raises(ProviderError) as refused:
        keys.opened(text, phrase)

    assert time.process_time() - before < 2
    error = refused.value
    assert (error.code, error.__cause__) == ("key-unreadable", None)
    told = f"{error!r} {error.message} {error.next_step}"
    assert not any(one in told for one in (PHRASE, "another one", text.strip()[-80:]))
