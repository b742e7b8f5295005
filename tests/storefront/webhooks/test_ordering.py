"""A supplier's webhooks arrive in any order, twice, and late: one status, and one e-mail."""

import json
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations

import pytest

from notifications import dispatch
from notifications.models import Event, Message
from orders.models import Order, OrderLine, PaymentEvent, PurchaseOrder
from shipping.models import Parcel, ParcelLine, Shipment, TrackingEvent
from storefront.lib.http.errors import TemporaryError
from storefront.webhooks import handlers, processing
from storefront.webhooks.models import InboundWebhook
from suppliers.connectors.records import Acknowledgement
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    CJ_NUMBER,
    make_parcel_news,
    make_sent_purchase_order,
    make_state,
)
from tests.factories.suppliers import NOON
from tests.factories.webhooks import cj_body, connect_cj, keep_call
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
    """The supplier's answer when read: ``state``, or an error if None."""

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
    call = keep_call(source, body, external_id=message_id)
    processing.process(call=call, now=NOON)


def run_the_outbox():
    for event in Event.objects.filter(fanned_out_at__isnull=True).order_by("pk"):
        for delivery in dispatch.fan_out(event=event, now=NOON):
            dispatch.send(delivery=delivery, now=NOON)


def state_of_order():
    parcel = Parcel.objects.get()
    return {
        "order": Order.objects.with_progress().values_list("status", "fulfillment_status").get(),
        "purchase order": PurchaseOrder.objects.values_list("status", "submission_status").get(),
        "lines": list(OrderLine.objects.values_list("shipped_quantity", "delivered_quantity")),
        "parcel": (parcel.status, parcel.carrier_status, parcel.carrier_status_at, parcel.number),
        "news": sorted(TrackingEvent.objects.values_list("carrier_status", flat=True)),
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
        make_state(purchase_order, "shipped", make_parcel_news()), answer=Acknowledgement.SHIPPED
    )
    answer_with(monkeypatch, shipped if is_reachable else None)
    source = f"cj-{purchase_order.supplier.code}"
    events = four_events(purchase_order.number)
    ids = {name: f"m-{place}" for place, name in enumerate(events, start=1)}
    results = []

    for order in list(permutations(events))[::step]:
        start_over(purchase_order)
        # each one twice: once again at once, and all of them again in the end, backward
        for name in (*(name for each in order for name in (each, each)), *reversed(order)):
            process(source, ids[name], events[name])
            run_the_outbox()
        results.append(state_of_order())

    assert len(results) == 24 / -step
    assert all(result == results[0] for result in results)
    assert results[0]["order"] == ("completed", "delivered")
    assert results[0]["purchase order"] == ("closed", "accepted")
    assert results[0]["lines"] == [(2, 2)]
    assert results[0]["parcel"][:2] == ("delivered", "delivered")
    assert results[0]["captures"] == 1
    assert results[0]["news"] == ["delivered", "in_transit"]
    assert results[0]["calls"] == [(f"m-{place}", "applied") for place in (1, 2, 3, 4)]
    assert results[0]["mails"] == [f"A parcel of order {purchase_order.order.number} is on its way"]
