"""A whole number that is only known to lie between two bounds.

Counting months between imprecise dates gives "4 to 7". Source: CQL 1.5 §5.6 (uncertainty).
"""

from __future__ import annotations

from collections.abc import Callable


class Uncertainty:
    """An Integer between ``low`` and ``high``, both included.

    The one value of type Integer that is no ``int``. Comparisons with it give True, False or
    None, so that back ends may write ``left < right`` without asking what they hold.
    """

    __slots__ = ("high", "low")
    __hash__ = None  # type: ignore[assignment]  # equality is three-valued

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def __repr__(self) -> str:
        return f"Uncertainty({self.low}, {self.high})"

    def __lt__(self, other: object) -> bool | None:
        low, high = _bounds(other)
        return True if self.high < low else False if self.low >= high else None

    def __le__(self, other: object) -> bool | None:
        low, high = _bounds(other)
        return True if self.high <= low else False if self.low > high else None

    def __gt__(self, other: object) -> bool | None:
        low, high = _bounds(other)
        return True if self.low > high else False if self.high <= low else None

    def __ge__(self, other: object) -> bool | None:
        low, high = _bounds(other)
        return True if self.low >= high else False if self.high < low else None

    def __eq__(self, other: object) -> bool | None:  # type: ignore[override]
        low, high = _bounds(other)
        if self.high < low or self.low > high:
            return False
        return True if self.low == self.high == low == high else None

    def __ne__(self, other: object) -> bool | None:  # type: ignore[override]
        same = self.__eq__(other)
        return None if same is None else not same

    def __add__(self, other: object) -> Uncertainty:
        return self._combined(other, int.__add__)

    __radd__ = __add__

    def __sub__(self, other: object) -> Uncertainty:
        return self._combined(other, int.__sub__)

    def __rsub__(self, other: object) -> Uncertainty:
        return -self + other

    def __mul__(self, other: object) -> Uncertainty:
        return self._combined(other, int.__mul__)

    __rmul__ = __mul__

    def __neg__(self) -> Uncertainty:
        return Uncertainty(-self.high, -self.low)

    def _combined(self, other: object, operation: Callable[[int, int], int]) -> Uncertainty:
        ends = [operation(one, two) for one in (self.low, self.high) for two in _bounds(other)]
        return Uncertainty(min(ends), max(ends))


def _bounds(value: object) -> tuple[int, int]:
    if isinstance(value, Uncertainty):
        return value.low, value.high
    if isinstance(value, int):
        return value, value
    raise TypeError("an uncertain count stands beside no number")


def counted(count: int | tuple[int, int] | None) -> int | Uncertainty | None:
    """A count from ``fhir/dates.py`` as a value: a pair becomes an ``Uncertainty``."""
    return Uncertainty(*count) if isinstance(count, tuple) else count
