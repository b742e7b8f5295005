"""Candidates: compute how many units a stock row can send, name why it cannot. Pure."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Self

from catalog.pricing.landed_cost import Costing, LandedCost
from orders.pricing import margins
from orders.routing.margin_filter import SaleAmount
from storefront.lib.money import Money
from suppliers.inventory import sellable_units


class QuantityRefusal(StrEnum):
    """Why a stock row cannot send exactly this quantity."""

    TOO_FEW = "too_few"
    BELOW_MINIMUM = "below_minimum"
    NOT_WHOLE_PACKS = "not_whole_packs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A quantity of one variant; ``sold`` is what it is sold for, None if unknown.

    ``most`` limits the quantity from all sources together; None: no limit.
    """

    variant_id: int
    quantity: int
    sold: SaleAmount | None = None
    most: int | None = None

    def part(self, units: int, *, before: int = 0) -> Self:
        """Split off ``units`` after ``before`` others; the shares add up to the whole."""
        sold = self.sold and self.sold.part(units, before=before, of=self.quantity)
        return replace(self, quantity=units, sold=sold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One stock row that could fill a need.

    Units:  money per unit: ``cost`` in the channel's currency, ``wholesale`` in the supplier's,
            ``landed`` in the channel's, None if unknown; ``distance`` as ``ranking.distance``;
            ``days`` until arrival by the cheapest route that carries one unit, 0 if not computed;
            ``score`` out of 100; ``minimum`` and ``pack`` of the supplier; an order of
            ``live_check_from`` units or more needs a live check, None: no order does
    """

    level_id: int
    offer_id: int
    variant_id: int
    supplier_id: int
    location_id: int
    country: str
    available: int
    cost: Money
    wholesale: Money
    lead_days: int
    supplier_code: str = ""
    landed: LandedCost | None = None
    distance: int = 0
    days: int = 0
    score: int | None = None
    minimum: int = 1
    pack: int = 1
    restricted_countries: frozenset[str] = frozenset()
    live_check_from: int | None = 0

    def quantity_refusal(self, quantity: int) -> QuantityRefusal | None:
        """Return why it cannot send exactly this quantity; None if it can."""
        if quantity > self.available:
            return QuantityRefusal.TOO_FEW
        if quantity < self.minimum:
            return QuantityRefusal.BELOW_MINIMUM
        return QuantityRefusal.NOT_WHOLE_PACKS if quantity % self.pack else None

    def fits(self, quantity: int) -> bool:
        """Return whether it can send exactly this quantity."""
        return self.quantity_refusal(quantity) is None

    def outlay(self, quantity: int) -> tuple[bool, Decimal]:
        """Return a sort key by landed cost; unknown costs come last."""
        if self.landed is None:
            return True, self.cost.amount * quantity
        return False, self.landed.of(quantity)

    def spent(self, quantity: int, sold: SaleAmount) -> Decimal | None:
        """Return landed cost plus the payment and channel fees of the sale; None if unknown."""
        if self.landed is None:
            return None
        return margins.line_cost(self.landed, quantity=quantity, net=sold.net, gross=sold.gross)

    def with_landed_costs(self, costing: Costing) -> Self:
        """Return a copy with ``landed`` computed, if it was not."""
        if self.landed is not None:
            return self
        origins, code = (self.country,), self.supplier_code
        landed = costing.landed(self.wholesale, origins=origins, supplier_code=code)
        return replace(self, landed=landed)

    def largest_sellable(self, quantity: int) -> int:
        """Return the largest quantity up to this that it can send, or 0."""
        units = min(self.available, quantity)
        return sellable_units.largest_order(units, minimum=self.minimum, pack=self.pack)

    def smallest_sellable(self, quantity: int) -> int | None:
        """Return the smallest quantity from this up that it can send, or None."""
        fewest = sellable_units.smallest_order(quantity, minimum=self.minimum, pack=self.pack)
        return fewest if fewest <= self.available else None
