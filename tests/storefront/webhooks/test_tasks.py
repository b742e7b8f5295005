"""Webhook tasks: a hanging supplier occupies only its bulkhead and delays no other supplier."""

import socket
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import connection
from django.utils import timezone

from storefront.dev.sandboxes.cj.state import DEFAULT_KEY
from storefront.lib.security.encryption import encrypt
from storefront.lib.state_machine import ConcurrentUpdateError
from storefront.webhooks import processing, tasks
from storefront.webhooks.models import InboundWebhook
from suppliers.models import Connection, StockLevel, Supplier
from suppliers.resilience.bulkheads import BulkheadKind, slot_count
from tests.factories.bulkheads import elsewhere
from tests.factories.catalog import make_variant
from tests.factories.suppliers import make_level, make_location, make_offer, make_supplier
from tests.factories.webhooks import cj_body, connect_cj, store_webhook
from tests.storefront.dev.sandboxes.conftest import Sandbox

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("within_s", "codes"), [(90, ["new"]), (None, ["new", "old"])])
def test_new_supplier_is_subscribed_before_the_hourly_sweep(monkeypatch, within_s, codes):
    for code, adapter, age_s in (("new", "cj", 30), ("old", "cj", 600), ("files", "feed", 30)):
        supplier = make_supplier(code, adapter=adapter)
        since = timezone.now() - timedelta(seconds=age_s)
        Supplier.objects.filter(pk=supplier.pk).update(status_since=since)
    asked = []
    monkeypatch.setattr(tasks.subscribe, "delay", lambda *, supplier_id: asked.append(supplier_id))

    tasks.subscribe_all(activated_within_s=within_s)

    names = Supplier.objects.filter(pk__in=asked).order_by("code").values_list("code", flat=True)
    assert list(names) == codes


WORKERS = 4
AT_ONCE_S = 8.0  # far below the timeout of a call to a hanging server


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    """Record queued tasks instead of sending them."""
    found = []
    monkeypatch.setattr(tasks.process, "delay", lambda *, call_id: found.append(call_id))
    return found


@pytest.fixture
def hanging_server():
    """The URL of a server that accepts every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/api2.0/v1/"


@pytest.fixture
def sandbox(tmp_path):
    running = Sandbox(tmp_path)
    yield running
    running.close()


@pytest.fixture
def workers():
    """Threads in place of a worker's processes; they end when the hanging server closes."""
    with ThreadPoolExecutor(WORKERS) as pool:
        yield pool


def make_cj_supplier(code, base_url, *, sku="V1", external_id="P1"):
    """Make a CJ supplier with one offer; return its source name."""
    supplier = make_supplier(code)
    Connection.objects.filter(supplier=supplier).update(
        base_url=base_url,
        calls_per_second=1000,
        secrets_encrypted=encrypt({"api_key": DEFAULT_KEY}),
    )
    offer = make_offer(make_variant(), supplier=supplier, sku=sku)
    offer.product_external_id = external_id
    offer.save()
    location = make_location(supplier, code="CN", country="CN")
    make_level(offer, 10_000, location=location)
    return connect_cj(supplier)


def store_stock_webhook(source, sku="V1", count=1):
    now = tasks.timezone.now()
    return [
        store_webhook(source, cj_body("STOCK", None, **{sku: []}), now=now) for _ in range(count)
    ]


def work(call):
    try:
        tasks.process(call_id=call.pk)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_hanging_supplier_delays_no_other_webhook(sandbox, workers, hanging_server):
    hanging = make_cj_supplier("hanging", hanging_server)
    product, variant = sandbox.goods()
    steady = make_cj_supplier(
        "steady", f"{sandbox.url}/api2.0/v1/", sku=variant.vid, external_id=product.pid
    )
    waiting = [
        workers.submit(work, call) for call in store_stock_webhook(hanging, count=2 * WORKERS)
    ]
    (call,) = store_stock_webhook(steady, sku=variant.vid)

    wait([workers.submit(work, call)], timeout=AT_ONCE_S)

    call.refresh_from_db()
    assert call.status == InboundWebhook.Status.APPLIED
    assert StockLevel.objects.filter(offer__supplier__code="steady", location__code="CN").exclude(
        reported_quantity=10_000
    )
    # The hanging supplier occupies its bulkhead, and its other webhooks wait.
    assert sum(not each.done() for each in waiting) == slot_count(BulkheadKind.EVENTS)
    untouched = InboundWebhook.objects.filter(source=hanging, attempts=0, status="received")
    assert untouched.count() == 2 * WORKERS - slot_count(BulkheadKind.EVENTS)


