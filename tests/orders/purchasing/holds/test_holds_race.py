"""Race: one person releases an order while another waives a reason of its purchase order."""

from decimal import Decimal

import pytest

from orders.models import Order
from orders.purchasing.holds import holds
from suppliers.models import SupplierOffer
from tests.factories.cancellation import send
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db(transaction=True)

FRAUD_WARNING = {"code": "fraud_warning", "sentence": "The bank warns of it."}


@pytest.fixture
def held(supplier):
    """A purchase order held for its cost and for its order's hold."""
    make_purchase_orders()
    SupplierOffer.objects.update(cost_amount=Decimal("10.50"))
    held = send()
    held.hold_reasons = [FRAUD_WARNING, *held.hold_reasons]
    held.save(update_fields=["hold_reasons"])
    held.order.move("on_hold", at=NOON, hold_reason="The bank warns of it.")
    return held


def go_on(held):
    return lambda: holds.release_order(
        order=held.order, reason="I called the customer", actor="ann", now=NOON
    )


def waive(held):
    key = holds.reason_key(held.hold_reasons[-1])
    return lambda: holds.waive(purchase_order=held, key=key, actor="bob", now=NOON)


@pytest.mark.parametrize(
    ("first", "second", "place", "name"),
    [(go_on, waive, holds, "remove_reasons"), (waive, go_on, holds, "waiver")],
)
def test_releasing_and_waiving_at_once_leave_no_reason(  # noqa: PLR0917 - one race
    monkeypatch, held, first, second, place, name
):
    """Without the lock, one action would overwrite or miss the change of the other."""
    rival = Rival(second(held))
    rival.begin_at(monkeypatch, place, name)

    first(held)()
    rival.finish()

    assert rival.failure is None
    held.refresh_from_db()
    assert (held.status, held.hold_reasons) == ("ready", [])
    assert [each["by"] for each in held.waived_reasons] == ["bob"]
    assert Order.objects.get().status == "processing"
