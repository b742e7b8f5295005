"""Proration: compute the part of a line's charge that belongs to some of its units. Pure."""

from decimal import Decimal

from storefront.lib.money import Money


def prorate(charge: Money, *, quantity: int, before: int, units: int) -> Money:
    """Return the part of ``charge`` for ``units`` of ``quantity``, after ``before`` units.

    All parts sum to the charge, to the cent, however it is divided.
    """
    return _up_to(charge, before + units, quantity) - _up_to(charge, before, quantity)


def _up_to(charge: Money, units: int, quantity: int) -> Money:
    return Money(charge.amount * Decimal(units) / Decimal(quantity), charge.currency).rounded()
