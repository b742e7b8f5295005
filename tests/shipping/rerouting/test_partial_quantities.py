"""Partial quantities: a supplier ships some units of a line; the others are rerouted or refunded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.models import Event
from orders.backorders import line_splits
from orders.models import Allocation, Backorder, Order, OrderLine, Reservation
from orders.purchasing import acknowledgements
from orders.routing import simulation
from orders.routing.ranking import DEFAULT_RULES
from shipping.shipments import shipments
from storefront.dashboard.invariants.status_history import HISTORY
from storefront.lib.money import Money
from storefront.lib.state_machine import StatusChange
from tests.factories.backorders import (
    acknowledge,
    acknowledge_quantity,
    gateway_requests,
    live,
    reroute_due,
    stock_at,
    violated_invariants,
)
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_sent_purchase_order,
    make_shipment_notice,
    make_state,
)
from tests.factories.suppliers import NOON
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db


def test_split_lines_keep_the_history_of_the_original(supplier):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)

    acknowledge_quantity(purchase_order, 2)

    kept, apart = Reservation.objects.order_by("pk")
    assert [(row.quantity, row.status) for row in (kept, apart)] == [
        (2, "converted"),
        (1, "converted"),
    ]
    for row in (apart, *Allocation.objects.order_by("pk")):
        trace = StatusChange.objects.filter(subject=row._meta.label, subject_id=row.pk)
        assert (
            row.status == type(row)().status or trace.order_by("pk").last().to_status == row.status
        )
    assert violated(HISTORY) == []
    acknowledge(purchase_order)


def test_two_of_three_units_ship_and_one_is_rerouted(supplier):
    listing = make_sellable()
    other = stock_at(listing)
    purchase_order = make_sent_purchase_order(listing, quantity=3)
    whole = purchase_order.customer_charge_amount

    acknowledge_quantity(purchase_order, 2)
    reroute_due()

    assert violated_invariants() == []
    first, second = live()
    assert [(one.pk, one.lines.get(is_active=True).quantity) for one in (first, second)] == [
        (purchase_order.pk, 2),
        (second.pk, 1),
    ]
    assert second.location_id == other.location_id
    assert first.customer_charge_amount == whole - Decimal("39.99")
    assert second.customer_charge_amount == Decimal("39.99")
    assert first.submission_status == "partially_accepted"
    assert gateway_requests() == [("capture_requested", first.customer_charge_amount)]
    assert not Event.objects.filter(name="order.lines_canceled")
    assert sorted(
        Allocation.objects.exclude(status="released").values_list("level", "quantity")
    ) == [(listing.level.pk, 2), (other.pk, 1)]


def test_units_without_a_source_are_refunded_and_named_in_the_e_mail(supplier):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)
    whole = purchase_order.customer_charge_amount

    acknowledge_quantity(purchase_order, 1)
    reroute_due()

    assert violated_invariants() == []
    back = 2 * Decimal("39.99")
    assert sorted(gateway_requests()) == [
        ("capture_requested", whole - back),
        ("void_requested", back),
    ]
    (event,) = Event.objects.filter(name="order.lines_canceled")
    assert [one["quantity"] for one in event.payload["lines"]] == [2]
    assert sorted(OrderLine.objects.values_list("quantity", "canceled_quantity")) == [
        (1, 0),
        (2, 2),
    ]


def test_a_repeated_answer_rejects_nothing_more(supplier):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)

    for _ in range(3):
        acknowledge_quantity(purchase_order, 2)
        reroute_due()

    assert sorted(OrderLine.objects.values_list("quantity", flat=True)) == [1, 2]
    assert Backorder.objects.count() == 1


def test_decreasing_answers_down_to_zero_release_everything(supplier):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)
    whole = purchase_order.customer_charge_amount
    line = purchase_order.lines.get()

    for count in (2, 1, 0):
        acknowledge_quantity(purchase_order, count, line=line)
        reroute_due()

    assert purchase_order.status == "canceled"
    given = sum(amount for kind, amount in gateway_requests() if kind != "capture_requested")
    assert given == whole
    assert violated_invariants() == []


def test_missing_units_of_a_charged_line_are_refunded(supplier):
    purchase_order = make_accepted_purchase_order(make_sellable(), quantity=3)

    acknowledge_quantity(purchase_order, 2)

    assert gateway_requests()[-1] == ("refund_requested", Decimal("39.99"))
    assert not Backorder.objects.exists()


def test_the_accepted_units_ship_completely(supplier):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)
    acknowledge_quantity(purchase_order, 2)
    reroute_due()

    state = make_state(purchase_order, "shipped", make_shipment_notice())
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=NOON)
    shipments.import_parcels(purchase_order=purchase_order, state=state, now=NOON)

    purchase_order.refresh_from_db()
    assert purchase_order.status == "shipped"
    assert sorted(OrderLine.objects.values_list("shipped_quantity", flat=True)) == [0, 2]
    assert violated_invariants() == []


def test_an_acceptance_above_the_quantity_rejects_nothing(supplier):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)

    acknowledge_quantity(purchase_order, 4)

    assert purchase_order.submission_status == "accepted"
    assert OrderLine.objects.get().quantity == 3


@given(
    paid=st.integers(1, 99_999),
    off=st.integers(0, 99_999),
    tax=st.integers(0, 99_999),
    quantity=st.integers(2, 99),
    data=st.data(),
)
def test_parts_add_up_to_the_line_to_the_cent(paid, off, tax, quantity, data):
    keep = data.draw(st.integers(1, quantity - 1))
    whole = Money(Decimal(paid) / 100 * quantity, "EUR")
    discount = min(Money(Decimal(off) / 100, "EUR"), whole)
    added = Money(Decimal(tax) / 100, "EUR")

    for money in (whole, discount, added):
        mine, other = line_splits.split_amount(money, keep=keep, of=quantity)
        assert mine + other == money
        assert min(mine.amount, other.amount) >= 0

    mine, _ = line_splits.split_amount(whole, keep=keep, of=quantity)
    assert mine.amount == Decimal(paid) / 100 * keep
    for side in (0, 1):
        assert (
            line_splits.split_amount(discount, keep=keep, of=quantity)[side]
            <= line_splits.split_amount(whole, keep=keep, of=quantity)[side]
        )


def test_a_split_order_is_simulated_as_it_was_placed(supplier):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)
    before = rehearse()

    acknowledge_quantity(purchase_order, 2)

    assert rehearse() == before


def rehearse():
    orders = Order.objects.prefetch_related("lines")
    found = simulation.simulate(rules=DEFAULT_RULES, orders=orders, currency="EUR")
    return found.count, found.changed, found.before, found.after
