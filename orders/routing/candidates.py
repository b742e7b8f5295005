"""Candidates: compute how many units a stock row can send, name why it cannot. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from catalog.pricing.landed_cost import Costing, Landed
from orders.pricing import margins
from orders.routing.margin_filter import Sold
from storefront.lib.money import Money
from suppliers.inventory import sellable_units


class Misfit(StrEnum):
    """Why a stock row cannot send just so many."""

    TOO_FEW = "too_few"
    BELOW_MINIMUM = "below_minimum"
    NOT_WHOLE_PACKS = "not_whole_packs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """So many of one variant, and what they are ``sold`` for, where that is known.

    ``most`` is how many may be had from all places together; None: as many as there are.
    """

    variant_id: int
    quantity: int
    sold: Sold | None = None
    most: int | None = None

    def part(self, units: int, *, before: int = 0) -> Need:
        """Return some of the units, after so many, with what these are sold for."""
        sold = self.sold and self.sold.part(units, before=before, of=self.quantity)
        return replace(self, quantity=units, sold=sold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One stock row that could fill a need.

    Units:  money per unit; ``cost`` in the channel's currency, ``wholesale`` in the supplier's;
            ``landed`` in the channel's, from here, None where nobody can say or nothing is to
            choose; ``distance`` as the function of that name; ``days`` until it arrives, by the
            cheapest route that carries one, 0 where nobody asked; ``score`` of 100.
            ``minimum`` and ``pack`` are his: he sells at least so many, and only multiples of so
            many; ``not_sent_to`` are the countries where the goods are forbidden
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
    landed: Landed | None = None
    distance: int = 0
    days: int = 0
    score: int | None = None
    minimum: int = 1
    pack: int = 1
    not_sent_to: frozenset[str] = frozenset()

    def misfit(self, quantity: int) -> Misfit | None:
        """Say why it cannot send exactly so many; None when it can."""
        if quantity > self.available:
            return Misfit.TOO_FEW
        if quantity < self.minimum:
            return Misfit.BELOW_MINIMUM
        return Misfit.NOT_WHOLE_PACKS if quantity % self.pack else None

    def fits(self, quantity: int) -> bool:
        """Test whether it can send exactly so many."""
        return self.misfit(quantity) is None

    def outlay(self, quantity: int) -> tuple[bool, Decimal]:
        """Return what so many land at, to be compared; what nobody can say comes last."""
        if self.landed is None:
            return True, self.cost.amount * quantity
        return False, self.landed.of(quantity)

    def spent(self, quantity: int, sold: Sold) -> Decimal | None:
        """Return what so many cost with all fees of their price; None where nobody can say."""
        if self.landed is None:
            return None
        return margins.outlay_of_line(
            self.landed, quantity=quantity, net=sold.net, gross=sold.gross
        )

    def landed_by(self, costing: Costing) -> Candidate:
        """Return it with what it lands at, where that was not asked yet."""
        if self.landed is not None:
            return self
        origins, code = (self.country,), self.supplier_code
        landed = costing.landed(self.wholesale, origins=origins, supplier_code=code)
        return replace(self, landed=landed)

    def at_most(self, quantity: int) -> int:
        """Return the most it can send that is not more than this; zero if it can send none."""
        units = min(self.available, quantity)
        return sellable_units.at_most(units, minimum=self.minimum, pack=self.pack)

    def at_least(self, quantity: int) -> int | None:
        """Return the fewest it can send that are not fewer than this, if it has them."""
        fewest = sellable_units.at_least(quantity, minimum=self.minimum, pack=self.pack)
        return fewest if fewest <= self.available else None


# Stock rows that cannot fill anything


class Refusal(StrEnum):
    """Why nothing is sold from a stock row, whoever asks, and however few."""

    SUPPLIER = "supplier"  # we do not buy from him now
    GONE = "gone"  # he no longer lists it
    HELD = "held"  # its data cannot be believed, or staff stopped it
    EVIDENCE = "evidence"  # nothing valid proves a certificate that it needs
    NO_COST = "no_cost"
    OLD_COST = "old_cost"
    OLD_STOCK = "old_stock"
    NO_UNITS = "no_units"  # none left above what is kept back
    NO_RATE = "no_rate"  # nobody knows what his money is worth, or nobody does any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one stock row. ``left`` are the units above all that is kept back."""

    is_bought_from: bool
    status: str
    lacks_evidence: bool
    has_cost: bool
    has_fresh_cost: bool
    has_fresh_stock: bool
    left: int


def refusal(facts: Facts) -> Refusal | None:
    """Return the first thing that stands against a row; the money is asked about last."""
    against = {
        Refusal.SUPPLIER: not facts.is_bought_from,
        Refusal.GONE: facts.status == "gone",
        Refusal.HELD: facts.status != "active",
        Refusal.EVIDENCE: facts.lacks_evidence,
        Refusal.NO_COST: not facts.has_cost,
        Refusal.OLD_COST: not facts.has_fresh_cost,
        Refusal.OLD_STOCK: not facts.has_fresh_stock,
        Refusal.NO_UNITS: facts.left <= 0,
    }
    return next((reason for reason, holds in against.items() if holds), None)
