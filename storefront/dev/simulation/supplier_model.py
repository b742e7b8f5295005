"""Supplier model: hold the units really in stock, and the stock that is reported."""

from collections import defaultdict
from dataclasses import dataclass, field

ORDER, SHIPMENT, NEVER = MODES = ("order", "shipment", "never")


@dataclass(slots=True)
class Shelf:
    """Units of one product: in stock, owed to buyers, and recorded in the books."""

    there: int
    owed: int = 0
    booked: int = 0

    @property
    def free(self) -> int:
        return self.there - self.owed


@dataclass(slots=True)
class Taken:
    """One order of the shop in the supplier's books. ``counted_s``: time of subtraction."""

    sku: str
    quantity: int
    counted_s: float | None = None
    is_shipped: bool = False


@dataclass(slots=True)
class Warehouse:
    """A supplier with one warehouse.

    Units: seconds since the start.
    Shape: the books subtract other buyers at once, and orders of the shop as ``mode`` says. The
    supplier publishes a copy of the books, made every ``export_s`` and shown ``delay_s`` later.
    """

    mode: str
    export_s: float
    delay_s: float
    shelves: dict[str, Shelf] = field(default_factory=dict)
    taken: dict[int, Taken] = field(default_factory=dict)
    exported: dict[str, int] = field(default_factory=dict)
    exported_s: float = 0.0
    _next: tuple[float, dict[str, int]] | None = None

    def stock(self, units: dict[str, int]) -> None:
        self.shelves = {sku: Shelf(there=count, booked=count) for sku, count in units.items()}
        self.exported = dict(units)

    def export(self, now_s: float) -> None:
        """Copy the books; the previous copy becomes the published one."""
        if self._next is not None:
            self.exported_s, self.exported = self._next
        self._next = (now_s, {sku: shelf.booked for sku, shelf in self.shelves.items()})

    def show(self, now_s: float) -> None:
        """Publish the last copy after its delay."""
        if self._next is not None and now_s >= self._next[0] + self.delay_s:
            self.exported_s, self.exported = self._next
            self._next = None

    def take(self, number: int, sku: str, quantity: int, now_s: float) -> bool:
        """Accept an order of the shop, if the books have the units."""
        shelf = self.shelves[sku]
        if shelf.booked < quantity:
            return False
        shelf.owed += quantity
        order = self.taken[number] = Taken(sku=sku, quantity=quantity)
        if self.mode == ORDER:
            self._count(order, now_s)
        return True

    def ship(self, number: int, now_s: float) -> bool:
        """Ship an order; return False if the warehouse lacks the units that the books have."""
        order = self.taken[number]
        shelf = self.shelves[order.sku]
        shelf.owed -= order.quantity
        if shelf.there < order.quantity:
            del self.taken[number]
            return False
        shelf.there -= order.quantity
        order.is_shipped = True
        if self.mode == SHIPMENT:
            self._count(order, now_s)
        return True

    def drop(self, number: int) -> bool:
        """Remove an order; return whether the books should get its units back."""
        order = self.taken.pop(number)
        self.shelves[order.sku].owed -= order.quantity
        return order.counted_s is not None

    def book_back(self, sku: str, quantity: int) -> None:
        self.shelves[sku].booked += quantity

    def sell_outside(self, sku: str, quantity: int) -> bool:
        shelf = self.shelves[sku]
        if shelf.free < quantity or shelf.booked < quantity:
            return False
        shelf.there -= quantity
        shelf.booked -= quantity
        return True

    def restock(self, sku: str, quantity: int) -> None:
        self.shelves[sku].there += quantity
        self.shelves[sku].booked += quantity

    def recount(self, now_s: float) -> None:
        """Count the warehouse: set the books to the units in stock less those known to be owed."""
        owed: dict[str, int] = defaultdict(int)
        for order in self.taken.values():
            if order.is_shipped and order.counted_s is None:
                order.counted_s = now_s
            elif not order.is_shipped and order.counted_s is not None:
                owed[order.sku] += order.quantity
        for sku, shelf in self.shelves.items():
            shelf.booked = shelf.there - owed[sku]

    def _count(self, order: Taken, now_s: float) -> None:
        self.shelves[order.sku].booked -= order.quantity
        order.counted_s = now_s
