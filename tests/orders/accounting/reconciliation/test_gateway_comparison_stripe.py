"""Gateway comparison: events that only Stripe has, against our ledger."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.accounting.reconciliation import resolution
from tests.support.reconciliation_days import accepted, compare, found, later, paid, refund, the_one

pytestmark = pytest.mark.django_db(transaction=True)
PART = Decimal("7.50")


def test_a_dispute_whose_news_never_came_is_taken_in(stripe):
    payment = paid(stripe)
    accepted(payment)
    stripe.control("dispute", {"id": stripe.intent["id"], "status": "needs_response"})

    compare()
    assert found() == [("not_with_us", "disputed", None, payment.amount)]
    resolution.apply_lost_events(difference=the_one(), now=later())

    payment.refresh_from_db()
    assert payment.dispute_status == "charged_back"
    assert found() == []
    compare()
    assert found() == []


def test_a_refund_that_came_back_unheard_is_told(stripe):
    payment = paid(stripe)
    accepted(payment)
    refund(payment, PART)
    (made,) = stripe.things("refund")
    stripe.control("refund", {"id": made["id"], "status": "failed"})

    compare()

    assert found() == [("not_with_us", "refunded", PART, None)]
    resolution.apply_lost_events(difference=the_one(), now=later())
    payment.refresh_from_db()
    assert payment.refunded_amount == 0
    assert found() == []
