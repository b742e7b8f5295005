"""Publication: one event for each change, with the object as the API names it, and nothing twice."""

from decimal import Decimal

import pytest
from django.db import transaction

from catalog.listings.refresh import ListingSupply, refresh_listings
from catalog.models import Channel, Listing
from orders.cancellation import cancellation
from orders.models import Order
from orders.purchasing import acknowledgements
from storefront.events import payloads, publication, subscriptions
from storefront.events.event_types import SUBSCRIBABLE
from storefront.events.models import PendingEvent, PublicEvent, WebhookDelivery
from storefront.lib.money import Money
from tests.factories import returns
from tests.factories.events import make_subscription, publish
from tests.factories.orders import make_order, make_paid_order, make_sellable
from tests.factories.shipping import make_sent_purchase_order, make_state
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once
from tests.support.crashes import killed

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_events_of_an_order_that_is_sold_shipped_returned_and_refunded():
    order = returns.make_delivered(quantity=2)
    made = returns.declare(order, 2)
    returns.mark_shipped(made)
    returns.receive(made)
    returns.inspect(made)
    returns.pay(made)
    returns.settle(order)
    number = f"order:{order.number}"
    purchase = f"purchase_order:{order.purchase_orders.get().number}"

    assert publish() == [
        ("order.placed", number),
        ("purchase_order.submitted", purchase),
        ("purchase_order.confirmed", purchase),
        ("order.paid", number),
        ("order.shipped", number),
        ("order.delivered", number),
        ("return.opened", f"return:{made.number}"),
        ("return.received", f"return:{made.number}"),
        ("order.refunded", number),
    ]
    data = {event.type: event.data for event in PublicEvent.objects.all()}
    assert data["order.shipped"]["parcel"]["lines"][0]["quantity"] == 2
    assert data["order.paid"]["order"]["total"] == {
        "amount": str(order.total_amount),
        "currency": "EUR",
    }
    assert data["order.refunded"]["refund"] == data["order.refunded"]["order"]["refunded"]
    assert data["return.received"]["return_authorization"]["lines"][0]["received"] == 2
    assert "Erika" not in str(data)
    assert "erika" not in str(data)
    assert publish() == []


def test_a_canceled_order_and_a_rejected_purchase_order():
    order = make_paid_order(make_sellable())
    cancellation.cancel(order=order, reason="changed my mind", actor="customer", now=NOON)
    rejected = make_sent_purchase_order(make_sellable())
    acknowledgements.apply(
        purchase_order=rejected, state=make_state(rejected, "rejected"), now=NOON
    )

    types = [kind for kind, _subject in publish()]

    assert types == [
        "order.placed",
        "order.canceled",
        "order.placed",
        "purchase_order.submitted",
        "purchase_order.rejected",
    ]


def test_an_order_that_is_never_paid_is_no_event():
    order = make_order(make_sellable())
    order.move(Order.Status.EXPIRED, at=NOON)
    assert publish() == []


def test_a_change_that_is_rolled_back_leaves_no_event():
    order = make_order(make_sellable())
    with transaction.atomic():
        order.move(Order.Status.PLACED, at=NOON)
        transaction.set_rollback(True)
    assert PendingEvent.objects.count() == 0


def supply(listing, available, cost="10.00"):
    return ListingSupply(
        variant_id=listing.variant_id,
        cost=Money(Decimal(cost), "EUR"),
        available=available,
        ships_from={"CN": available},
        as_of=NOON,
        reaches=frozenset(),
        supplier_code="cj",
        origins=("CN",),
    )


def set_stock(*amounts, cost="10.00"):
    """Publish a new stock of the first listings, in one refresh."""
    channel = Channel.objects.get()
    pairs = zip(Listing.objects.order_by("pk"), amounts, strict=False)
    supplies = [supply(listing, available, cost) for listing, available in pairs]
    refresh_listings(channel=channel, supplies=supplies, now=NOON)


def test_stock_events_are_recorded_when_the_stock_crosses_a_line():
    listings = [make_sellable(quantity=20) for _number in range(4)]
    make_subscription()
    set_stock(20, 20, 20, 20)
    publish()

    set_stock(0, 5, 6, 20)  # the channel's threshold is 5
    first = publish()
    set_stock(3, 4, 0, 20)

    subjects = [f"listing:shop:{listing.variant.sku}" for listing in listings]
    assert [pair for pair in first if pair[0].startswith("stock")] == [
        ("stock.out", subjects[0]),
        ("stock.low", subjects[1]),
    ]
    assert publish() == [("stock.back", subjects[0]), ("stock.out", subjects[2])]
    data = PublicEvent.objects.filter(type="stock.back").get().data
    assert (data["available"], data["previous"]) == (3, 0)


def test_price_events_hold_both_prices():
    make_sellable(quantity=20)
    make_subscription("http://127.0.0.1:9000/", "price.changed")
    set_stock(20)
    before = Listing.objects.get().price_amount
    publish()

    set_stock(0, cost="11.00")

    (event,) = publish()
    data = PublicEvent.objects.latest("pk").data
    assert event[0] == "price.changed"
    assert data["previous"] == {"amount": str(before), "currency": "EUR"}
    assert data["price"]["amount"] == str(Listing.objects.get().price_amount)


def test_no_stock_or_price_event_is_recorded_unless_a_subscription_wants_it():
    make_sellable(quantity=20)
    subscription = make_subscription("http://127.0.0.1:9000/", "order.paid", "stock.back")
    set_stock(20)
    set_stock(0)
    assert publish() == []
    subscriptions.pause(subscription=subscription, actor="sam", now=NOON)
    set_stock(20)
    assert publish() == []


def test_publication_writes_a_delivery_for_each_subscription_that_wants_the_event():
    everything = make_subscription()
    orders = make_subscription("http://127.0.0.1:9000/", "order.placed")
    make_subscription("http://127.0.0.1:9000/", "order.canceled")

    make_paid_order(make_sellable())
    publish()

    assert list(WebhookDelivery.objects.order_by("pk").values_list("subscription", flat=True)) == [
        everything.pk,
        orders.pk,
    ]


def test_a_test_event_reaches_only_its_subscription():
    wanted = make_subscription("http://127.0.0.1:9000/", "order.placed")
    make_subscription()
    subscriptions.send_test(subscription=wanted, now=NOON)

    assert publish() == [("webhook.test", f"subscription:{wanted.pk}")]
    assert WebhookDelivery.objects.get().subscription == wanted


def test_simultaneous_workers_publish_each_event_once():
    make_subscription()
    for _number in range(3):
        make_paid_order(make_sellable())
    pending = PendingEvent.objects.count()

    all_at_once([lambda: publication.publish_pending(now=NOON)] * 4, ())

    assert PublicEvent.objects.count() == WebhookDelivery.objects.count() == pending
    assert PendingEvent.objects.count() == 0


def test_a_worker_killed_while_it_publishes_loses_nothing_and_repeats_nothing():
    make_subscription()
    make_paid_order(make_sellable())

    killed(publish, module=publication, at="add_deliveries", is_done=True)
    assert PublicEvent.objects.count() == 0

    assert [kind for kind, _subject in publish()] == ["order.placed"]
    assert WebhookDelivery.objects.count() == 1


def test_each_type_has_a_payload_and_each_payload_stays_small():
    assert set(payloads.DATA_TYPES) == {*SUBSCRIBABLE, "webhook.test"}
