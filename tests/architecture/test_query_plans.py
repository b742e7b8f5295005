"""Query plans: no hot statement reads all cards, listings, offers or stock levels of a large shop.

The statements are those of the shop's own functions, explained as they run. The planner sees 100,000
rows in each table; the rows are few, so that the test is fast.
"""

import json
import math
from datetime import timedelta

import pytest
import time_machine
from django.contrib import admin
from django.db.models import F
from django.utils import timezone

from catalog import models as catalog
from catalog.search import card_index
from notifications import dispatch
from notifications import models as notifications
from notifications import tasks as notification_tasks
from orders import models as orders
from orders.inventory import stock_sync
from orders.payments import captures
from shipping import models as shipping
from shipping.silence import messages, sweep
from storefront.dashboard.inbox import query
from storefront.dev.sandboxes import in_memory_supplier
from storefront.identity import current
from storefront.lib.db.indexed_search import LargeTable
from storefront.webhooks import processing, sources, storage
from storefront.webhooks import tasks as webhook_tasks
from storefront.webhooks.models import InboundWebhook
from storefront.webhooks.sources import Source
from suppliers import models as suppliers
from suppliers.inventory import tasks as inventory_tasks
from tests.factories.feeds import make_feed_supplier, make_shop, sync, usd
from tests.factories.product_records import make_product_record, make_variant_record
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_service,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON
from tests.storefront.web.checkout.test_query_counts import buy
from tests.storefront.web.conftest import make_light
from tests.support.module_world import NO_REDIS, module_world
from tests.support.query_plans import multiply, pretend, sequential_scans

ROWS = 100_000
# With few suppliers, a scan of the whole table would be the right plan to merge one list.
COPIES, SUPPLIERS = 1_000, 200
SUPPLIER_CODE = (
    f"t.supplier_code || CASE WHEN c % {SUPPLIERS} > 0 THEN '-' || c % {SUPPLIERS} ELSE '' END"
)
GOODS = (
    *(catalog.Product, catalog.Variant, catalog.Spec, catalog.Mode, catalog.Image),
    *(catalog.Listing, catalog.ProductCard),
    *(suppliers.SupplierOffer, suppliers.StockLevel, suppliers.StockMovement),
)
HISTORY = (
    *(orders.Cart, orders.CartLine, orders.Order, orders.OrderLine, orders.Reservation),
    *(orders.Allocation, orders.Payment, orders.PaymentEvent),
    *(orders.PurchaseOrder, orders.PurchaseLine, orders.PurchaseMessage),
    *(shipping.Shipment, shipping.Parcel, shipping.ParcelLine, shipping.TrackingEvent),
    *(notifications.Event, notifications.Message, InboundWebhook),
)
FEW = (suppliers.Supplier, suppliers.StockLocation, catalog.Brand)  # each row has several goods
WATCHED = (
    *(catalog.ProductCard, catalog.Listing, suppliers.SupplierOffer, suppliers.StockLevel),
    *(notifications.Event, notifications.Message, InboundWebhook),
    *(orders.Allocation, orders.Reservation),
)
FEED = "http://fake.example"


def make_large_shop():
    """Make a feed of products and a delivered order, whose copies make the shop look large."""
    light = make_light(quantity=50)
    make_service()
    make_shop()
    catalog.Brand.objects.update(manufacturer_name="Fara Works", manufacturer_country="DE")
    list_products()
    feeder = make_feed_supplier(code="feeder")
    sync(feeder)
    purchase_order = make_accepted_purchase_order(light)
    parcel = make_shipment_notice(carrier_text="delivered", happened_at=NOON)
    take_in(purchase_order, "delivered", parcel)
    storage.store(source=Source(name="supplier-lumen"), external_id="1", body=b"{}", now=NOON)
    for event in notifications.Event.objects.all():
        dispatch.fan_out(event=event, now=NOON)
    for model, status in ((notifications.Message, "sent"), (InboundWebhook, "applied")):
        model.objects.update(status=status)
    orders.Allocation.objects.update(status="shipped", absorbed_by="count")
    orders.PaymentEvent.objects.update(is_pending=False)
    orders.Payment.objects.update(status="captured", captured_amount=F("authorized_amount"))
    copies = {**dict.fromkeys(FEW, SUPPLIERS - 1), **dict.fromkeys(GOODS + HISTORY, COPIES)}
    multiply(copies, aged=HISTORY, changed={catalog.Listing: {"supplier_code": SUPPLIER_CODE}})
    pretend(ROWS, *GOODS, *HISTORY)
    return light


