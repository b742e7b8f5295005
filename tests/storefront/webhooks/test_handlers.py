"""Webhook handlers: events in any sequence give one status and e-mail; a stock event starts a sync."""

import json
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from notifications import dispatch
from notifications.models import Event, Message
from orders.models import Order, OrderLine, PaymentEvent, PurchaseOrder
from shipping.models import Parcel, ParcelLine, Shipment, TrackingEvent
from storefront.lib.http.errors import TemporaryError
from storefront.webhooks import handlers, processing
from storefront.webhooks.handlers import REJECTION_DELAY
from storefront.webhooks.models import InboundWebhook
from suppliers.connectors.records import Acknowledgement, StockReport
from suppliers.models import StockLevel
from suppliers.runs.runs import QuarantinedError
from suppliers.sync import webhooks
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    CJ_NUMBER,
    make_accepted_purchase_order,
    make_sent_purchase_order,
    make_shipment_notice,
    make_state,
)
from tests.factories.suppliers import NOON, make_supplier
from tests.factories.webhooks import cj_body, connect_cj, store_webhook
from tests.fakes.notification_sender import Fake

pytestmark = pytest.mark.django_db


def four_events(number):
    def order(message_id, status, at, **more):
        return cj_body(
            "ORDER", message_id, orderNumber=number, orderStatus=status, updateDate=at, **more
        )

    def logistic(message_id, code, at):
        scans = [{"status": code, "activity": "scan", "eventTime": at}]
        return cj_body(
            "LOGISTIC",
            message_id,
            orderId="2611240000001",
            storeOrderNumbers=[number],
            logisticName="CJPacket Ordinary",
            trackingNumber=CJ_NUMBER,
            trackingStatus=code,
            logisticsTrackEvents=json.dumps(scans),
        )

    return {
        "accepted": order("m-1", "UNSHIPPED", "2026-11-24 02:00:00"),
        "shipped": order(
            "m-2",
            "SHIPPED",
            "2026-11-24 05:00:00",
            logisticName="CJPacket Ordinary",
            trackNumber=CJ_NUMBER,
        ),
        "in transit": logistic("m-3", 5, "2026-11-24 08:00:00"),
        "delivered": logistic("m-4", 12, "2026-11-24 10:00:00"),
    }


@pytest.fixture
def purchase_order(monkeypatch):
    Fake.forget()
    monkeypatch.setattr(
        "notifications.senders.SENDERS", {"email": "tests.fakes.notification_sender.Fake"}
    )
    made = make_sent_purchase_order(make_sellable(), quantity=2)
    connect_cj(made.supplier)
    return made


def answer_with(monkeypatch, state):
    """Let the supplier answer a lookup with ``state``; let the lookup fail if ``state`` is None."""

    class Answers:
        def find(self, **_):
            return state

    @contextmanager
    def adapter_for(_):
        if state is None:
            raise TemporaryError("HTTP 503")
        yield Answers()

    monkeypatch.setattr(handlers, "open_connector", adapter_for)


def process(source, message_id, body):
    """Store a webhook as the view does, and process it as the worker does."""
    call = store_webhook(source, body, external_id=message_id)
    processing.process(call=call, now=NOON)


def run_outbox():
    for event in Event.objects.filter(fanned_out_at__isnull=True).order_by("pk"):
        for message in dispatch.fan_out(event=event, now=NOON):
            dispatch.send(message=message, now=NOON)


def state_of_order():
    parcel = Parcel.objects.get()
    return {
        "order": Order.objects.with_progress().values_list("status", "fulfillment_status").get(),
        "purchase order": PurchaseOrder.objects.values_list("status", "submission_status").get(),
        "lines": list(OrderLine.objects.values_list("shipped_quantity", "delivered_quantity")),
        "parcel": (parcel.status, parcel.carrier_status, parcel.carrier_status_at, parcel.number),
        "tracking": sorted(TrackingEvent.objects.values_list("carrier_status", flat=True)),
        "captures": PaymentEvent.objects.filter(kind="capture_requested").count(),
        "calls": sorted(InboundWebhook.objects.values_list("external_id", "status")),
        "mails": sorted(message.subject for message in Fake.sent if "way" in message.subject),
    }


def start_over(purchase_order):
    for model in (TrackingEvent, ParcelLine, Parcel, Shipment, InboundWebhook, Message, Event):
        model.objects.all().delete()
    PaymentEvent.objects.filter(kind="capture_requested").delete()
    OrderLine.objects.update(shipped_quantity=0, delivered_quantity=0)
    Order.objects.update(status="processing")
    PurchaseOrder.objects.update(status="ready", submission_status="submitted", accepted_at=None)
    Fake.forget()


