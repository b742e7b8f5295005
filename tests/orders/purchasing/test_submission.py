from datetime import timedelta
from decimal import Decimal

import pytest

from notifications.models import Event
from orders.models import (
    Allocation,
    Order,
    OrderLine,
    PaymentEvent,
    PurchaseMessage,
    PurchaseOrder,
)
from orders.purchasing import acknowledgements, retries, submission, submission_lookup
from orders.purchasing.holds import holds
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.models import StatusChange
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.connectors.records import Acknowledgement, DiscontinuedError, OutOfStockError
from suppliers.models import StockLevel, SupplierOffer
from tests.factories.backorders import reroute_due
from tests.factories.cancellation import fresh, send
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.scripted_supplier import no_answer
from tests.factories.suppliers import NOON, make_location

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=5)
LATEST = NOON + timedelta(hours=2)


def test_two_locations_make_two_purchase_orders_that_sum_to_the_order():
    near, far = make_sellable(), make_sellable(price="19.99")
    level = far.level
    StockLevel.objects.filter(pk=level.pk).update(location=make_location(code="CN", country="CN"))

    made = make_purchase_orders(near, far)

    order = made[0].order
    assert [po.number for po in made] == [f"{order.number}-1", f"{order.number}-2"]
    assert sum(po.customer_charge_amount for po in made) == order.total_amount
    assert Order.objects.get().status == "processing"
    assert StatusChange.objects.latest("pk").reason == "2 purchase orders"
    assert submission.create_purchase_orders(order=order, now=NOON) == []
    assert PurchaseOrder.objects.count() == 2


def test_a_submission_is_stored_before_the_call_and_its_acceptance_requests_a_capture(supplier):
    (purchase_order,) = make_purchase_orders()
    seen = []
    place = supplier.place

    def look(request):
        row = PurchaseOrder.objects.get(number=request.number)
        seen.append((row.submission_status, row.messages.filter(direction="out").count()))
        seen.append(repr(request))
        return place(request)

    supplier.place = look

    submission.submit(purchase_order=purchase_order, now=NOON)

    stored, words = seen
    assert stored == ("submitting", 1)
    assert "Erika Muster" in words
    assert "+49301234567" in words
    assert "erika@example.org" not in words
    assert "39.99" not in words, "no line prices"
    assert supplier.effects == [purchase_order.number]
    assert (purchase_order.status, purchase_order.submission_status) == ("in_progress", "accepted")
    assert purchase_order.supplier_reference == f"S-{purchase_order.number}"
    request = PaymentEvent.objects.get(kind="capture_requested")
    assert request.amount == purchase_order.customer_charge_amount
    said = PurchaseMessage.objects.order_by("pk").values_list("direction", "kind")
    assert list(said) == [("out", "place"), ("in", "accepted")]


@pytest.mark.parametrize("effect", [True, False])
def test_a_lost_answer_is_looked_up_before_a_retry(supplier, effect):
    (purchase_order,) = make_purchase_orders()
    supplier.script = [no_answer(effect)]

    submission.submit(purchase_order=purchase_order, now=NOON)
    assert purchase_order.submission_status == "submit_unknown"
    with pytest.raises(submission.NotSubmittableError):
        send(now=LATER)
    submission_lookup.resolve(purchase_order=purchase_order, now=LATER)
    if not effect:
        assert purchase_order.submission_status == "submit_failed"
        send(now=LATER + timedelta(hours=1))

    purchase_order.refresh_from_db()
    assert purchase_order.submission_status == "accepted"
    assert supplier.effects == [purchase_order.number]


def test_a_duplicate_reference_is_adopted(supplier):
    (purchase_order,) = make_purchase_orders()
    supplier.effects = [purchase_order.number]

    submission.submit(purchase_order=purchase_order, now=NOON)

    assert purchase_order.submission_status == "accepted"
    assert supplier.effects == [purchase_order.number]


def test_a_dead_worker_is_found_after_the_longest_call(supplier):
    (purchase_order,) = make_purchase_orders()
    purchase_order.move("ready", at=NOON)
    purchase_order.move("submitting", at=NOON, status_field="submission_status", attempts=1)

    submission_lookup.resolve(purchase_order=purchase_order, now=NOON + timedelta(seconds=30))
    assert purchase_order.submission_status == "submitting"
    found = NOON + timedelta(seconds=91)
    submission_lookup.resolve(purchase_order=purchase_order, now=found)
    assert purchase_order.submission_status == "submit_unknown"
    assert supplier.calls == []  # the call of a worker that just died may still be under way

    submission_lookup.resolve(purchase_order=purchase_order, now=found + retries.MAX_CALL_TIME)

    assert purchase_order.submission_status == "submit_failed"
    assert purchase_order.retry_at > found + retries.MAX_CALL_TIME


