"""Return labels in refunds and profit: deducted once, from a withdrawal whose parcel used the label."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from orders.accounting import profit_report
from orders.accounting.profit import ProfitItem
from orders.models import ReturnAuthorization, ReturnLabel
from orders.returns import refund_amounts, refunds
from orders.returns.eligibility import CannotReturnError
from storefront.lib.state_machine import InvalidTransitionError
from tests.factories.return_labels import add_label
from tests.factories.returns import (
    bring_back,
    declare,
    make_delivered,
    make_policy,
    mark_shipped,
    pay,
    requested_refunds,
    violated_return_invariants,
)
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db


def make_withdrawal():
    make_policy()
    return declare(make_delivered(quantity=3), 1)


def sums(authorization):
    authorization.refresh_from_db()
    return authorization.due_amount, authorization.label_amount, authorization.refund_amount


def full_refund(authorization):
    return refund_amounts.paid_for(
        refund_amounts.read_lines(authorization)[0], currency=authorization.currency
    ).amount


def test_the_charge_is_deducted_from_the_refund():
    authorization = make_withdrawal()
    add_label(authorization)
    bring_back(authorization)
    paid = full_refund(authorization)
    assert refund_amounts.preview(authorization).label.amount == Decimal("5.95")

    pay(authorization)

    given = paid - Decimal("5.95")
    assert sums(authorization) == (given, Decimal("5.95"), given)
    assert requested_refunds() == [given]
    assert violated_return_invariants() == []


@pytest.mark.django_db(transaction=True)
def test_two_refunds_at_once_deduct_it_once():
    authorization = make_withdrawal()
    add_label(authorization)
    bring_back(authorization)
    paid = full_refund(authorization)

    def refund():
        row = ReturnAuthorization.objects.get(pk=authorization.pk)
        refunds.refund(authorization=row, actor="ann", now=NOON)

    assert all_at_once([refund] * 3, (InvalidTransitionError, CannotReturnError)) == 2
    assert requested_refunds() == [paid - Decimal("5.95")]


@pytest.mark.parametrize(
    "changes",
    [
        {"payer": "us", "charge": "0"},
        {"payer": "supplier", "charge": "0"},
        {"status": "voided"},
    ],
)
def test_a_label_that_the_customer_does_not_pay_is_not_deducted(changes):
    authorization = make_withdrawal()
    add_label(authorization, **changes)
    bring_back(authorization)
    pay(authorization)
    assert sums(authorization)[1] == 0


def test_a_label_that_was_not_used_is_not_deducted():
    authorization = make_withdrawal()
    add_label(authorization)
    mark_shipped(authorization, "own parcel 1")
    pay(authorization)
    assert sums(authorization)[1] == 0


def test_a_number_typed_with_spaces_is_that_of_the_label():
    authorization = make_withdrawal()
    add_label(authorization)
    mark_shipped(authorization, "dpdr 000 000 001")
    pay(authorization)
    assert sums(authorization)[1] == Decimal("5.95")


def test_a_kept_item_is_refunded_whole():
    authorization = make_withdrawal()
    add_label(authorization)
    refunds.refund_without_return(authorization=authorization, actor="ann", now=NOON)
    assert sums(authorization)[1] == 0


def test_the_charge_never_exceeds_the_items():
    authorization = make_withdrawal()
    add_label(authorization, charge="5000")
    bring_back(authorization)
    paid = full_refund(authorization)
    pay(authorization)
    assert sums(authorization) == (0, paid, 0)
    assert violated_return_invariants() == []


def test_a_defect_is_never_charged_not_even_by_a_wrong_row():
    make_policy()
    authorization = declare(make_delivered(quantity=1), 1, kind="defect", customer_message="Dead.")
    add_label(authorization)
    bring_back(authorization)
    pay(authorization)
    assert sums(authorization)[1] == 0
    with pytest.raises(IntegrityError, match="return_label_deducted"), transaction.atomic():
        ReturnAuthorization.objects.update(label_amount=1)


def test_a_label_counts_in_the_profit_until_it_is_void():
    authorization = make_withdrawal()
    label = add_label(authorization, payer="us", charge="0")

    def cost():
        profit = profit_report.statement_of(authorization.order, now=timezone.now())
        return profit.sum(profit.parts(), ProfitItem.RETURN_LABEL).amount

    assert cost() == Decimal("-5.95")
    ReturnLabel.objects.filter(pk=label.pk).update(status="voided")
    assert cost() == 0
