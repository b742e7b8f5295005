"""A gateway is late only with due requests."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.models import Backorder, Payment, PaymentEvent, PurchaseOrder
from storefront.dashboard.inbox import query
from storefront.dashboard.invariants import registry
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shared_world")]

AGO = NOON - timedelta(days=2)
MONEY = {"payment_request_unanswered", "messaging.payment_requests_answered"}


@pytest.fixture
def unanswered_requests():
    """Captures were requested two days ago, and are not answered."""
    PaymentEvent.objects.exclude(kind__in=["authorized", "capture_requested"]).update(answers=None)
    PaymentEvent.objects.filter(kind="capture_requested").update(received_at=AGO)
    PurchaseOrder.objects.update(status_since=AGO, accepted_at=AGO)


def late():
    broken = {each.invariant.code for each in registry.check_all(now=NOON) if each.count}
    return MONEY & (broken | {row.cause.code for row in query.load_items(now=NOON)})


@pytest.mark.parametrize("mode", ["multiple", "single"])
def test_what_every_supplier_answered_two_days_ago_is_late(unanswered_requests, mode):
    Payment.objects.update(capture_mode=mode)

    assert late() == MONEY


def test_one_of_several_captures_waits_for_no_other_supplier(unanswered_requests):
    Payment.objects.update(capture_mode="multiple", capture_before=NOON + timedelta(days=3))
    PurchaseOrder.objects.update(accepted_at=None, status="in_progress")

    assert late() == MONEY


def test_what_is_taken_once_waits_for_the_last_supplier(unanswered_requests):
    Payment.objects.update(capture_mode="single", capture_before=NOON + timedelta(days=3))
    PurchaseOrder.objects.update(accepted_at=None, status="in_progress")

    assert late() == set()


def test_answer_a_minute_ago_is_not_late_yet(unanswered_requests):
    Payment.objects.update(capture_mode="single")
    PurchaseOrder.objects.update(accepted_at=NOON - timedelta(minutes=1))

    assert late() == set()


def test_ending_authorization_waits_for_no_supplier(unanswered_requests):
    Payment.objects.update(capture_mode="single", capture_before=NOON + timedelta(hours=9))
    PurchaseOrder.objects.update(accepted_at=None, status="in_progress")

    assert late() == MONEY


@pytest.mark.parametrize(
    ("status", "is_late"), [("open", False), ("asked", False), ("given_up", True)]
)
def test_a_single_capture_waits_for_rejected_lines_that_are_still_sourced(
    unanswered_requests, status, is_late
):
    Payment.objects.update(capture_mode="single", capture_before=NOON + timedelta(days=3))
    for row in PurchaseOrder.objects.all():
        Backorder.objects.create(
            order_id=row.order_id,
            purchase_order=row,
            kind="refused",
            status=status,
            status_since=AGO,
            opened_at=AGO,
            respond_by=NOON,
            currency="EUR",
        )

    assert late() == (MONEY if is_late else set())


@pytest.mark.parametrize(("captured", "is_late"), [(100, True), (1, False)])
def test_a_refund_waits_for_no_supplier_once_its_money_is_captured(
    unanswered_requests, captured, is_late
):
    PaymentEvent.objects.filter(kind="capture_requested").update(kind="refund_requested", amount=50)
    Payment.objects.update(
        authorized_amount=100,
        captured_amount=captured,
        voided_amount=0,
        refunded_amount=0,
        capture_before=NOON + timedelta(days=3),
    )
    PurchaseOrder.objects.update(accepted_at=None, status="in_progress")

    assert late() == (MONEY if is_late else set())


@pytest.mark.parametrize(("voided", "is_late"), [(100, True), (99, False)])
def test_only_a_void_of_all_that_is_left_waits_for_no_supplier(
    unanswered_requests, voided, is_late
):
    PaymentEvent.objects.filter(kind="capture_requested").update(
        kind="void_requested", amount=voided
    )
    Payment.objects.update(
        authorized_amount=100,
        captured_amount=0,
        voided_amount=0,
        refunded_amount=0,
        capture_before=NOON + timedelta(hours=1),
    )
    PurchaseOrder.objects.update(accepted_at=None, status="in_progress")

    assert late() == (MONEY if is_late else set())
