"""Hold reasons on the purchase order page: in full only with the permission to see costs."""

import pytest
from django.urls import reverse

from orders.purchasing.holds.admin import CODE_LABELS
from orders.purchasing.holds.rules import MISSING_RATE, RULE_CODES, HoldReason
from tests.factories.accounts import make_staff
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("has_costs", [False, True])
def test_reasons_are_shown_in_full_only_with_costs(client, has_costs):
    (held,) = make_purchase_orders()
    reason = HoldReason(MISSING_RATE, "It would lose 3.00 EUR.").to_json()
    held.move("on_hold", at=NOON, reason=reason["sentence"], hold_reasons=[reason])
    costs = ["view_costs"] if has_costs else []
    client.force_login(make_staff("ann", "view_order", "view_purchaseorder", *costs))

    page = reverse("admin:orders_purchaseorder_change", args=[held.pk])
    shown = client.get(page).content.decode()

    assert ("would lose" in shown) == has_costs
    assert ("Exchange rate is missing" in shown) != has_costs


def test_each_rule_has_a_label():
    assert CODE_LABELS.keys() >= RULE_CODES
