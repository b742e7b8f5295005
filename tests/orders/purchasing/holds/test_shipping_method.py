"""Hold without a shipping method: only the supplier's refusal holds, not a failed call."""

import pytest

from orders.models import PurchaseOrder
from orders.purchasing import submission
from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.connectors.records import NoShippingServiceError
from tests.factories.orders import make_purchase_orders
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("error", "is_held"),
    [
        (NoShippingServiceError("not a destination"), True),
        (PermanentError("the key was revoked"), False),
        (TemporaryError("no answer"), False),
    ],
)
def test_only_a_missing_shipping_method_holds_for_that_reason(monkeypatch, error, is_held):
    supplier = connect(monkeypatch, ScriptedSupplier())

    def freight(**_):
        raise error

    monkeypatch.setattr(supplier, "freight", freight)
    (purchase_order,) = make_purchase_orders()

    submission.submit(purchase_order=purchase_order, now=NOON)

    codes = {reason["code"] for reason in PurchaseOrder.objects.get().hold_reasons}
    assert ("no_shipping_method" in codes) == is_held
