"""Payment rules: a request to the gateway is late only once it is due."""

from datetime import timedelta

import pytest

from orders.models import Backorder, Payment, PaymentEvent, PurchaseOrder
from storefront.dashboard.invariants import registry
from tests.factories.inbox_items import items_of
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shared_world")]

AGO = NOON - timedelta(days=2)
REQUEST_CODES = {"payment_request_unanswered", "messaging.payment_requests_answered"}


@pytest.fixture(autouse=True)
def unanswered_requests():
    """Captures were requested two days ago, and are not answered."""
    PaymentEvent.objects.exclude(kind__in=["authorized", "capture_requested"]).update(answers=None)
    requests = PaymentEvent.objects.filter(kind="capture_requested")
    requests.update(received_at=AGO, is_pending=True)
    PurchaseOrder.objects.update(status_since=AGO, accepted_at=AGO)


def late():
    checks = [each for each in registry.INVARIANTS if each.code in REQUEST_CODES]
    broken = {each.invariant.code for each in registry.check_some(checks, now=NOON) if each.count}
    return broken | {row.cause.code for row in items_of("payment_request_unanswered")}


@pytest.mark.parametrize(
    ("mode", "accepted", "authorization_ends_after", "is_late"),
    [
        # Every supplier answered two days ago.
        ("multiple", AGO, None, True),
        ("single", AGO, None, True),
        # One of several captures waits for no other supplier; a single capture waits for the last.
        ("multiple", None, timedelta(days=3), True),
        ("single", None, timedelta(days=3), False),
        # An answer of a minute ago is not late yet.
        ("single", NOON - timedelta(minutes=1), None, False),
        # A capture waits for no supplier if the authorization ends soon.
        ("single", None, timedelta(hours=9), True),
    ],
)
def test_capture_is_late_once_it_is_due(mode, accepted, authorization_ends_after, is_late):
    Payment.objects.update(capture_mode=mode)
    if authorization_ends_after:
        Payment.objects.update(capture_before=NOON + authorization_ends_after)
    PurchaseOrder.objects.update(accepted_at=accepted)
    if accepted is None:
        PurchaseOrder.objects.update(status="in_progress")

    assert late() == (REQUEST_CODES if is_late else set())


@pytest.mark.parametrize(
    ("status", "is_late"), [("open", False), ("asked", False), ("canceled", True)]
)
def test_a_single_capture_waits_for_rejected_lines_that_are_still_sourced(status, is_late):
    Payment.objects.update(capture_mode="single", capture_before=NOON + timedelta(days=3))
    known = {"kind": "refused", "status": status, "currency": "EUR"}
    moments = {"status_since": AGO, "opened_at": AGO, "respond_by": NOON}
    for row in PurchaseOrder.objects.all():
        Backorder.objects.create(order_id=row.order_id, purchase_order=row, **known, **moments)

    assert late() == (REQUEST_CODES if is_late else set())


@pytest.mark.parametrize(
    ("kind", "amount", "captured", "authorization_ends_after", "is_late"),
    [
        # A refund waits for no supplier once its money is captured.
        ("refund_requested", 50, 100, timedelta(days=3), True),
        ("refund_requested", 50, 1, timedelta(days=3), False),
        # Only a void of the whole rest waits for no supplier. The end of the authorization
        # makes no void due.
        ("void_requested", 100, 0, timedelta(hours=1), True),
        ("void_requested", 99, 0, timedelta(hours=1), False),
    ],
)
def test_refund_or_void_that_waits_for_a_supplier_is_not_late(
    kind, amount, captured, authorization_ends_after, is_late
):
    PaymentEvent.objects.filter(kind="capture_requested").update(kind=kind, amount=amount)
    Payment.objects.update(
        authorized_amount=100,
        captured_amount=captured,
        voided_amount=0,
        refunded_amount=0,
        capture_before=NOON + authorization_ends_after,
    )
    PurchaseOrder.objects.update(accepted_at=None, status="in_progress")

    assert late() == (REQUEST_CODES if is_late else set())
