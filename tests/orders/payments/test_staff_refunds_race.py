"""Race: approvals of one refund among themselves and with a rejection, two refunds at the limit."""

from decimal import Decimal

import pytest

from orders.models import PaymentEvent, RefundRequest
from orders.payments import staff_refunds
from storefront.lib.money import Money
from storefront.lib.state_machine import (
    ConcurrentUpdateError,
    InvalidTransitionError,
    StatusChange,
)
from tests.factories.backorders import violated_invariants
from tests.factories.returns import make_shipped_order
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
LATE = (InvalidTransitionError, ConcurrentUpdateError)


def enter(order, amount, key, limit="10.00"):
    return staff_refunds.request(
        order=order,
        units={},
        amount=Money(Decimal(amount), "EUR"),
        limit=Money(Decimal(limit), "EUR"),
        reason="late",
        key=key,
        actor="ann",
        now=NOON,
    )


def refunds_requested():
    return PaymentEvent.objects.filter(kind="refund_requested").count()


def decisions():
    return StatusChange.objects.filter(subject="orders.RefundRequest").count()


def test_two_approvals_refund_once():
    made = enter(make_shipped_order(), "20.00", "1")

    def approve(actor):
        row = RefundRequest.objects.get(pk=made.pk)
        return lambda: staff_refunds.approve(request=row, limit=None, actor=actor, now=NOON)

    late = all_at_once([approve(actor) for actor in ("bob", "eve", "kim", "lee")], LATE)

    assert (late, refunds_requested(), decisions()) == (3, 1, 1)
    assert violated_invariants() == []


def test_an_approval_and_a_rejection_end_in_one_decision():
    made = enter(make_shipped_order(), "20.00", "1")

    late = all_at_once(
        [
            lambda: staff_refunds.approve(request=made, limit=None, actor="bob", now=NOON),
            lambda: staff_refunds.reject(request=made, reason="no", actor="eve", now=NOON),
        ],
        LATE,
    )

    made.refresh_from_db()
    assert (late, decisions()) == (1, 1)
    assert refunds_requested() == (made.status == "approved")


def test_two_refunds_at_once_do_not_pass_the_limit():
    """Without the lock of the order both see nothing refunded yet."""
    order = make_shipped_order()

    all_at_once([lambda key=key: enter(order, "6.00", key) for key in "1234"], LATE)

    states = sorted(RefundRequest.objects.values_list("status", flat=True))
    assert states == ["approved", "waiting", "waiting", "waiting"]
    assert refunds_requested() == 1
