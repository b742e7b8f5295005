"""Simple stock policies: subtract own sales by one rule in memory, for comparison."""

from dataclasses import dataclass, field

from storefront.dev.simulation.scenario import Wish

NEVER_SUBTRACTS = "never subtracts"
UNTIL_SHIPPED = "until shipped"
NEXT_FIGURE = "until the next figure"
SIMPLE = (NEVER_SUBTRACTS, UNTIL_SHIPPED, NEXT_FIGURE)


@dataclass
class SimpleShop:
    """A shop that follows one of ``SIMPLE``; every policy reserves unpaid units."""

    policy: str
    figures: dict[str, int] = field(default_factory=dict)
    held: dict[int, Wish] = field(default_factory=dict)
    sold: dict[int, Wish] = field(default_factory=dict)
    accepted_ones: set[int] = field(default_factory=set)

    def available(self, at_s: float, /) -> dict[str, int]:  # noqa: ARG002 - figures do not age here
        left = dict(self.figures)
        for wish in (*self.held.values(), *self.sold.values()):
            left[wish.sku] -= wish.quantity
        return {sku: max(0, units) for sku, units in left.items()}

    def promise(self, wish: Wish, _at_s: float) -> bool:
        mine = (*self.held.values(), *self.sold.values())
        taken = sum(other.quantity for other in mine if other.sku == wish.sku)
        if self.figures[wish.sku] - taken < wish.quantity:
            return False
        self.held[wish.number] = wish
        return True

    def expire(self, wish: Wish, _at_s: float) -> None:
        del self.held[wish.number]

    def paid(self, wish: Wish, _at_s: float) -> None:
        del self.held[wish.number]
        if self.policy != NEVER_SUBTRACTS:
            self.sold[wish.number] = wish

    def sent(self, wish: Wish, _at_s: float) -> None:
        """Do nothing."""

    def accepted(self, wish: Wish, _at_s: float) -> None:
        self.accepted_ones.add(wish.number)

    def cancel(self, wish: Wish, _at_s: float) -> None:
        self.sold.pop(wish.number, None)

    stopped = cancel

    def shipped(self, wish: Wish, _at_s: float) -> None:
        self.sold.pop(wish.number, None)

    def feed(self, figures: dict[str, int], _at_s: float) -> None:
        self.figures = figures
        if self.policy == NEXT_FIGURE:
            for number in self.accepted_ones:
                self.sold.pop(number, None)

    def news(self, sku: str, figure: int, _at_s: float) -> None:
        self.figures[sku] = figure
