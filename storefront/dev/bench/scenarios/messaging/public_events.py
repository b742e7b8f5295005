"""Public event scenario: publish events and deliver them to one receiver, and to eight.

Workers do it, as in the shop. The limit is a process that posts the same body over as many
connections to the same server, without database and signature.
"""

import http.client
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from storefront.dev.bench.harness.load import HOST
from storefront.dev.bench.harness.resources import TICKS_PER_SECOND, descendants, ticks
from storefront.dev.bench.harness.servers import BARE, Server, serving
from storefront.dev.bench.harness.workers import broker, workers
from storefront.dev.runtime.processes import wait_until
from storefront.events import deliveries, recording, subscriptions, tasks
from storefront.events.event_types import EventType, ObjectKind
from storefront.events.models import PublicEvent, WebhookDelivery, WebhookSubscription

MANY_RECEIVERS = 8
DELIVERIES, WARM_UP = 800, 16
PATIENCE_S = 30.0
POLL_S = 0.02
PATH = "/receive/"


class UndeliveredError(RuntimeError):
    """A delivery is still pending or has failed, or the bare server refused a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Deliveries per second, and per CPU second of the sending processes, without the database."""

    per_second: float
    per_cpu_s: float

    def words(self, whom: str) -> str:
        return f"{whom} {self.per_second:.0f} a second, {self.per_cpu_s:.0f} per CPU second"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The rates to one receiver and to many, and of the bare process."""

    to_one: Rate
    to_many: Rate
    bare: Rate

    @property
    def words(self) -> str:
        to_one, to_many = self.to_one.words("one receiver"), self.to_many.words("eight")
        return f"{DELIVERIES} deliveries: {to_one}; {to_many}; {self.bare.words('bare HTTP')}"


def measure(folder: Path, *, say: Callable[[str], None]) -> Delivered:
    """Publish and deliver to one receiver, then to many, then post as often without the shop.

    Raises: UndeliveredError
    """
    with serving("receiver", BARE) as server, workers(folder, {}, processes=tasks.LANES) as pids:
        rates = {count: _deliver(server, pids, receivers=count) for count in (1, MANY_RECEIVERS)}
        body = deliveries.body_of(PublicEvent.objects.latest("pk"))
        bare = _post_bare(server, body)
    found = Delivered(to_one=rates[1], to_many=rates[MANY_RECEIVERS], bare=bare)
    say(found.words)
    return found


def _deliver(server: Server, pids: Sequence[int], *, receivers: int) -> Rate:
    """Deliver events of different objects to new subscriptions; return the rate."""
    for number in range(receivers):
        subscriptions.create(
            url=f"http://{HOST}:{server.port}{PATH}?{number}",
            types=[EventType.ATTENTION_NEEDED],
            description="bench",
            actor="bench",
            now=timezone.now(),
        )
    _publish(WARM_UP)
    before_s = _cpu_s(pids)
    seconds = _publish(DELIVERIES // receivers)
    cpu_s = _cpu_s(pids) - before_s
    WebhookSubscription.objects.filter(created_by="bench").delete()
    return Rate(per_second=DELIVERIES / seconds, per_cpu_s=DELIVERIES / cpu_s)


def _cpu_s(pids: Sequence[int]) -> float:
    whole = [each for pid in pids for each in (pid, *descendants(pid))]
    return sum(ticks(pid) for pid in whole) / TICKS_PER_SECOND


def _publish(count: int) -> float:
    """Record events; return the seconds until they are published and delivered."""
    now = timezone.now()
    case = {"cause": "order_on_hold", "title": "Order on hold", "url": "", "since": now.isoformat()}
    first = PublicEvent.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    with transaction.atomic():
        for number in range(count):
            recording.record_event(
                EventType.ATTENTION_NEEDED,
                about=ObjectKind.CASE,
                object_id=number,
                facts=case,
                at=now,
            )
    began = time.perf_counter()
    broker().send_task("storefront.events.tasks.publish")
    is_done = wait_until(
        lambda: (
            PublicEvent.objects.filter(pk__gt=first).count() == count
            and not WebhookDelivery.objects.exclude(status="delivered").exists()
        ),
        seconds=PATIENCE_S,
        poll_s=POLL_S,
    )
    if not is_done:
        undelivered = WebhookDelivery.objects.exclude(status="delivered")
        raise UndeliveredError(f"{undelivered.count()}: {undelivered.values_list('log')[:3]}")
    return time.perf_counter() - began


def _post_bare(server: Server, body: bytes) -> Rate:
    """Post the body over as many connections as one worker has; return the rate."""

    def post(times: int) -> None:
        line = http.client.HTTPConnection(HOST, server.port, timeout=10)
        for _ in range(times):
            line.request("POST", PATH, body, {"content-type": "application/json"})
            answer = line.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                raise UndeliveredError(f"HTTP {answer.status}")
        line.close()

    began, before_s = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(max_workers=deliveries.THREADS) as threads:
        list(threads.map(post, [DELIVERIES // deliveries.THREADS] * deliveries.THREADS))
    cpu_s = time.process_time() - before_s
    return Rate(per_second=DELIVERIES / (time.perf_counter() - began), per_cpu_s=DELIVERIES / cpu_s)
