"""Losses of a draft: shown before it is placed, and accepted by staff who see costs."""

import re
from decimal import Decimal

import pytest

from orders.models import Order
from suppliers.models import SupplierOffer
from tests.factories.accounts import make_staff
from tests.storefront.dashboard.draft_orders.test_views import do, fill, place, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_a_loss_needs_the_right_to_see_costs_and_a_confirmation(client, staff, page, light):
    fill(staff, page, light)
    SupplierOffer.objects.update(cost_amount=Decimal("60.00"))
    warning = "At current costs, the shop loses money on this order."

    shown = text_of(staff.get(page))
    assert warning in shown
    assert "Only staff who may see costs can place it." in shown
    assert "Place order and send payment link" not in shown

    client.force_login(make_staff("fin", "place_order", "view_order", "view_costs"))
    shown = text_of(client.get(page))
    assert f"{light.variant.sku}: −€" in shown
    lost = re.search(r'name="accepted_loss" value="([\d.]+)"', shown)[1]
    for wrong in ("", "none", "NaN", str(Decimal(lost) - 1)):
        assert "Not placed" in text_of(place(client, page, accepted_loss=wrong))
    place(client, page, accepted_loss=lost)

    assert Order.objects.get().status == "pending_payment"


def test_a_posted_confirmation_of_a_loss_needs_the_right(client, staff, page, light):
    fill(staff, page, light)
    agreed = text_of(staff.get(page))
    SupplierOffer.objects.update(cost_amount=Decimal("60.00"))
    sent = {
        name: re.search(rf'name="{name}" value="([^"]+)"', agreed)[1]
        for name in ("agreed", "arrives_to")
    }

    refused = do(staff, page, "place", **sent, accepted_loss="99999")

    assert "Not placed" in text_of(refused)
    assert not Order.objects.exists()
