"""Simple stock policies: subtract the shop's own sales by one rule, for comparison."""

from dataclasses import dataclass, field

from storefront.dev.simulation.scenario import PlannedOrder

NEVER_SUBTRACTS = "never subtracts"
UNTIL_SHIPPED = "until shipped"
NEXT_FIGURE = "until the next figure"
SIMPLE = (NEVER_SUBTRACTS, UNTIL_SHIPPED, NEXT_FIGURE)


@dataclass
class SimpleShop:
    """A shop that follows one of ``SIMPLE``; every policy reserves unpaid units."""

    policy: str
    figures: dict[str, int] = field(default_factory=dict)
    held: dict[int, PlannedOrder] = field(default_factory=dict)
    sold: dict[int, PlannedOrder] = field(default_factory=dict)
    accepted_numbers: set[int] = field(default_factory=set)

    def available(self, at_s: float, /) -> dict[str, int]:  # noqa: ARG002 - figures do not age here
        left = dict(self.figures)
        for planned in (*self.held.values(), *self.sold.values()):
            left[planned.sku] -= planned.quantity
        return {sku: max(0, units) for sku, units in left.items()}

    def promise(self, planned: PlannedOrder, _at_s: float) -> bool:
        own_orders = (*self.held.values(), *self.sold.values())
        promised = sum(other.quantity for other in own_orders if other.sku == planned.sku)
        if self.figures[planned.sku] - promised < planned.quantity:
            return False
        self.held[planned.number] = planned
        return True

    def expire(self, planned: PlannedOrder, _at_s: float) -> None:
        del self.held[planned.number]

    def paid(self, planned: PlannedOrder, _at_s: float) -> None:
        del self.held[planned.number]
        if self.policy != NEVER_SUBTRACTS:
            self.sold[planned.number] = planned

    def sent(self, planned: PlannedOrder, _at_s: float) -> None:
        """Do nothing."""

    def accepted(self, planned: PlannedOrder, _at_s: float) -> None:
        self.accepted_numbers.add(planned.number)

    def cancel(self, planned: PlannedOrder, _at_s: float) -> None:
        self.sold.pop(planned.number, None)

    stopped = cancel

    def shipped(self, planned: PlannedOrder, _at_s: float) -> None:
        self.sold.pop(planned.number, None)

    def feed(self, figures: dict[str, int], _at_s: float) -> None:
        self.figures = figures
        if self.policy == NEXT_FIGURE:
            for number in self.accepted_numbers:
                self.sold.pop(number, None)

    def stock_webhook(self, sku: str, figure: int, _at_s: float) -> None:
        self.figures[sku] = figure
