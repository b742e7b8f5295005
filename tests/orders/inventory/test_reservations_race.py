import threading
from collections import Counter
from dataclasses import asdict
from functools import partial
from http import HTTPStatus

import pytest
import time_machine
from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Sum

from catalog.models import Channel, Listing
from orders.checkout import checkout
from orders.inventory import reservations
from orders.models import Order, OrderLine, Reservation
from storefront.dev.sandboxes import in_memory_platform
from storefront.sales_channels.models import RemoteOrderRecord
from suppliers.inventory import ledger
from suppliers.models import StockLevel
from tests.factories.api import ADMIN, merchant_caller
from tests.factories.catalog import make_channel, make_exchange_rate, make_listing
from tests.factories.orders import (
    HOME,
    make_cart,
    make_order,
    make_sellable,
    order_of,
    quote_for,
)
from tests.factories.remote_orders import make_remote_order, take_in
from tests.factories.sales_channels import make_connection, use_in_memory_platform
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


def buy_at_once(carts):
    def purchase(cart):
        quote = quote_for(cart)
        return lambda: order_of(cart, email=f"{cart.pk}@example.org", quote=quote)

    return all_at_once([purchase(cart) for cart in carts], checkout.UnavailableError)


@pytest.fixture
def fronts(monkeypatch):
    """Return a function that makes one buyer of the last unit on each front."""
    store = use_in_memory_platform(monkeypatch)
    listing = make_sellable(quantity=1)
    make_service()
    make_exchange_rate(base="EUR", quote="AZN", rate="1.9694")
    market = make_channel(code="shop-az", currency="AZN", default_country="AZ")
    azeri = make_listing(listing.variant, channel=market, price_amount="79.99", available=1)
    connection = make_connection(refuse_after_hours=0)
    make_listing(listing.variant, channel=connection.channel, available=1)
    merchant = merchant_caller()

    def own_page(listing):
        cart = make_cart(listing)
        quote = quote_for(cart)
        order_of(cart, email=f"{cart.pk}@example.org", quote=quote)

    def import_order(number):
        if take_in(connection, number).status == "refused":
            raise checkout.UnavailableError

    def create_order(number):
        body = {
            "email": f"{number}@example.org",
            "ship_to": asdict(HOME),
            "lines": [{"sku": listing.variant.sku, "quantity": 1}],
        }
        answer = merchant.post(f"{ADMIN}orders/", body, key=f"n{number}")
        if answer.status_code == HTTPStatus.CONFLICT:
            raise checkout.UnavailableError
        assert answer.status_code == HTTPStatus.CREATED, answer.content

    def make(number):
        make_remote_order(store, listing.variant, external_id=number)
        return [
            partial(own_page, listing),
            partial(own_page, azeri),
            partial(import_order, number),
            partial(create_order, number),
        ]

    cache.clear()
    with time_machine.travel(NOON, tick=False):
        yield lambda buyers: [act for n in range(buyers // 4) for act in make(str(n))]


def sell_last_unit(monkeypatch, acts, reserve):
    """Let all reserve at the same moment, when each has seen the unit; return how many lost."""
    start = threading.Barrier(len(acts), timeout=60)
    monkeypatch.setattr(ledger, "reserve", partial(reserve, start))
    return all_at_once(acts, checkout.UnavailableError)


@pytest.mark.parametrize("buyers", [8, pytest.param(64, marks=pytest.mark.full)])
def test_the_last_unit_is_sold_once_on_all_fronts(buyers, fronts, monkeypatch):
    """Two markets, a store and the merchant API sell one unit; the store refunds what is late."""
    reserve = ledger.reserve

    def reserve_together(start, **words):
        start.wait()
        reserve(**words)

    lost = sell_last_unit(monkeypatch, fronts(buyers), reserve_together)

    assert (Order.objects.count(), lost) == (1, buyers - 1)
    level = StockLevel.objects.get()
    assert level.reserved + level.allocated_outstanding == 1
    records = RemoteOrderRecord.objects.values_list("status", "external_id")
    store = in_memory_platform.store_at("http://memory.example")
    ends = Counter((status, store.orders[number].payment) for status, number in records)
    assert ends["refused", "refunded"] + ends["imported", "paid"] == buyers // 4


def test_without_the_guarded_update_every_front_sells_the_last_unit(fronts, monkeypatch):
    def read_then_write(start, *, units, cause, now):
        for level_id, quantity in units.items():
            if StockLevel.objects.get(pk=level_id).available < quantity:
                raise ledger.NotEnoughStockError(level_id, quantity)
            start.wait()
            StockLevel.objects.filter(pk=level_id).update(reserved=F("reserved") + quantity)

    assert sell_last_unit(monkeypatch, fronts(8), read_then_write) == 0
    assert Order.objects.count() == 8


def split_line(order):
    """Split a line of two units into two lines on the same stock row."""
    line = order.lines.get()
    Reservation.objects.all().delete()
    OrderLine.objects.filter(pk=line.pk).update(quantity=1, line_amount=F("unit_amount"))
    line.refresh_from_db()
    return [line, OrderLine.objects.create(**{**fields_of(line), "pk": None})]


def fields_of(line):
    return {
        field.attname: getattr(line, field.attname)
        for field in line._meta.concrete_fields
        if not field.primary_key
    }


@pytest.mark.parametrize("buyers", [8, pytest.param(64, marks=pytest.mark.full)])
def test_two_lines_on_one_stock_row_are_held_together(buyers):
    listing = make_sellable(quantity=2 * buyers)
    orders = [make_order(listing, quantity=2, email=f"{n}@example.org") for n in range(buyers)]
    pairs = [split_line(order) for order in orders]
    # Three units for buyers of two each: exactly one buyer gets both.
    StockLevel.objects.update(reported_quantity=3, reserved=0)

    def hold(lines):
        with transaction.atomic():
            reservations.hold(lines=lines, until=NOON, now=NOON)

    lost = all_at_once(
        [lambda lines=lines: hold(lines) for lines in pairs], ledger.NotEnoughStockError
    )

    assert (lost, Reservation.objects.count()) == (buyers - 1, 2)
    assert StockLevel.objects.get().reserved == 2


def test_many_concurrent_submissions_make_one_order():
    cart = make_cart(make_sellable(quantity=200))
    quote = quote_for(cart)
    found = []

    def submit():
        try:
            order_of(cart, quote=quote)
        except checkout.AlreadyPlacedError as error:
            found.append(error.order.pk)
            raise

    assert all_at_once([submit] * 20, checkout.AlreadyPlacedError) == 19
    assert set(found) == {Order.objects.get().pk}, "each refusal names the one order"
    assert sum(StockLevel.objects.values_list("reserved", flat=True)) == 1


@pytest.mark.parametrize(("wanted", "sold"), [([10] * 8, 1), ([7, 3, 2] * 4, None)])
def test_units_of_two_stock_levels_are_sold_once(wanted, sold):
    listing = make_sellable(quantity=6)
    other = make_offer(listing.variant, make_supplier("other"), cost="11.00")
    make_level(other, 4, make_location(other.supplier, "PL", "PL"))
    Channel.objects.update(max_split_locations=2)
    Listing.objects.update(available=10)
    channel = Channel.objects.get()

    lost = buy_at_once([make_cart(listing, quantity=each, channel=channel) for each in wanted])

    assert Order.objects.count() == len(wanted) - lost
    assert sold is None or Order.objects.count() == sold
    for level in StockLevel.objects.annotate(held=Sum("reservations__quantity")):
        assert level.reserved == (level.held or 0) <= level.reported_quantity
