"""Webhook schemas: the documented event of each type is one that was published."""

import json
from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator

from catalog.listings.refresh import ListingSupply, refresh_listings
from catalog.models import Channel, Listing
from orders.cancellation import cancellation
from orders.models import Order
from orders.purchasing import acknowledgements
from storefront.api.core.docs import schema_in
from storefront.api.merchant.events.webhook_schemas import EXAMPLES, recorded_events
from storefront.events import deliveries, subscriptions
from storefront.events.event_types import EventType
from storefront.events.models import PublicEvent
from storefront.lib.money import Money
from tests.factories import returns
from tests.factories.api import ADMIN
from tests.factories.events import make_subscription, publish, record_case
from tests.factories.full_shop import settle
from tests.factories.orders import make_paid_order, make_sellable
from tests.factories.shipping import (
    make_sent_purchase_order,
    make_shipment_notice,
    make_state,
    take_in,
)
from tests.factories.suppliers import NOON
from tests.support.api_examples import IS_RECORDING

pytestmark = pytest.mark.django_db


def set_stock(listing, available, cost="10.00"):
    supply = ListingSupply(
        variant_id=listing.variant_id,
        cost=Money(Decimal(cost), "EUR"),
        available=available,
        ships_from={"DE": available},
        as_of=NOON,
        reaches=frozenset(),
        supplier_code="cj",
        origins=("DE",),
    )
    refresh_listings(channel=Channel.objects.get(), supplies=[supply], now=NOON)


def answer(purchase, word):
    state = make_state(purchase, word)
    acknowledgements.apply(purchase_order=purchase, state=state, now=NOON)


@pytest.fixture
def published():
    """Publish an event of each type; return the first of each as it is sent."""
    subscription = make_subscription()
    purchase = make_sent_purchase_order(make_sellable())
    publish()
    answer(purchase, "accepted")
    settle(purchase.order)
    publish()
    for status in ("shipped", "delivered"):
        take_in(purchase, status, make_shipment_notice())
        publish()
    order = Order.objects.get()
    returned = returns.declare(order, 1)
    publish()
    returns.mark_shipped(returned)
    returns.receive(returned)
    publish()
    returns.inspect(returned)
    returns.pay(returned)
    settle(order)
    canceled = make_paid_order(make_sellable())
    cancellation.cancel(order=canceled, reason="changed my mind", actor="customer", now=NOON)
    answer(make_sent_purchase_order(make_sellable()), "rejected")
    listing = Listing.objects.order_by("pk").first()
    for available, cost in ((20, "10.00"), (5, "10.00"), (0, "10.00"), (20, "11.00")):
        set_stock(listing, available, cost)
        publish()
    record_case()
    subscriptions.send_test(subscription=subscription, now=NOON)
    publish()
    events = PublicEvent.objects.order_by("-pk")
    return {event.type: json.loads(deliveries.body_of(event)) for event in events}


def shape(value):
    """Return the names and types of a value, without what differs from run to run."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value)


def test_each_type_has_a_recorded_event_that_is_published_like_that(published):
    """To record them: API_EXAMPLES=record pytest <this file>."""
    if IS_RECORDING:
        rows = [
            f"{json.dumps(kind)}: {json.dumps(published[kind], ensure_ascii=False)}"
            for kind in EventType.values
        ]
        EXAMPLES.write_text("{\n" + ",\n".join(rows) + "\n}\n")
        recorded_events.cache_clear()

    assert list(recorded_events()) == EventType.values
    assert shape(recorded_events()) == shape(published)


def test_events_are_listed_as_they_are_sent_and_match_the_schema(published, merchant):
    schema = schema_in("en")
    listed = merchant.get(f"{ADMIN}events/").json()["results"]
    paid = merchant.get(f"{ADMIN}events/{published['order.paid']['id']}/").json()
    samples = merchant.get(f"{ADMIN}hooks/samples/order.paid/").json()

    events = sorted(published.values(), key=lambda event: event["sequence"])
    assert [event for event in listed if event in events] == events
    assert [paid] == samples == [published["order.paid"]]
    assert set(schema["webhooks"]) == set(published)
    for kind, operation in schema["webhooks"].items():
        content = operation["post"]["requestBody"]["content"]["application/json"]
        whole = {"allOf": [content["schema"]], "components": schema["components"]}
        Draft202012Validator(whole).validate(published[kind])
        Draft202012Validator(whole).validate(content["example"])
        assert len(json.dumps(published[kind])) < 20_000
