"""Identity of external accounts: numbers are hashed under the tenant's key, and masked to show."""

from __future__ import annotations

from typing import Final

from core.account_number import masked, plain_number
from core.records import AccountRecord
from core.vault import DataKey
from db.intake import ExternalAccount
from pipeline.normalize import storable_text

_NAME_MAX: Final = 200


def external_account(record: AccountRecord, key: DataKey) -> ExternalAccount:
    """What is kept of an account. The full number leaves this function only as a keyed hash."""
    name = None if record.name is None else storable_text(record.name)[:_NAME_MAX].strip() or None
    institution = (
        None
        if record.institution is None
        else storable_text(record.institution)[:_NAME_MAX].strip() or None
    )
    if record.number is None:
        return ExternalAccount(
            key=record.key,
            external_account_id=storable_text(record.key)[:500],
            number_hash=None,
            masked_number=None,
            name=name,
            institution=institution,
            currency=record.currency,
        )
    return ExternalAccount(
        key=record.key,
        external_account_id=key.keyed_hash("external-account", record.key).hex(),
        number_hash=key.keyed_hash("account-number", plain_number(record.number)),
        masked_number=masked(record.number),
        name=name,
        institution=institution,
        currency=record.currency,
    )


def account_name(account: ExternalAccount) -> str:
    """What an account that was opened for a source is called until someone renames it."""
    if account.name is not None:
        return account.name
    if account.masked_number is not None:
        return f"Account {account.masked_number}"
    return f"Account in {account.currency}"
