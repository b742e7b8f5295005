"""Supplier model: hold the units that are really in stock, and those that are reported."""

from collections import defaultdict
from dataclasses import dataclass, field

ORDER, SHIPMENT, NEVER = MODES = ("order", "shipment", "never")


@dataclass(slots=True)
class StockRecord:
    """Units of one product: on hand, owed to the shop's buyers, and in the books."""

    on_hand: int
    owed: int = 0
    booked: int = 0

    @property
    def free(self) -> int:
        return self.on_hand - self.owed


@dataclass(slots=True)
class RecordedOrder:
    """One order of the shop; ``subtracted_s`` is when the books subtracted it."""

    sku: str
    quantity: int
    subtracted_s: float | None = None
    is_shipped: bool = False


@dataclass(slots=True)
class Warehouse:
    """A supplier with one warehouse.

    The books subtract sales to other buyers at once, and orders of the shop at the moment that
    ``mode`` names. The supplier copies its books every ``export_s`` seconds, and publishes the
    copy ``delay_s`` seconds later.
    """

    mode: str
    export_s: float
    delay_s: float
    stock_records: dict[str, StockRecord] = field(default_factory=dict)
    recorded: dict[int, RecordedOrder] = field(default_factory=dict)
    exported: dict[str, int] = field(default_factory=dict)
    exported_s: float = 0.0
    _next: tuple[float, dict[str, int]] | None = None

    def stock(self, units: dict[str, int]) -> None:
        self.stock_records = {
            sku: StockRecord(on_hand=count, booked=count) for sku, count in units.items()
        }
        self.exported = dict(units)

    def export(self, now_s: float) -> None:
        """Copy the books; the previous copy becomes the published one."""
        if self._next is not None:
            self.exported_s, self.exported = self._next
        self._next = (now_s, {sku: record.booked for sku, record in self.stock_records.items()})

    def show(self, now_s: float) -> None:
        """Publish the last copy after its delay."""
        if self._next is not None and now_s >= self._next[0] + self.delay_s:
            self.exported_s, self.exported = self._next
            self._next = None

    def take(self, number: int, sku: str, quantity: int, now_s: float) -> bool:
        """Accept an order of the shop, if the books have the units."""
        record = self.stock_records[sku]
        if record.booked < quantity:
            return False
        record.owed += quantity
        order = self.recorded[number] = RecordedOrder(sku=sku, quantity=quantity)
        if self.mode == ORDER:
            self._subtract(order, now_s)
        return True

    def ship(self, number: int, now_s: float) -> bool:
        """Ship an order; return False if the warehouse lacks the units that the books have."""
        order = self.recorded[number]
        record = self.stock_records[order.sku]
        record.owed -= order.quantity
        if record.on_hand < order.quantity:
            del self.recorded[number]
            return False
        record.on_hand -= order.quantity
        order.is_shipped = True
        if self.mode == SHIPMENT:
            self._subtract(order, now_s)
        return True

    def drop(self, number: int) -> bool:
        """Remove an order; return whether the books have subtracted its units."""
        order = self.recorded.pop(number)
        self.stock_records[order.sku].owed -= order.quantity
        return order.subtracted_s is not None

    def return_to_books(self, sku: str, quantity: int) -> None:
        self.stock_records[sku].booked += quantity

    def sell_outside(self, sku: str, quantity: int) -> bool:
        record = self.stock_records[sku]
        if record.free < quantity or record.booked < quantity:
            return False
        record.on_hand -= quantity
        record.booked -= quantity
        return True

    def restock(self, sku: str, quantity: int) -> None:
        self.stock_records[sku].on_hand += quantity
        self.stock_records[sku].booked += quantity

    def recount(self, now_s: float) -> None:
        """Count the warehouse: set the books to the units on hand minus subtracted open orders."""
        owed: dict[str, int] = defaultdict(int)
        for order in self.recorded.values():
            if order.is_shipped and order.subtracted_s is None:
                order.subtracted_s = now_s
            elif not order.is_shipped and order.subtracted_s is not None:
                owed[order.sku] += order.quantity
        for sku, record in self.stock_records.items():
            record.booked = record.on_hand - owed[sku]

    def _subtract(self, order: RecordedOrder, now_s: float) -> None:
        self.stock_records[order.sku].booked -= order.quantity
        order.subtracted_s = now_s
