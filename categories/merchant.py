"""Merchant names: what a card feed prints, cleaned to a name that stays the same from day to day.

The raw text is kept by whoever owns it; a cleaned name is never empty where the raw text says
anything, and cleaning it again changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

CHARACTERS_MAX: Final = 200  # of the raw text; names are at its beginning
CACHED_MAX: Final = 65_536


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What processors of cards and the banks themselves write before the merchant's name.
_PREFIX: Final = re.compile(
    r"^(?:"
    r"(?:sq|sqr|tst|sp|py|pp|iz|zettle_?|izettle|sumup|paypal|stripe|klarna|google|gpay|apple pay|"
    r"ppl?|dnh|wpy|fs|ic|eb|crv|adyen|mollie|gocardless|toast|lsp|cko|2co|payu|ztl|dojo)\s*\*\s*"
    r"|(?:sq|tst|sp|iz|sumup|paypal|izettle|zettle)\s+(?=\S+\s*\S)"
    r"|(?:card payment to|card purchase|debit card purchase|contactless payment|purchase at|"
    r"pos purchase|pos debit|visa purchase|visa debit|direct debit to|direct debit|"
    r"standing order to|bill payment to|faster payment to|payment to|pos|visa)\s+(?=\S)"
    r")",
    re.IGNORECASE,
)
_URL: Final = re.compile(r"^(?:https?://)?www\.", re.IGNORECASE)
# A reference that the seller glues to its address: "amazon.co.uk1k1vi2pk5".
_GLUED: Final = re.compile(r"((?:\.co\.uk|\.com|\.org|\.net))(?=[a-z0-9*]*\d)[a-z0-9*]{5,}$", re.I)
_DOMAIN: Final = re.compile(
    r"(?<=[a-z0-9])\.(?:com|co\.uk|co\.?u?|org\.uk|org|gov\.uk|gov|net|c|g|ie|de|fr|eu|io|uk)\.?$",
    re.IGNORECASE,
)
_MONTHS: Final = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_TAILS: Final = (
    r"(?:on\s+)?\d{1,4}[/.-]\d{1,2}(?:[/.-]\d{2,4})?",  # dates
    rf"\d{{1,2}}\s?(?:{_MONTHS})[a-z]*(?:\s?\d{{2,4}})?",
    r"[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}",  # postcodes of the United Kingdom
    r"(?:ref|reference|no|nr|inv|invoice|store|str|branch|order|id|tel)[.:#]?\s*#?\d[\w-]*",
    r"#?\d{2,}(?:-\d+)*",  # numbers of stores, telephones, terminals
    r"gb\d+",
    r"[a-z]{0,3}\*?(?=[a-z0-9-]*\d)(?=[a-z0-9-]*[a-z])[a-z0-9-]{7,}",  # references
    r"(?:ltd|limited|limite|limit|plc|llp|lp|inc|incorporated|corp|corporation|llc|gmbh|ag|"
    r"bv|b\.v\.|sarl|s\.a\.r\.l\.|pty|pvt|oy|ab|aps|kg|ug|co|company)\.?",
    r"(?:gb|gbr|uk|united kingdom|great britain|england|scotland|wales|usa|ie|irl|ireland|"
    r"ke|ken|kenya|lux|luxembourg|nld|deu|fra)",
    r"(?<!\bof\s)(?<!\bin\s)(?<!\bat\s)(?<!\bthe\s)(?<!\bfor\s)"
    r"(?:london|birmingham|b'ham|bham|manchester|leeds|liverpool|sheffield|bristol|"
    r"glasgow|edinburgh|cardiff|belfast|coventry|leicester|nottingham|wolverhampton|walsall|"
    r"dudley|solihull|sutton coldfi?e?l?d?|west bromwi?c?h?|newcastle|southampton|portsmouth|"
    r"brighton|swindon|milton keynes|northampton|derby|stoke|dublin|nairobi|mombasa|"
    r"kisumu|new york|san francisco|amsterdam|berlin|paris)",
)
_TAIL: Final = re.compile(
    rf"(?:\s+(?:{'|'.join(_TAILS)})"
    r"|(?<=\S)\*(?=[a-z0-9]*\d)[a-z0-9]{4,}"  # "Amzn Mktp UK*2K4AB8DX4"
    r"|[\s*,;:/#-]+)$",
    re.IGNORECASE,
)
# A name that ends in a word of letters alone has a tail only if it is one of these: most have
# none, and the expression above is slow to say so.
_LAST: Final = _words(
    """
    ltd limited limite limit plc llp lp inc incorporated corp corporation llc gmbh ag bv sarl pty
    pvt oy ab aps kg ug co company gb gbr uk kingdom britain england scotland wales usa ie irl
    ireland ke ken kenya lux luxembourg nld deu fra london birmingham bham manchester leeds
    liverpool sheffield bristol glasgow edinburgh cardiff belfast coventry leicester nottingham
    wolverhampton walsall dudley solihull newcastle southampton portsmouth brighton swindon keynes
    northampton derby stoke dublin nairobi mombasa kisumu york francisco amsterdam berlin paris
    """
)
_LAST_BEGINS: Final = ("coldf", "bromw", *_MONTHS.split("|"))
_SPACE: Final = re.compile(r"\s+")
_KEY: Final = re.compile(r"[^\w&]+|_+")


@lru_cache(maxsize=CACHED_MAX)
def clean(raw: str) -> str:
    """The merchant's name in the raw text: no processor, store number, city, date, reference."""
    return _settled(_folded(raw))


@lru_cache(maxsize=CACHED_MAX)
def key(raw: str) -> str:
    """What is equal for every text of one merchant: the cleaned name without case or signs."""
    # Lower case and signs taken away can uncover another tail, so it is done until it rests.
    before, name = raw, _keyed(_settled(_folded(raw)))
    while name != before:
        before, name = name, _keyed(_settled(name))
    return name


def _settled(name: str) -> str:
    # Each pass only ever takes away, so this ends.
    while (shorter := _once(name)) != name:
        name = shorter
    return name


def _once(name: str) -> str:
    if "." in name:
        name = _without(_without(name, _URL), _DOMAIN)
        if found := _GLUED.search(name):
            name = name[: found.end(1)]
    if prefix := _PREFIX.match(name):
        name = _rest(name, prefix)
    return _without(name, _TAIL) if _may_have_tail(name) else name


def _may_have_tail(name: str) -> bool:
    last = name[name.rfind(" ") + 1 :].lower()
    return not last.isalpha() or last in _LAST or last.startswith(_LAST_BEGINS)


def _without(name: str, pattern: re.Pattern[str]) -> str:
    """The name without what the pattern finds, unless no letter would be left."""
    found = pattern.search(name)
    return name if found is None else _rest(name, found)


def _rest(name: str, found: re.Match[str]) -> str:
    rest = (name[: found.start()] + name[found.end() :]).strip()
    return rest if any(character.isalpha() for character in rest) else name


def _folded(raw: str) -> str:
    text = raw[:CHARACTERS_MAX]
    if text.isascii() and text.isprintable():
        return _SPACE.sub(" ", text).strip()
    # Composing can give what composes again; three rounds are enough for all of Unicode.
    for _ in range(3):
        text = unicodedata.normalize("NFKC", text)
    text = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in text)
    return _SPACE.sub(" ", text).strip()[:CHARACTERS_MAX].strip()


def _keyed(name: str) -> str:
    lowered = _folded(name.lower())
    plain = _SPACE.sub(" ", _KEY.sub(" ", lowered.replace("'", ""))).strip()
    return plain or lowered
