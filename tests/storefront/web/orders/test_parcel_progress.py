"""Parcel progress: steps, tracking events and expected days on the order page, polls of it."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import Backorder, Order, OrderLine, Payment, PurchaseOrder
from orders.order_messages import order_messages
from shipping.models import Parcel
from shipping.shipments.statuses import TrackingUpdate
from tests.factories.orders import make_order
from tests.factories.returns import make_delivered
from tests.factories.shipping import (
    apply_updates,
    make_accepted_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, in_each_language, page_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def order(light, noon):
    del noon
    purchase_order = make_accepted_purchase_order(light)
    take_in(purchase_order, "shipped", make_shipment_notice())
    return purchase_order.order


def report(status, hours, text="", place="", **known):
    update = TrackingUpdate(
        status=status, text=text, place=place, happened_at=NOON + hours * HOUR, **known
    )
    return apply_updates(update, now=NOON + max(hours, 0) * HOUR)


def steps_of(client, order):
    text = client.get(page_of(order)).content.decode()
    steps = re.search(r'<ol class="steps">(.*?)</ol>', text, re.DOTALL)[1]
    return [
        (re.search(r"<span>([^<]+)", step)[1], "step-on" in step, "step-bad" in step, step)
        for step in steps.split("<li")[1:]
    ]


@in_each_language
def test_events_are_shown_newest_first_and_folded_after_three(client, order, language):
    report("pre_transit", -5, "Electronic notification")
    report("in_transit", -4, "Departed <sorting> center", "Shenzhen")
    report("in_transit", -3, "Arrived at hub", "Leipzig")
    report("exception", -2, "Held at customs", "Köln")
    report("in_transit", -1, "In Transit", "Berlin")
    report("in_transit", -2, "Repeated by the provider", source="provider")
    apply_updates(TrackingUpdate(status="unknown", text="Text without a time"))

    response = client.get(page_of(order, language=language))

    page = Page(response)
    assert page.faults == []
    open_events, folded = page.text.split('class="events"')[1:3]
    newest, held, hub = [open_events.find(name) for name in ("Berlin", "Köln", "Leipzig")]
    assert 0 < newest < held < hub
    assert (
        0
        < folded.find("Shenzhen")
        < folded.find("Electronic notification")
        < folded.find("Text without a time")
    )
    assert "Repeated by the provider" not in page.text
    assert "Departed &lt;sorting&gt; center" in folded
    if language == "en":
        assert "<strong>Delivery exception</strong>, Köln" in open_events
        assert "24 Nov 2026, 11:00 CET" in open_events, "the time of the country of delivery"
        assert "In Transit" not in open_events, "the carrier's text repeats the status"
        assert "3 earlier updates" in open_events
        assert "<strong>Carrier update</strong>" in folded


def test_parcel_without_events_shows_none(client, order):
    assert "Tracking updates" not in client.get(page_of(order)).content.decode()


def test_steps_follow_the_carrier_and_show_an_exception_in_place(client, order):
    names = [name for name, *_ in steps_of(client, order)]
    report("exception", -3)
    held = steps_of(client, order)
    report("out_for_delivery", -2)
    out = steps_of(client, order)
    report("attempt_failed", -1)
    failed = steps_of(client, order)
    report("available_for_pickup", 0)
    pickup = steps_of(client, order)

    assert names == [
        "Placed", "Confirmed", "Packed", "In transit", "Out for delivery", "Delivered",
    ]  # fmt: skip
    for steps, reached, problem, note in (
        (held, 4, 3, "Delivery exception"),
        (out, 5, None, ""),
        (failed, 5, 4, "Delivery attempt failed"),
        (pickup, 5, None, "Ready for pickup"),
    ):
        assert [is_on for _, is_on, *_ in steps] == [place < reached for place in range(6)]
        assert [is_bad for *_, is_bad, _ in steps] == [place == problem for place in range(6)]
        assert note in steps[reached - 1][3]
        assert 'aria-current="step"' in steps[reached - 1][3]


@pytest.mark.parametrize(("status", "note"), [("lost", "Lost"), ("returned", "Returned to sender")])
def test_step_shows_that_staff_marked_a_parcel_undeliverable(client, order, status, note):
    report("in_transit", -3)
    Parcel.objects.update(status=status)

    reached = steps_of(client, order)[3]

    assert reached[:3] == ("In transit", True, True)
    assert note in reached[3]


def test_expected_days_follow_the_newest_facts_beside_the_promise(client, order, noon):
    promised = "Delivery promised for 1–5 Dec."
    without = client.get(page_of(order)).content.decode()
    report("in_transit", 0)
    noon.shift(timedelta(days=1))
    departed = client.get(page_of(order)).content.decode()
    report("out_for_delivery", 24)
    out = client.get(page_of(order)).content.decode()
    noon.shift(timedelta(days=1))
    next_day = client.get(page_of(order)).content.decode()

    assert promised in without
    assert "Expected" not in without
    assert promised in departed
    assert "Expected 27–30 Nov." in departed
    assert "Expected 25 Nov." in out
    assert "Expected" not in next_day, "it did not arrive on the day when it went out"


def test_days_that_have_passed_are_not_expected(client, order, noon):
    report("in_transit", 0)
    noon.shift(timedelta(days=7))

    assert "Expected" not in client.get(page_of(order)).content.decode()


def test_contents_link_to_their_product(client, order, light):
    text = client.get(page_of(order)).content.decode()

    contents = text.partition('class="panel box"')[2].partition("</section>")[0]
    assert f'<a href="/en/p/{light.variant.product.slug}/">' in contents


def test_poll_of_an_unchanged_page_is_answered_by_two_statements_and_no_body(client, order):
    page = client.get(page_of(order))
    etag = page["ETag"]

    with CaptureQueriesContext(connection) as statements:
        poll = client.get(page_of(order), headers={"If-None-Match": etag})

    assert (poll.status_code, poll.content, poll["ETag"]) == (304, b"", etag)
    assert len(statements) == 2
    (area,) = Page(page).all("div", id="progress")
    assert area["hx-trigger"] == "every 30s"
    assert json.loads(area["hx-headers"]) == {"If-None-Match": etag}


@pytest.mark.parametrize(
    "change",
    [
        lambda _: report("unknown", 0, "Customs"),
        lambda order: Order.objects.filter(pk=order.pk).update(status="processing"),
        lambda order: Payment.objects.filter(order=order).update(captured_amount="1"),
        lambda order: OrderLine.objects.filter(order=order).update(canceled_quantity=0),
        lambda order: PurchaseOrder.objects.filter(order=order).update(cancel_reason="x"),
        lambda _: Parcel.objects.update(tracking_url="https://dhl.example/1"),
        lambda order: order_messages.write(order=order, text="Hello", request_key="1", now=NOON),
        lambda order: Backorder.objects.create(
            order=order, purchase_order=order.purchase_orders.get(), kind="refused",
            status_since=NOON, opened_at=NOON, currency="EUR",
        ),
    ],
)  # fmt: skip
def test_poll_after_a_change_gets_the_page(client, order, change):
    etag = client.get(page_of(order))["ETag"]
    change(order)

    poll = client.get(page_of(order), headers={"If-None-Match": etag})

    assert poll.status_code == 200
    assert poll["ETag"] != etag


def test_poll_after_midnight_gets_the_page(client, order, noon):
    etag = client.get(page_of(order))["ETag"]
    noon.shift(timedelta(days=1))

    assert client.get(page_of(order), headers={"If-None-Match": etag}).status_code == 200


def test_poll_needs_the_key_of_the_order(client, order):
    etag = client.get(page_of(order))["ETag"]

    for number, sent in ((order.number, etag), ("FL-000000-XXXXX", "")):
        wrong = client.get(f"/en/orders/{number}/{'x' * 32}/", headers={"If-None-Match": sent})
        assert wrong.status_code == 404
        assert "ETag" not in wrong


def test_page_polls_faster_for_a_payment_and_stops_when_everything_arrived(client, light):
    unpaid = make_order(light)

    waiting = client.get(page_of(unpaid)).content.decode()
    arrived = client.get(page_of(make_delivered(light))).content.decode()

    assert 'hx-trigger="every 8s"' in waiting
    assert "hx-trigger" not in arrived.partition('id="progress"')[2].partition(">")[0]
