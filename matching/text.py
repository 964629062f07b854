"""Texts as they are compared: words without case, accents, punctuation, numbers and filler."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

PREFIX_MIN: Final = 4  # a word that was cut off still is the word

_WORDS: Final = re.compile(r"[^\W_]+")
_DIGITS: Final = re.compile(r"\d")
_TRANSFERS: Final = (
    r"transfer\w*|xfer|trf|tfr|umbuchung|uebertrag|ubertrag|virement|transferencia|"
    r"bonifico|girocollegato|overboeking|overschrijving|przelew|top.?up|exchange\w*|conver\w+|"
    r"fx|autopay|card payment thank you|payment thank you|own account|between accounts"
)
_TRANSFER: Final = re.compile(rf"\b({_TRANSFERS})\b")
_RETURNS: Final = (
    r"(refund\w*|reversal|reversed|reverse|return|returned|chargeback|storno\w*|"
    r"erstattung|gutschrift|rueckerstattung|ruckerstattung|ruecklastschrift|rucklastschrift|"
    r"remboursement|reembolso|devolucion|rimborso|terugbetaling|cancell?ed|cancellation)"
)
_RETURN: Final = re.compile(rf"\b{_RETURNS}\b")
# What banks put before and around the name of the other party.
# fmt: off
_FILLER: Final = frozenset({
    "a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "the", "to", "und", "der",
    "die", "das", "von", "vom", "zum", "mit", "bei", "fur", "de", "la", "le", "du", "et", "ach",
    "atm", "bill", "card", "check", "cheque", "contactless", "credit", "db", "debit", "dd",
    "deposit", "direct", "ec", "eft", "fee", "girocard", "inc", "kartenzahlung", "llc", "ltd",
    "gmbh", "mastercard", "nr", "online", "payment", "payments", "pos", "purchase", "recurring",
    "ref", "sepa", "sq", "tst", "visa", "web", "withdrawal", "www", "com", "co", "corp", "store",
})
# fmt: on
_MEANINGLESS: Final = frozenset({"NOTPROVIDED", "NONREF", "NONE", "NULL", "UNKNOWN", "NA"})


@lru_cache(maxsize=65_536)
def normal(text: str) -> str:
    """The text in lower case without accents and punctuation, blanks folded."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    if not plain.isascii():
        plain = "".join(one for one in plain if not unicodedata.combining(one))
    return " ".join(_WORDS.findall(plain))


@lru_cache(maxsize=65_536)
def words(text: str) -> frozenset[str]:
    """The words that say something: no filler, no single letters, no numbers and references."""
    return frozenset(
        word
        for word in normal(text).split()
        if len(word) > 1
        and word not in _FILLER
        and (word.isalpha() or len(_DIGITS.findall(word)) < 3)
    )


@lru_cache(maxsize=16_384)
def agreement(one: frozenset[str], other: frozenset[str]) -> int | None:
    """How much of the shorter of two sets of words is in the other, in percent; None: of nothing.

    Letters count, not words. An empty text agrees with nothing.
    """
    if sum(map(len, one)) > sum(map(len, other)):
        one, other = other, one
    return covered(one, other)


@lru_cache(maxsize=16_384)
def covered(one: frozenset[str], by: frozenset[str]) -> int | None:
    """How much of a set of words is in another, in percent of its letters; None: of nothing."""
    if not one or not by:
        return None
    if one <= by:
        return 100
    shared = sum(len(word) for word in one if word in by or _is_cut(word, by))
    return 100 * shared // sum(map(len, one))


def _is_cut(word: str, others: frozenset[str]) -> bool:
    return len(word) >= PREFIX_MIN and any(
        len(other) >= PREFIX_MIN and (other.startswith(word) or word.startswith(other))
        for other in others
    )


@lru_cache(maxsize=16_384)
def reference(text: str | None) -> str | None:
    """A reference as it is compared; None for one that is none, or too short to mean one row."""
    if text is None:
        return None
    plain = "".join(_WORDS.findall(text)).upper().lstrip("0")
    return plain if len(plain) >= PREFIX_MIN and plain not in _MEANINGLESS else None


@lru_cache(maxsize=65_536)
def names_transfer(text: str) -> bool:
    """Whether a text calls its row a transfer between accounts or an exchange of currencies."""
    return _TRANSFER.search(normal(text)) is not None


def transfer_pattern() -> str:
    """What finds, as a pattern of Postgres without regard to case, at least those of plain texts
    that `names_transfer` does, as they were written."""
    apart = r"[\W_]"
    written = _TRANSFERS.replace(" ", f"{apart}+").replace(".?", f"(.?|{apart}+)")
    return f"(^|{apart})({written})({apart}|$)"


@lru_cache(maxsize=65_536)
def names_return(text: str) -> bool:
    """Whether a text calls its row a refund or a reversal."""
    return _RETURN.search(normal(text)) is not None


def return_pattern() -> str:
    """The same as a pattern of Postgres, of texts in lower case."""
    return rf"\m{_RETURNS}\M"


@lru_cache(maxsize=65_536)
def given_back_by(party: str) -> str:
    """Who gives back what a party in lower case calls a refund: what is left of it."""
    if _RETURN.search(party) is None:
        return party
    return " ".join(_RETURN.sub(" ", party).split()).strip(" :*-")
