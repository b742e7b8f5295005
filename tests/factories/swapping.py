"""Exchanges for another variant, by the shop's own verbs."""

from __future__ import annotations

from decimal import Decimal

from orders.models import Order, PaymentEvent, PurchaseOrder
from orders.purchasing import submission
from orders.returns import exchanges
from orders.returns.exchanges import Found
from orders.returns.replacement_orders import Shelf
from storefront.dashboard.invariants import registry
from storefront.lib.money import Money
from tests.factories.returns import bring_back, declare, make_delivered
from tests.factories.suppliers import NOON


def back(light, *, units=1, quantity=3, kind="defect", wanted=None, **inspected):
    order = make_delivered(light, quantity=quantity)
    return come_back(order, units, kind=kind, wanted=wanted, **inspected)


def come_back(order, *units, kind="defect", wanted=None, **inspected):
    made = declare(order, *units, kind=kind, words="Dead.", wanted=wanted)
    bring_back(made, **inspected)
    return made


def exchange(made, other=None, *, is_free=False):
    """Exchange as ``shipping.rerouting.exchanges`` does, from the shelf of the other one."""
    line = made.lines.get()
    found = exchanges.NOWHERE
    if other is not None:
        shelf = Shelf(
            variant_id=other.variant.pk,
            offer_id=other.level.offer_id,
            level_id=other.level.pk,
            location_id=other.level.location_id,
            cost=Money(Decimal(10), "EUR"),
            rate=None,
            landed=None,
            entry=made.purchase_order.entry,
        )
        found = Found(shelves={line.order_line_id: shelf})
    choice = None if other is None else {line.order_line_id: other.variant.pk}
    return exchanges.exchange(
        authorization=made, choice=choice, is_free=is_free, found=found, actor="ann", now=NOON
    )


def asked():
    events = PaymentEvent.objects.filter(kind="refund_requested").order_by("pk")
    return list(events.values_list("amount", flat=True))


def broken_rules():
    told = registry.check(now=NOON)
    codes = [one.invariant.code for one in told if one.count]
    return [code for code in codes if code.startswith(("I2.", "I3.", "I10."))]


def arrived(order):
    submission.divide(order=order, now=NOON)
    order.lines.update(shipped_quantity=1, delivered_quantity=1)
    PurchaseOrder.objects.filter(order=order).update(status="closed", status_since=NOON)
    return Order.objects.get(pk=order.pk)
