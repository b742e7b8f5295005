"""Chaos runner: run customers and faults phase by phase, drain, check."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random

from django.core.management import call_command
from django.utils import timezone

from orders.models import Order
from storefront.dev.bench.harness.checkout_script import Shop
from storefront.dev.chaos.checker import beat_log, checks
from storefront.dev.chaos.checker.checks import Violation
from storefront.dev.chaos.checker.quiescence import DrainResult, drain
from storefront.dev.chaos.checker.reconciliation_runs import audit_days
from storefront.dev.chaos.instance import clock, instance, schema, stop
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.instance.restarts import Restarter
from storefront.dev.chaos.nemesis.faults import FaultInjector, NoTargetError
from storefront.dev.chaos.nemesis.forged_webhooks import WebhookForger
from storefront.dev.chaos.observations import inside, outside
from storefront.dev.chaos.observations.history import (
    CustomerPurchase,
    Evidence,
    ReceivedEmail,
    ResponseCounts,
    ShopState,
)
from storefront.dev.chaos.plan import (
    CANCELING_SUPPLIERS,
    CUSTOMERS_PER_PHASE,
    FaultKind,
    Phase,
    Plan,
    PlannedPurchase,
)
from storefront.dev.chaos.workload import goods
from storefront.dev.chaos.workload.claims import deliver_orders, open_claims
from storefront.dev.chaos.workload.customers import Customer
from storefront.dev.chaos.workload.duplicate_requests import RequestRepeater
from storefront.dev.chaos.workload.email_replies import EmailReplier
from storefront.dev.chaos.workload.failed_parcels import PLANS, FailedParcels, ship_orders
from storefront.dev.chaos.workload.goods import SellableProduct
from storefront.dev.chaos.workload.page_probe import PageProbe
from storefront.dev.chaos.workload.refunds import refund_orders
from storefront.dev.chaos.workload.returns import ReturningCustomers
from storefront.dev.chaos.workload.store_customers import StoreCustomers
from storefront.dev.chaos.workload.wholesaler import FeedSupplierStaff
from storefront.dev.runtime.processes import Child
from storefront.events.models import PublicEvent

DRAIN_S, AUDIT_S = 90.0, 150.0
CHECKS_OF_STORES = 2
GREEDY_ADDRESS = "203.0.113.7"


@dataclass(slots=True, kw_only=True)
class Run:
    """One run, from the first customer to the checks."""

    place: Instance
    restarter: Restarter
    plan: Plan
    goods: Sequence[SellableProduct]
    stock: int
    say: Callable[[str], None]
    refund_count: int = 2
    complaints: int = 4
    returns: int = 4
    store_orders: int = 3  # in each store and phase
    is_audited: bool = True
    drain_timeout_s: float = DRAIN_S
    purchases: list[CustomerPurchase] = field(default_factory=list)
    tallies: dict[str, ResponseCounts] = field(default_factory=dict)
    webhook_forger: WebhookForger = field(init=False)
    repeater: RequestRepeater = field(init=False)
    flooder: RequestRepeater = field(init=False)
    probe: PageProbe = field(init=False)
    email_replier: EmailReplier = field(init=False)
    wholesaler: FeedSupplierStaff = field(init=False)
    returning_customers: ReturningCustomers = field(init=False)
    failed_parcels: FailedParcels = field(init=False)
    store_customers: StoreCustomers = field(init=False)
    fault_injector: FaultInjector = field(init=False)
    drain_result: DrainResult = field(init=False)
    refunds: dict[str, int] = field(default_factory=dict)
    claims: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = Random(self.plan.seed)
        self.webhook_forger = WebhookForger(place=self.place, rng=rng)
        self.repeater = RequestRepeater(place=self.place, goods=self.goods)
        self.flooder = RequestRepeater(place=self.place, goods=self.goods, address=GREEDY_ADDRESS)
        self.probe = PageProbe(place=self.place)
        self.email_replier = EmailReplier(place=self.place, rng=Random(self.plan.seed))
        self.wholesaler = FeedSupplierStaff(place=self.place, rng=Random(self.plan.seed))
        self.returning_customers = ReturningCustomers(place=self.place, count=self.returns)
        self.failed_parcels = FailedParcels(place=self.place)
        self.store_customers = StoreCustomers(
            place=self.place,
            goods=self.goods,
            rng=Random(self.plan.seed),
            orders_per_phase=self.store_orders,
        )
        self.fault_injector = FaultInjector(
            goods=self.goods,
            place=self.place,
            webhook_forger=self.webhook_forger,
            rng=Random(self.plan.seed),
            repeater=self.repeater,
            flooder=self.flooder,
            probe=self.probe,
        )

    def execute(self) -> list[Violation]:
        self.wholesaler.begin()
        self.store_customers.wait_until_listed()
        for phase in self.plan.phases:
            self._phase(phase)
        busy = (*self.repeater.finish(), *self.flooder.finish(), *self.probe.finish())
        stop.wait_for(self.place, busy)
        log_position = beat_log.log_length(self.place)
        beat_log.wait_until_started(self.place)
        self._move_orders()
        self.fault_injector.heal()
        self.drain_result = drain(
            self.place,
            at_most_s=self.drain_timeout_s,
            excluded=self.webhook_forger.unknown,
            chores=self._do_staff_work,
        )
        self.wholesaler.finish()
        self.say(
            f"drained in {self.drain_result.seconds} s: {', '.join(self.drain_result.open_work) or 'all'}"
        )
        stop.raise_if_requested(self.place)
        # A lower quantity in a store is corrected by the second check that finds it.
        may_correct = self.store_orders and not self.drain_result.open_work
        for _ in range(CHECKS_OF_STORES if may_correct else 0):
            if self.store_customers.correct_drift():
                drain(self.place, at_most_s=self.drain_timeout_s)
        silent = beat_log.silent_beat(self.place, since=log_position)
        evidence = replace(self._evidence(), silent=silent)
        if self.is_audited:
            found = audit_days(self.place, at_most_s=AUDIT_S)
            self.say(f"reconciliation: {len(found)} differences")
            unreached_failpoints = sorted(self.plan.failpoints.keys() - self.hit())
            evidence = replace(
                evidence, reconciliation_problems=found, unreached_failpoints=unreached_failpoints
            )
        return checks.check_all(evidence)

    def _move_orders(self) -> None:
        """Let each supplier cancel an order, unless it canceled one before, and deliver some."""
        orders = outside.supplier_orders(self.place.var)
        canceled = {one.supplier for one in orders if one.is_canceled}
        for supplier in CANCELING_SUPPLIERS if self._canceling_suppliers() else ():
            if supplier not in canceled:
                with suppress(NoTargetError):
                    self.fault_injector.refuse(supplier=supplier)
        # Two supplier orders may belong to one order of the shop.
        deliver_orders(self.place, count=self.complaints + 2 * self.returns)
        if self.returns and not self.failed_parcels.orders:
            ship_orders(self.place, count=2 * len(PLANS))

    def _do_staff_work(self, is_last: bool) -> bool:  # noqa: FBT001 - called by ``drain``
        """Refund, return and claim as soon as there are enough orders; return if it did anything."""
        self.fault_injector.outage.look()
        self._move_orders()
        did = self.email_replier.reply()
        did = self.store_customers.poll_unread() or did
        did = self.store_customers.refund(is_last=is_last) or did
        if self.refund_count and not self.refunds:
            self.refunds = refund_orders(self.place, count=self.refund_count, is_last=is_last)
            did = did or bool(self.refunds)
        elif self.returns:
            settled = {*self.refunds, *self.failed_parcels.orders}
            did = self.returning_customers.work(excluded=settled, is_last=is_last) or did
            settled = {*self.refunds, *self.returning_customers.asked}
            did = self.failed_parcels.work(excluded=settled, is_last=is_last) or did
        if not self.claims:
            self.claims = open_claims(self.place, count=self.complaints, is_last=is_last)
            did = did or bool(self.claims)
        return did or self.wholesaler.is_busy

    def _phase(self, phase: Phase) -> None:
        began = time.monotonic()
        if phase.is_armed:
            (self.place.var / instance.NOTES).mkdir(exist_ok=True)
        fault_thread = self.fault_injector.begin(phase.planned_faults)
        store_thread = self.store_customers.begin()
        tally = self.tallies.setdefault(phase.name, ResponseCounts())
        waiting: queue.SimpleQueue[PlannedPurchase] = queue.SimpleQueue()
        for planned in phase.planned_purchases:
            waiting.put(planned)
        until = time.monotonic() + phase.at_most_s
        customers = [
            threading.Thread(
                target=self._shop, args=(phase.name, waiting, until, tally), daemon=True
            )
            for _ in range(CUSTOMERS_PER_PHASE)
        ]
        for each in customers:
            each.start()
        stop.wait_for(self.place, (*customers, fault_thread, store_thread))
        ends = [one.end for one in self.purchases if one.phase == phase.name]
        summary = ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))
        self.say(f"{phase.name}: {time.monotonic() - began:.1f} s, {summary}")

    def _shop(
        self,
        phase: str,
        waiting: queue.SimpleQueue[PlannedPurchase],
        until: float,
        tally: ResponseCounts,
    ) -> None:
        ports = self.place.ports
        shop = Shop(port=ports.web, gateway_port=ports.gateway)
        while time.monotonic() < until and not stop.is_requested(self.place):
            try:
                planned = waiting.get_nowait()
            except queue.Empty:
                return
            purchase = CustomerPurchase(planned=planned, phase=phase)
            self.purchases.append(purchase)
            try:
                lights = (
                    [planned.goods, planned.second_product]
                    if planned.second_product
                    else [planned.goods]
                )
                Customer(shop, tally, purchase).buy(*(self.goods[one].slug for one in lights))
            except Exception as error:  # noqa: BLE001 - the next purchase goes on
                self.errors.append(f"a shopper of {phase} failed: {error!r}")

    def _evidence(self) -> Evidence:
        var = self.place.var
        emails, shop = self._emails_and_state()
        return Evidence(
            purchases=self.purchases,
            stock=self.stock,
            charges=outside.gateway_payments(var),
            supplier_orders=[*outside.supplier_orders(var), *self.wholesaler.supplier_orders()],
            attempts=outside.attempts(var),
            emails=emails,
            shop=shop,
            page_times_s=self.probe.took_s,
            unpaid_order_statuses=self.flooder.unpaid_order_statuses,
            text_messages=outside.text_messages(var),
            return_labels=outside.return_labels(var),
            failed_parcels=self.failed_parcels.failed,
            late_parcels=self.failed_parcels.late,
            wrong_parcels=self.failed_parcels.wrong,
            refunds=Counter(self.refunds)
            + Counter(self.returning_customers.paid)
            + Counter(self.failed_parcels.refunds()),
            returned=self.returning_customers.asked,
            wrong_returns=self.returning_customers.wrong,
            wrong_store_orders=list(self.store_customers.violations()),
            wrong_events=self._wrong_events(),
            canceling_suppliers=self._canceling_suppliers(),
            claims=self.claims,
            answers=self.email_replier.last_choices,
            disputes=outside.disputes(var),
            mishandled_webhooks=self.webhook_forger.wrong,
            planned=sum(len(phase.planned_faults) for phase in self.plan.phases),
            injected=self.fault_injector.injected.total(),
            missed=self.fault_injector.failures,
            errors=[
                *self.fault_injector.errors,
                *self.repeater.errors,
                *self.flooder.errors,
                *self.wholesaler.errors,
                *self.store_customers.errors,
                *self.errors,
            ],
            repeated_orders=[
                replace(one, orders=Order.objects.filter(email=one.email).count())
                for one in self.repeater.repeated_orders
            ],
        )

    def _emails_and_state(self) -> tuple[list[ReceivedEmail], ShopState]:
        """Read both, again if an e-mail arrived meanwhile: that of an invoice is no open work."""
        emails = outside.received_emails(self.place.var)
        while True:
            shop = inside.read_state(now=timezone.now(), open_work=self.drain_result.open_work)
            before, emails = emails, outside.received_emails(self.place.var)
            if emails == before:
                return emails, shop

    def _wrong_events(self) -> list[str]:
        """Return what the receiver of all events found, and events that it lacks."""
        url = self.place.receiver_url
        came = {row["id"] for row in control(url, "messages")}
        known = set(PublicEvent.objects.values_list("public_id", flat=True))
        return [
            *(f"{row['id']}: {row['problem']}" for row in control(url, "problems")),
            *(f"{name} never arrived" for name in known - came),
            *(f"{name} arrived, but the shop does not know it" for name in came - known),
        ]

    def _canceling_suppliers(self) -> Sequence[str]:
        planned_faults = [planned for phase in self.plan.phases for planned in phase.planned_faults]
        return (
            (*CANCELING_SUPPLIERS, "feed")
            if any(one.what is FaultKind.SUPPLIER_CANCELS for one in planned_faults)
            else ()
        )

    def hit(self) -> list[str]:
        return sorted(note.name for note in (self.place.var / instance.NOTES).glob("*"))


def open_shop(place: Instance, say: Callable[[str], None]) -> None:
    """Start the sandboxes, create the database and sync the suppliers."""
    outsiders = instance.external_services(place.stage)
    for child in outsiders:
        place.add(child)
    schema.create_schema(place.var, place.stage.env["DATABASE_URL"])
    stop.raise_if_requested(place)
    call_command("seed_demo", verbosity=0)
    say("the database responds")
    place.supervisor.wait_until_ready(outsiders)
    goods.sync(*goods.SUPPLIERS)
    clock.install()


def begin(place: Instance, restarter: Restarter, **env: str) -> list[Child]:
    """Start web server and worker. Call ``wait`` before the first request."""
    stage = instance.with_env(place.stage, **env)
    made = [instance.web(stage), instance.worker(stage)]
    for child in made:
        restarter.replace(child)
    return made


def start(place: Instance, restarter: Restarter, **env: str) -> None:
    wait(place, restarter, begin(place, restarter, **env), **env)


def wait(place: Instance, restarter: Restarter, begun: Sequence[Child], **env: str) -> None:
    """Start beat last, since it queues all pending work; wait for web server and worker.

    Customers may come before beat runs: only the drain depends on beat.
    """
    restarter.replace(instance.beat(instance.with_env(place.stage, **env)))
    place.supervisor.wait_until_ready(begun)
