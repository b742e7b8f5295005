import json
from datetime import timedelta
from unittest.mock import Mock

import pytest

from orders.models import PurchaseOrder
from orders.payments.updates import TooEarlyError
from shipping.models import Parcel
from storefront.lib.http.errors import TemporaryError
from storefront.lib.state_machine import InvalidTransitionError
from storefront.webhooks import handlers, processing
from storefront.webhooks.models import InboundWebhook
from tests.factories.orders import make_sellable
from tests.factories.shipping import CJ_NUMBER, make_accepted_purchase_order
from tests.factories.suppliers import NOON, make_supplier
from tests.factories.webhooks import cj_body, connect_cj, store_webhook

pytestmark = pytest.mark.django_db


def tracking_body(number, *parcels, **more):
    return json.dumps({"order": number, "parcels": list(parcels), **more}).encode()


def handle_until_ended(call):
    """Let time pass from one attempt to the next, as the sweep would."""
    now = NOON
    while call.status == InboundWebhook.Status.RECEIVED:
        now = max(now, call.due_at)
        processing.process(call=call, now=now)
        call.refresh_from_db()
    return now


def test_tracking_webhook_of_a_supplier_without_an_api():
    purchase_order = make_accepted_purchase_order(make_sellable())
    line = purchase_order.lines.get().order_line_id
    parcel = {
        "carrier": "CJPacket",
        "number": CJ_NUMBER,
        "status": "Out for delivery",
        "happened_at": "2026-11-24T09:00:00+01:00",
        "lines": [{"reference": str(line), "quantity": 1}],
    }
    call = store_webhook("supplier-lumen", tracking_body(purchase_order.number, parcel))

    assert processing.process(call=call, now=NOON) is True

    purchase_order.refresh_from_db()
    parcel = Parcel.objects.get()
    assert (call.status, call.attempts) == ("applied", 1)
    assert purchase_order.status == PurchaseOrder.Status.SHIPPED
    assert (parcel.carrier_status, parcel.carrier_status_at) == (
        "out_for_delivery",
        NOON - timedelta(hours=4),
    )


def test_supplier_without_an_api_changes_a_number_and_adds_that_of_the_last_mile():
    purchase_order = make_accepted_purchase_order(make_sellable())
    changed = {
        "carrier": "CJPacket",
        "number": "CJPKL0000000001YQ",
        "replaces": CJ_NUMBER,
        "last_mile_carrier": "DHL",
        "last_mile_number": "JJD000111222333444",
    }

    for external_id, parcel in (("1", {"number": CJ_NUMBER}), ("2", changed)):
        body = tracking_body(purchase_order.number, parcel)
        processing.process(
            call=store_webhook("supplier-lumen", body, external_id=external_id), now=NOON
        )

    parcel = Parcel.objects.get()
    assert parcel.number == "CJPKL0000000001YQ"
    assert (parcel.last_mile_carrier, parcel.last_mile_number) == ("DHL", "JJD000111222333444")


def test_webhook_is_processed_once_by_two_workers():
    purchase_order = make_accepted_purchase_order(make_sellable())
    call = store_webhook(
        "supplier-lumen", tracking_body(purchase_order.number, {"number": CJ_NUMBER})
    )
    other = InboundWebhook.objects.get()

    results = [processing.process(call=call, now=NOON), processing.process(call=other, now=NOON)]

    assert results == [True, False]
    assert Parcel.objects.count() == 1


def test_webhook_of_a_dead_worker_is_processed_after_its_lease():
    call = store_webhook("supplier-lumen", tracking_body("FL-1-1"))
    InboundWebhook.objects.update(attempts=1, due_at=NOON + processing.LEASE)

    assert list(InboundWebhook.objects.due(NOON)) == []
    assert list(InboundWebhook.objects.due(NOON + processing.LEASE)) == [call]


def test_webhook_of_an_unknown_order_is_retried_then_ignored_with_the_reason():
    purchase_order = make_accepted_purchase_order(make_sellable())
    make_supplier("stranger")

    # An order that does not exist, and an order of another supplier.
    for source, number in (("lumen", "FL-261124-XXXXX-1"), ("stranger", purchase_order.number)):
        call = store_webhook(f"supplier-{source}", tracking_body(number, {"number": CJ_NUMBER}))
        ended = handle_until_ended(call)

        assert (call.status, call.attempts) == ("ignored", processing.MAX_ATTEMPTS)
        assert call.problem == f"no order '{number}' of this supplier"
        assert ended - NOON > timedelta(minutes=20)
    purchase_order.refresh_from_db()
    assert purchase_order.status == PurchaseOrder.Status.IN_PROGRESS
    assert Parcel.objects.count() == 0


