"""Canceled but shipped: staff decide on the page of the purchase order."""

import pytest
from django.urls import reverse

from orders.models import CanceledShipmentDecision, PurchaseMessage, PurchaseOrder
from orders.purchasing import acknowledgements
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def stray():
    (purchase_order,) = make_purchase_orders()
    PurchaseOrder.objects.update(status="canceled", submission_status="accepted")
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction="in",
        kind=acknowledgements.SHIPPED_CANCELED,
        at=NOON,
    )
    return purchase_order


def decide(staff, purchase_order, outcome):
    url = reverse("admin:orders_purchaseorder_decide_canceled_shipment", args=[purchase_order.pk])
    return staff.post(
        url, {"outcome": outcome, "reason": "The customer sent it back."}, follow=True
    )


def test_a_decision_is_stored_with_author_and_reason_and_shown(staff, stray):
    shown = decide(staff, stray, "returned").content.decode()

    kept = CanceledShipmentDecision.objects.get()
    assert (kept.outcome, kept.decided_by) == ("returned", "staff@fara.example")
    assert "The customer sent it back." in shown
    assert "Set resolution" in shown


def test_impossible_outcomes_are_not_offered(staff, stray):
    refused = decide(staff, stray, "not_shipped")

    assert "outcome" in refused.context["form"].errors
    assert not CanceledShipmentDecision.objects.exists()


def test_no_decision_is_offered_for_an_active_purchase_order(staff):
    (purchase_order,) = make_purchase_orders()
    page = reverse("admin:orders_purchaseorder_change", args=[purchase_order.pk])

    assert "Set resolution" not in staff.get(page).content.decode()
