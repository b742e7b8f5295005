"""Zapier and Make: their app definitions run against the shop, over HTTP, as these services run them."""

from datetime import UTC, datetime
from urllib.error import HTTPError

import pytest
import time_machine
from django.core.cache import cache

from orders.models import Order
from shipping.models import Parcel
from shipping.rates import quotes
from storefront.events.models import WebhookSubscription
from suppliers.models import Connection
from tests.factories.api import make_api_key
from tests.factories.catalog import make_category, make_variant
from tests.factories.events import deliver, publish
from tests.factories.full_shop import settle
from tests.factories.orders import make_paid_order, make_sellable
from tests.factories.priced_shop import stock_shop
from tests.factories.returns import make_delivered, requested_refunds
from tests.factories.shipping import CJ_NUMBER, make_accepted_purchase_order, make_service
from tests.factories.suppliers import NOON, make_level, make_offer
from tests.fakes.automation_hub import HookReceiver, Make, Zapier

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def noon():
    cache.clear()
    quotes.clear_cache()
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def hooks():
    receiver = HookReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def account(live_server):
    """What a user enters to connect: the address of the shop and a key."""
    return {"shop_url": live_server.url, "api_key": make_api_key(now=datetime.now(UTC))}


@pytest.fixture
def zapier(account):
    return Zapier(**account)


@pytest.fixture
def make(account):
    return Make(**account)


def send_all():
    """Publish what happened, and deliver it."""
    publish(now=datetime.now(UTC))
    for subscription in WebhookSubscription.objects.all():
        deliver(subscription, now=datetime.now(UTC))


def test_both_accounts_connect_and_a_wrong_key_is_refused(zapier, make, account):
    assert (zapier.test_connection(), make.test_connection()) == (200, 200)
    with pytest.raises(HTTPError, match="401"):
        Zapier(**{**account, "api_key": "wrong"}).test_connection()


def test_a_zap_is_triggered_until_it_is_turned_off(zapier, hooks):
    subscribed = zapier.turn_on("order_placed", hooks.url("/zap"))
    order = make_paid_order()
    send_all()

    (message,) = hooks.received["/zap"]
    assert message["data"]["order"]["number"] == order.number
    assert zapier.samples("order_placed") == [message]  # the polling twin, with the same id

    assert zapier.turn_off("order_placed", subscribed) == 204
    make_paid_order()
    send_all()
    assert len(hooks.received["/zap"]) == 1


def test_a_zap_that_was_deleted_is_unsubscribed(zapier, hooks):
    zapier.turn_on("order_placed", hooks.url("/gone"))
    hooks.status = 410
    make_paid_order()
    send_all()
    assert WebhookSubscription.objects.get().status == "disabled"


def test_a_scenario_is_triggered_and_a_polling_one_keeps_the_same_ids(make, hooks):
    assert {"label": "Order placed", "value": "order.placed"} in make.events()
    kept = make.attach("order.placed", hooks.url("/scenario"))
    make_paid_order()
    send_all()

    (message,) = hooks.received["/scenario"]
    assert make.poll("list-events", event="order.placed", limit=10) == [message["id"]]
    assert make.detach(kept) == 204
    assert not WebhookSubscription.objects.exists()


@pytest.mark.parametrize("service", ["zapier", "make"])
def test_a_repeated_step_adds_tracking_once(service, request):
    purchase_order = make_accepted_purchase_order(make_sellable(quantity=9), quantity=3)
    settle(purchase_order.order)
    fields = {
        "purchase_order": purchase_order.number,
        "carrier": "CJPacket",
        "tracking_number": CJ_NUMBER,
    }
    app, name = request.getfixturevalue(service), {"zapier": "add_tracking", "make": "add-tracking"}
    first, second = (app.act(name[service], **fields) for _ in range(2))
    assert first == second
    assert Parcel.objects.get().number == CJ_NUMBER


@pytest.mark.parametrize("service", ["zapier", "make"])
def test_a_repeated_step_refunds_once(service, request):
    order = make_delivered()
    fields = {"order": order.number, "amount": "10.00", "currency": "EUR", "reason": "late"}
    app, name = request.getfixturevalue(service), {"zapier": "refund_order", "make": "refund-order"}
    for _ in range(2):
        app.act(name[service], reference="ticket 7", **fields)
    assert [str(each) for each in requested_refunds()] == ["10.00"]


@pytest.mark.parametrize("service", ["zapier", "make"])
def test_an_order_is_canceled(service, request):
    order = make_paid_order()
    app, name = request.getfixturevalue(service), {"zapier": "cancel_order", "make": "cancel-order"}
    shown = app.act(name[service], order=order.number, reason="The customer called.")
    assert shown["status"] == "canceled"


@pytest.mark.parametrize("service", ["zapier", "make"])
def test_a_repeated_step_places_one_order(service, request):
    listing = make_sellable(quantity=5, price="39.99")
    make_service()
    fields = {
        "reference": "call 12",
        "email": "erika@example.org",
        "name": "Erika Muster",
        "line1": "Musterweg 1",
        "postcode": "10115",
        "city": "Berlin",
        "country": "DE",
        "lines": [{"sku": listing.variant.sku, "quantity": 2}],
    }
    app, name = request.getfixturevalue(service), {"zapier": "create_order", "make": "create-order"}
    first, second = (app.act(name[service], **fields) for _ in range(2))
    assert first["number"] == second["number"] == Order.objects.get().number


@pytest.mark.parametrize("service", ["zapier", "make"])
def test_a_price_is_set_on_the_listing_that_a_search_finds(service, request):
    (listing,) = stock_shop("10.00", now=NOON)
    dash = {"zapier": "_", "make": "-"}[service]
    app = request.getfixturevalue(service)
    (found,) = app.find(f"find{dash}listing", sku=listing.variant.sku, channel="shop")
    done = app.act(f"set{dash}price", listing_id=found["id"], amount="24.50", currency="EUR")
    assert done["listing"]["price"] == {"amount": "24.50", "currency": "EUR"}


@pytest.mark.parametrize("service", ["zapier", "make"])
def test_a_repeated_step_creates_one_product_that_another_changes(service, request):
    make_category(slug="headlamps")
    dash = {"zapier": "_", "make": "-"}[service]
    app = request.getfixturevalue(service)
    fields = {"title": "Trail 700", "brand": "Trail", "category": "headlamps", "family": "headlamp"}
    first, second = (
        app.act(f"create{dash}product", reference="sətir 4", lithium="none", **fields)
        for _ in range(2)
    )
    assert first["id"] == second["id"]
    changed = app.act(f"update{dash}product", product_id=first["id"], summary="A lamp.")
    assert (changed["summary"], changed["title"]) == ("A lamp.", "Trail 700")


@pytest.mark.parametrize("service", ["zapier", "make"])
def test_stock_is_set_in_a_warehouse_of_our_own(service, request):
    level = make_level(make_offer(make_variant(sku="HL-1")), quantity=5)
    Connection.objects.update(base_url="")
    dash = {"zapier": "_", "make": "-"}[service]
    fields = {"sku": level.offer.variant.sku, "location_id": level.location_id, "quantity": 7}
    assert request.getfixturevalue(service).act(f"set{dash}stock", **fields)["reported"] == 7
