"""Item cancellation: units and lines before and after submission, exact money, one result."""

from decimal import Decimal

import pytest

from notifications.models import Event
from orders.cancellation import cancellation, items
from orders.models import OrderLine, PaymentEvent, PurchaseOrder
from orders.purchasing import submission
from orders.purchasing.holds import holds
from suppliers.connectors.records import Acknowledgement
from suppliers.models import StockLevel
from tests.factories.backorders import gateway_requests, refuse, violated_invariants
from tests.factories.cancellation import fresh, process_request, send, ship
from tests.factories.orders import make_order, make_paid_order, make_purchase_orders, make_sellable
from tests.factories.promotions import make_promotion
from tests.factories.suppliers import NOON, make_location

pytestmark = pytest.mark.django_db
Outcome = items.Outcome


def cancel(order, keep, now=NOON):
    by_id = {line.pk: units for line, units in keep.items()}
    outcome = items.cancel_items(
        order=order, keep=by_id, reason="changed my mind", actor="customer", now=now
    )
    assert violated_invariants() == []
    return outcome


def order_of_two_parcels():
    first, second = make_sellable(), make_sellable(price="20.00")
    location = make_location(code="W1", country="PL")
    StockLevel.objects.filter(pk=second.level.pk).update(location=location)
    return make_purchase_orders(first, second, quantity=2)


def lines_of(order):
    return list(order.lines.order_by("pk"))


def answers():
    events = Event.objects.filter(name="order.cancellation_answered").order_by("pk")
    return [
        (event.payload["is_stopped"], [line["quantity"] for line in event.payload["lines"]])
        for event in events
    ]


def test_units_that_no_supplier_has_are_canceled_at_once():
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=5), quantity=3)
    order = purchase_order.order
    (line,) = lines_of(order)

    outcome = cancel(order, {line: 1})

    kept, canceled = lines_of(order)
    assert outcome == {Outcome.CANCELED}
    assert (kept.quantity, kept.canceled_quantity) == (1, 0)
    assert (canceled.quantity, canceled.canceled_quantity) == (2, 2)
    assert StockLevel.objects.get().available == 4
    assert gateway_requests() == [("void_requested", Decimal("79.98"))]
    request = PaymentEvent.objects.get(kind="void_requested")
    assert request.reason == f"2 × {line.sku}, customer: changed my mind"
    assert answers() == [(True, [2])]
    purchase_order.refresh_from_db()
    assert purchase_order.customer_charge_amount == order.total_amount - Decimal("79.98")


@pytest.mark.parametrize("again", [0, 1])
def test_repeated_request_changes_nothing(again):
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=5), quantity=3)
    (line,) = lines_of(purchase_order.order)
    cancel(purchase_order.order, {line: 1})

    outcomes = [cancel(purchase_order.order, {line: 1}) for _ in range(2)]

    assert outcomes == [set(), set()]
    assert len(gateway_requests()) == 1
    assert len(answers()) == 1


def test_rest_is_captured_and_adds_up_to_the_agreed_price_with_a_discount(supplier):
    make_promotion()
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=5, price="39.97"), quantity=3)
    order = purchase_order.order
    (line,) = lines_of(order)
    cancel(order, {line: 1})

    send(purchase_order)

    released, captured = gateway_requests()
    assert (released[0], captured[0]) == ("void_requested", "capture_requested")
    assert released[1] + captured[1] == order.total_amount
    request = purchase_order.messages.get(kind="place").body
    assert [line["quantity"] for line in request["lines"]] == [1]
    assert violated_invariants() == []


def test_last_items_cancel_the_whole_order():
    order = make_purchase_orders(make_sellable(), quantity=2)[0].order
    (line,) = lines_of(order)

    assert cancel(order, {line: 0}) == {Outcome.CANCELED}

    assert order.status == "canceled"
    assert gateway_requests() == [("void_requested", order.total_amount)]
    assert Event.objects.filter(name="order.canceled").count() == 1


def test_whole_parcel_is_canceled_with_its_delivery_and_the_other_goes_on():
    first, second = order_of_two_parcels()
    line = first.lines.get().order_line

    assert cancel(first.order, {line: 0}) == {Outcome.CANCELED}

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("canceled", "draft")
    assert first.order.status == "processing"
    assert gateway_requests() == [("void_requested", first.customer_charge_amount)]
    assert answers() == [(True, [2])]


def test_whole_parcel_at_a_supplier_is_requested(supplier):
    supplier.can_stop = True
    first, _second = order_of_two_parcels()
    send(first)
    line = first.lines.get().order_line

    assert cancel(first.order, {line: 0}) == {Outcome.REQUESTED}
    assert cancel(first.order, {line: 1}) == {Outcome.REQUESTED}

    assert process_request(first)
    assert answers() == [(True, [2])]
    assert PurchaseOrder.objects.filter(status="canceled").count() == 1
    assert violated_invariants() == []