def test_webhook_without_a_free_slot_stays_received(hanging_server, queued):
    (call,) = store_stock_webhook(make_cj_supplier("lumen", hanging_server))
    before = InboundWebhook.objects.values().get()

    with elsewhere(BulkheadKind.EVENTS, make_supplier().pk):
        tasks.process(call_id=call.pk)

    assert InboundWebhook.objects.values().get() == before
    tasks.process_due()
    assert queued == [call.pk]


def test_freed_slot_takes_a_waiting_webhook(queued):
    source = connect_cj(make_supplier())
    unknown, *waiting = store_stock_webhook(source, sku="nothing of ours", count=3)
    store_stock_webhook(connect_cj(make_supplier("glow")))

    tasks.process(call_id=unknown.pk)

    assert len(queued) == 1
    assert queued[0] in {each.pk for each in waiting}


def test_unresponsive_supplier_is_not_called_again_at_once(queued, monkeypatch):
    no_answer = Mock(side_effect=processing.TemporaryError("no answer"))
    monkeypatch.setattr("suppliers.sync.webhooks.refresh_stock", no_answer)
    first, _ = store_stock_webhook(make_cj_supplier("lumen", "http://127.0.0.1:9"), count=2)

    tasks.process(call_id=first.pk)

    first.refresh_from_db()
    assert (first.status, first.attempts, queued) == ("received", 1, [])


def test_gateway_webhook_needs_no_bulkhead_slot(settings):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_1", "whsec_1"
    call = store_webhook("stripe", b"{}", now=tasks.timezone.now())
    with ExitStack() as stack:
        for supplier in (make_supplier(), make_supplier("glow")):
            stack.enter_context(elsewhere(BulkheadKind.EVENTS, supplier.pk))
        tasks.process(call_id=call.pk)

    call.refresh_from_db()
    assert call.status != InboundWebhook.Status.RECEIVED


def test_many_webhooks_of_one_source_do_not_delay_others(queued, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 2)
    many = store_stock_webhook("cj-lumen", count=5)
    (late,) = store_stock_webhook("stripe")

    tasks.process_due()

    assert queued == [many[0].pk, many[1].pk, late.pk]


def test_webhook_claimed_by_another_worker_is_left_to_it(monkeypatch):
    lost = ConcurrentUpdateError("another worker has handled it")
    monkeypatch.setattr(processing, "process", Mock(side_effect=lost))

    tasks.process(call_id=store_webhook("unknown", b"{}").pk)


@pytest.mark.django_db(transaction=True)
def test_webhook_is_processed_during_a_subscription(monkeypatch):
    """Subscribing takes minutes, and two subscriptions must not run at once."""
    supplier = make_supplier()
    connect_cj(supplier)
    found = []

    def subscribe(**_known):
        with elsewhere(BulkheadKind.EVENTS, supplier.pk) as is_free:
            found.append(is_free)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(also_subscribe).result()

    def also_subscribe():
        tasks.subscribe(supplier_id=supplier.pk)
        connection.close()

    monkeypatch.setattr(tasks.webhooks, "subscribe", subscribe)

    tasks.subscribe(supplier_id=supplier.pk)

    assert found == [True]


def test_order_webhooks_precede_stock_webhooks(queued):
    """Whatever is in the broker's queue: the oldest webhook of the highest priority is next."""
    source = connect_cj(make_supplier())
    first, second = store_stock_webhook(source, sku="nothing of ours", count=2)
    now = tasks.timezone.now()
    logistic = cj_body("LOGISTIC", None, trackingNumber="1", orderId=7)
    parcel, order = (
        store_webhook(source, body, now=now)
        for body in (logistic, cj_body("ORDER", None, cjOrderId=8))
    )

    tasks.process_due()
    assert queued == [parcel.pk, order.pk, first.pk, second.pk]
    queued.clear()

    for attempts in ((1, 0, 0), (1, 1, 0), (1, 1, 1)):
        tasks.process(call_id=first.pk)
        for call in (parcel, order, first):
            call.refresh_from_db()
        assert (parcel.attempts, order.attempts, first.attempts) == attempts
    assert first.status == "ignored"
    assert queued == [second.pk]
    assert (store_webhook(source, b"garbage").priority, first.priority) == (0, 1)