def list_products(*, cost="8.40", units=20, copies=0):
    """Put five products in the feed; each has a variant for each copy of the supplier's offers."""
    for number in range(1, 6):
        skus = [
            f"P{number}-Black{suffix}" for suffix in ("", *(f"-{c}" for c in _own_copies(copies)))
        ]
        record = make_product_record(
            external_id=f"P{number}",
            title=f"Sensor headlamp {number}",
            variants=[make_variant_record(sku=sku, gtin="", mpn=sku) for sku in skus],
            picture_urls=(),
        )
        stock = {"DE": units, "CN": 100}
        in_memory_supplier.data_at(FEED).put(record, stock=stock, cost=usd(cost))


def _own_copies(copies):
    """Return the numbers of the copies that belong to the original supplier."""
    return range(SUPPLIERS, copies + 1, SUPPLIERS)


@pytest.fixture(scope="module")
def _large_shop(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    in_memory_supplier.reset_data()
    with pytest.MonkeyPatch.context() as patches, time_machine.travel(NOON, tick=False):
        patches.setattr(current, "_cached", (math.inf, current.DEMONSTRATION))
        with module_world(django_db_blocker, folder, make_large_shop, REDIS_URL=NO_REDIS) as light:
            yield light
    in_memory_supplier.reset_data()


@pytest.fixture
def light(_large_shop, db, settings):
    settings.REDIS_URL = NO_REDIS
    with card_index.locked_index(_large_shop.channel_id):  # the first read loads all cards
        return _large_shop


@pytest.fixture
def customer(client):
    client.defaults |= {"HTTP_SEC_FETCH_SITE": "same-origin"}
    return client


@pytest.fixture
def watched(light):
    with sequential_scans(*WATCHED) as scans:
        yield
    assert not scans


@pytest.mark.usefixtures("watched")
def test_a_purchase(customer, light):
    buy(customer, light)


@pytest.mark.parametrize(
    "path", ["/en/", "/en/c/headlamps/", "/en/search/?q=firefly&sort=price&in_stock=1"]
)
def test_a_list(customer, light, watched, path):
    assert customer.get(path).status_code == 200


@pytest.mark.parametrize("kind", ["prices", "stock"])
def test_a_sync(watched, kind):
    list_products(cost="8.80", units=19, copies=COPIES)

    feeder = suppliers.Supplier.objects.get(code="feeder")
    run = sync(feeder, kind, now=NOON + timedelta(minutes=15))

    assert (run.status, run.updated > 0) == ("applied", True)


def test_staff_lists_with_several_rows_per_order(light, staff_request):
    admin.autodiscover()
    lists = {
        model: table
        for model, table in admin.site._registry.items()
        if model in HISTORY and isinstance(table, LargeTable)
    }
    number = f"{orders.Order.objects.latest('pk').number}-{COPIES // 2}"

    with sequential_scans(*lists) as scans:
        for table in lists.values():
            rows = table.get_queryset(staff_request).order_by("-pk")
            found, _ = table.get_search_results(staff_request, rows, number)
            list(table.get_paginator(staff_request, found, 50).page(1))

    assert not scans
    assert len(lists) > 8


ORDERS = (
    *(orders.Order, orders.OrderLine, orders.Payment, orders.PaymentEvent, orders.Reservation),
    *(orders.PurchaseOrder, orders.PurchaseLine, orders.PurchaseMessage),
    *(shipping.Shipment, shipping.Parcel, shipping.ParcelLine),
)


def test_the_start_page_of_staff(watched, staff):
    query.mark_recorded(now=timezone.now())  # without workers, it reads all orders
    with sequential_scans(*ORDERS) as scans:
        assert staff.get("/admin/").status_code == 200

    assert not scans


@pytest.mark.parametrize(
    "task",
    [
        notification_tasks.fan_out_waiting,
        notification_tasks.send_due,
        webhook_tasks.process_due,
        inventory_tasks.publish_pending,
    ],
)
def test_a_sweep_of_a_queue(watched, task):
    task()


def test_the_sweep_of_payment_requests(light):
    with sequential_scans(orders.Payment, orders.PaymentEvent) as scans:
        assert captures.due_requests(now=NOON) == []

    assert not scans


def test_the_sweep_of_silent_parcels(light):
    tables = (shipping.Parcel, shipping.TrackingEvent, orders.PurchaseOrder, orders.Order)
    with sequential_scans(*tables) as scans:
        sweep.open_cases(now=NOON + timedelta(days=30))
        sweep.end_cases(now=NOON + timedelta(days=30))
        messages.due_cases(now=NOON + timedelta(days=30))

    assert not scans


def test_a_tracking_webhook(watched, light):
    purchase_order = make_accepted_purchase_order(light)
    body = json.dumps({"order": purchase_order.number, "answer": "shipped"}).encode()
    source = f"supplier-{purchase_order.supplier.code}"
    call, _ = storage.store(source=sources.find(source), external_id="2", body=body, now=NOON)

    assert processing.process(call=call, now=NOON), call.problem


def test_sold_units_that_a_sync_confirms(watched):
    supplier = suppliers.Supplier.objects.get(code="feeder")
    stock_sync.absorb_sales(supplier=supplier, now=NOON)
