"""The result of one submission attempt does not apply to a later one."""

from datetime import timedelta

import pytest

from orders.models import PurchaseOrder
from orders.purchasing import submission, submission_lookup
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.connectors.records import OutOfStockError
from tests.factories.orders import make_purchase_orders
from tests.factories.scripted_supplier import no_answer
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)
LATEST = NOON + timedelta(hours=2)


def fresh():
    return PurchaseOrder.objects.select_related("order", "supplier", "location").get()


def test_a_slow_lookup_does_not_end_a_later_attempt(supplier):
    make_purchase_orders()
    supplier.script = [no_answer(effect=False)]
    submission.submit(purchase_order=fresh(), now=NOON)
    find = supplier.find

    def slow(*, number):
        absent = find(number=number)
        supplier.find = find
        submission_lookup.resolve(purchase_order=fresh(), now=LATER)
        supplier.script = [no_answer(effect=True)]
        submission.submit(purchase_order=fresh(), now=LATEST)
        return absent

    supplier.find = slow

    with pytest.raises(ConcurrentUpdateError):
        submission_lookup.resolve(purchase_order=fresh(), now=LATEST)

    assert (fresh().submission_status, fresh().attempts) == ("submit_unknown", 2)


@pytest.mark.parametrize(
    "error", [TemporaryError("busy"), PermanentError("no balance"), OutOfStockError("gone")]
)
def test_a_late_failure_does_not_end_a_later_attempt(supplier, error):
    make_purchase_orders()

    def asleep(_request):
        for at in (LATER, LATER + timedelta(minutes=1)):
            submission_lookup.resolve(purchase_order=fresh(), now=at)
        fresh().move("submitting", at=LATEST, status_field="submission_status", attempts=2)
        raise error

    supplier.place = asleep

    with pytest.raises(ConcurrentUpdateError):
        submission.submit(purchase_order=fresh(), now=NOON)

    assert (fresh().status, fresh().submission_status) == ("ready", "submitting")
