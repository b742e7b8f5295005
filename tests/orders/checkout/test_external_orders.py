from decimal import Decimal

import pytest

from notifications.dispatch import fan_out
from notifications.models import Event, Message
from orders import ledger
from orders.cancellation import cancellation
from orders.checkout import checkout
from orders.checkout.external_orders import find
from orders.models import Allocation, Order, Payment
from orders.purchasing import submission
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.dashboard.invariants.stock import STOCK
from storefront.lib.money import Money
from suppliers.models import StockLevel
from tests.factories.external_orders import make_sale, place_sale, sold_line, total_of
from tests.factories.orders import make_cart, make_sellable, order_of
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db


def test_a_sale_made_elsewhere_is_a_paid_order_with_the_amounts_of_the_sale():
    first, second = make_sellable(), make_sellable()
    lines = [
        sold_line(first, quantity=2, price="12.34", discount="1.11"),
        sold_line(second, price="99.95", reference="b"),
    ]
    sale = make_sale(first, lines=lines, delivery="7.77")

    order = place_sale(sale)

    order.refresh_from_db()
    assert (order.status, order.external_reference) == ("placed", "1001")
    assert (order.total, order.discount_amount) == (total_of(sale), Decimal("1.11"))
    assert order.total_amount == Decimal("24.68") - Decimal("1.11") + Decimal("99.95") + Decimal(
        "7.77"
    )
    payment = order.payments.get()
    assert (payment.status, payment.captured_amount) == ("captured", order.total_amount)
    assert [line.external_reference for line in order.lines.order_by("pk")] == [
        lines[0].reference,
        "b",
    ]
    assert Allocation.objects.count() == 2
    assert sum(level.reserved for level in StockLevel.objects.all()) == 0
    assert violated([*PAYMENTS, *STOCK]) == []


def test_a_sale_imported_again_is_the_same_order():
    sale = make_sale(make_sellable(quantity=2))
    order = place_sale(sale)

    with pytest.raises(checkout.AlreadyPlacedError) as again:
        place_sale(sale)

    assert again.value.order == order == find(channel=sale.channel, reference="1001")
    assert sum(one.quantity for one in Allocation.objects.all()) == 1


def test_a_sale_of_what_is_gone_writes_nothing():
    listing = make_sellable(quantity=3)
    sale = make_sale(listing, quantity=2)
    order_of(make_cart(listing, quantity=2))

    with pytest.raises(checkout.UnavailableError):
        place_sale(sale)

    assert (Order.objects.count(), Payment.objects.count()) == (1, 1)


def test_two_lines_of_one_variant_keep_their_prices():
    listing = make_sellable(quantity=5)
    lines = [
        sold_line(listing, quantity=2, price="10.00", reference="a"),
        sold_line(listing, price="8.00", reference="b"),
    ]

    order = place_sale(make_sale(listing, lines=lines))

    kept = {line.external_reference: line.line_amount for line in order.lines.all()}
    assert kept == {"a": Decimal(20), "b": Decimal(8)}
    assert sum(one.quantity for one in Allocation.objects.all()) == 3


def test_its_purchase_order_is_accepted_without_a_capture_request():
    order = place_sale(make_sale(make_sellable()))

    [purchase_order] = submission.create_purchase_orders(order=order, now=NOON)

    assert purchase_order.customer_charge_amount == order.total_amount
    payment = order.payments.get()
    assert ledger.voidable(payment) == order.total


def test_what_is_canceled_is_requested_as_a_refund():
    order = place_sale(make_sale(make_sellable()))

    cancellation.cancel(order=order, reason="no longer wanted", actor="staff", now=NOON)

    payment = order.payments.get()
    assert ledger.requested_amount(payment, ledger.Kind.REFUND_REQUESTED) == order.total
    assert not payment.events.filter(kind=ledger.Kind.VOID_REQUESTED).exists()
    assert ledger.refundable_amount(payment) == Money.zero("EUR")


@pytest.mark.parametrize("notifies", [True, False])
def test_the_customer_hears_from_us_only_if_the_channel_says_so(notifies):
    place_sale(make_sale(make_sellable(), notifies_customer=notifies))

    for event in Event.objects.filter(name="order.placed"):
        fan_out(event=event, now=NOON)

    assert Message.objects.count() == notifies


@pytest.mark.django_db(transaction=True)
def test_two_calls_at_once_take_a_sale_in_once():
    sale = make_sale(make_sellable(quantity=50))

    lost = all_at_once([lambda: place_sale(sale)] * 8, checkout.AlreadyPlacedError)

    assert (Order.objects.count(), lost) == (1, 7)
    assert sum(one.quantity for one in Allocation.objects.all()) == 1
