"""Nemesis: inject the planned faults into a running instance when they are due."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import redis
from django.db import Error

from storefront.dev.bench.harness.resources import descendants
from storefront.dev.chaos.instance import stop
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.nemesis.forged_webhooks import WebhookForger
from storefront.dev.chaos.nemesis.outages import Outage
from storefront.dev.chaos.observations import outside
from storefront.dev.chaos.plan import FaultKind, PlannedFault
from storefront.dev.chaos.workload import goods
from storefront.dev.chaos.workload.duplicate_requests import RequestRepeater
from storefront.dev.chaos.workload.goods import SellableProduct
from storefront.dev.chaos.workload.page_probe import PageProbe
from storefront.dev.sandboxes import mail

WHOLE_PROCESSES = (FaultKind.WORKER, FaultKind.WEB, FaultKind.BEAT)
CANCELED = {"cj": "CANCELLED", "bigbuy": "Cancelled"}


class NoTargetError(Exception):
    """A fault has no target."""


@dataclass(slots=True, kw_only=True)
class FaultInjector:
    """Injects faults in its own thread; ``rng`` chooses among several possible targets."""

    place: Instance
    webhook_forger: WebhookForger
    rng: Random
    repeater: RequestRepeater | None = None
    flooder: RequestRepeater | None = None
    probe: PageProbe | None = None
    goods: Sequence[SellableProduct] = ()
    outage: Outage = field(default_factory=Outage)
    injected: Counter[FaultKind] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)  # faults without a target
    errors: list[str] = field(default_factory=list)  # bugs of this tool

    def begin(self, planned_faults: Sequence[PlannedFault]) -> threading.Thread:
        thread = threading.Thread(target=self._inject_all, args=(planned_faults,), daemon=True)
        thread.start()
        return thread

    def _inject_all(self, planned_faults: Sequence[PlannedFault]) -> None:
        began = time.monotonic()
        for planned in planned_faults:
            self.place.supervisor.wake.wait(max(0.0, began + planned.at_s - time.monotonic()))
            if stop.is_requested(self.place):
                return
            try:
                self._inject(planned)
            except (OSError, redis.RedisError, Error, NoTargetError) as error:
                self.failures.append(f"{planned.what}: {error}")
            except Exception as error:  # noqa: BLE001 - the other faults are injected nonetheless
                self.errors.append(f"{planned.what} broke: {error!r}")
            else:
                self.injected[planned.what] += 1

    def _inject(self, planned: PlannedFault) -> None:
        acts: Mapping[FaultKind, Callable[[Mapping[str, Any]], object]] = {
            FaultKind.SUPPLIER_FAULT: lambda one: self._supplier("faults", **one),
            FaultKind.SYNC: lambda _: goods.queue_syncs(),
            FaultKind.SUPPLIER_CANCELS: lambda one: self.refuse(**one),
            FaultKind.SUPPLIER_DOWN: lambda _: self._supplier_down(),
            FaultKind.SUPPLIER_BACK: lambda _: self._supplier_back(),
            FaultKind.GATEWAY_FAULT: lambda one: control(
                self.place.gateway_url, "faults", dict(one)
            ),
            FaultKind.MAIL_FAULT: lambda one: mail.add_fault(self.place.var / "mail", **one),
            FaultKind.SMS_FAULT: lambda one: control(self.place.sms_url, "faults", dict(one)),
            FaultKind.TRACKER_FAULT: lambda one: control(
                self.place.tracker_url, "faults", dict(one)
            ),
            FaultKind.RECEIVER_FAULT: lambda one: control(
                self.place.receiver_url, "faults", dict(one)
            ),
            FaultKind.STORE_FAULT: lambda one: self._store(**one),
            FaultKind.WEBHOOK_DELIVERY: lambda one: control(
                self.place.gateway_url, "webhooks", dict(one)
            ),
            FaultKind.WORKER_CHILD: lambda _: self._kill_one_of("worker"),
            FaultKind.REDIS_FLUSH: lambda _: self._flush(),
            FaultKind.REDIS: lambda _: self._kill("redis", signal.SIGKILL),
            FaultKind.POSTGRES: lambda _: self._kill(
                "postgres", signal.SIGQUIT
            ),  # "immediate" shutdown
            FaultKind.FORGED_WEBHOOKS: lambda one: self.webhook_forger.post_many(**one),
            FaultKind.SOLD_OUT: lambda one: goods.sell_out(self.place, self.goods[one["goods"]]),
            FaultKind.SAME_KEY: lambda _: self._repeat_order(),
            FaultKind.CLOCK: lambda one: self.place.set_clock(one["seconds"]),
            FaultKind.GATEWAY_HANGS: lambda one: self._gateway_hangs(**one),
            FaultKind.REDIS_HANGS: lambda one: self._redis_hangs(**one),
            FaultKind.NETWORK: lambda one: self._flood(**one),
        }
        if planned.what in WHOLE_PROCESSES:
            os.killpg(self.place.children[planned.what.value].pid, signal.SIGKILL)
        else:
            acts[planned.what](planned.detail)

    def heal(self) -> None:
        """End all faults."""
        for supplier in self.place.supplier_urls:
            self._supplier("faults/clear", supplier=supplier)
            # Parcels stop moving, so that their events end.
            self._supplier("pace", supplier=supplier, seconds=0)
        control(self.place.tracker_url, "pace", {"seconds": 0})
        others = (self.place.receiver_url, *self.place.store_urls.values())
        for url in (self.place.tracker_url, self.place.sms_url, *others):
            control(url, "faults/clear", {})
        mail.clear_faults(self.place.var / "mail")
        control(self.place.gateway_url, "faults", method="DELETE")
        control(self.place.gateway_url, "webhooks", {"mode": "normal"})

    def _supplier(self, name: str, *, supplier: str = "cj", **body: Any) -> Any:
        return control(self.place.supplier_urls[supplier], name, body)

    def _store(self, *, store: str, **body: Any) -> Any:
        return control(self.place.store_urls[store], "faults", body)

    def refuse(self, *, supplier: str) -> None:
        """Let a supplier cancel an order that it accepted and has not shipped.

        Raises: NoTargetError  it has none
        """
        orders = outside.supplier_orders(self.place.var)
        open_ones = [one for one in orders if one.supplier == supplier and one.is_open]
        if not open_ones:
            raise NoTargetError(f"{supplier} has no order to cancel")
        number = self.rng.choice(open_ones).number
        named = {"orderNumber": number, "reference": number}
        self._supplier("advance", supplier=supplier, to=CANCELED[supplier], **named)

    def _repeat_order(self) -> None:
        if self.repeater is not None:
            self.repeater.repeat_order()

    def _flood(self, *, orders: int) -> None:
        if self.flooder is not None:
            self.flooder.flood(orders)

    def _gateway_hangs(self, *, count: int, seconds: float) -> None:
        path = "POST /v1/checkout/sessions$"
        fault = {"kind": "slow", "path": path, "count": count, "seconds": seconds}
        control(self.place.gateway_url, "faults", fault)
        if self.probe is not None:
            self.probe.begin(f"/en/p/{self.goods[0].slug}/", seconds=seconds)

    def _redis_hangs(self, *, seconds: float) -> None:
        self._kill("redis", signal.SIGSTOP)
        try:
            stop.sleep(self.place, seconds)
        finally:
            self._kill("redis", signal.SIGCONT)

    def _supplier_down(self) -> None:
        self._supplier("faults", path="*", kind="drop_before", count=0)
        self.outage.begin()

    def _supplier_back(self) -> None:
        for fault in control(self.place.supplier_url, "faults"):
            if fault["path"] == "*":
                self._supplier("faults/clear", id=fault["id"])
        self.outage.end()

    def _flush(self) -> None:
        with redis.Redis.from_url(self.place.stage.env["REDIS_URL"]) as store:
            store.flushall()

    def _kill(self, name: str, how: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.place.children[name].pid, how)

    def _kill_one_of(self, name: str) -> None:
        """Kill one of the child processes of a server."""
        if found := descendants(self.place.children[name].pid):
            with suppress(ProcessLookupError):
                os.kill(self.rng.choice(found), signal.SIGKILL)
