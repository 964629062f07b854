"""Secrets of endpoints: the same rules for tenants and for the operator."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.webhook_secrets import SECRET_CHARACTERS_MAX
from providers.webhooks import SecretOrigin
from resolvers.webhook_secrets import NONE, secret_for
from tests.fixtures.postbox import Postbox


def _receiver(origin: SecretOrigin) -> Postbox:
    receiver = Postbox()
    receiver.secret_origin = origin  # type: ignore[misc]  # of this one alone
    return receiver


def test_a_secret_of_the_provider_is_kept_without_what_was_copied_along() -> None:
    found = secret_for(_receiver(SecretOrigin.PROVIDER), " whsec_x\n", is_new=True)

    assert (found.shown, found.kept) == (None, "whsec_x")
    assert "whsec_x" not in repr(found)


def test_a_new_endpoint_may_wait_for_the_secret_of_the_provider() -> None:
    assert secret_for(_receiver(SecretOrigin.PROVIDER), None, is_new=True) == NONE


def test_a_secret_of_ours_is_made_and_shown() -> None:
    first, second = (
        secret_for(_receiver(SecretOrigin.OURS), None, is_new=is_new) for is_new in (True, False)
    )

    assert first.shown is not None
    assert first.shown == first.kept
    assert first.kept != second.kept


@pytest.mark.parametrize(
    ("origin", "given", "is_new"),
    [
        (SecretOrigin.OURS, "mine", True),
        (SecretOrigin.NONE, "mine", True),
        (SecretOrigin.NONE, None, False),
        (SecretOrigin.PROVIDER, None, False),
        (SecretOrigin.PROVIDER, " \n", True),
        (SecretOrigin.PROVIDER, "x" * (SECRET_CHARACTERS_MAX + 1), True),
    ],
)
def test_other_secrets_are_refused(origin: SecretOrigin, given: str | None, is_new: bool) -> None:
    with pytest.raises(BadInput):
        secret_for(_receiver(origin), given, is_new=is_new)
