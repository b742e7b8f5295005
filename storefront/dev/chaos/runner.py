"""Chaos runner: run customers and faults phase by phase, drain, check."""

from __future__ import annotations

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
from storefront.dev.chaos.checker.money_days import audit
from storefront.dev.chaos.checker.quiescence import Drained, drain
from storefront.dev.chaos.instance import clock, instance, schema, stop
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.instance.restarts import Keeper
from storefront.dev.chaos.nemesis.faults import MissedError, Striker
from storefront.dev.chaos.nemesis.forged_webhooks import Storm
from storefront.dev.chaos.observations import inside, outside
from storefront.dev.chaos.observations.history import Evidence, Purchase, Tally
from storefront.dev.chaos.plan import REFUSERS, SHOPPERS, Phase, Plan, What, Wish
from storefront.dev.chaos.workload import goods
from storefront.dev.chaos.workload.claims import complain, have_delivered
from storefront.dev.chaos.workload.customers import Shopper
from storefront.dev.chaos.workload.duplicate_requests import Presser
from storefront.dev.chaos.workload.email_replies import Replier
from storefront.dev.chaos.workload.goods import Light
from storefront.dev.chaos.workload.page_probe import Probe
from storefront.dev.chaos.workload.refunds import pay_back
from storefront.dev.chaos.workload.returns import Returner
from storefront.dev.chaos.workload.wholesaler import Wholesaler
from storefront.dev.runtime.processes import Child

DRAIN_S, AUDIT_S = 90.0, 60.0
GREEDY_ADDRESS = "203.0.113.7"


