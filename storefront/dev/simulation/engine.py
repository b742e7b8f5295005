"""Simulation engine: run a script with one shop and one warehouse, count oversold units."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Protocol

from storefront.dev.simulation.scenario import FEED_S, HOUR_S, ExternalEvent, PlannedOrder, Script
from storefront.dev.simulation.supplier_model import NEVER, Warehouse

UNPAID_S = 1_200.0


class Shop(Protocol):
    """Interface of a simulated shop; times are seconds since the start."""

    def available(self, at_s: float, /) -> dict[str, int]: ...
    def promise(self, planned: PlannedOrder, at_s: float, /) -> bool: ...
    def expire(self, planned: PlannedOrder, at_s: float, /) -> None: ...
    def paid(self, planned: PlannedOrder, at_s: float, /) -> None: ...
    def cancel(self, planned: PlannedOrder, at_s: float, /) -> None: ...
    def sent(self, planned: PlannedOrder, at_s: float, /) -> None: ...
    def accepted(self, planned: PlannedOrder, at_s: float, /) -> None: ...
    def stopped(self, planned: PlannedOrder, at_s: float, /) -> None: ...
    def shipped(self, planned: PlannedOrder, at_s: float, /) -> None: ...
    def feed(self, figures: dict[str, int], at_s: float, /) -> None: ...
    def stock_webhook(self, sku: str, figure: int, at_s: float, /) -> None: ...


@dataclass(slots=True)
class Score:
    """The result of a run. Its counts are units, but ``observations``.

    ``sellable``, ``held_back`` and ``exposed`` are summed over all observations.
    """

    promised: int = 0
    rejected: int = 0
    oversold: int = 0  # promised twice by the shop, and the supplier had none left
    promised_twice: int = 0  # by the shop, whether or not the supplier had one left
    stale: int = 0  # promised although sold to other buyers since the last stock update
    unshippable: int = 0
    observations: int = 0
    sellable: int = 0
    held_back: int = 0  # not offered although sellable
    exposed: int = 0  # offered although already promised

    @property
    def held_back_units(self) -> float:
        return self.held_back / max(self.observations, 1)

    @property
    def held_back_share(self) -> float:
        return self.held_back / max(self.sellable, 1)

    @property
    def unit_hours(self) -> float:
        return self.held_back * FEED_S / HOUR_S


@dataclass(slots=True)
class OpenPromise:
    """An open promise of the shop. ``is_sent``: the supplier has recorded it."""

    planned: PlannedOrder
    is_paid: bool = False
    is_sent: bool = False
    is_accepted: bool = False
    is_shipped: bool = False


@dataclass
class SimulationRun:
    """One shop, one supplier, one script."""

    script: Script
    shop: Shop
    warehouse: Warehouse
    score: Score = field(default_factory=Score)
    open: dict[int, OpenPromise] = field(default_factory=dict)
    by_sku: dict[str, set[int]] = field(default_factory=dict)
    shown: dict[str, tuple[int, float]] = field(default_factory=dict)
    agenda: list[tuple[float, int, Callable[[float], None]]] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=count)

    def run(self) -> Score:
        self.warehouse.stock(self.script.first_stock())
        self._show(self.warehouse.exported, 0.0)
        self.shop.feed(dict(self.warehouse.exported), 0.0)
        external_events = self.script.external_events(
            export_s=self.warehouse.export_s, counts=self.warehouse.mode == NEVER
        )
        for each in external_events:
            self._at(each.at_s, partial(self._apply_event, each))
        for planned in self.script.planned_orders():
            self._at(planned.at_s, partial(self._order_at_shop, planned))
        while self.agenda:
            at_s, _, act = heapq.heappop(self.agenda)
            if at_s > self.script.ends_s:
                break
            self.warehouse.show(at_s)
            act(at_s)
        return self.score

    def _at(self, at_s: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self.agenda, (at_s, next(self.ids), act))

    # Actions of the customer

    def _order_at_shop(self, planned: PlannedOrder, at_s: float) -> None:
        left = self._really_left(planned.sku)
        free = self.warehouse.stock_records[planned.sku].free - self._unsent(planned.sku)
        if not self.shop.promise(planned, at_s):
            self.score.rejected += planned.quantity
            return
        self.score.promised += planned.quantity
        twice = min(planned.quantity, max(0, planned.quantity - left))
        short = min(planned.quantity, max(0, planned.quantity - free))
        self.score.promised_twice += twice
        self.score.oversold += min(twice, short)
        self.score.stale += max(0, short - twice)
        self.open[planned.number] = OpenPromise(planned)
        self.by_sku.setdefault(planned.sku, set()).add(planned.number)
        if planned.pays_after_s is None:
            self._at(at_s + UNPAID_S, partial(self._expire, planned))
        else:
            self._at(at_s + planned.pays_after_s, partial(self._pay, planned))

    def _expire(self, planned: PlannedOrder, at_s: float) -> None:
        self.shop.expire(planned, at_s)
        self._forget(planned)

    def _pay(self, planned: PlannedOrder, at_s: float) -> None:
        self.shop.paid(planned, at_s)
        self.open[planned.number].is_paid = True
        self._at(at_s + planned.sent_after_s, partial(self._send, planned))
        if planned.canceled_after_s is not None:
            self._at(at_s + planned.canceled_after_s, partial(self._cancel, planned))

    def _cancel(self, planned: PlannedOrder, at_s: float) -> None:
        """Cancel an order unless it has shipped; the supplier stops it if it has the order."""
        promise = self.open.get(planned.number)
        if promise is None or promise.is_shipped:
            return
        if not promise.is_sent:
            self.shop.cancel(planned, at_s)
            self._forget(planned)
        elif promise.is_accepted:
            self._stop(planned, at_s)
        else:  # submission not confirmed yet
            self._at(at_s + HOUR_S, partial(self._cancel, planned))

    # Actions of the supplier

    def _send(self, planned: PlannedOrder, at_s: float) -> None:
        promise = self.open.get(planned.number)
        if promise is None:
            return
        self.shop.sent(planned, at_s)
        promise.is_sent = True
        is_recorded = not planned.is_refused and self.warehouse.take(
            planned.number, planned.sku, planned.quantity, at_s
        )
        answer = self._accept if is_recorded else self._refuse
        self._at(at_s + planned.answered_after_s, partial(answer, planned))
        if is_recorded:
            self._at(at_s + planned.ships_after_s, partial(self._ship, planned))

    def _accept(self, planned: PlannedOrder, at_s: float) -> None:
        if planned.number in self.open:
            self.shop.accepted(planned, at_s)
            self.open[planned.number].is_accepted = True

    def _refuse(self, planned: PlannedOrder, at_s: float) -> None:
        self.shop.stopped(planned, at_s)
        self._forget(planned)

    def _stop(self, planned: PlannedOrder, at_s: float) -> None:
        was_subtracted = self.warehouse.drop(planned.number)
        self.shop.stopped(planned, at_s)
        self._forget(planned)
        if was_subtracted and planned.restocked_after_s is not None:
            self._at(
                at_s + planned.restocked_after_s,
                lambda _at_s: self.warehouse.return_to_books(planned.sku, planned.quantity),
            )

    def _ship(self, planned: PlannedOrder, at_s: float) -> None:
        promise = self.open.get(planned.number)
        if promise is None:
            return
        promise.is_shipped = True
        if self.warehouse.ship(planned.number, at_s):
            self._at(at_s + planned.shipment_reported_after_s, partial(self.shop.shipped, planned))
        else:
            self.score.unshippable += planned.quantity
            self.shop.stopped(planned, at_s)
            self._forget(planned)

    def _apply_event(self, each: ExternalEvent, at_s: float) -> None:
        match each.what:
            case "outside":
                self.warehouse.sell_outside(each.sku, each.quantity)
            case "restock":
                self.warehouse.restock(each.sku, each.quantity)
            case "count":
                self.warehouse.recount(at_s)
            case "export":
                self.warehouse.export(at_s)
            case "feed" if not each.is_lost:
                self._show(self.warehouse.exported, self.warehouse.exported_s)
                self.shop.feed(dict(self.warehouse.exported), at_s)
                self._observe(at_s)
        if each.webhook_after_s is not None:
            self._at(at_s + each.webhook_after_s, partial(self._send_stock_webhook, each.sku))

    def _send_stock_webhook(self, sku: str, at_s: float) -> None:
        figure = self.warehouse.exported[sku]
        self._show({sku: figure}, self.warehouse.exported_s)
        self.shop.stock_webhook(sku, figure, at_s)

    # True quantities

    def _show(self, figures: dict[str, int], from_s: float) -> None:
        self.shown |= {sku: (figure, from_s) for sku, figure in figures.items()}

    def _forget(self, planned: PlannedOrder) -> None:
        del self.open[planned.number]
        self.by_sku[planned.sku].discard(planned.number)

    def _unsent(self, sku: str) -> int:
        promises = (self.open[number] for number in self.by_sku.get(sku, ()))
        return sum(each.planned.quantity for each in promises if not each.is_sent)

    def _really_left(self, sku: str) -> int:
        """Return the shown quantity minus all open promises that it does not yet reflect."""
        figure, from_s = self.shown[sku]
        for number in self.by_sku.get(sku, ()):
            recorded = self.warehouse.recorded.get(number)
            if recorded is None or recorded.subtracted_s is None or recorded.subtracted_s > from_s:
                figure -= self.open[number].planned.quantity
        return figure

    def _observe(self, at_s: float) -> None:
        """Compare the units that the shop offers with those that are really left."""
        offered = self.shop.available(at_s)
        self.score.observations += 1
        for sku in self.shown:
            left = max(0, self._really_left(sku))
            self.score.sellable += left
            self.score.held_back += max(0, left - offered[sku])
            self.score.exposed += max(0, offered[sku] - left)
