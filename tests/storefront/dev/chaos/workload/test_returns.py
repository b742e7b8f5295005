"""Returns workload: refund a return once despite two clicks, reject another, sum up refunds."""

from types import SimpleNamespace

import pytest

from storefront.dev.chaos.instance import mutants
from storefront.dev.chaos.workload import returns
from storefront.dev.chaos.workload.returns import ReturningCustomers
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    declare,
    make_delivered,
    make_policy,
    requested_refunds,
    violated_order_invariants,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def returning_customers(monkeypatch):
    """Return the workload; it declares returns without the shop's forms."""

    def declared(_self, order, line, kind):
        units = [each.quantity if each.pk == line.pk else 0 for each in order.lines.order_by("pk")]
        declare(order, *units, kind=kind, customer_message="It is dented.")

    monkeypatch.setattr(ReturningCustomers, "_declare", declared)
    monkeypatch.setattr(returns, "_twice", lambda act: [act(), act()])
    monkeypatch.setattr(returns, "_buy_label", lambda _: None)
    monkeypatch.setattr(returns, "control", lambda *_: None)
    monkeypatch.setattr(returns, "connection", SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(returns.timezone, "now", lambda: NOON)
    make_policy()
    return ReturningCustomers(
        place=SimpleNamespace(gateway_url="", labels_url="", clock_shift_s=lambda: 0), count=2
    )


def two_lights():
    return make_delivered(make_sellable(quantity=9), make_sellable(quantity=9), quantity=2)


def test_one_line_of_several_is_refunded_once(returning_customers):
    first, second = two_lights(), make_delivered()

    assert returning_customers.work(excluded=set(), is_last=False)
    assert returning_customers.work(excluded=set(), is_last=False), "the label is bought"

    assert returning_customers.asked == [first.number, second.number]
    assert returning_customers.paid == {
        first.number: sum(int(each * 100) for each in requested_refunds())
    }
    assert list(returning_customers.paid.values()) == [
        int(first.lines.first().customer_charge_amount * 100)
    ]
    assert (returning_customers.wrong, violated_order_invariants()) == ([], [])
    assert not returning_customers.work(excluded=set(), is_last=True), "no return is left"


def test_whole_order_is_refunded_with_its_delivery(returning_customers):
    order = make_delivered()

    assert not returning_customers.work(excluded=set(), is_last=False), (
        "only one of two orders can be returned"
    )
    assert returning_customers.work(excluded=set(), is_last=True)
    assert returning_customers.work(excluded=set(), is_last=True)

    assert returning_customers.paid == {order.number: order.total.minor}


def test_orders_refunded_before_are_left_out(returning_customers):
    assert not returning_customers.work(excluded={make_delivered().number}, is_last=True)


def test_mutant_refunds_each_click(returning_customers):
    two_lights()

    with mutants.injected("each click refunds a return"):
        returning_customers.work(excluded=set(), is_last=True)
        returning_customers.work(excluded=set(), is_last=True)

    assert len(requested_refunds()) == 2