def test_units_at_a_supplier_are_refused_once_by_mail(supplier):
    (purchase_order,) = make_purchase_orders(make_sellable(), quantity=3)
    send(purchase_order)
    (line,) = lines_of(purchase_order.order)

    outcomes = [cancel(purchase_order.order, {line: 1}) for _ in range(2)]

    assert outcomes == [{Outcome.TOGETHER}] * 2
    assert answers() == [(False, [2])]
    assert OrderLine.objects.get().canceled_quantity == 0
    assert fresh().cancel_requested_at is None


def test_shipped_items_are_refused_and_the_others_canceled(supplier):
    first, second = order_of_two_parcels()
    send(first)
    ship(first)
    lines = lines_of(first.order)

    outcome = cancel(first.order, dict.fromkeys(lines, 0))

    assert outcome == {Outcome.CANCELED, Outcome.LATE}
    second.refresh_from_db()
    assert second.status == "canceled"
    assert sorted(answers()) == [(False, [2]), (True, [2])]


def test_failed_submission_is_canceled_only_as_a_whole():
    """A supplier that accepts late has all units of the failed attempt."""
    first, _second = order_of_two_parcels()
    PurchaseOrder.objects.filter(pk=first.pk).update(
        attempts=1, status="ready", submission_status="submit_failed"
    )
    line = first.lines.get().order_line

    assert cancel(first.order, {line: 1}) == {Outcome.TOGETHER}
    assert cancel(first.order, {line: 0}) == {Outcome.CANCELED}


def test_rejected_items_are_canceled_while_another_supplier_is_sought(supplier):
    supplier.usually = Acknowledgement.RECEIVED
    first, second = order_of_two_parcels()
    send(first)
    refuse(first)
    line = OrderLine.objects.get(backorder_lines__isnull=False)

    assert cancel(first.order, {line: 1}) == {Outcome.TOGETHER}
    assert cancel(first.order, {line: 0}) == {Outcome.CANCELED}

    assert first.order.backorders.get().status == "canceled"
    assert [is_stopped for is_stopped, _units in answers()] == [True]
    assert Event.objects.filter(name="order.lines_canceled").count() == 0
    assert second.lines.get(is_active=True)


def test_units_of_an_order_without_purchase_orders_are_canceled_at_once(supplier):
    first, second = make_sellable(quantity=5), make_sellable(price="20.00")
    order = make_paid_order(first, second, quantity=2)
    line, other = lines_of(order)
    delivery = order.delivery_amount

    assert cancel(order, {line: 1}) == {Outcome.CANCELED}
    assert cancel(order, {other: 0}) == {Outcome.CANCELED}

    assert order.status == "processing"
    assert gateway_requests() == [
        ("void_requested", Decimal("39.99")),
        ("void_requested", Decimal("40.00")),
    ]
    assert StockLevel.objects.get(pk=first.level.pk).available == 4
    assert answers() == [(True, [1]), (True, [2])]
    (purchase_order,) = order.purchase_orders.all()
    assert purchase_order.customer_charge_amount == delivery + Decimal("39.99")
    send(purchase_order)
    request = purchase_order.messages.get(kind="place").body
    assert [line["quantity"] for line in request["lines"]] == [1]
    assert violated_invariants() == []


def test_held_order_stays_held_after_the_cancellation_of_units(supplier):
    order = make_paid_order(make_sellable(quantity=5), quantity=3)
    holds.hold_order(order=order, reason="wait", actor="ann", now=NOON)
    (line,) = lines_of(order)

    assert cancel(order, {line: 1}) == {Outcome.CANCELED}

    assert order.status == "on_hold"
    purchase_order = order.purchase_orders.get()
    with pytest.raises(submission.NotSubmittableError):
        submission.submit(purchase_order=purchase_order, now=NOON)
    holds.release_order(order=order, reason="go", actor="ann", now=NOON)
    send(PurchaseOrder.objects.get())
    assert supplier.effects == [purchase_order.number]


def test_all_items_of_an_order_without_purchase_orders_cancel_it():
    order = make_paid_order(make_sellable(), quantity=2)
    (line,) = lines_of(order)

    assert cancel(order, {line: 0}) == {Outcome.CANCELED}

    assert order.status == "canceled"
    assert not order.purchase_orders.exists()


def test_ended_or_unpaid_order_is_refused():
    order = make_order(make_sellable())
    (line,) = lines_of(order)

    with pytest.raises(cancellation.TooLateError):
        cancel(order, {line: 0})
