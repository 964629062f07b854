"""Shares: an amount in given proportions, exactly, to the last decimal that the currency shows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal


def shared(whole: Decimal, of: Sequence[Decimal]) -> list[Decimal] | None:
    """`whole` in the proportions of these amounts, which are all of its sign; None where a share
    would be nothing, or of the other sign.

    Each is rounded down to the decimals that `whole` or one of the amounts has; what is left goes,
    one of the smallest units each, to those that lost most by it, the first of them first.
    """
    places = max(_places(one) for one in (whole, *of))
    units, parts = _units(whole, places), [_units(one, places) for one in of]
    before = sum(parts)
    if not before or any(part * units <= 0 for part in parts):
        return None
    size = abs(units)
    shares = [size * abs(part) // abs(before) for part in parts]
    lost = [size * abs(part) % abs(before) for part in parts]
    left = size - sum(shares)
    for place in sorted(range(len(parts)), key=lambda one: (-lost[one], one))[:left]:
        shares[place] += 1
    if not all(shares):
        return None
    sign = 1 if units > 0 else -1
    return [Decimal(sign * share).scaleb(-places) for share in shares]


def _places(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(-exponent, 0)


def _units(amount: Decimal, places: int) -> int:
    return int(amount.scaleb(places))
