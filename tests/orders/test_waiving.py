"""What staff let pass is what they saw: worse than that waits for them again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from orders import purchasing
from orders.models import PurchaseOrder
from storefront.lib.money import Money
from storefront.lib.states import LostRaceError
from suppliers.models import SupplierOffer
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.scripted import ScriptedSupplier, connect
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def supplier(monkeypatch):
    return connect(monkeypatch, ScriptedSupplier())


def send(now=NOON):
    rows = PurchaseOrder.objects.select_related("order", "supplier", "location")
    return purchasing.send(purchase_order=rows.get(), now=now)


def now_costs(amount, **which):
    SupplierOffer.objects.filter(**which).update(cost_amount=Decimal(amount))


def release(held):
    purchasing.release_hold(purchase_order=held, actor="ann", now=LATER)


def test_a_cost_that_rises_after_it_was_waived_holds_again(supplier):
    make_purchase_orders()
    now_costs("10.50")
    release(send())
    now_costs("12.00")

    held = send()

    assert held.status == "on_hold"
    assert "12.00" in held.hold_reasons[0]["sentence"]
    release(held)
    assert send().request_status == "accepted"


def test_a_cost_that_falls_after_it_was_waived_is_sent(supplier):
    make_purchase_orders()
    now_costs("10.50")
    release(send())
    now_costs("10.40")

    assert send().request_status == "accepted"


def test_the_cost_of_one_line_is_not_waived_for_another(supplier):
    first, second = make_sellable(), make_sellable()
    make_purchase_orders(first, second)
    now_costs("10.50", variant=first.variant)
    release(send())
    now_costs("10.50", variant=second.variant)

    held = send()

    assert [reason["subject"] for reason in held.hold_reasons] == [second.variant.sku]
    release(held)
    assert send().request_status == "accepted"


def test_what_is_held_for_another_reason_since_is_not_released(supplier):
    make_purchase_orders()
    now_costs("10.50")
    seen = send()
    PurchaseOrder.objects.update(hold_reasons=[{"code": "margin", "sentence": "It would lose."}])

    with pytest.raises(LostRaceError):
        release(seen)

    assert PurchaseOrder.objects.get().waived_reasons == []


def test_what_a_supplier_would_charge_now_counts_more_than_his_list(supplier):
    """He is asked before the order, where he can be: his list may be hours old."""
    make_purchase_orders()
    supplier.validate = lambda _request: Money(Decimal("5000.00"), "EUR")

    held = send()

    assert (held.status, held.request_status) == ("on_hold", "unsubmitted")
    assert "margin" in {reason["code"] for reason in held.hold_reasons}
    assert supplier.effects == []
