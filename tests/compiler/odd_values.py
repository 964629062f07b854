"""Values that two writers of JSON could write differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

TEXTS: Final = (
    "Coffee",
    "a 'quote', \"two\" and \\ a backslash \\n \\u0041",
    "line\nfeed\r\ttab \x01\x1f\x7f",
    "\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}\N{NO-BREAK SPACE}",
    "\N{GRINNING FACE}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET} e\N{COMBINING ACUTE ACCENT}",
    "\N{HEBREW LETTER SHIN}\N{RIGHT-TO-LEFT OVERRIDE}abc",
    "{} {0} {name} %s %d 100% _under_ $1 $$ ::text",
    "</script><!-- null true [1,2] {\"a\":1}",
    "  spaces  at both ends  ",
    "ß Straße İstanbul \N{CJK UNIFIED IDEOGRAPH-4E2D}\N{CJK UNIFIED IDEOGRAPH-6587}",
)  # fmt: skip
AMOUNTS: Final = tuple(
    Decimal(text)
    for text in (
        "0", "0.00", "1", "-1", "12.50", "-12.50", "0.00000001", "-0.10000000", "1.230",
        "99999999999999.99999999", "-99999999999999.99999999", "10000000000000", "100", "1E+3",
        "7.5", "7.50",
    )
)  # fmt: skip
DATES: Final = (
    date(2026, 3, 1),
    date(2026, 3, 1),
    date(2026, 2, 28),
    date(1, 1, 2),
    date(1, 1, 1),  # what asyncpg writes as -infinity
    date(9999, 12, 30),
    date(9999, 12, 31),  # what asyncpg writes as infinity
    date(1582, 10, 15),
    date(1969, 12, 31),
    date(2024, 2, 29),
)
INSTANTS: Final = (
    datetime(2026, 3, 1, 10, tzinfo=UTC),
    datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC),
    datetime(2026, 3, 1, 10, 0, 0, 123_456, tzinfo=UTC),
    datetime(2026, 3, 1, 10, 0, 0, 100, tzinfo=UTC),
    datetime(2026, 3, 1, 10, tzinfo=UTC),
    datetime(1, 1, 2, tzinfo=UTC),
    datetime(9999, 12, 30, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC),
)
CURRENCIES: Final = ("EUR", "USD", "JPY", "KWD")
JSONS: Final[Sequence[Mapping[str, Any]]] = (
    {},
    {"b": 1, "a": [1.0, 0.1, 1e-7, 1e21, -0.0, 12345678901234567], "": None},
    {"nested": {"deep": [{"x": [[], {}]}, True, False, None]}, "text": list(TEXTS)},
)
