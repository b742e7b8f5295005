"""A gateway is late only with due requests."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.models import Payment, PaymentEvent, PurchaseOrder
from storefront.dashboard.inbox import query
from storefront.dashboard.invariants import registry
from tests.factories.full_shop import make_world
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

AGO = NOON - timedelta(days=2)
MONEY = {"payment_unanswered", "I7.money_moves"}


@pytest.fixture
def unanswered_requests(monkeypatch):
    """Captures were requested two days ago, and are not answered."""
    make_world(monkeypatch)
    PaymentEvent.objects.exclude(kind__in=["authorized", "capture_requested"]).update(answers=None)
    PaymentEvent.objects.filter(kind="capture_requested").update(received_at=AGO)
    PurchaseOrder.objects.update(status_since=AGO, accepted_at=AGO)


def late():
    broken = {each.invariant.code for each in registry.check(now=NOON) if each.count}
    return MONEY & (broken | {row.cause.code for row in query.find(now=NOON)})


@pytest.mark.parametrize("taking", ["parts", "many", "once"])
def test_request_accepted_by_all_suppliers_two_days_ago_is_late(unanswered_requests, taking):
    Payment.objects.update(taking=taking)

    assert late() == MONEY


def test_single_capture_is_due_after_the_last_supplier(unanswered_requests):
    Payment.objects.update(taking="once", capture_before=NOON + timedelta(days=3))
    PurchaseOrder.objects.update(accepted_at=None, status="in_progress")

    assert late() == set()


def test_request_accepted_a_minute_ago_is_not_late(unanswered_requests):
    Payment.objects.update(taking="once")
    PurchaseOrder.objects.update(accepted_at=NOON - timedelta(minutes=1))

    assert late() == set()


def test_request_is_due_before_the_authorization_ends(unanswered_requests):
    Payment.objects.update(taking="once", capture_before=NOON + timedelta(hours=9))
    PurchaseOrder.objects.update(accepted_at=None, status="in_progress")

    assert late() == MONEY
