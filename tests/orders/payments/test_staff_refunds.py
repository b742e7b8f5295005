"""Staff refunds: by item or amount, at once within the limit, else after another's approval."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission

from orders.models import PaymentEvent, RefundLimit, RefundRequest
from orders.payments import refunds, staff_refunds
from storefront.accounts.models import User
from storefront.lib.money import Money
from storefront.lib.state_machine import InvalidTransitionError
from tests.factories.returns import make_shipped_order
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def eur(amount):
    return Money(Decimal(amount), "EUR")


@pytest.fixture
def order():
    return make_shipped_order(quantity=3)


def enter(order, amount=None, *, units=None, limit=None, key="1", actor="ann"):
    return staff_refunds.request(
        order=order,
        units=units or {},
        amount=amount and eur(amount),
        limit=limit and eur(limit),
        reason="scratched",
        key=key,
        actor=actor,
        now=NOON,
    )


def refunded():
    requests = PaymentEvent.objects.filter(kind="refund_requested").order_by("pk")
    return list(requests.values_list("amount", "reason"))


def test_an_item_is_refunded_for_what_the_customer_paid_once(order):
    line = order.lines.get()

    for _ in range(2):  # the form is submitted twice
        enter(order, units={line.pk: 1})

    paid = line.customer_charge_amount / 3
    assert refunded() == [(round(paid, 2), "ann: scratched")]
    assert staff_refunds.units_left(order) == {line: 2}
    with pytest.raises(staff_refunds.CannotRefundError, match="Only 2"):
        enter(order, units={line.pk: 3}, key="2")


def test_all_items_add_up_to_the_charge(order):
    line = order.lines.get()

    for key in "123":
        enter(order, units={line.pk: 1}, key=key)

    assert sum(amount for amount, _ in refunded()) == line.customer_charge_amount


def test_units_that_have_not_shipped_are_canceled_instead():
    order = make_accepted_purchase_order(quantity=3).order
    line = order.lines.get()

    assert staff_refunds.units_left(order) == {line: 0}
    with pytest.raises(staff_refunds.CannotRefundError, match="Only 0"):
        enter(order, units={line.pk: 1})


def test_an_amount_for_items_overrides_their_value(order):
    enter(order, "1.50", units={order.lines.get().pk: 2})

    assert refunded() == [(Decimal("1.50"), "ann: scratched")]
    assert RefundRequest.objects.get().units == {str(order.lines.get().pk): 2}


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "9999.00"])
def test_an_impossible_amount_is_refused(order, amount):
    with pytest.raises(refunds.RefundTooLargeError):
        enter(order, amount)

    assert not RefundRequest.objects.exists()


def test_refunds_above_the_limit_wait_and_the_limit_counts_the_whole_order(order):
    first = enter(order, "6.00", limit="10.00", key="1")
    second = enter(order, "6.00", limit="10.00", key="2")

    assert [first.status, second.status] == ["approved", "waiting"]
    assert [amount for amount, _ in refunded()] == [6]


def test_another_staff_member_approves_once(order):
    made = enter(order, "20.00", limit="10.00")
    with pytest.raises(staff_refunds.CannotRefundError, match="another staff member"):
        staff_refunds.approve(request=made, limit=None, actor="ann", now=NOON)
    with pytest.raises(staff_refunds.CannotRefundError, match="your own limit"):
        staff_refunds.approve(request=made, limit=eur("19.99"), actor="bob", now=NOON)
    assert refunded() == []

    staff_refunds.approve(request=made, limit=eur("20.00"), actor="bob", now=NOON)
    with pytest.raises(InvalidTransitionError):
        staff_refunds.approve(request=made, limit=None, actor="eve", now=NOON)

    assert refunded() == [(20, "ann: scratched")]
    made.refresh_from_db()
    assert (made.status, made.decided_by) == ("approved", "bob")


def test_a_rejected_refund_frees_its_items(order):
    line = order.lines.get()
    made = enter(order, units={line.pk: 3}, limit="1.00")
    assert staff_refunds.units_left(order) == {line: 0}
    with pytest.raises(staff_refunds.CannotRefundError):
        staff_refunds.reject(request=made, reason="mine", actor="ann", now=NOON)

    staff_refunds.reject(request=made, reason="no photo", actor="bob", now=NOON)

    assert refunded() == []
    assert staff_refunds.units_left(order) == {line: 3}


def test_an_approval_does_not_refund_units_that_a_return_refunds(order):
    line = order.lines.get()
    waiting = enter(order, units={line.pk: 3}, limit="0")
    order.lines.update(returning_quantity=1)

    with pytest.raises(staff_refunds.CannotRefundError, match="Reject this request"):
        staff_refunds.approve(request=waiting, limit=None, actor="bob", now=NOON)

    assert refunded() == []


def test_an_approval_never_refunds_more_than_is_left(order):
    total = order.total_amount
    made = enter(order, total, limit="1.00")
    enter(order, "5.00", key="2", actor="bob")

    with pytest.raises(refunds.RefundTooLargeError):
        staff_refunds.approve(request=made, limit=None, actor="bob", now=NOON)

    made.refresh_from_db()
    assert made.status == "waiting"


def test_the_highest_limit_of_the_groups_that_may_refund_counts():
    user = User.objects.create_user("ann@fara.example", "a password", is_staff=True)
    right = Permission.objects.get(codename="refund_order")
    assert staff_refunds.limit_of(user, "EUR") is None
    for name, amount in (("Night", 50), ("Day", 100), ("Readers", 900)):
        group = Group.objects.create(name=name)
        if name != "Readers":
            group.permissions.add(right)
        RefundLimit.objects.create(group=group, amount=amount, currency="EUR")
        user.groups.add(group)

    assert staff_refunds.limit_of(user, "EUR") == eur(100)
    assert staff_refunds.limit_of(user, "AZN") == Money(Decimal(0), "AZN")
    free = Group.objects.create(name="Unlimited")
    free.permissions.add(right)
    user.groups.add(free)
    assert staff_refunds.limit_of(user, "EUR") is None
    assert staff_refunds.limit_of(User(is_superuser=True), "EUR") is None
