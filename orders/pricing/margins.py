"""Margins: compute revenue and costs of a line and a parcel. Pure: no I/O, no clock."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from catalog.pricing.landed_cost import CostTerms, LandedCost
from orders.pricing.totals import included_tax
from storefront.lib.money import Money

WHOLESALE, FREIGHT = "wholesale", "freight"
PAYMENT_FEE, CHANNEL_FEE = "payment_fee", "channel_fee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
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

    def __add__(self, other: "Margin") -> "Margin":
        return Margin(net=self.net + other.net, costs=_sum_by_name([*self.costs, *other.costs]))

    def __str__(self) -> str:
        parts = ", ".join(
            f"{name.replace('_', ' ')} {Money(amount, self.net.currency).rounded().amount}"
            for name, amount in self.costs
            if amount
        )
        return f"{self.net} before tax, costs {self.outlay} ({parts})"


def line_margin(landed: LandedCost, *, quantity: int, gross: Money, tax_rate: Decimal) -> Margin:
    """Return the margin of one line: net amount, landed cost and fees of its price."""
    net = gross - included_tax(gross=gross, rate=tax_rate)
    costs = [*landed.parts(quantity), *_fees(landed.terms, net=net, gross=gross)]
    return Margin(net=net, costs=_sum_by_name(costs))


def line_cost(landed: LandedCost, *, quantity: int, net: Money, gross: Money) -> Decimal:
    """Return only the total cost of ``line_margin``: routing needs it for hundreds of sources."""
    payment, channel = landed.terms.fees(net=net.amount, gross=gross.amount)
    return landed.of(quantity) + payment + channel


def parcel_margin(  # noqa: PLR0913 - inputs of one calculation
    lines: Sequence[Margin],
    *,
    terms: CostTerms,
    delivery: Money,
    tax_rate: Decimal,
    freight: Money | None,
    items_cost: Money | None,
) -> Margin:
    """Return the margin of a parcel.

    Shape:  ``delivery`` is the gross shipping charge; ``freight`` and ``items_cost`` are what the
            supplier asks for shipping and all items, None uses the costs of the lines
    Units:  the currency of ``delivery``
    """
    net = delivery - included_tax(gross=delivery, rate=tax_rate)
    costs = [cost for line in lines for cost in line.costs]
    if items_cost is not None:
        costs = [(WHOLESALE, items_cost.amount), *(cost for cost in costs if cost[0] != WHOLESALE)]
    if freight is not None:
        costs.append((FREIGHT, freight.amount))
    costs += _fees(terms, net=net, gross=delivery)
    for line in lines:
        net += line.net
    return Margin(net=net, costs=_sum_by_name(costs))


def _fees(terms: CostTerms, *, net: Money, gross: Money) -> list[tuple[str, Decimal]]:
    payment, channel = terms.fees(net=net.amount, gross=gross.amount)
    return [(PAYMENT_FEE, payment), (CHANNEL_FEE, channel)]


def _sum_by_name(costs: Iterable[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for name, amount in costs:
        sums[name] += amount
    return tuple(sums.items())
