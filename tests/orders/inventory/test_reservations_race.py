import pytest
from django.db import transaction
from django.db.models import F, Sum

from catalog.models import Channel, Listing
from orders.checkout import checkout
from orders.inventory import reservations
from orders.models import Order, OrderLine, Reservation
from suppliers.inventory import ledger
from suppliers.models import StockLevel
from tests.factories.catalog import make_channel, make_exchange_rate, make_listing
from tests.factories.orders import make_cart, make_order, make_sellable, order_of, quote_for
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 10  # without the guarded update, units are oversold in fewer rounds


def buy_at_once(carts):
    def purchase(cart):
        quote = quote_for(cart)
        return lambda: order_of(cart, email=f"{cart.pk}@example.org", quote=quote)

    return all_at_once([purchase(cart) for cart in carts], checkout.UnavailableError)


@pytest.mark.parametrize(
    ("buyers", "rounds"), [(8, ROUNDS), pytest.param(64, 6, marks=pytest.mark.full)]
)
def test_one_of_many_buyers_gets_the_last_unit(buyers, rounds):
    listing = make_sellable(quantity=1)

    for sold in range(1, rounds + 1):
        StockLevel.objects.filter(pk=listing.level.pk).update(reported_quantity=sold)

        lost = buy_at_once([make_cart(listing) for _ in range(buyers)])

        assert (Order.objects.count(), Reservation.objects.count(), lost) == (
            sold,
            sold,
            buyers - 1,
        )
    assert StockLevel.objects.get(pk=listing.level.pk).reserved == rounds


@pytest.mark.parametrize("buyers", [8, pytest.param(64, marks=pytest.mark.full)])
def test_one_of_many_buyers_on_two_markets_gets_the_last_unit(buyers):
    listing = make_sellable(quantity=1)
    make_exchange_rate(base="EUR", quote="AZN", rate="1.9694")
    market = make_channel(code="shop-az", currency="AZN", default_country="AZ")
    other = make_listing(listing.variant, channel=market, price_amount="79.99", available=1)
    carts = [make_cart(each) for _ in range(buyers // 2) for each in (listing, other)]

    lost = buy_at_once(carts)

    assert (Order.objects.count(), Reservation.objects.count(), lost) == (1, 1, buyers - 1)
    assert StockLevel.objects.get(pk=listing.level.pk).reserved == 1


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


def test_without_the_guarded_update_units_are_oversold(monkeypatch):
    listing = make_sellable(quantity=1)

    def read_then_write(*, units, cause, now):
        for level_id, quantity in units.items():
            if StockLevel.objects.get(pk=level_id).available < quantity:
                raise ledger.NotEnoughStockError(level_id, quantity)
            StockLevel.objects.filter(pk=level_id).update(reserved=F("reserved") + quantity)

    monkeypatch.setattr(ledger, "reserve", read_then_write)

    for _ in range(ROUNDS):
        before = Order.objects.count()
        StockLevel.objects.update(reported_quantity=before + 1)
        buy_at_once([make_cart(listing) for _ in range(8)])
        if Order.objects.count() > before + 1:
            return
    pytest.fail("nothing was oversold")


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
