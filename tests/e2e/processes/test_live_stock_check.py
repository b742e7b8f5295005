"""Units sold elsewhere since the last sync are not sold here: stock is checked live."""

import re
import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from catalog.listings import refresh as listing_refresh
from catalog.models import Listing
from orders.checkout import checkout
from orders.models import Order
from shipping.rates import quotes
from storefront.dev.demo import routes
from suppliers.inventory import publication
from suppliers.models import (
    CallQuota,
    CircuitBreaker,
    PendingPublication,
    StockLevel,
    StockLocation,
    StockMovement,
    Supplier,
)
from suppliers.sync import live_check
from tests.e2e.ordering import stock_the_shop
from tests.factories.orders import HOME, make_cart, quote_for
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier
from tests.storefront.api.schema_client import Caller
from tests.storefront.web.conftest import WHO

__all__ = ["sandbox_process", "sandbox_supplier"]

pytestmark = pytest.mark.django_db(transaction=True)

STOCK = "getInventoryByPid"
SLOW_S = 4.0


@pytest.fixture
def shop(sandbox_supplier):
    cache.clear()
    quotes.clear_cache()
    channel = stock_the_shop(sandbox_supplier)
    for location in StockLocation.objects.all():
        routes.routes(location=location, currency="EUR")
    hour_ago = timezone.now() - timedelta(hours=1)
    StockLevel.objects.update(as_of=hour_ago)
    StockLocation.objects.update(stock_confirmed_at=hour_ago)
    yield channel
    quotes.clear_cache()


@pytest.fixture
def light(shop):
    """A product that is in China only, with plenty in stock."""
    found = Listing.objects.for_sale(timezone.now()).filter(
        ships_from__has_key="CN", available__gte=20, variant__lithium="none"
    )
    found = found.filter(variant__packed_weight_g__lte=400)
    return found.exclude(ships_from__has_any_keys=["DE", "US"]).order_by("pk").first()


def level_of(light):
    return StockLevel.objects.get(offer__variant=light.variant_id, location__code="CN")


def leave(process, light, quantity):
    """Sell all but this many at the supplier, without a webhook."""
    vid = level_of(light).offer.supplier_sku
    process.control("stock", {"vid": vid, "quantity": quantity, "silent": True})


def place(light, quantity=3, **changes):
    cart = make_cart(light, quantity=quantity, now=timezone.now())
    now = timezone.now()
    facts = {"email": "erika@example.org", "ship_to": HOME, "quote": quote_for(cart, now=now)}
    return checkout.place(cart=cart, now=now, **{**facts, **changes}).order


def test_units_sold_elsewhere_are_not_sold(sandbox_supplier, light):
    leave(sandbox_supplier, light, 2)

    with pytest.raises(checkout.UnavailableError):
        place(light)

    assert not Order.objects.exists()
    assert level_of(light).reported_quantity == 2
    movement = StockMovement.objects.order_by("pk").last()
    assert movement.cause == live_check.CAUSE
    light.refresh_from_db()
    assert light.available == 2


def test_concurrent_publication_of_older_figures_is_corrected(sandbox_supplier, light, monkeypatch):
    leave(sandbox_supplier, light, 2)
    PendingPublication.objects.create(variant=light.variant)
    has_read, is_asked, write = (
        threading.Event(),
        threading.Event(),
        listing_refresh.refresh_listings,
    )

    def refresh(**given):
        if threading.current_thread() is sweep:
            has_read.set()
            is_asked.wait(20)
        return write(**given)

    def publish():
        try:
            publication.publish_pending(now=timezone.now())
        finally:
            connections.close_all()

    monkeypatch.setattr(listing_refresh, "refresh_listings", refresh)
    sweep = threading.Thread(target=publish)
    sweep.start()
    assert has_read.wait(20)

    with pytest.raises(checkout.UnavailableError):
        place(light)
    is_asked.set()
    sweep.join()

    light.refresh_from_db()
    assert (light.available, PendingPublication.objects.count()) == (2, 0)


def test_live_check_renews_the_age_of_the_stock(light):
    place(light)

    level = level_of(light)
    assert level.reserved == 3
    assert timezone.now() - level.as_of < timedelta(seconds=30)