@pytest.mark.parametrize("error", [OutOfStockError("gone"), DiscontinuedError("no such variant")])
def test_a_rejection_releases_stock_and_money_and_notifies_the_customer(supplier, error):
    listing = make_sellable(quantity=5)
    (purchase_order,) = make_purchase_orders(listing, quantity=2)
    supplier.script = [error]

    submission.submit(purchase_order=purchase_order, now=NOON)
    reroute_due()

    order = Order.objects.get()
    assert (purchase_order.status, purchase_order.submission_status) == ("canceled", "rejected")
    assert order.status == "canceled"
    assert OrderLine.objects.get().canceled_quantity == 2
    assert Allocation.objects.get().status == "released"
    assert StockLevel.objects.get().allocated_outstanding == 0
    assert PaymentEvent.objects.get(kind="void_requested").amount == order.total_amount
    assert PaymentEvent.objects.filter(kind="capture_requested").count() == 0
    assert Event.objects.filter(name="order.lines_canceled").count() == 1


def test_a_rejected_request_holds_until_it_is_waived_and_cancels_nothing(supplier):
    (purchase_order,) = make_purchase_orders()
    supplier.script = [PermanentError("the balance is too low", code="1604000")]

    submission.submit(purchase_order=purchase_order, now=NOON)

    assert (purchase_order.status, purchase_order.submission_status) == ("on_hold", "submit_failed")
    assert [reason["code"] for reason in purchase_order.hold_reasons] == ["refused"]
    assert Order.objects.get().status == "processing"
    assert PaymentEvent.objects.filter(kind__endswith="requested").count() == 0

    with pytest.raises(submission.NotSubmittableError):
        submission.resubmit(purchase_order=purchase_order, actor="ann", now=LATER)
    with pytest.raises(submission.NotSubmittableError):
        send(now=LATER)
    assert supplier.effects == []
    holds.waive_all(purchase_order=purchase_order, actor="ann", now=LATER)
    assert send(now=LATER).submission_status == "accepted"


def test_a_cancellation_after_acceptance_is_refunded(supplier):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)
    supplier.answers[purchase_order.number] = Acknowledgement.CANCELED

    state = supplier.find(number=purchase_order.number)
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=LATER)

    assert purchase_order.status == "canceled"
    assert (
        PaymentEvent.objects.get(kind="refund_requested").amount
        == purchase_order.customer_charge_amount
    )


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("cost", lambda: SupplierOffer.objects.update(cost_amount=Decimal("10.50"))),
        ("cost", lambda: SupplierOffer.objects.update(status="discontinued")),
        ("stock", lambda: StockLevel.objects.update(reported_quantity=0)),
        (
            "address",
            lambda: Order.objects.update(ship_to={**Order.objects.get().ship_to, "city": ""}),
        ),
    ],
)
def test_a_failed_hold_rule_holds_with_its_reason(supplier, code, spoil):
    make_purchase_orders()
    spoil()

    held = send(now=LATER)

    assert held.status == "on_hold"
    assert [reason["code"] for reason in held.hold_reasons] == [code]
    assert supplier.effects == []


def test_a_battery_the_route_refuses_holds(supplier):
    (purchase_order,) = make_purchase_orders()
    entry = {**purchase_order.order.delivery_plan[0], "accepts": []}
    Order.objects.update(delivery_plan=[entry])

    held = send(now=LATER)

    assert [reason["code"] for reason in held.hold_reasons] == ["battery"]


def test_a_canceled_order_is_not_submitted(supplier):
    make_purchase_orders()
    Order.objects.update(status="canceled")

    with pytest.raises(submission.NotSubmittableError):
        send(now=LATER)

    assert supplier.effects == []


def test_a_slow_lookup_does_not_end_a_later_attempt(supplier):
    make_purchase_orders()
    supplier.script = [no_answer(effect=False)]
    send()
    find = supplier.find

    def slow(*, number):
        absent = find(number=number)
        supplier.find = find
        submission_lookup.resolve(purchase_order=fresh(), now=NOON + timedelta(hours=1))
        supplier.script = [no_answer(effect=True)]
        send(now=LATEST)
        return absent

    supplier.find = slow

    with pytest.raises(ConcurrentUpdateError):
        submission_lookup.resolve(purchase_order=fresh(), now=LATEST)

    assert (fresh().submission_status, fresh().attempts) == ("submit_unknown", 2)


@pytest.mark.parametrize(
    "error", [TemporaryError("busy"), PermanentError("no balance"), OutOfStockError("gone")]
)
def test_a_late_failure_does_not_end_a_later_attempt(supplier, error):
    make_purchase_orders()

    def asleep(_request):
        for minutes in (60, 61):
            now = NOON + timedelta(minutes=minutes)
            submission_lookup.resolve(purchase_order=fresh(), now=now)
        fresh().move("submitting", at=LATEST, status_field="submission_status", attempts=2)
        raise error

    supplier.place = asleep

    with pytest.raises(ConcurrentUpdateError):
        send()

    assert (fresh().status, fresh().submission_status) == ("ready", "submitting")