def test_tracking_number_of_another_order_fails_for_staff():
    mine = make_accepted_purchase_order(make_sellable())
    theirs = make_accepted_purchase_order(make_sellable(), email="b@example.org")

    for purchase_order in (mine, theirs):
        body = tracking_body(purchase_order.number, {"number": CJ_NUMBER})
        processing.process(call=(call := store_webhook("supplier-lumen", body)), now=NOON)

    assert call.status == "failed"
    assert call.problem == f"CJPacket {CJ_NUMBER} belongs to {mine.number}"


def test_malformed_webhook_fails_at_once():
    make_supplier()

    for body in (
        b"",
        b"not json",
        b"[" * 60_000,
        b'{"order": ""}',
        b'{"order": "FL-1", "parcels": [{"number": 5}]}',
        b'{"order": "FL-1", "parcels": [{"number": "A12345", "lines": [{"quantity": -1}]}]}',
        b'{"order": "FL-1", "parcels": [{"number": "A12345", "lines": [{"quantity": 1e999}]}]}',
        b'{"order": "FL-1", "parcels": [{"number": "A12345", "carrier": "%b"}]}' % (b"x" * 10_000),
        b'{"order": "FL-1", "answer": "sold"}',
        b'{"order": "FL-1", "parcels": [{"number": "A1", "happened_at": "2026-11-24T09:00:00"}]}',
    ):
        call = store_webhook("supplier-lumen", body)
        processing.process(call=call, now=NOON)

        assert (call.status, call.attempts) == ("failed", 1), body[:80]
        assert call.problem.startswith("malformed payload")


def test_early_webhook_is_retried_and_fails_in_the_end(monkeypatch):
    make_supplier()
    call = store_webhook("supplier-lumen", tracking_body("FL-1-1"))
    too_early = TooEarlyError("a capture before its authorization")
    monkeypatch.setattr(processing, "apply_webhook", Mock(side_effect=too_early))

    processing.process(call=call, now=NOON)
    call.refresh_from_db()
    waiting = (call.status, call.due_at - NOON, call.problem)
    handle_until_ended(call)

    assert waiting == ("received", timedelta(seconds=5), "a capture before its authorization")
    assert (call.status, call.attempts) == ("failed", 10)


def test_unexpected_error_is_retried_and_delays_no_other(monkeypatch, caplog):
    make_supplier()
    call = store_webhook("supplier-lumen", tracking_body("FL-1-1"))
    monkeypatch.setattr(processing, "apply_webhook", lambda **_: 1 / 0)

    processing.process(call=call, now=NOON)

    call.refresh_from_db()
    assert (call.status, call.problem) == ("received", "ZeroDivisionError: division by zero")
    assert "cannot be handled" in caplog.text


def test_staff_retry_a_failed_webhook():
    make_supplier()
    call = store_webhook("supplier-lumen", b"not json")
    processing.process(call=call, now=NOON)
    later = NOON + timedelta(hours=1)

    processing.replay(call=call, actor="ada@fara.example", now=later)

    assert list(InboundWebhook.objects.due(later)) == [call]
    assert (call.status, call.attempts) == ("received", 0)
    with pytest.raises(InvalidTransitionError):
        processing.replay(call=call, actor="ada@fara.example", now=later)


def test_unknown_supplier_event_is_ignored_and_one_of_a_removed_source_fails():
    source = connect_cj(make_supplier())
    gone = store_webhook("supplier-gone", tracking_body("FL-1-1"))

    processing.process(call=gone, now=NOON)

    assert (gone.status, gone.problem) == ("failed", "this source is no longer connected")
    for kind in ("STOCK", "PRODUCT", "VARIANT", "SOURCINGCREATE", "SOMETHING_NEW"):
        call = store_webhook(source, cj_body(kind))
        processing.process(call=call, now=NOON)
        assert call.status == "ignored", kind


def test_webhook_content_counts_if_the_supplier_cannot_be_read(monkeypatch):
    purchase_order = make_accepted_purchase_order(make_sellable())
    source = connect_cj(purchase_order.supplier)
    down = Mock(side_effect=TemporaryError("HTTP 503"))
    monkeypatch.setattr(handlers, "open_connector", down)
    parcel = {"logisticName": "CJPacket Ordinary", "trackNumber": CJ_NUMBER}
    order = {"orderNumber": purchase_order.number, "orderStatus": "SHIPPED"}

    call = store_webhook(source, cj_body("ORDER", **order, **parcel))
    processing.process(call=call, now=NOON)

    purchase_order.refresh_from_db()
    assert purchase_order.status == PurchaseOrder.Status.SHIPPED
