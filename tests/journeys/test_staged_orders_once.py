"""Orders paid step by step through the whole shop: his ledger holds one paid order each."""

from __future__ import annotations

import pytest
from django.utils import timezone

from orders import pausing
from orders.models import PurchaseOrder
from suppliers.models import Connection
from tests.journeys.ordering import sell_one, stock_the_shop, whole
from tests.journeys.test_purchase_orders_once import sweep, sweep_until_answered
from tests.sandboxes import sandbox_process, sandbox_supplier
from tests.suppliers.sandbox.test_cj_staged import PAID_ONCE, STEPS

__all__ = ["sandbox_process", "sandbox_supplier"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def purchase_order(sandbox_supplier):
    made = sell_one(stock_the_shop(sandbox_supplier))
    Connection.objects.update(options={"payment": "staged"})
    return made


def kinds(sandbox_supplier):
    return [effect["kind"] for effect in sandbox_supplier.control("orders")["effects"]]


@pytest.mark.parametrize("step", STEPS)
def test_an_answer_lost_at_any_step_is_found_again(purchase_order, sandbox_supplier, step):
    sandbox_supplier.fault(step, "drop_after")

    answered = sweep_until_answered(purchase_order)

    assert answered.request_status == PurchaseOrder.Request.ACCEPTED
    assert kinds(sandbox_supplier) == PAID_ONCE


def test_an_order_that_is_not_wanted_any_more_is_not_paid(purchase_order, sandbox_supplier):
    sandbox_supplier.fault("shopping/order/addCart", "drop_before")
    fresh = whole(purchase_order)
    sweep(fresh, timezone.now())
    PurchaseOrder.objects.update(cancel_wanted_at=timezone.now())
    sweep(fresh, timezone.now() + pausing.CALLS_END_WITHIN)

    assert whole(purchase_order).request_status == PurchaseOrder.Request.SUBMITTED
    assert kinds(sandbox_supplier) == ["created"]
