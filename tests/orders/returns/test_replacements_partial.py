"""Partial refunds of replacements: each refunds its share of the original price."""

from decimal import Decimal

import pytest
from django.db import connection

from orders.cancellation import cancellation
from orders.models import OrderLine, Payment, PaymentEvent, PurchaseOrder
from orders.purchasing import submission
from orders.returns import exchanges, refund_amounts
from orders.returns.eligibility import CannotReturnError
from orders.returns.exchanges import ReplacementSources
from orders.returns.replacement_orders import ReplacementSource
from storefront.lib.money import Money
from tests.factories.backorders import also_at
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    arrived,
    asked,
    broken_return_rules,
    come_back,
    exchange,
    make_delivered,
    make_sibling,
    pay,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def exchanged(light, *, units, kind="withdrawal", other=None, discount="0"):
    """Exchange all of an order and deliver the replacement."""
    order = make_delivered(light, quantity=units)
    order.lines.update(discount_amount=Decimal(discount))
    (line,) = order.lines.all()
    wanted = {line.pk: other.variant.pk} if other and kind == "withdrawal" else None
    first = come_back(order, units, kind=kind, wanted=wanted)
    made = exchange(first, other)
    return first, arrived(made)


def exchange_from_two_places(made, level):
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
    first, second = exchanged(light, units=2, other=make_sibling(light, "30.00"))

    pay(come_back(second, 1, kind="withdrawal"))
    first.refresh_from_db()
    assert (first.status, first.refund_amount) == ("refunded", Decimal("30.00"))
    last = pay(come_back(second, 1, kind="withdrawal"))

    first.refresh_from_db()
    assert asked()[:2] == [Decimal("6.66"), Decimal("30.00")]
    assert sum(asked()) == first.order.total_amount, "with the way, as the customer keeps nothing"
    assert first.refund_amount == first.due_amount == Decimal("60.00") + first.delivery_amount
    assert first.delivery_amount > 0
    assert (last.status, last.refund_amount) == ("refunded", Decimal(0))
    assert first.lines.get().replaced_amount == 0
    events = PaymentEvent.objects.filter(kind="refund_requested")
    assert {one.payment.order for one in events} == {first.order}
    assert broken_return_rules() == []


def test_thirds_sum_to_the_whole(light):
    first, second = exchanged(light, units=3, kind="defect", discount="0.01")
    for _ in range(3):
        pay(come_back(second, 1))
        assert broken_return_rules() == []

    first.refresh_from_db()
    whole = Decimal("99.98")
    assert asked() == [Decimal("33.33"), Decimal("33.32"), Decimal("33.33") + first.delivery_amount]
    assert sum(asked()) == first.refund_amount == whole + first.delivery_amount


def test_refunds_are_capped_by_the_payment(light):
    first, second = exchanged(light, units=2, kind="defect")
    pay(come_back(second, 1))
    event = PaymentEvent.objects.get(kind="capture_requested")
    PaymentEvent.objects.filter(pk=event.pk).update(amount=Decimal("43.33"))

    pay(come_back(second, 1))

    first.refresh_from_db()
    assert asked() == [Decimal("33.33"), Decimal("10.00")]
    assert first.due_amount == Decimal("66.66") + first.delivery_amount
    assert first.refund_amount == Decimal("43.33")
    assert broken_return_rules() == []


def test_canceling_undecided_units_allows_the_refund(light):
    other = make_sellable(price="20.00", quantity=9)
    order = make_delivered(light, other, quantity=1)
    first = come_back(order, 1, 1)
    second = exchange_from_two_places(first, also_at(other))
    here, there = submission.create_purchase_orders(order=second, now=NOON)
    (line,) = (one.order_line for one in here.lines.all())
    OrderLine.objects.filter(pk=line.pk).update(shipped_quantity=1, delivered_quantity=1)
    PurchaseOrder.objects.filter(pk=here.pk).update(status="closed", status_since=NOON)
    again = come_back(second, *(int(one.pk == line.pk) for one in second.lines.order_by("pk")))

    with pytest.raises(CannotReturnError, match=f"in order {second.number}"):
        pay(again)
    cancellation.cancel(order=second, reason="customer agreed", actor="ann", now=NOON)
    pay(again)

    first.refresh_from_db()
    there.refresh_from_db()
    assert there.status == "canceled"
    assert asked() == [order.total_amount]
    assert first.refund_amount == order.total_amount
    assert broken_return_rules() == []


def test_a_return_that_replaces_itself_is_refunded_as_usual(light):
    made = come_back(make_delivered(light, quantity=1), 1, kind="withdrawal")
    type(made).objects.filter(pk=made.pk).update(replacement=made.order_id)
    made.refresh_from_db()

    assert refund_amounts.root_return(made.order) is None
    pay(made)

    assert asked() == [made.order.total_amount]


def test_a_chargeback_blocks_the_second_refund_too(light):
    _, second = exchanged(light, units=2, kind="defect")
    pay(come_back(second, 1))
    again = come_back(second, 1)
    Payment.objects.update(dispute_status="lost", dispute_status_since=NOON)

    with pytest.raises(CannotReturnError, match="bank"):
        pay(again)

    assert asked() == [Decimal("33.33")]


def test_the_invariant_finds_a_part_that_is_not_passed_on(light):
    first, second = exchanged(light, units=2, kind="defect")
    pay(come_back(second, 1))
    pay(come_back(second, 1))
    assert broken_return_rules() == []

    line = first.lines.get()
    line.replaced_amount = Decimal("33.33")
    line.save(update_fields=["replaced_amount"])

    assert "returns.replacement_refund_complete" in broken_return_rules()


def test_the_invariant_finds_a_part_that_is_not_requested(light):
    _, second = exchanged(light, units=2, kind="defect")
    pay(come_back(second, 1))
    last = pay(come_back(second, 1))
    assert broken_return_rules() == []

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    PaymentEvent.objects.filter(external_id__endswith=f":return:{last.number}").delete()

    assert "returns.refunded_once" in broken_return_rules()
    assert OrderLine.objects.filter(returned_quantity=2).count() == 2
