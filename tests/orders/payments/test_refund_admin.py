"""Refund admin: the form refuses wrong input, above the limit another staff member decides."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from orders.models import PaymentEvent, RefundLimit, RefundRequest
from storefront.accounts.models import User
from tests.factories.inbox_items import items_of
from tests.factories.returns import make_shipped_order

pytestmark = pytest.mark.django_db
RIGHTS = ("view_order", "change_order", "refund_order", "view_refundrequest")


@pytest.fixture
def order():
    return make_shipped_order(quantity=3)


@pytest.fixture
def support():
    group = Group.objects.create(name="Desk")
    rights = Permission.objects.filter(codename__in=RIGHTS, content_type__app_label="orders")
    group.permissions.add(*rights)
    RefundLimit.objects.create(group=group, amount=10, currency="EUR")
    return group


@pytest.fixture
def desk(client_factory, support):
    """Return a signed-in client of a support agent by name."""

    def sign_in(name):
        user = User.objects.create_user(f"{name}@fara.example", "a password", is_staff=True)
        user.groups.add(support)
        client = client_factory()
        client.force_login(user)
        return client

    return sign_in


def post(client, row, what, **given):
    url = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_{what}", args=[row.pk])
    return client.post(url, given, follow=True).content.decode()


def test_a_refund_above_the_limit_waits_for_another_staff_member(desk, order):
    ann, bob = desk("ann"), desk("bob")
    form = {"reason": "late", "is_sure": "on"}

    told = post(ann, order, "refund", amount="20.00", key="a", **form)
    made = RefundRequest.objects.get()
    own = post(ann, made, "approve")

    assert "above your limit" in told
    assert "another staff member must decide" in own
    (item,) = items_of("refund_to_approve")
    assert (item.name, item.detail) == (order.number, "late")
    assert "above your own limit" in post(bob, made, "approve")
    post(bob, made, "reject", reason="too much")
    assert items_of("refund_to_approve") == []
    assert not PaymentEvent.objects.filter(kind="refund_requested").exists()


def test_within_the_limit_items_are_refunded_at_once(desk, staff, order):
    line = order.lines.get()
    RefundLimit.objects.update(amount=100)

    form = {f"units_{line.pk}": "1", "reason": "late", "is_sure": "on", "key": "a"}
    post(desk("ann"), order, "refund", **form)

    event = PaymentEvent.objects.get(kind="refund_requested")
    assert (event.amount, event.reason) == (line.unit_amount, "ann@fara.example: late")
    # Before a second refund, the form names the first.
    form = staff.get(reverse("admin:orders_order_refund", args=[order.pk])).content.decode()
    assert f"€{event.amount} of this order is refunded or requested already." in form


def test_who_approves_sees_the_items(desk, staff, order):
    line = order.lines.get()
    form = {f"units_{line.pk}": "2", "reason": "late", "is_sure": "on", "key": "a"}
    post(desk("ann"), order, "refund", **form)
    made = RefundRequest.objects.get()

    for page in ("change", "approve"):
        shown = staff.get(reverse(f"admin:orders_refundrequest_{page}", args=[made.pk]))
        assert f"2 × {line.sku} {line.title}" in shown.content.decode()


def test_an_approval_refunds(desk, staff, order):
    post(desk("ann"), order, "refund", amount="20.00", reason="late", is_sure="on", key="a")

    post(staff, RefundRequest.objects.get(), "approve")

    assert PaymentEvent.objects.get(kind="refund_requested").amount == 20


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Enter an amount, or how many items to refund."),
        ({"units": "4"}, "less than or equal to 3"),
        ({"units": "-1"}, "greater than or equal to 0"),
        ({"amount": "9999"}, "Enter at most €"),
        ({"amount": "none"}, "Enter a number"),
    ],
)
def test_wrong_input_is_refused(staff, order, given, told):
    units = {f"units_{order.lines.get().pk}": given.pop("units", "0")}

    shown = post(staff, order, "refund", reason="late", is_sure="on", key="a", **units, **given)

    assert told in shown
    assert not RefundRequest.objects.exists()


def test_limits_are_edited_by_group(staff, support):
    page = reverse("admin:orders_refundlimit_add")

    answer = staff.post(page, {"group": support.pk, "amount": "30", "currency": "AZN"})

    assert answer.status_code == 302
    assert RefundLimit.objects.get(currency="AZN").amount == 30
    again = staff.post(page, {"group": support.pk, "amount": "40", "currency": "AZN"})
    assert again.status_code == 200
