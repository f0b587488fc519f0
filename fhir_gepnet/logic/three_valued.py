"""Three-valued logic on True, False and None (unknown): CQL reference, chapter "Logical Operators".

FHIRPath has the same tables with an empty collection for unknown; both dialects use this file.
"""

from __future__ import annotations

Truth = bool | None


def both(left: Truth, right: Truth) -> Truth:
    """Conjunction: false wins over unknown."""
    if left is False or right is False:
        return False
    return True if left is True and right is True else None


def either(left: Truth, right: Truth) -> Truth:
    """Disjunction: true wins over unknown."""
    if left is True or right is True:
        return True
    return False if left is False and right is False else None


def exactly_one(left: Truth, right: Truth) -> Truth:
    """Exclusive or: unknown as soon as one side is."""
    return None if left is None or right is None else left is not right


def implies(left: Truth, right: Truth) -> Truth:
    """Implication: ``not left or right``."""
    return either(negated(left), right)


def negated(value: Truth) -> Truth:
    """Negation: unknown stays unknown."""
    return None if value is None else value is False
