"""Totals: compute what a customer pays, to the cent, line by line. Pure: no I/O, no clock.

Note [One total]: cart, checkout, API and order all call ``calculate``, so the total shown is the
total charged. Each line and parcel is rounded half up and sums are sums of rounded amounts, so that
a refunded line returns exactly what it was charged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import partial

from orders.pricing.proration import prorate
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """One cart line to total."""

    listing_id: int
    unit: Money
    quantity: int


def included_tax(*, gross: Money, rate: Decimal) -> Money:
    """Return the tax included in a gross amount, rounded to the minor unit."""
    return (gross * (rate / (1 + rate))).rounded()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTreatment:
    """Tax of a destination: ``rate`` is included in prices, or added."""

    rate: Decimal = Decimal(0)
    is_added: bool = False

    def tax_on(self, amount: Money) -> Money:
        """Return the tax of an amount after discounts, rounded to the minor unit.

        Source: included: amount * rate / (1 + rate); added: amount * rate
        """
        if self.is_added:
            return (amount * self.rate).rounded()
        return included_tax(gross=amount, rate=self.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingCharge:
    """Shipping charge of one parcel, and the fraction of each line in the parcel, by key."""

    amount: Money
    line_fractions: Mapping[int, Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discounts:
    """Discounts: an amount per line, and whether shipping is free."""

    lines: Mapping[int, Money] = field(default_factory=dict)
    is_delivery_free: bool = False


NO_DISCOUNTS = Discounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCharge:
    """Amounts of one line, or of one parcel's shipping.

    ``amount`` is before the discount; ``tax`` is all tax in the charge, ``added`` the part that was
    not in the price.
    """

    amount: Money
    discount: Money
    tax: Money
    added: Money

    @property
    def charge(self) -> Money:
        return self.amount - self.discount + self.added

    def parts(self, units: Sequence[int]) -> "list[LineCharge]":
        """Divide the charge into parts of ``units`` each, which sum to the charge."""
        quantity, amounts, before = sum(units), [], 0
        for count in units:
            part = partial(prorate, quantity=quantity, before=before, units=count)
            amounts.append(
                LineCharge(
                    amount=part(self.amount),
                    discount=part(self.discount),
                    tax=part(self.tax),
                    added=part(self.added),
                )
            )
            before += count
        return amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Totals of a cart; ``lines`` by line key, ``parcels`` as their shipping charges."""

    currency: str
    lines: Mapping[int, LineCharge]
    parcels: Sequence[LineCharge]
    treatment: TaxTreatment = field(default_factory=TaxTreatment)

    @property
    def subtotal(self) -> Money:
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

    def _all(self) -> Iterable[LineCharge]:
        return (*self.lines.values(), *self.parcels)

    def _sum(self, amounts: Iterable[Money]) -> Money:
        return Money.total(amounts, self.currency)


def calculate(
    *,
    lines: Mapping[int, Money],
    shipping_charges: Sequence[ShippingCharge],
    currency: str,
    treatment: TaxTreatment,
    deductions: Discounts = NO_DISCOUNTS,
) -> Totals:
    """Return the totals of a cart.

    Shape:  ``lines`` maps line keys to unit price x quantity
    """
    nothing = Money.zero(currency)
    discounts = deductions.lines
    return Totals(
        currency=currency,
        lines={
            key: _line_charge(amount, discounts.get(key, nothing), treatment)
            for key, amount in lines.items()
        },
        parcels=[
            _line_charge(
                charge.amount, charge.amount if deductions.is_delivery_free else nothing, treatment
            )
            for charge in shipping_charges
        ],
        treatment=treatment,
    )


def _line_charge(amount: Money, discount: Money, treatment: TaxTreatment) -> LineCharge:
    amount = amount.rounded()
    discount = min(discount.rounded(), amount)
    tax = treatment.tax_on(amount - discount)
    added = tax if treatment.is_added else Money.zero(amount.currency)
    return LineCharge(amount=amount, discount=discount, tax=tax, added=added)
