"""Contract: an order is read whole, to the cent, in every state that its store can give it."""

import importlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from storefront.lib.money import Money
from storefront.sales_channels.platforms.base import PaymentState, UnreadableOrder

BLACK, SAND = "headlamp-h1-0", "headlamp-h1-3"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def order_id(store, goods):
    return store.sell({BLACK: 2, SAND: 1}, discount="5.00")


def sum_of(order):
    lines = (line.unit * line.quantity - line.discount for line in order.lines)
    return Money.total([*lines, order.delivery], order.currency)


def test_order_is_read_whole_and_adds_up(store, goods, order_id):
    order = store.platform.order(order_id)

    assert order.external_id == order_id
    assert order.name
    assert {line.sku: (line.quantity, line.canceled) for line in order.lines} == {
        BLACK: (2, 0),
        SAND: (1, 0),
    }
    ids = goods[0].external_variants
    assert {line.variant_id for line in order.lines} == {
        ids[BLACK].variant_id,
        ids[SAND].variant_id,
    }
    assert {line.sku: str(line.unit) for line in order.lines} == {
        BLACK: "79.90 EUR",
        SAND: "82.90 EUR",
    }
    discount = Money.total((line.discount for line in order.lines), "EUR")
    assert discount == store.money("5.00")
    assert order.delivery == store.money("4.90")
    assert order.total == store.money("242.60")  # 2 x 79.90 + 82.90 - 5.00 + 4.90
    assert sum_of(order) == order.total
    assert (order.payment, order.is_canceled, order.is_test) == (PaymentState.PAID, False, False)
    assert order.prices_include_tax
    assert order.refunds == ()


def test_taxes_are_those_of_each_line(store, order_id):
    order = store.platform.order(order_id)

    assert {line.tax_rate for line in order.lines} == {Decimal("0.19")}
    for line in order.lines:
        gross = line.unit * line.quantity - line.discount
        net = Money(gross.amount / Decimal("1.19"), "EUR")
        assert abs(line.tax.minor - (gross - net).minor) <= 1
    assert order.delivery_tax == store.money("0.78")


def test_address_and_contact_are_read(store, order_id):
    order = store.platform.order(order_id)

    assert order.ship_to.name == "Erika Muster"
    assert order.ship_to.line1 == "Musterweg 1"
    assert (order.ship_to.postcode, order.ship_to.city) == ("10115", "Berlin")
    assert order.ship_to.country == "DE"
    assert order.ship_to.phone == "+493012345678"
    assert order.email == "erika@example.org"
    assert order.placed_at.tzinfo is not None
    assert order.updated_at >= order.placed_at


def test_unknown_order_is_none(store, order_id):
    head, _, number = order_id.rpartition("/")
    unknown = f"{head}/{int(number) + 900_000}" if head else str(int(number) + 900_000)

    assert store.platform.order(unknown) is None


def test_unpaid_order_is_pending_until_it_is_paid(store, goods):
    order_id = store.sell({BLACK: 1}, paid=False)
    assert store.platform.order(order_id).payment is PaymentState.PENDING

    store.act("pay", order_id)

    assert store.platform.order(order_id).payment is PaymentState.PAID


def test_cancellation_of_the_store_is_read(store, order_id):
    before = store.platform.order(order_id)

    store.act("cancel", order_id)

    after = store.platform.order(order_id)
    assert after.is_canceled
    assert after.updated_at > before.updated_at


def test_removed_units_are_read_as_canceled(store, order_id):
    store.act("edit", order_id, sku=BLACK, quantity=1)

    lines = {line.sku: line for line in store.platform.order(order_id).lines}
    kept = (2, 1) if store.KEEPS_REMOVED_UNITS else (1, 0)
    assert (lines[BLACK].quantity, lines[BLACK].canceled) == kept
    assert (lines[SAND].quantity, lines[SAND].canceled) == (1, 0)


def test_refund_of_the_store_is_read(store, order_id):
    store.act("refund", order_id, amount="80.00", units={SAND: 1})

    order = store.platform.order(order_id)

    (refund,) = order.refunds
    line = next(line for line in order.lines if line.sku == SAND)
    assert refund.amount == store.money("80.00")
    assert dict(refund.units) == {line.external_id: 1}
    assert refund.key == ""
    assert order.payment is PaymentState.PARTIALLY_REFUNDED
    assert sum_of(order) == order.total


def test_full_refund_of_the_store_is_read(store, order_id):
    store.act("refund", order_id, amount="242.60", units={BLACK: 2, SAND: 1})

    assert store.platform.order(order_id).payment is PaymentState.REFUNDED


def test_test_order_is_marked(store, goods):
    order = store.platform.order(store.sell({BLACK: 1}, test=True))

    assert order.is_test is store.HAS_TEST_ORDERS


def test_orders_are_listed_by_their_last_change(store, goods):
    first, second, third = (store.sell({BLACK: 1}) for _ in range(3))
    store.act("cancel", first)

    listed = [order.external_id for order in store.platform.orders_since(LONG_AGO)]

    assert list(dict.fromkeys(listed)) == [second, third, first]


def test_only_changed_orders_are_listed(store, goods):
    first, second = store.sell({BLACK: 1}), store.sell({SAND: 1})
    changed_at = store.platform.order(second).updated_at

    listed = [order.external_id for order in store.platform.orders_since(changed_at)]

    assert second in listed
    assert store.platform.order(first).updated_at == changed_at or first not in listed
    assert not list(store.platform.orders_since(changed_at + timedelta(hours=1)))


def test_listed_order_is_the_same_as_one_read_alone(store, order_id):
    (listed,) = store.platform.orders_since(LONG_AGO)
    alone = store.platform.order(order_id)

    assert (listed.lines, listed.total, listed.ship_to) == (alone.lines, alone.total, alone.ship_to)


def test_unreadable_order_stops_no_other(store, goods, monkeypatch):
    first, second = store.sell({BLACK: 1}), store.sell({SAND: 1})
    adapter = importlib.import_module(type(store.platform).__module__)
    module, name = getattr(adapter, "orders", adapter), "read_order"
    if not hasattr(module, name):
        module, name = adapter, "parse_order"
    read = getattr(module, name)

    def read_others(raw, *more):
        if str(raw["id"]) == first:
            raise msgspec.ValidationError("no address")
        return read(raw, *more)

    monkeypatch.setattr(module, name, read_others)

    listed = list(store.platform.orders_since(LONG_AGO))

    assert {order.external_id for order in listed} == {first, second}
    assert [one.external_id for one in listed if isinstance(one, UnreadableOrder)] == [first]
