"""Orders paid step by step: whatever fails, one order is paid once."""

import threading
from decimal import Decimal

import pytest

from storefront.lib.http import retries
from storefront.lib.http.errors import ExternalServiceError
from suppliers.connectors.records import Acknowledgement
from tests.storefront.dev.sandboxes.cj.contexts import (
    effects,
    make_connector,
    open_connector,
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
def without_waits(monkeypatch):
    monkeypatch.setattr(retries, "BASE_DELAY_S", 0)


@pytest.fixture
def cj(sandbox):
    with open_connector(sandbox, payment="staged") as opened:
        yield opened


def balance_spent(sandbox):
    return 10_000_000 - sandbox.control("orders")["balance_cents"]


def total_cents(sandbox):
    (order,) = sandbox.control("orders")["orders"]
    return round((float(order["product_amount"]) + float(order["postage_amount"])) * 100)


def test_order_is_created_confirmed_and_paid(sandbox, cj):
    _, variant = sandbox.goods()

    state = cj.place(request_for(variant))

    assert (state.answer, state.reason) == (Acknowledgement.ACCEPTED, "")
    assert state.freight.amount + state.cost.amount == Decimal(total_cents(sandbox)) / 100
    assert state.supplier_reference
    assert effects(sandbox) == PAID_ONCE
    assert balance_spent(sandbox) == total_cents(sandbox) > 0


@pytest.mark.parametrize("step", STEPS[1:5])
def test_another_worker_continues_after_a_crash(sandbox, cj, monkeypatch, step):
    _, variant = sandbox.goods()
    sent = cj._api.post

    def killed(path, *words):
        answer = sent(path, *words)
        if path == step:
            raise SystemExit
        return answer

    with monkeypatch.context() as dying:
        dying.setattr(cj._api, "post", killed)
        with pytest.raises(SystemExit):
            cj.place(request_for(variant))
    with open_connector(sandbox, payment="staged") as next_one:
        state = next_one.resume(number="FL-1-1")

    assert state.answer is Acknowledgement.ACCEPTED
    assert effects(sandbox) == PAID_ONCE
    assert balance_spent(sandbox) == total_cents(sandbox)


def test_concurrent_workers_pay_once(sandbox, cj):
    _, variant = sandbox.goods()
    sandbox.control("faults", {"path": "shopping/order/addCart", "kind": "drop_before"})
    with pytest.raises(ExternalServiceError):
        cj.place(request_for(variant))
    start = threading.Barrier(4)
    states = []

    def go_on():
        line = make_connector(sandbox, payment="staged")
        start.wait()
        states.append(line.resume(number="FL-1-1"))
        line.close()

    workers = [threading.Thread(target=go_on) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [state.answer for state in states] == [Acknowledgement.ACCEPTED] * 4
    assert effects(sandbox) == PAID_ONCE
    assert balance_spent(sandbox) == total_cents(sandbox)


def test_order_waits_for_sufficient_balance(sandbox, cj):
    _, variant = sandbox.goods()
    sandbox.control("balance", {"amount": "0.01"})

    waiting = cj.place(request_for(variant))
    sandbox.control("balance", {"amount": "500.00"})
    paid = cj.resume(number="FL-1-1")

    assert (waiting.answer, paid.answer) == (Acknowledgement.RECEIVED, Acknowledgement.ACCEPTED)
    assert "the balance is too low" in waiting.reason
    assert effects(sandbox) == PAID_ONCE


@pytest.mark.parametrize("when", ["before", "after"])
def test_intercepted_order_waits_for_release(sandbox, cj, when):
    _, variant = sandbox.goods()
    hold = {"orderNumber": "FL-1-1", "message": "battery papers", "code": 12}
    if when == "before":
        sandbox.control("intercept", hold)
    else:
        sandbox.control("faults", {"path": "shopping/order/addCart", "kind": "drop_before"})
    try:
        waiting = cj.place(request_for(variant))
    except ExternalServiceError:
        sandbox.control("intercept", hold)
        waiting = cj.resume(number="FL-1-1")
    still = cj.resume(number="FL-1-1")
    sandbox.control("intercept", {"orderNumber": "FL-1-1", "on": False})

    assert (waiting.answer, waiting.reason) == (Acknowledgement.RECEIVED, "12: battery papers")
    assert (still.answer, still.reason) == (Acknowledgement.RECEIVED, "12: battery papers")
    assert cj.resume(number="FL-1-1").answer is Acknowledgement.ACCEPTED
    assert effects(sandbox) == PAID_ONCE


def test_order_without_a_service_waits(sandbox, cj):
    _, variant = sandbox.goods()
    sandbox.control("intercept", {"orderNumber": "FL-1-1", "route": True})

    state = cj.place(request_for(variant))

    assert (state.answer, state.reason) == (
        Acknowledgement.RECEIVED,
        "the shipping service is missing",
    )
    assert effects(sandbox) == ["created"]


def test_order_lookup_does_not_pay(sandbox, cj):
    _, variant = sandbox.goods()
    sandbox.control("faults", {"path": "shopping/order/addCart", "kind": "drop_before"})
    with pytest.raises(ExternalServiceError):
        cj.place(request_for(variant))

    assert cj.find(number="FL-1-1").answer is Acknowledgement.RECEIVED
    assert effects(sandbox) == ["created"]