@pytest.mark.parametrize("is_reachable", [False, True], ids=["supplier down", "supplier asked"])
@pytest.mark.parametrize(
    "step", [-6, pytest.param(-1, marks=pytest.mark.full)], ids=["some orders", "all orders"]
)
def test_four_events_in_any_order_give_one_status_and_one_email(
    purchase_order, monkeypatch, is_reachable, step
):
    shipped = replace(
        make_state(purchase_order, "shipped", make_shipment_notice()),
        answer=Acknowledgement.SHIPPED,
    )
    answer_with(monkeypatch, shipped if is_reachable else None)
    source = f"cj-{purchase_order.supplier.code}"
    events = four_events(purchase_order.number)
    ids = {name: f"m-{place}" for place, name in enumerate(events, start=1)}
    results = []

    for order in list(permutations(events))[::step]:
        start_over(purchase_order)
        # Each event arrives twice in a row, then all arrive once more in reverse sequence.
        for name in (*(name for each in order for name in (each, each)), *reversed(order)):
            process(source, ids[name], events[name])
            run_outbox()
        results.append(state_of_order())

    assert len(results) == 24 / -step
    assert all(result == results[0] for result in results)
    assert results[0]["order"] == ("completed", "delivered")
    assert results[0]["purchase order"] == ("closed", "accepted")
    assert results[0]["lines"] == [(2, 2)]
    assert results[0]["parcel"][:2] == ("delivered", "delivered")
    assert results[0]["captures"] == 1
    assert results[0]["tracking"] == ["delivered", "in_transit"]
    assert results[0]["calls"] == [(f"m-{place}", "applied") for place in (1, 2, 3, 4)]
    assert results[0]["mails"] == [f"A parcel of order {purchase_order.order.number} is on its way"]


PARCEL = {"number": CJ_NUMBER, "carrier": "CJPacket"}
SUPPLIER_MESSAGES = {
    "accepted": {"answer": "accepted"},
    "canceled": {"answer": "canceled"},
    "shipped": {"answer": "shipped", "parcels": [PARCEL]},
}


def process_webhooks(purchase_order, *names):
    """Store these webhooks a second apart, and process them as the sweep does for ten minutes."""
    source = f"supplier-{purchase_order.supplier.code}"
    for place, name in enumerate(names):
        now = NOON + timedelta(seconds=place)
        body = json.dumps({"order": purchase_order.number, **SUPPLIER_MESSAGES[name]}).encode()
        processing.process(call=store_webhook(source, body, now=now), now=now)
    for half_minutes in range(1, 21):
        for call in InboundWebhook.objects.order_by("pk"):
            processing.process(call=call, now=NOON + timedelta(seconds=30 * half_minutes))
    purchase_order.refresh_from_db()
    calls = set(InboundWebhook.objects.values_list("status", flat=True))
    (line,) = OrderLine.objects.filter(order=purchase_order.order)
    return purchase_order.status, line.shipped_quantity, line.canceled_quantity, calls


@pytest.mark.parametrize("names", list(permutations(["canceled", "shipped", "accepted"])))
def test_shipped_order_is_shipped_whenever_the_rejection_arrived(names):
    purchase_order = make_accepted_purchase_order(make_sellable())

    assert process_webhooks(purchase_order, *names) == ("shipped", 1, 0, {"applied"})


@pytest.mark.parametrize("names", list(permutations(["canceled", "accepted"])))
def test_uncontradicted_rejection_is_applied(names):
    purchase_order = make_accepted_purchase_order(make_sellable())

    assert process_webhooks(purchase_order, *names) == ("canceled", 0, 1, {"applied"})


def test_rejection_waits_before_it_releases_anything():
    purchase_order = make_accepted_purchase_order(make_sellable())
    body = json.dumps({"order": purchase_order.number, "answer": "canceled"}).encode()
    call = store_webhook(f"supplier-{purchase_order.supplier.code}", body)

    processing.process(call=call, now=NOON + REJECTION_DELAY - timedelta(seconds=1))

    call.refresh_from_db()
    purchase_order.refresh_from_db()
    assert (call.status, purchase_order.status) == ("received", "in_progress")


class Warehouse:
    """A supplier that is asked for stock only."""

    def __init__(self, external_id, record):
        records = {external_id: (record,)}
        self.stock = self.costs = lambda *, external_id: records[external_id]


def test_stock_webhook_triggers_a_sync_and_publishes_it(monkeypatch):
    make_sellable()
    level = StockLevel.objects.select_related("offer__supplier", "location").get()
    source = connect_cj(level.offer.supplier)
    report = StockReport(
        sku=level.offer.supplier_sku,
        location=level.location.code,
        country=level.location.country,
        quantity=3,
    )
    warehouse = Warehouse(level.offer.product_external_id, report)
    monkeypatch.setattr(webhooks, "open_connector", lambda _: nullcontext(warehouse))
    call = store_webhook(source, cj_body("STOCK", None, **{level.offer.supplier_sku: []}))

    processing.process(call=call, now=NOON)

    level.refresh_from_db()
    assert (call.status, level.reported_quantity) == ("applied", 3)


def test_quarantined_stock_webhook_is_ignored_with_the_reason(monkeypatch):
    source = connect_cj(make_supplier())

    def refuse(**_):
        raise QuarantinedError("all rows fall to zero")

    monkeypatch.setattr(webhooks, "handle_event", refuse)
    call = store_webhook(source, cj_body("STOCK", None, **{"SKU-1": []}))

    processing.process(call=call, now=NOON)

    assert (call.status, call.problem) == ("ignored", "quarantined: all rows fall to zero")
