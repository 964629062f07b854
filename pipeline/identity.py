"""Identity of external accounts: numbers are hashed under the tenant's key, and masked to show."""

from __future__ import annotations

from typing import Final

from core.account_number import masked, masked_tail, plain_number, shown_tail
from core.records import AccountRecord
from core.spellings import NumberKind, spellings
from core.vault import DataKey
from db.intake import ExternalAccount
from pipeline.normalize import storable_text

_NAME_MAX: Final = 200
_PURPOSES: Final = {
    NumberKind.IBAN: "account-iban",
    NumberKind.ROUTED: "account-routed",
    NumberKind.NUMBER: "account-number",
}


def external_account(record: AccountRecord, key: DataKey) -> ExternalAccount:
    """What is kept of an account. The full number leaves this function only as keyed hashes.

    A number that the source itself has masked is no number: two of one end are not one account.
    """
    name = _text(record.name)
    institution = _text(record.institution)
    hidden = shown_tail(record.key if record.number is None else record.number)
    if record.number is None or hidden is not None:
        tail = record.mask or hidden
        return ExternalAccount(
            key=record.key,
            external_account_id=storable_text(record.key)[:500]
            if record.number is None
            else key.keyed_hash("external-account", record.key).hex(),
            number_hash=None,
            masked_number=None if tail is None else masked_tail(storable_text(tail)),
            name=name,
            institution=institution,
            institution_name=_text(record.institution_name),
            type=_text(record.type),
            currency=record.currency,
        )
    return ExternalAccount(
        key=record.key,
        external_account_id=key.keyed_hash("external-account", record.key).hex(),
        number_hash=key.keyed_hash("account-number", plain_number(record.number)),
        numbers=frozenset(
            (one.kind, key.keyed_hash(_PURPOSES[one.kind], one.text))
            for one in spellings(record.number, record.institution)
        ),
        masked_number=masked(record.number),
        name=name,
        institution=institution,
        institution_name=_text(record.institution_name),
        type=_text(record.type),
        currency=record.currency,
    )


def _text(text: str | None) -> str | None:
    return None if text is None else storable_text(text)[:_NAME_MAX].strip() or None


def account_name(account: ExternalAccount) -> str:
    """What an account that was opened for a source is called until someone renames it."""
    if account.name is not None:
        return account.name
    if account.masked_number is not None:
        return f"Account {account.masked_number}"
    return f"Account in {account.currency}"
