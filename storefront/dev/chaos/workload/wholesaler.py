"""Wholesaler: answer the orders that the feed supplier gets by e-mail, on its page of the shop.

It ships, rejects, rejects a part, or accepts and rejects later. It records what it answered.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random

from storefront.dev.bench.harness.scripted_load import Answer
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations.history import SupplierOrder
from storefront.dev.chaos.workload import browser

SUBJECT = "New order"  # of the e-mail purchase_order; other e-mails have the link too
LINK = re.compile(r"(/\w+/supplier/([\w-]+)/[\w-]+/)")
LINE = re.compile(rb'name="line_(\d+)"')
SOME = re.compile(rb'max="(\d+)" id="[^"]*" name="some_(\d+)"')
POLL_INTERVAL_S = 0.5
ACCEPT, REFUSE, REFUSE_PART, SHIP, DELIVER = "accept", "refuse", "refuse a part", "ship", "deliver"
PLANS = (
    (ACCEPT, SHIP, DELIVER),
    (ACCEPT, SHIP),
    (REFUSE,),
    (REFUSE_PART, SHIP),
    (ACCEPT, REFUSE_PART, SHIP),
    (ACCEPT, REFUSE),
)
WEIGHTS = (4, 2, 1, 1, 2, 2)


@dataclass(slots=True, kw_only=True)
class _Order:
    """One order; ``units`` maps lines to the units to ship, None before its page was read."""

    number: str
    path: str
    steps: list[str]
    mails: int = 1
    status: str = "UNSHIPPED"
    units: dict[str, int] | None = None


@dataclass(slots=True, kw_only=True)
class FeedSupplierStaff:
    """The people of the feed supplier, from ``begin`` to ``finish``."""

    place: Instance
    rng: Random
    errors: list[str] = field(default_factory=list)
    _orders: dict[str, _Order] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        self._thread = threading.Thread(target=self._work_on, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def supplier_orders(self) -> list[SupplierOrder]:
        """Return the received orders, one for each e-mail."""
        return [
            SupplierOrder(
                number=one.number,
                status=one.status,
                units=sum((one.units or {}).values()),
                supplier="feed",
            )
            for one in self._orders.values()
            for _ in range(one.mails)
        ]

    @property
    def is_busy(self) -> bool:
        """Whether an order waits for its next step."""
        return not self._stopped.is_set() and any(one.steps for one in [*self._orders.values()])

    def _work_on(self) -> None:
        while not self._stopped.wait(POLL_INTERVAL_S):
            try:
                self.work()
            except Exception as error:  # noqa: BLE001 - our own mistakes are reported
                self.errors.append(f"the wholesaler workload failed: {error!r}")
                return

    def work(self) -> None:
        """Read new e-mails, and take the next step of each order."""
        for file in sorted((self.place.var / "mail").glob("*.eml")):
            if file.name not in self._read:
                self._read.add(file.name)
                self._note(browser.mail_text(file))
        for order in list(self._orders.values()):
            if order.steps:
                self._step(order)

    def _note(self, mail: str) -> None:
        found = LINK.search(mail)
        if found is None or SUBJECT not in mail.partition("\n")[0]:
            return
        path, number = found.groups()
        if number in self._orders:
            self._orders[number].mails += 1
        else:
            steps = list(self.rng.choices(PLANS, WEIGHTS)[0])
            self._orders[number] = _Order(number=number, path=path, steps=steps)

    def _step(self, order: _Order) -> None:
        page = browser.get(self.place, order.path)
        if page.status != HTTPStatus.OK:
            return  # later
        if order.units is None:
            some = {line: int(most) for most, line in SOME.findall(page.body)}
            order.units = {
                line.decode(): some.get(line, 1) for line in dict.fromkeys(LINE.findall(page.body))
            }
        steps: Mapping[str, Callable[[_Order, Answer], bool]] = {
            ACCEPT: lambda one, page: self._answer(one, page, refused=[]),
            REFUSE: lambda one, page: self._answer(one, page, refused=list(one.units or {})),
            REFUSE_PART: self._refuse_part,
            SHIP: self._ship,
            DELIVER: self._deliver,
        }
        if steps[order.steps[0]](order, page):
            order.steps.pop(0)

    def _refuse_part(self, order: _Order, page: Answer) -> bool:
        """Reject one line of several, or one unit of several; a single unit is accepted."""
        units = order.units or {}
        first = next(iter(units))
        if len(units) > 1:
            return self._answer(order, page, refused=[first])
        if units[first] > 1:
            return self._answer(order, page, refused=[], some={first: units[first] - 1})
        return self._answer(order, page, refused=[])

    def _answer(
        self,
        order: _Order,
        page: Answer,
        *,
        refused: Sequence[str],
        some: Mapping[str, int] | None = None,
    ) -> bool:
        """Send the answer form twice: a repeated answer is no error."""
        units, some = order.units or {}, some or {}
        form = {
            f"line_{line}": "rejected_other" if line in refused else "ship" for line in units
        } | {f"some_{line}": str(many) for line, many in some.items()}
        if not self._sent(order, "answer", form, page):
            return False
        order.units = {
            line: some.get(line, many) for line, many in units.items() if line not in refused
        }
        if not order.units:
            order.status, order.steps = "CANCELLED", order.steps[:1]
        return True

    def _ship(self, order: _Order, page: Answer) -> bool:
        units = {f"units_{line}": str(many) for line, many in (order.units or {}).items()}
        form = {"carrier": "DHL", "number": _parcel(order), **units}
        if not self._sent(order, "parcel", form, page):
            return False
        order.status = "SHIPPED"
        return True

    def _deliver(self, order: _Order, page: Answer) -> bool:
        if not self._sent(order, "arrived", {"number": _parcel(order)}, page):
            return False
        order.status = "DELIVERED"
        return True

    def _sent(self, order: _Order, form: str, fields: Mapping[str, str], page: Answer) -> bool:
        """Send a form twice, as a double click does; return whether both were answered."""
        answers = [
            browser.post(self.place, f"{order.path}{form}/", fields, page=page) for _ in range(2)
        ]
        return all(one.status == HTTPStatus.SEE_OTHER for one in answers)


def _parcel(order: _Order) -> str:
    return order.number.replace("-", "")
