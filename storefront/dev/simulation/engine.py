"""Simulation engine: run one script on one shop and one warehouse, count oversold units."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Protocol

from storefront.dev.simulation.scenario import FEED_S, HOUR_S, Happening, Script, Wish
from storefront.dev.simulation.supplier_model import NEVER, Warehouse

UNPAID_S = 1_200.0


class Shop(Protocol):
    """Interface of a simulated shop; times are seconds since the start."""

    def available(self, at_s: float, /) -> dict[str, int]: ...
    def promise(self, wish: Wish, at_s: float, /) -> bool: ...
    def expire(self, wish: Wish, at_s: float, /) -> None: ...
    def paid(self, wish: Wish, at_s: float, /) -> None: ...
    def cancel(self, wish: Wish, at_s: float, /) -> None: ...
    def sent(self, wish: Wish, at_s: float, /) -> None: ...
    def accepted(self, wish: Wish, at_s: float, /) -> None: ...
    def stopped(self, wish: Wish, at_s: float, /) -> None: ...
    def shipped(self, wish: Wish, at_s: float, /) -> None: ...
    def feed(self, figures: dict[str, int], at_s: float, /) -> None: ...
    def news(self, sku: str, figure: int, at_s: float, /) -> None: ...


@dataclass(slots=True)
class Score:
    """The result of a run, in units; held-back quantities are averages over all observations."""

    promised: int = 0
    turned_away: int = 0
    oversold: int = 0  # promised twice by the shop, and the supplier had none
    promised_twice: int = 0  # whether or not the supplier had one
    stale: int = 0  # sold to other buyers between two stock updates
    unshippable: int = 0
    looks: int = 0
    sellable: int = 0  # summed over the observations
    held_back: int = 0
    exposed: int = 0  # offered although already promised

    @property
    def held_back_units(self) -> float:
        return self.held_back / max(self.looks, 1)

    @property
    def held_back_share(self) -> float:
        return self.held_back / max(self.sellable, 1)

    @property
    def unit_hours(self) -> float:
        return self.held_back * FEED_S / HOUR_S


@dataclass(slots=True)
class Open:
    """An open promise of the shop. ``is_sent``: the supplier has recorded it."""

    wish: Wish
    is_paid: bool = False
    is_sent: bool = False
    is_accepted: bool = False
    is_shipped: bool = False


@dataclass
class Play:
    """One shop, one supplier, one script."""

    script: Script
    shop: Shop
    warehouse: Warehouse
    score: Score = field(default_factory=Score)
    open: dict[int, Open] = field(default_factory=dict)
    by_sku: dict[str, set[int]] = field(default_factory=dict)
    shown: dict[str, tuple[int, float]] = field(default_factory=dict)
    agenda: list[tuple[float, int, Callable[[float], None]]] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=count)

    def run(self) -> Score:
        self.warehouse.stock(self.script.first_stock())
        self._show(self.warehouse.exported, 0.0)
        self.shop.feed(dict(self.warehouse.exported), 0.0)
        happenings = self.script.happenings(
            export_s=self.warehouse.export_s, counts=self.warehouse.mode == NEVER
        )
        for each in happenings:
            self._at(each.at_s, partial(self._happen, each))
        for wish in self.script.wishes():
            self._at(wish.at_s, partial(self._want, wish))
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

    def _want(self, wish: Wish, at_s: float) -> None:
        left = self._truly_left(wish.sku)
        free = self.warehouse.shelves[wish.sku].free - self._unsent(wish.sku)
        if not self.shop.promise(wish, at_s):
            self.score.turned_away += wish.quantity
            return
        self.score.promised += wish.quantity
        twice = min(wish.quantity, max(0, wish.quantity - left))
        short = min(wish.quantity, max(0, wish.quantity - free))
        self.score.promised_twice += twice
        self.score.oversold += min(twice, short)
        self.score.stale += max(0, short - twice)
        self.open[wish.number] = Open(wish)
        self.by_sku.setdefault(wish.sku, set()).add(wish.number)
        if wish.pays_after_s is None:
            self._at(at_s + UNPAID_S, partial(self._expire, wish))
        else:
            self._at(at_s + wish.pays_after_s, partial(self._pay, wish))

    def _expire(self, wish: Wish, at_s: float) -> None:
        self.shop.expire(wish, at_s)
        self._forget(wish)

    def _pay(self, wish: Wish, at_s: float) -> None:
        self.shop.paid(wish, at_s)
        self.open[wish.number].is_paid = True
        self._at(at_s + wish.sent_after_s, partial(self._send, wish))
        if wish.canceled_after_s is not None:
            self._at(at_s + wish.canceled_after_s, partial(self._cancel, wish))

    def _cancel(self, wish: Wish, at_s: float) -> None:
        """Cancel an order: the shop's own part at once, the supplier's unless it has shipped."""
        promise = self.open.get(wish.number)
        if promise is None or promise.is_shipped:
            return
        if not promise.is_sent:
            self.shop.cancel(wish, at_s)
            self._forget(wish)
        elif promise.is_accepted:
            self._stop(wish, at_s)
        else:  # submission not confirmed yet
            self._at(at_s + HOUR_S, partial(self._cancel, wish))

    # Actions of the supplier

    def _send(self, wish: Wish, at_s: float) -> None:
        promise = self.open.get(wish.number)
        if promise is None:
            return
        self.shop.sent(wish, at_s)
        promise.is_sent = True
        is_taken = not wish.is_refused and self.warehouse.take(
            wish.number, wish.sku, wish.quantity, at_s
        )
        answer = self._accept if is_taken else self._refuse
        self._at(at_s + wish.heard_after_s, partial(answer, wish))
        if is_taken:
            self._at(at_s + wish.ships_after_s, partial(self._ship, wish))

    def _accept(self, wish: Wish, at_s: float) -> None:
        if wish.number in self.open:
            self.shop.accepted(wish, at_s)
            self.open[wish.number].is_accepted = True

    def _refuse(self, wish: Wish, at_s: float) -> None:
        self.shop.stopped(wish, at_s)
        self._forget(wish)

    def _stop(self, wish: Wish, at_s: float) -> None:
        was_counted = self.warehouse.drop(wish.number)
        self.shop.stopped(wish, at_s)
        self._forget(wish)
        if was_counted and wish.booked_back_after_s is not None:
            self._at(
                at_s + wish.booked_back_after_s,
                lambda _at_s: self.warehouse.book_back(wish.sku, wish.quantity),
            )

    def _ship(self, wish: Wish, at_s: float) -> None:
        promise = self.open.get(wish.number)
        if promise is None:
            return
        promise.is_shipped = True
        if self.warehouse.ship(wish.number, at_s):
            self._at(at_s + wish.told_after_s, partial(self.shop.shipped, wish))
        else:
            self.score.unshippable += wish.quantity
            self.shop.stopped(wish, at_s)
            self._forget(wish)

    def _happen(self, each: Happening, at_s: float) -> None:
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
                self._look(at_s)
        if each.news_after_s is not None:
            self._at(at_s + each.news_after_s, partial(self._tell, each.sku))

    def _tell(self, sku: str, at_s: float) -> None:
        figure = self.warehouse.exported[sku]
        self._show({sku: figure}, self.warehouse.exported_s)
        self.shop.news(sku, figure, at_s)

    # True quantities

    def _show(self, figures: dict[str, int], from_s: float) -> None:
        self.shown |= {sku: (figure, from_s) for sku, figure in figures.items()}

    def _forget(self, wish: Wish) -> None:
        del self.open[wish.number]
        self.by_sku[wish.sku].discard(wish.number)

    def _unsent(self, sku: str) -> int:
        promises = (self.open[number] for number in self.by_sku.get(sku, ()))
        return sum(each.wish.quantity for each in promises if not each.is_sent)

    def _truly_left(self, sku: str) -> int:
        """Return what the shown quantity leaves after all promises that it does not reflect."""
        figure, from_s = self.shown[sku]
        for number in self.by_sku.get(sku, ()):
            taken = self.warehouse.taken.get(number)
            if taken is None or taken.counted_s is None or taken.counted_s > from_s:
                figure -= self.open[number].wish.quantity
        return figure

    def _look(self, at_s: float) -> None:
        """Compare what the shop offers with what it could offer with perfect knowledge."""
        offered = self.shop.available(at_s)
        self.score.looks += 1
        for sku in self.shown:
            left = max(0, self._truly_left(sku))
            self.score.sellable += left
            self.score.held_back += max(0, left - offered[sku])
            self.score.exposed += max(0, offered[sku] - left)