@dataclass(slots=True, kw_only=True)
class Run:
    """One run, from the first customer to the checks."""

    place: Instance
    keeper: Keeper
    plan: Plan
    goods: Sequence[Light]
    stock: int
    say: Callable[[str], None]
    paybacks: int = 2
    complaints: int = 4
    returns: int = 4
    is_audited: bool = True
    patience_s: float = DRAIN_S
    purchases: list[Purchase] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    storm: Storm = field(init=False)
    presser: Presser = field(init=False)
    grabber: Presser = field(init=False)
    probe: Probe = field(init=False)
    replier: Replier = field(init=False)
    wholesaler: Wholesaler = field(init=False)
    returner: Returner = field(init=False)
    striker: Striker = field(init=False)
    drained: Drained = field(init=False)
    refunds: dict[str, int] = field(default_factory=dict)
    claims: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        luck = Random(self.plan.seed)
        self.storm = Storm(place=self.place, luck=luck)
        self.presser = Presser(place=self.place, goods=self.goods)
        self.grabber = Presser(place=self.place, goods=self.goods, address=GREEDY_ADDRESS)
        self.probe = Probe(place=self.place)
        self.replier = Replier(place=self.place, luck=Random(self.plan.seed))
        self.wholesaler = Wholesaler(place=self.place, luck=Random(self.plan.seed))
        self.returner = Returner(place=self.place, count=self.returns)
        self.striker = Striker(
            goods=self.goods,
            place=self.place,
            storm=self.storm,
            luck=Random(self.plan.seed),
            presser=self.presser,
            grabber=self.grabber,
            probe=self.probe,
        )

    def go(self) -> list[Violation]:
        self.wholesaler.begin()
        for phase in self.plan.phases:
            self._phase(phase)
        busy = (*self.presser.finish(), *self.grabber.finish(), *self.probe.finish())
        stop.wait_for(self.place, busy)
        struck_until = beat_log.told(self.place)
        beat_log.wait_until_begun(self.place)
        self._move_orders()
        self.striker.heal()
        self.drained = drain(
            self.place,
            at_most_s=self.patience_s,
            besides=self.storm.unknown,
            chores=self._be_staff,
        )
        self.wholesaler.finish()
        self.say(f"drained in {self.drained.seconds} s: {', '.join(self.drained.left) or 'all'}")
        stop.insist_going_on(self.place)
        silent = beat_log.silent(self.place, since=struck_until)
        evidence = replace(self._evidence(), silent=silent)
        if self.is_audited:
            found = audit(self.place, at_most_s=AUDIT_S)
            self.say(f"reconciliation: {len(found)} differences")
            spared = sorted(self.plan.failpoints.keys() - self.hit())
            evidence = replace(evidence, audit=found, spared=spared)
        return checks.judge(evidence)

    def _move_orders(self) -> None:
        """Let each supplier cancel an order unless it has, and deliver some."""
        told = outside.orders_told(self.place.var)
        canceled = {one.supplier for one in told if one.is_off}
        for supplier in REFUSERS if self._refusers() else ():
            if supplier not in canceled:
                with suppress(MissedError):
                    self.striker.refuse(supplier=supplier)
        # Two supplier orders may belong to one order of the shop.
        have_delivered(self.place, count=self.complaints + 2 * self.returns)

    def _be_staff(self, is_last: bool) -> bool:  # noqa: FBT001 - called by ``drain``
        """Refund, return and claim as soon as there are enough orders; return whether it did."""
        self.striker.outage.look()
        self._move_orders()
        did = self.replier.reply()
        if self.paybacks and not self.refunds:
            self.refunds = pay_back(self.place, count=self.paybacks, is_last=is_last)
            did = did or bool(self.refunds)
        elif self.returns:
            did = self.returner.work(besides={*self.refunds}, is_last=is_last) or did
        if not self.claims:
            self.claims = complain(self.place, count=self.complaints, is_last=is_last)
            did = did or bool(self.claims)
        return did or self.wholesaler.is_busy

    def _phase(self, phase: Phase) -> None:
        began = time.monotonic()
        if phase.is_armed:
            (self.place.var / instance.NOTES).mkdir(exist_ok=True)
        striking = self.striker.begin(phase.blows)
        tally = self.tallies.setdefault(phase.name, Tally())
        waiting: queue.SimpleQueue[Wish] = queue.SimpleQueue()
        for wish in phase.wishes:
            waiting.put(wish)
        until = time.monotonic() + phase.at_most_s
        shoppers = [
            threading.Thread(
                target=self._shop, args=(phase.name, waiting, until, tally), daemon=True
            )
            for _ in range(SHOPPERS)
        ]
        for each in shoppers:
            each.start()
        stop.wait_for(self.place, (*shoppers, striking))
        ends = [one.end for one in self.purchases if one.phase == phase.name]
        told = ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))
        self.say(f"{phase.name}: {time.monotonic() - began:.1f} s, {told}")

    def _shop(
        self, phase: str, waiting: queue.SimpleQueue[Wish], until: float, tally: Tally
    ) -> None:
        ports = self.place.ports
        shop = Shop(port=ports.web, gateway_port=ports.gateway)
        while time.monotonic() < until and not stop.is_wanted(self.place):
            try:
                wish = waiting.get_nowait()
            except queue.Empty:
                return
            purchase = Purchase(wish=wish, phase=phase)
            self.purchases.append(purchase)
            try:
                lights = [wish.goods, wish.beside] if wish.beside else [wish.goods]
                Shopper(shop, tally, purchase).buy(*(self.goods[one].slug for one in lights))
            except Exception as error:  # noqa: BLE001 - the next purchase goes on
                self.errors.append(f"a shopper of {phase} broke: {error!r}")

    def _evidence(self) -> Evidence:
        var = self.place.var
        return Evidence(
            purchases=self.purchases,
            stock=self.stock,
            charges=outside.charges(var),
            told=[*outside.orders_told(var), *self.wholesaler.told()],
            attempts=outside.attempts(var),
            letters=outside.letters(var),
            ours=inside.testify(now=timezone.now(), left=self.drained.left),
            pages_s=self.probe.took_s,
            grabbed=self.grabber.grabbed,
            refunds=Counter(self.refunds) + Counter(self.returner.paid),
            returned=self.returner.asked,
            wrong_returns=self.returner.wrong,
            refusers=self._refusers(),
            claims=self.claims,
            answers=self.replier.said,
            disputes=outside.disputes(var),
            wrong_letters=self.storm.wrong,
            planned=sum(len(phase.blows) for phase in self.plan.phases),
            struck=self.striker.struck.total(),
            missed=self.striker.failures,
            errors=[
                *self.striker.errors,
                *self.presser.errors,
                *self.grabber.errors,
                *self.wholesaler.errors,
                *self.errors,
            ],
            pressed=[
                replace(one, orders=Order.objects.filter(email=one.email).count())
                for one in self.presser.pressed
            ],
        )

    def _refusers(self) -> Sequence[str]:
        blows = [blow for phase in self.plan.phases for blow in phase.blows]
        return (*REFUSERS, "feed") if any(one.what is What.REFUSAL for one in blows) else ()

    def hit(self) -> list[str]:
        return sorted(note.name for note in (self.place.var / instance.NOTES).glob("*"))


def open_shop(place: Instance, say: Callable[[str], None]) -> None:
    """Create the database, sync the suppliers, start the sandboxes; return when all are ready."""
    outsiders = instance.outsiders(place.stage)
    for child in outsiders:
        place.add(child)
    schema.make(place.var, place.stage.env["DATABASE_URL"])
    stop.insist_going_on(place)
    call_command("seed_demo", verbosity=0)
    say("the database responds")
    place.supervisor.wait_until_ready(outsiders)
    goods.sync(*goods.SUPPLIERS)
    clock.put_on()


def begin(place: Instance, keeper: Keeper, **env: str) -> list[Child]:
    """Start web server and worker; they get no requests before ``start``."""
    stage = instance.with_env(place.stage, **env)
    made = [instance.web(stage), instance.worker(stage)]
    for child in made:
        keeper.put(child)
    return made


def start(place: Instance, keeper: Keeper, **env: str) -> None:
    wait(place, keeper, begin(place, keeper, **env), **env)


def wait(place: Instance, keeper: Keeper, begun: Sequence[Child], **env: str) -> None:
    """Start beat last, since it queues all pending work; wait for the others.

    Customers may come before beat runs: only the drain depends on it.
    """
    keeper.put(instance.beat(instance.with_env(place.stage, **env)))
    place.supervisor.wait_until_ready(begun)
