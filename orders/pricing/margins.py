"""Margins: compute revenue and costs of a line and a parcel. Pure: no I/O, no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from catalog.pricing.landed_cost import Landed, Terms
from orders.pricing.totals import contained_tax
from storefront.lib.money import Money

WHOLESALE, FREIGHT = "wholesale", "freight"
PAYMENT_FEE, CHANNEL_FEE = "payment_fee", "channel_fee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Net revenue and its costs by name, all in the currency of ``net``."""

    net: Money
    costs: tuple[tuple[str, Decimal], ...]

    @property
    def outlay(self) -> Money:
        total = sum((amount for _, amount in self.costs), Decimal(0))
        return Money(total, self.net.currency)

    @property
    def loss(self) -> Money:
        """The loss, rounded; negative for a profit."""
        return (self.outlay - self.net).rounded()

    def __add__(self, other: Account) -> Account:
        return Account(net=self.net + other.net, costs=_summed([*self.costs, *other.costs]))

    def __str__(self) -> str:
        parts = ", ".join(
            f"{name.replace('_', ' ')} {Money(amount, self.net.currency).rounded().amount}"
            for name, amount in self.costs
            if amount
        )
        return f"{self.net} before tax, costs {self.outlay} ({parts})"


def of_line(landed: Landed, *, quantity: int, gross: Money, tax_rate: Decimal) -> Account:
    """Return the margin of one line: net amount, landed cost and fees of its price."""
    net = gross - contained_tax(gross=gross, rate=tax_rate)
    costs = [*landed.parts(quantity), *_fees(landed.terms, net=net, gross=gross)]
    return Account(net=net, costs=_summed(costs))


def outlay_of_line(landed: Landed, *, quantity: int, net: Money, gross: Money) -> Decimal:
    """Return only the total cost of ``of_line``: routing needs it for hundreds of sources."""
    payment, channel = landed.terms.fees(net=net.amount, gross=gross.amount)
    return landed.of(quantity) + payment + channel


def of_parcel(  # noqa: PLR0913 - inputs of one calculation
    lines: Sequence[Account],
    *,
    terms: Terms,
    delivery: Money,
    tax_rate: Decimal,
    freight: Money | None,
    goods: Money | None,
) -> Account:
    """Return the margin of a parcel.

    Shape:  ``delivery`` is the gross shipping charge; ``freight`` and ``goods`` are what the
            supplier asks for shipping and all items, None uses the costs of the lines
    Units:  the currency of ``delivery``
    """
    net = delivery - contained_tax(gross=delivery, rate=tax_rate)
    costs = [cost for line in lines for cost in line.costs]
    if goods is not None:
        costs = [(WHOLESALE, goods.amount), *(cost for cost in costs if cost[0] != WHOLESALE)]
    if freight is not None:
        costs.append((FREIGHT, freight.amount))
    costs += _fees(terms, net=net, gross=delivery)
    for line in lines:
        net += line.net
    return Account(net=net, costs=_summed(costs))


def _fees(terms: Terms, *, net: Money, gross: Money) -> list[tuple[str, Decimal]]:
    payment, channel = terms.fees(net=net.amount, gross=gross.amount)
    return [(PAYMENT_FEE, payment), (CHANNEL_FEE, channel)]


def _summed(costs: Iterable[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for name, amount in costs:
        sums[name] += amount
    return tuple(sums.items())