def test_fresh_stock_with_plenty_left_is_not_checked_live(sandbox_supplier, light):
    StockLocation.objects.update(stock_confirmed_at=timezone.now())
    leave(sandbox_supplier, light, 2)

    place(light)

    assert level_of(light).reported_quantity > 2


def test_fresh_stock_that_is_nearly_gone_is_checked_live(sandbox_supplier, light):
    StockLevel.objects.filter(pk=level_of(light).pk).update(reported_quantity=4)
    Listing.objects.filter(pk=light.pk).update(available=4)
    StockLocation.objects.update(stock_confirmed_at=timezone.now() - timedelta(minutes=2))
    leave(sandbox_supplier, light, 1)

    with pytest.raises(checkout.UnavailableError):
        place(light)


@pytest.mark.parametrize(("policy", "is_sold"), [("believe", True), ("refuse", False)])
def test_slow_supplier_delays_no_customer_beyond_the_limit(
    sandbox_supplier, light, policy, is_sold
):
    Supplier.objects.update(live_check_fallback=policy)
    sandbox_supplier.fault(STOCK, "slow", delay=SLOW_S, count=0)
    started = time.monotonic()

    with suppress(checkout.UnavailableError):
        place(light)
    took_s = time.monotonic() - started

    assert Order.objects.exists() is is_sold
    assert took_s < SLOW_S - 0.5


def test_live_check_timeout_is_no_failure_of_the_circuit_breaker(sandbox_supplier, light):
    sandbox_supplier.fault(STOCK, "slow", delay=SLOW_S, count=0)
    wanted = {level_of(light).pk: 3}
    took = []
    for _ in range(2):
        started = time.monotonic()
        live_check.unsellable_levels(wanted=wanted, now=timezone.now())
        took.append(time.monotonic() - started)

    assert max(took) < live_check.TIMEOUT_S + 0.5
    assert not CircuitBreaker.objects.exclude(failures=0).exists()


def test_stock_is_not_checked_live_when_the_call_quota_is_used_up(sandbox_supplier, light):
    CallQuota.objects.update(used=10**6, total=10**6, until=timezone.now() + timedelta(hours=1))
    leave(sandbox_supplier, light, 2)
    before = CallQuota.objects.get().used

    place(light)

    assert level_of(light).reported_quantity > 2
    assert CallQuota.objects.get().used == before


def test_customer_sees_how_many_are_left_and_orders_these(sandbox_supplier, light):
    shopper = Client()
    shopper.post("/en/cart/add/", {"listing": light.pk, "quantity": 3})
    shopper.post("/en/checkout/", WHO)
    shopper.post("/en/checkout/delivery/", {"tier": "economy"})
    leave(sandbox_supplier, light, 2)

    def order():
        page = shopper.get("/en/checkout/review/").content.decode()
        amount = re.search(r'name="agreed" value="([^"]+)"', page)[1]
        return shopper.post("/en/checkout/place/", {"agreed": amount}, follow=True)

    page = order().content.decode()
    line = re.search(r'name="line" value="(\d+)"', page)[1]
    assert "There are fewer in stock than you want. Nothing was ordered." in page
    assert "Only 2 available right now." in page
    assert not Order.objects.exists()

    shopper.post("/en/cart/change/", {"line": line, "quantity": 2})
    order()
    assert Order.objects.get().lines.get().quantity == 2


def test_api_client_is_told_how_many_are_left(sandbox_supplier, light):
    api = Caller()
    api.open_cart({"country": "DE"})
    path = "/api/v1/cart/"
    api.post(f"{path}lines/", {"listing_id": light.pk, "quantity": 3})
    (way, *_) = api.get(f"{path}delivery/").json()["options"]
    leave(sandbox_supplier, light, 2)
    home = {name: getattr(HOME, name) for name in ("name", "line1", "postcode", "city", "country")}
    wish = {
        "email": "erika@example.org",
        "ship_to": home,
        "delivery": way["delivery"],
        "total": way["total"],
    }

    answer = api.post(f"{path}checkout/", wish, key="k1")

    assert answer.status_code == 409
    assert answer.json()["lines"] == [{"sku": light.variant.sku, "available": 2}]
    assert not Order.objects.exists()
