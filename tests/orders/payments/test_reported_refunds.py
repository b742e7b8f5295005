from datetime import timedelta
from decimal import Decimal

import pytest

from orders import ledger
from orders.cancellation import cancellation
from orders.gateways.base import PaymentUpdate, UpdateKind
from orders.models import PurchaseOrder
from orders.payments import reported_refunds
from orders.purchasing import acknowledgements, submission
from storefront.lib.money import Money
from suppliers.connectors.records import Acknowledgement, PurchaseOrderReport
from tests.factories.external_orders import make_sale, place_sale
from tests.factories.orders import make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def report(order, amount, keep=None, refund="r1"):
    payment = order.payments.get()
    update = PaymentUpdate(
        reference=payment.reference,
        external_id=f"{payment.reference}:{refund}",
        kind=UpdateKind.REFUNDED,
        amount=Money(Decimal(amount), "EUR"),
        occurred_at=NOON,
    )
    return reported_refunds.record(
        payment=payment,
        update=update,
        keep=keep or {},
        reason="no longer wanted",
        actor="store",
        now=LATER,
    )


def open_requests(order):
    waiting = order.payments.get().events.filter(kind="refund_requested", outcome__isnull=True)
    return list(waiting.values_list("amount", flat=True))


def two_lines():
    order = place_sale(make_sale(make_sellable(price="39.99"), make_sellable(price="39.99")))
    return order, list(order.lines.order_by("pk"))


def test_a_refund_of_all_units_cancels_the_order_and_returns_no_money_again():
    order, lines = two_lines()

    found = report(order, order.total_amount, keep={line.pk: 0 for line in lines})

    order.refresh_from_db()
    assert (found.is_new, found.is_too_late, order.status) == (True, False, "canceled")
    payment = order.payments.get()
    assert (payment.status, payment.refunded_amount) == ("refunded", order.total_amount)
    assert open_requests(order) == []


def test_the_same_refund_is_recorded_once():
    order, _ = two_lines()
    report(order, "5.00")

    assert not report(order, "5.00").is_new
    assert order.payments.get().refunded_amount == 5


def test_a_refund_without_units_leaves_the_order_as_it_is():
    order, _ = two_lines()

    report(order, "5.00")

    order.refresh_from_db()
    assert order.status == "placed"
    assert ledger.refundable_amount(order.payments.get()) == order.total - Money(Decimal(5), "EUR")


def test_a_refund_of_one_line_cancels_it_before_submission():
    order, (first, second) = two_lines()
    submission.create_purchase_orders(order=order, now=NOON)

    report(order, "39.99", keep={first.pk: 0})

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.canceled_quantity, second.canceled_quantity) == (1, 0)
    assert open_requests(order) == []
    assert order.payments.get().refunded_amount == Decimal("39.99")


def test_less_money_than_the_lines_cost_is_not_completed_by_us():
    order, lines = two_lines()

    report(order, "50.00", keep={line.pk: 0 for line in lines})

    assert order.payments.get().refunded_amount == 50
    assert open_requests(order) == []


def test_a_supplier_that_cancels_later_causes_no_second_refund():
    order = place_sale(make_sale(make_sellable()))
    [purchase_order] = submission.create_purchase_orders(order=order, now=NOON)
    accept(purchase_order)
    [line] = order.lines.all()

    found = report(order, order.total_amount - Decimal("4.90"), keep={line.pk: 0})
    purchase_order.refresh_from_db()
    assert (found.is_too_late, purchase_order.cancel_requested_at) == (False, LATER)

    acknowledgements.apply(
        purchase_order=purchase_order,
        state=PurchaseOrderReport(
            number=purchase_order.number, supplier_reference="S1", answer=Acknowledgement.CANCELED
        ),
        now=LATER,
    )

    purchase_order.refresh_from_db()
    assert purchase_order.status == "canceled"
    # Only the delivery charge, which the store kept, is returned by us.
    assert open_requests(order) == [Decimal("4.90")]


def test_a_shipped_unit_stays_sold_and_staff_are_told():
    order = place_sale(make_sale(make_sellable()))
    [purchase_order] = submission.create_purchase_orders(order=order, now=NOON)
    accept(purchase_order)
    PurchaseOrder.objects.update(status="shipped")
    [line] = order.lines.all()

    found = report(order, "39.99", keep={line.pk: 0})

    line.refresh_from_db()
    assert (found.is_too_late, line.canceled_quantity) == (True, 0)
    assert order.payments.get().refunded_amount == Decimal("39.99")


def test_a_cancellation_after_a_refund_returns_only_the_rest():
    order, _ = two_lines()
    report(order, "5.00")

    cancellation.cancel(order=order, reason="x", actor="staff", now=LATER)

    assert open_requests(order) == [order.total_amount - 5]


def accept(purchase_order):
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(
        status="ready", submission_status="submitting", attempts=1
    )
    purchase_order.refresh_from_db()
    acknowledgements.apply(
        purchase_order=purchase_order,
        state=PurchaseOrderReport(
            number=purchase_order.number, supplier_reference="S1", answer=Acknowledgement.ACCEPTED
        ),
        now=NOON,
    )
    purchase_order.refresh_from_db()
