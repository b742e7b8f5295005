"""Exchanges: replacement items come from any source in stock, routed like an order."""

from decimal import Decimal

import pytest
from django.db import transaction

from orders.backorders.line_splits import split
from orders.models import Order, OrderLine, PurchaseLine, PurchaseOrder, ReturnLine
from orders.purchasing import submission
from orders.returns.eligibility import CannotReturnError
from shipping.rates import quotes
from shipping.rerouting import exchanges
from suppliers.models import StockLevel
from tests.factories.backorders import stock_at
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    bring_back,
    counters,
    declare,
    deliver_order,
    make_delivered,
    make_inspected_return,
    make_sibling,
    violated_order_invariants,
)
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def exchange(made):
    return exchanges.create_replacement(authorization=made, actor="ann", now=NOON)


def empty(light):
    StockLevel.objects.filter(pk=light.level.pk).update(reported_quantity=0)


def test_another_supplier_ships_if_the_original_source_is_empty():
    light = make_sellable(quantity=9)
    other = stock_at(light, cost="11.00")
    made = make_inspected_return(light, units=2, quantity=2, state="damaged")
    empty(light)

    order = exchange(made)

    (line,) = order.lines.all()
    assert (line.level, line.offer, line.cost_amount) == (other, other.offer, Decimal("11.00"))
    assert [entry["location_id"] for entry in order.delivery_plan] == [other.location_id]
    assert order.delivery_plan[0]["amount"] == "0"
    assert order.arrives_to > NOON.date()
    assert order.routing_decision["lines"]
    (bought,) = submission.create_purchase_orders(order=order, now=NOON)
    assert (bought.supplier, bought.customer_charge_amount) == (other.offer.supplier, Decimal(0))
    assert violated_order_invariants() == []


def test_a_replacement_is_held_by_the_hold_rules(monkeypatch):
    connect(monkeypatch, ScriptedSupplier())
    light = make_sellable(quantity=9)
    stock_at(light)
    made = make_inspected_return(light, quantity=2, state="damaged")
    empty(light)
    (bought,) = submission.create_purchase_orders(order=exchange(made), now=NOON)
    fresh = PurchaseOrder.objects.select_related("order", "supplier", "location")

    held = submission.submit(purchase_order=fresh.get(pk=bought.pk), now=NOON)

    assert held.status == "on_hold"


def test_nothing_is_written_without_a_source():
    light = make_sellable(quantity=9)
    other = stock_at(light)
    made = make_inspected_return(light, units=2, quantity=2, state="damaged")
    empty(light)
    StockLevel.objects.filter(pk=other.pk).update(reported_quantity=1)

    with pytest.raises(CannotReturnError, match="out of stock"):
        exchange(made)

    assert Order.objects.count() == 1
    made.refresh_from_db()
    assert made.status == "inspected"


def test_items_without_a_route_come_from_the_original_source():
    light = make_sellable(quantity=9)

    (line,) = exchange(make_inspected_return(light, quantity=2, state="damaged")).lines.all()

    assert line.level == light.level


def test_a_replacement_of_a_replacement_is_rerouted_too():
    light = make_sellable(quantity=9)
    other = stock_at(light)
    first = exchange(make_inspected_return(light, quantity=2, state="damaged"))
    again = declare(deliver_order(first), 1, kind="defect", customer_message="Dead again.")
    bring_back(again, state="damaged")
    empty(light)

    (line,) = exchange(again).lines.all()

    assert (line.level, line.quantity) == (other, 1)
    assert violated_order_invariants() == []


def test_the_original_source_is_that_which_shipped():
    """Sold from one stock row and shipped from another: the latter is the original source."""
    light = make_sellable(quantity=9)
    other = stock_at(light, cost="12.00")
    order = make_delivered(light, quantity=1)
    PurchaseLine.objects.update(level=other, offer=other.offer, agreed_cost_amount=Decimal("12.00"))
    made = declare(order, 1, kind="defect", customer_message="Dead.")
    bring_back(made, state="damaged")
    other.location.services.update(is_active=False)
    quotes.clear_cache()

    (line,) = exchange(made).lines.all()

    assert (line.level, line.cost_amount) == (other, Decimal("12.00"))


def parted(light, *, quantity=3, keep=2):
    """Sell a split line whose two parts arrived in one parcel."""
    order = make_delivered(light, quantity=quantity)
    OrderLine.objects.update(shipped_quantity=0, delivered_quantity=0)
    with transaction.atomic():
        split(PurchaseLine.objects.select_related("order_line").get(), keep=keep)
    for line in order.lines.all():
        OrderLine.objects.filter(pk=line.pk).update(
            shipped_quantity=line.quantity, delivered_quantity=line.quantity
        )
    return Order.objects.get(pk=order.pk)


def test_both_parts_of_a_split_line_are_replaced_in_one_return():
    light = make_sellable(quantity=9)
    made = declare(parted(light), 2, 1, kind="defect", customer_message="Dead.")
    bring_back(made, state="damaged")

    order = exchange(made)

    lines = list(order.lines.order_by("pk").values_list("level", "quantity"))
    assert lines == [(light.level.pk, 2), (light.level.pk, 1)]
    assert counters(made.order) == [(2, 2), (1, 1)]
    assert "returns.replacement_matches" not in violated_order_invariants()


def test_both_parts_are_routed_as_one_need():
    light = make_sellable(quantity=9)
    other = stock_at(light, quantity=3)
    made = declare(parted(light), 2, 1, kind="defect", customer_message="Dead.")
    bring_back(made, state="damaged")
    empty(light)

    order = exchange(made)

    assert [line.level for line in order.lines.all()] == [other, other]
    (bought,) = submission.create_purchase_orders(order=order, now=NOON)
    assert sorted(bought.lines.values_list("quantity", flat=True)) == [1, 2]
    assert "returns.replacement_matches" not in violated_order_invariants()


def test_a_choice_changed_during_the_search_uses_no_wrong_source(monkeypatch):
    light = make_sellable(price="33.33", quantity=9)
    one, other = make_sibling(light, "30.00"), make_sibling(light, "31.00")
    stock_at(one, "warsaw")
    stock_at(other, "cracow")
    made = make_inspected_return(light)
    rows = ReturnLine.objects.filter(authorization=made)
    rows.update(wanted=one.variant)
    find = exchanges.find_sources

    def find_and_change(*args, **known):
        found = find(*args, **known)
        rows.update(wanted=other.variant)
        return found

    monkeypatch.setattr(exchanges, "find_sources", find_and_change)
    with pytest.raises(CannotReturnError, match="changed the request"):
        exchange(made)
    assert Order.objects.count() == 1

    monkeypatch.setattr(exchanges, "find_sources", find)
    (line,) = exchange(made).lines.all()
    assert (line.variant, line.offer.variant) == (other.variant, other.variant)
