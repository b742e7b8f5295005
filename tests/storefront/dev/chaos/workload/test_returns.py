"""Returns: refund one once despite two clicks, reject the other, sum up the refunds."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from storefront.dev.chaos.instance import mutants
from storefront.dev.chaos.workload import returns
from storefront.dev.chaos.workload.returns import Returner
from tests.factories.orders import make_sellable
from tests.factories.returns import asked, broken_rules, declare, make_delivered, make_policy
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def returner(monkeypatch):
    """Return the workload; the forms are those of other tests."""

    def declared(_self, order, line, kind):
        units = [each.quantity if each.pk == line.pk else 0 for each in order.lines.order_by("pk")]
        declare(order, *units, kind=kind, words="It is dented.")

    monkeypatch.setattr(Returner, "_declare", declared)
    monkeypatch.setattr(returns, "_twice", lambda act: [act(), act()])
    monkeypatch.setattr(returns, "control", lambda *_: None)
    monkeypatch.setattr(returns, "connection", SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(returns.timezone, "now", lambda: NOON)
    make_policy()
    return Returner(place=SimpleNamespace(gateway_url=""), count=2)


def two_lights():
    return make_delivered(make_sellable(quantity=9), make_sellable(quantity=9), quantity=2)


def test_one_line_of_several_is_refunded_once(returner):
    first, second = two_lights(), make_delivered()

    assert returner.work(besides=set(), is_last=False)

    assert returner.asked == [first.number, second.number]
    assert returner.paid == {first.number: sum(int(each * 100) for each in asked())}
    assert list(returner.paid.values()) == [int(first.lines.first().charge_amount * 100)]
    assert (returner.wrong, broken_rules()) == ([], [])
    assert not returner.work(besides=set(), is_last=True), "all of it at once"


def test_whole_order_is_refunded_with_its_delivery(returner):
    order = make_delivered()

    assert not returner.work(besides=set(), is_last=False), "one of two"
    assert returner.work(besides=set(), is_last=True)

    assert returner.paid == {order.number: order.total.minor}


def test_orders_refunded_before_are_left_out(returner):
    assert not returner.work(besides={make_delivered().number}, is_last=True)


def test_mutant_refunds_each_click(returner):
    two_lights()

    with mutants.worn("each click refunds a return"):
        returner.work(besides=set(), is_last=True)

    assert len(asked()) == 2
