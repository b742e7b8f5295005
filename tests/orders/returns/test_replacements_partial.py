"""Partial refunds of replacements: each part is refunded at its share of the first order."""

from decimal import Decimal

import pytest
from django.db import transaction

from orders.backorders import line_splits
from orders.cancellation import cancellation
from orders.models import Order, OrderLine, PaymentEvent, PurchaseLine, PurchaseOrder
from orders.purchasing import submission
from orders.returns import exchanges, refund_amounts
from orders.returns.eligibility import CannotReturnError
from orders.returns.exchanges import ReplacementSources
from orders.returns.replacement_orders import ReplacementSource
from storefront.lib.money import Money
from tests.factories.backorders import stock_at
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    deliver_order,
    exchange,
    make_delivered,
    make_inspected_return,
    make_sibling,
    pay,
    requested_refunds,
    return_units,
    violated_return_invariants,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def exchange_from_two_locations(made, level):
    """Exchange with ``level`` as the source of the last line; the others keep theirs."""
    sold = made.order.lines.latest("pk")
    source = ReplacementSource(
        variant_id=sold.variant_id,
        offer_id=level.offer_id,
        level_id=level.pk,
        location_id=level.location_id,
        cost=Money(Decimal(11), "EUR"),
        rate=None,
        landed=None,
        entry={**made.purchase_order.entry, "location_id": level.location_id},
    )
    found = ReplacementSources(sources={sold.pk: source})
    return exchanges.exchange(authorization=made, sources=found, actor="ann", now=NOON)


def test_withdrawing_from_an_exchange_unit_by_unit_refunds_each(light):
    other = make_sibling(light, "30.00")
    order = make_delivered(light, quantity=2)
    wanted = {order.lines.get().pk: other.variant.pk}
    first = return_units(order, 2, kind="withdrawal", wanted=wanted)
    second = deliver_order(exchange(first, other))

    pay(return_units(second, 1, kind="withdrawal"))
    first.refresh_from_db()
    assert (first.status, first.refund_amount) == ("refunded", Decimal("30.00"))
    last = pay(return_units(second, 1, kind="withdrawal"))

    first.refresh_from_db()
    assert requested_refunds()[:2] == [Decimal("6.66"), Decimal("30.00")]
    assert sum(requested_refunds()) == first.order.total_amount, (
        "with the way, as the customer keeps nothing"
    )
    assert first.refund_amount == first.due_amount == Decimal("60.00") + first.delivery_amount
    assert first.delivery_amount > 0
    assert (last.status, last.refund_amount) == ("refunded", Decimal(0))
    assert first.lines.get().replaced_amount == 0
    events = PaymentEvent.objects.filter(kind="refund_requested")
    assert {one.payment.order for one in events} == {first.order}
    assert violated_return_invariants() == []


def test_canceling_undecided_units_allows_the_refund(light):
    other = make_sellable(price="20.00", quantity=9)
    order = make_delivered(light, other, quantity=1)
    first = return_units(order, 1, 1)
    second = exchange_from_two_locations(first, stock_at(other))
    here, there = submission.create_purchase_orders(order=second, now=NOON)
    (line,) = (one.order_line for one in here.lines.all())
    OrderLine.objects.filter(pk=line.pk).update(shipped_quantity=1, delivered_quantity=1)
    PurchaseOrder.objects.filter(pk=here.pk).update(status="closed", status_since=NOON)
    again = return_units(second, *(int(one.pk == line.pk) for one in second.lines.order_by("pk")))

    with pytest.raises(CannotReturnError, match=f"in order {second.number}"):
        pay(again)
    cancellation.cancel(order=second, reason="customer agreed", actor="ann", now=NOON)
    pay(again)

    first.refresh_from_db()
    there.refresh_from_db()
    assert there.status == "canceled"
    assert requested_refunds() == [order.total_amount]
    assert first.refund_amount == order.total_amount
    assert violated_return_invariants() == []


def test_a_return_that_replaces_itself_is_refunded_as_usual(light):
    made = return_units(make_delivered(light, quantity=1), 1, kind="withdrawal")
    type(made).objects.filter(pk=made.pk).update(replacement=made.order_id)
    made.refresh_from_db()

    assert refund_amounts.root_return(made.order) is None
    pay(made)

    assert requested_refunds() == [made.order.total_amount]


def test_the_invariant_finds_a_part_that_is_not_refunded(light):
    first = return_units(make_delivered(light, quantity=2), 2)
    second = deliver_order(exchange(first))
    for _ in range(2):
        pay(return_units(second, 1))
    assert violated_return_invariants() == []

    line = first.lines.get()
    line.replaced_amount = Decimal("33.33")
    line.save(update_fields=["replaced_amount"])

    assert "returns.replacement_refund_complete" in violated_return_invariants()


def parted(order, *, keep):
    """Split each line; the first part has ``keep`` units."""
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


def closed(order):
    PurchaseOrder.objects.filter(order=order).update(status="closed", status_since=NOON)
    return Order.objects.get(pk=order.pk)


def test_a_canceled_part_of_a_split_line_is_refunded(light):
    made = make_inspected_return(light, units=3)
    first, rest = parted(exchange(made), keep=2)
    ended(first, shipped=2)
    ended(rest, shipped=0)

    assert refund_amounts.has_failed_replacement(made)
    assert refund_amounts.preview(made).given.amount == Decimal("33.33")
    pay(made)

    assert (made.status, requested_refunds()) == ("refunded", [Decimal("33.33")])
    assert made.lines.get().replaced_amount == Decimal("66.66")
    assert violated_return_invariants() == []


def test_each_part_counts_for_its_original_line():
    lights = [make_sellable(price=price, quantity=9) for price in ("33.33", "10.00")]
    made = return_units(make_delivered(*lights, quantity=3), 3, 2)
    order = exchanges.exchange(authorization=made, actor="ann", now=NOON)
    for line, shipped in zip(parted(order, keep=1), (1, 1, 2, 0), strict=True):
        ended(line, shipped=shipped)

    pay(made)

    assert requested_refunds() == [Decimal("10.00")]
    kept = made.lines.order_by("order_line").values_list("replaced_amount", flat=True)
    assert list(kept) == [Decimal("99.99"), Decimal("10.00")]


def test_a_part_split_again_belongs_to_the_first_line(light):
    made = make_inspected_return(light, units=3)
    order = exchange(made)
    order.lines.update(guarantee_months=60)
    first, rest = parted(order, keep=1)
    with transaction.atomic():
        line_splits.split(PurchaseLine.objects.get(order_line=rest, is_active=True), keep=1)

    lines = order.lines.order_by("pk")
    assert [line.split_from_id for line in lines] == [None, first.pk, first.pk]
    assert {line.guarantee_months for line in lines} == {60}
    for line, shipped in zip(lines, (1, 0, 0), strict=True):
        ended(line, shipped=shipped)
    pay(made)
    assert requested_refunds() == [Decimal("66.66")]


def test_a_returned_part_is_refunded_by_the_first_return(light):
    made = make_inspected_return(light, units=3)
    order = exchange(made, make_sibling(light, "30.00"))
    first, rest = parted(order, keep=2)
    for line in (first, rest):
        ended(line, shipped=line.quantity)
    again = return_units(closed(order), 0, 1)

    pay(again)

    made.refresh_from_db()
    assert (made.status, made.refund_amount) == ("refunded", Decimal("30.00"))
    assert requested_refunds() == [Decimal("9.99"), Decimal("30.00")]
    assert violated_return_invariants() == []
