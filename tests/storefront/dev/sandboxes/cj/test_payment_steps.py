"""Orders that we pay step by step: whatever is lost on the way, one is paid, and once."""

from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal

import pytest

from storefront.lib.http import retries
from storefront.lib.http.errors import OutsideError, PermanentError
from suppliers.connectors.records import Answer
from tests.storefront.dev.sandboxes.cj.contexts import (
    HOME,
    connected,
    effects,
    line_to,
    request_for,
)

STEPS = (
    "shopping/order/createOrderV2",
    "shopping/order/addCart",
    "shopping/order/addCartConfirm",
    "shopping/order/saveGenerateParentOrder",
    "shopping/pay/payBalanceV2",
    "shopping/order/getOrderDetail",
)
PAID_ONCE = ["created", "in_cart", "unpaid", "unshipped"]


@pytest.fixture(autouse=True)
def in_haste(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_WAIT_S", 0)


@pytest.fixture
def cj(sandbox):
    with line_to(sandbox, payment="staged") as opened:
        yield opened


def money_taken(sandbox):
    return 10_000_000 - sandbox.control("orders")["balance_cents"]


def total_cents(sandbox):
    (order,) = sandbox.control("orders")["orders"]
    return round((float(order["product_amount"]) + float(order["postage_amount"])) * 100)


def test_an_order_is_created_confirmed_and_paid(sandbox, cj):
    _, variant = sandbox.goods()

    state = cj.place(request_for(variant))

    assert (state.answer, state.reason) == (Answer.ACCEPTED, "")
    assert state.freight.amount + state.cost.amount == Decimal(total_cents(sandbox)) / 100
    assert state.supplier_reference
    assert effects(sandbox) == PAID_ONCE
    assert money_taken(sandbox) == total_cents(sandbox) > 0


@pytest.mark.parametrize("step", STEPS[1:5])
def test_a_worker_that_dies_after_any_step_is_followed_by_another(sandbox, cj, monkeypatch, step):
    _, variant = sandbox.goods()
    sent = cj._wire.post

    def killed(path, *words):
        answer = sent(path, *words)
        if path == step:
            raise SystemExit
        return answer

    with monkeypatch.context() as dying:
        dying.setattr(cj._wire, "post", killed)
        with pytest.raises(SystemExit):
            cj.place(request_for(variant))
    with line_to(sandbox, payment="staged") as next_one:
        state = next_one.resume(number="FL-1-1")

    assert state.answer is Answer.ACCEPTED
    assert effects(sandbox) == PAID_ONCE
    assert money_taken(sandbox) == total_cents(sandbox)


def test_several_workers_that_go_on_at_once_pay_once(sandbox, cj):
    _, variant = sandbox.goods()
    sandbox.control("faults", {"path": "shopping/order/addCart", "kind": "drop_before"})
    with pytest.raises(OutsideError):
        cj.place(request_for(variant))
    start = threading.Barrier(4)
    states = []

    def go_on():
        line = connected(sandbox, payment="staged")
        start.wait()
        states.append(line.resume(number="FL-1-1"))
        line.close()

    workers = [threading.Thread(target=go_on) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [state.answer for state in states] == [Answer.ACCEPTED] * 4
    assert effects(sandbox) == PAID_ONCE
    assert money_taken(sandbox) == total_cents(sandbox)


def test_an_empty_balance_holds_the_order_until_it_is_filled(sandbox, cj):
    _, variant = sandbox.goods()
    sandbox.control("balance", {"amount": "0.01"})

    waiting = cj.place(request_for(variant))
    sandbox.control("balance", {"amount": "500.00"})
    paid = cj.resume(number="FL-1-1")

    assert (waiting.answer, paid.answer) == (Answer.RECEIVED, Answer.ACCEPTED)
    assert "the balance does not pay for it" in waiting.reason
    assert effects(sandbox) == PAID_ONCE


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_intercepted_order_waits_until_it_is_let_go(sandbox, cj, when):
    _, variant = sandbox.goods()
    hold = {"orderNumber": "FL-1-1", "message": "battery papers", "code": 12}
    if when == "before":
        sandbox.control("intercept", hold)
    else:
        sandbox.control("faults", {"path": "shopping/order/addCart", "kind": "drop_before"})
    try:
        waiting = cj.place(request_for(variant))
    except OutsideError:
        sandbox.control("intercept", hold)
        waiting = cj.resume(number="FL-1-1")
    still = cj.resume(number="FL-1-1")
    sandbox.control("intercept", {"orderNumber": "FL-1-1", "on": False})

    assert (waiting.answer, waiting.reason) == (Answer.RECEIVED, "12: battery papers")
    assert (still.answer, still.reason) == (Answer.RECEIVED, "12: battery papers")
    assert cj.resume(number="FL-1-1").answer is Answer.ACCEPTED
    assert effects(sandbox) == PAID_ONCE


def test_an_order_without_a_route_is_held(sandbox, cj):
    _, variant = sandbox.goods()
    sandbox.control("intercept", {"orderNumber": "FL-1-1", "route": True})

    state = cj.place(request_for(variant))

    assert (state.answer, state.reason) == (Answer.RECEIVED, "the route is missing")
    assert effects(sandbox) == ["created"]


def test_to_look_an_order_up_is_not_to_pay_it(sandbox, cj):
    _, variant = sandbox.goods()
    sandbox.control("faults", {"path": "shopping/order/addCart", "kind": "drop_before"})
    with pytest.raises(OutsideError):
        cj.place(request_for(variant))

    assert cj.find(number="FL-1-1").answer is Answer.RECEIVED
    assert effects(sandbox) == ["created"]


@pytest.mark.parametrize(
    "change",
    [
        {"ship_to": replace(HOME, city="")},
        {"ship_to": replace(HOME, line1="x" * 201)},
        {"route": "CJPacket Imaginary"},
        {"route": "DHL Paket"},  # it starts in Germany
    ],
)
def test_what_the_supplier_refuses_has_no_effect(sandbox, cj, change):
    _, variant = sandbox.goods()

    with pytest.raises(PermanentError) as caught:
        cj.place(request_for(variant, **change))

    assert not caught.value.may_have_happened
    assert effects(sandbox) == []
