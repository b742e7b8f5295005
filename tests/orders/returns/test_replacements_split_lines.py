"""Split replacement lines: canceled units are refunded once, for the original line."""

from decimal import Decimal

import pytest
from django.db import transaction

from orders.backorders import line_splits
from orders.models import Order, OrderLine, PurchaseLine, PurchaseOrder
from orders.purchasing import submission
from orders.returns import exchanges, refund_amounts
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    asked,
    back,
    broken_return_rules,
    come_back,
    exchange,
    make_delivered,
    make_sibling,
    pay,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def parted(order, *, keep):
    """Split each line: the supplier ships ``keep`` of it."""
    submission.create_purchase_orders(order=order, now=NOON)
    for line in PurchaseLine.objects.filter(purchase_order__order=order).order_by("pk"):
        with transaction.atomic():
            line_splits.split(line, keep=keep)
    return list(order.lines.order_by("pk"))


def ended(line, *, shipped):
    """Deliver ``shipped`` units of a line and cancel the others."""
    OrderLine.objects.filter(pk=line.pk).update(
        shipped_quantity=shipped,
        delivered_quantity=shipped,
        canceled_quantity=line.quantity - shipped,
    )


def arrived(order):
    PurchaseOrder.objects.filter(order=order).update(status="closed", status_since=NOON)
    return Order.objects.get(pk=order.pk)


def test_a_canceled_part_of_a_split_line_is_refunded(light):
    made = back(light, units=3)
    first, rest = parted(exchange(made), keep=2)
    ended(first, shipped=2)
    ended(rest, shipped=0)

    assert refund_amounts.has_failed_replacement(made)
    assert refund_amounts.preview(made).given.amount == Decimal("33.33")
    pay(made)

    assert (made.status, asked()) == ("refunded", [Decimal("33.33")])
    assert made.lines.get().replaced_amount == Decimal("66.66")
    assert broken_return_rules() == []


def test_each_part_counts_for_its_original_line():
    lights = [make_sellable(price=price, quantity=9) for price in ("33.33", "10.00")]
    made = come_back(make_delivered(*lights, quantity=3), 3, 2)
    order = exchanges.exchange(authorization=made, actor="ann", now=NOON)
    for line, shipped in zip(parted(order, keep=1), (1, 1, 2, 0), strict=True):
        ended(line, shipped=shipped)

    pay(made)

    assert asked() == [Decimal("10.00")]
    kept = made.lines.order_by("order_line").values_list("replaced_amount", flat=True)
    assert list(kept) == [Decimal("99.99"), Decimal("10.00")]


def test_a_part_split_again_belongs_to_the_first_line(light):
    made = back(light, units=3)
    order = exchange(made)
    order.lines.update(warranty_months=60)
    first, rest = parted(order, keep=1)
    with transaction.atomic():
        line_splits.split(PurchaseLine.objects.get(order_line=rest, is_active=True), keep=1)

    lines = order.lines.order_by("pk")
    assert [line.split_from_id for line in lines] == [None, first.pk, first.pk]
    assert {line.warranty_months for line in lines} == {60}
    for line, shipped in zip(lines, (1, 0, 0), strict=True):
        ended(line, shipped=shipped)
    pay(made)
    assert asked() == [Decimal("66.66")]


def test_a_returned_part_is_refunded_by_the_first_return(light):
    made = back(light, units=3)
    order = exchange(made, make_sibling(light, "30.00"))
    first, rest = parted(order, keep=2)
    for line in (first, rest):
        ended(line, shipped=line.quantity)
    again = come_back(arrived(order), 0, 1)

    pay(again)

    made.refresh_from_db()
    assert (made.status, made.refund_amount) == ("refunded", Decimal("30.00"))
    assert asked() == [Decimal("9.99"), Decimal("30.00")]
    assert broken_return_rules() == []
