"""Add up what a shopper pays: to the cent, line by line. Pure: no database, no clock, no network.

Note [One total]: the cart, the checkout, the API and the placed order all call ``add_up``, so the
total that was shown is the total that is charged. Each line and each parcel is rounded by itself,
half up, and sums are sums of rounded amounts: a line that is refunded later gives back exactly
what it took.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import partial

from orders.pricing.proration import share
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """One line of a cart, as it is to be counted."""

    listing_id: int
    unit: Money
    quantity: int


def contained_tax(*, gross: Money, rate: Decimal) -> Money:
    """Return the tax inside a gross amount, rounded to the smallest unit."""
    return (gross * (rate / (1 + rate))).rounded()


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """How a destination taxes: ``rate`` is contained in prices, or comes on top of them."""

    rate: Decimal = Decimal(0)
    is_added: bool = False

    def tax_on(self, amount: Money) -> Money:
        """Return the tax of an amount after its discount, rounded to the smallest unit.

        Source: contained: amount * rate / (1 + rate); added: amount * rate
        """
        if self.is_added:
            return (amount * self.rate).rounded()
        return contained_tax(gross=amount, rate=self.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What the way of one parcel costs, and which part of each line it brings, by its key."""

    amount: Money
    brings: Mapping[int, Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deductions:
    """What is taken off: an amount of each line, and all of the delivery or nothing of it."""

    lines: Mapping[int, Money] = field(default_factory=dict)
    is_delivery_free: bool = False


NONE = Deductions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one line, or the way of one parcel, is charged with.

    ``amount`` is before the discount; ``tax`` is all tax in the charge, ``added`` the part of it
    that was not in the price.
    """

    amount: Money
    discount: Money
    tax: Money
    added: Money

    @property
    def charge(self) -> Money:
        return self.amount - self.discount + self.added

    def parts(self, units: Sequence[int]) -> list[Share]:
        """Divide it among parts of so many units; together they are the whole, to the cent."""
        quantity, found, before = sum(units), [], 0
        for count in units:
            part = partial(share, quantity=quantity, before=before, units=count)
            found.append(
                Share(
                    amount=part(self.amount),
                    discount=part(self.discount),
                    tax=part(self.tax),
                    added=part(self.added),
                )
            )
            before += count
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a cart comes to.

    Shape:  ``lines`` by the key of the line, ``parcels`` in the order of their ways
    """

    currency: str
    lines: Mapping[int, Share]
    parcels: Sequence[Share]
    treatment: Treatment = field(default_factory=Treatment)

    @property
    def goods(self) -> Money:
        return self._sum(share.amount for share in self.lines.values())

    @property
    def delivery(self) -> Money:
        return self._sum(share.amount for share in self.parcels)

    @property
    def discount(self) -> Money:
        return self._sum(share.discount for share in self._all())

    @property
    def tax(self) -> Money:
        return self._sum(share.tax for share in self._all())

    @property
    def added(self) -> Money:
        return self._sum(share.added for share in self._all())

    @property
    def total(self) -> Money:
        return self._sum(share.charge for share in self._all())

    def _all(self) -> Iterable[Share]:
        return (*self.lines.values(), *self.parcels)

    def _sum(self, amounts: Iterable[Money]) -> Money:
        return Money.total(amounts, self.currency)


def add_up(
    *,
    lines: Mapping[int, Money],
    ways: Sequence[Way],
    currency: str,
    treatment: Treatment,
    deductions: Deductions = NONE,
) -> Totals:
    """Add up a cart.

    Shape:  ``lines`` are unit x quantity by line
    """
    nothing = Money.zero(currency)
    discounts = deductions.lines
    return Totals(
        currency=currency,
        lines={
            key: _share(amount, discounts.get(key, nothing), treatment)
            for key, amount in lines.items()
        },
        parcels=[
            _share(way.amount, way.amount if deductions.is_delivery_free else nothing, treatment)
            for way in ways
        ],
        treatment=treatment,
    )


def _share(amount: Money, discount: Money, treatment: Treatment) -> Share:
    amount = amount.rounded()
    discount = min(discount.rounded(), amount)
    tax = treatment.tax_on(amount - discount)
    added = tax if treatment.is_added else Money.zero(amount.currency)
    return Share(amount=amount, discount=discount, tax=tax, added=added)
