"""Restored backup: what a supplier may have received meanwhile is looked up before it is sent."""

from datetime import timedelta

import pytest

from orders.claims import submission as claim_submission
from orders.models import PurchaseMessage, PurchaseOrder
from orders.purchasing import submission, submission_lookup
from storefront.identity import live_database
from storefront.identity.models import LiveDatabase
from tests.factories.cancellation import send
from tests.factories.claims import make_claim
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)
LATEST = LATER + timedelta(hours=1)


def restore(*, now):
    """Make this database look like a restored backup that staff switched on."""
    live_database.record()
    LiveDatabase.objects.update(database_oid=1)
    assert live_database.switch_on(actor="ann", now=now)


def test_copy_submits_nothing(supplier):
    (purchase_order,) = make_purchase_orders()
    live_database.pause()

    with pytest.raises(submission.NotSubmittableError):
        submission.submit(purchase_order=purchase_order, now=NOON)

    assert supplier.effects == []
    assert PurchaseOrder.objects.get().submission_status == "unsubmitted"


@pytest.mark.parametrize("has_it", [True, False])
def test_order_of_before_is_looked_up_and_sent_only_if_the_supplier_lacks_it(supplier, has_it):
    (purchase_order,) = make_purchase_orders()
    restore(now=LATER)
    if has_it:
        supplier.effects = [purchase_order.number]  # sent after the backup was made

    submission.submit(purchase_order=purchase_order, now=LATER)
    assert purchase_order.submission_status == "submit_unknown"
    assert supplier.calls == []
    submission_lookup.resolve(purchase_order=purchase_order, now=LATER + timedelta(minutes=5))
    if not has_it:
        assert purchase_order.submission_status == "submit_failed"
        send(now=LATEST)

    purchase_order.refresh_from_db()
    assert purchase_order.submission_status == "accepted"
    assert supplier.effects == [purchase_order.number]


def test_attempt_of_before_does_not_replace_the_lookup(supplier):
    (purchase_order,) = make_purchase_orders()
    purchase_order.messages.create(
        direction=PurchaseMessage.Direction.OUT, kind="place", body={}, at=NOON
    )
    restore(now=LATER)

    submission.submit(purchase_order=purchase_order, now=LATER)

    assert purchase_order.submission_status == "submit_unknown"


def test_new_order_is_submitted_at_once(supplier):
    restore(now=NOON)
    (purchase_order,) = make_purchase_orders(make_sellable(), now=NOON)

    submission.submit(purchase_order=purchase_order, now=NOON)

    assert supplier.effects == [purchase_order.number]


def test_claim_of_before_is_looked_up_first(supplier):
    claim = make_claim()
    restore(now=LATER)

    claim_submission.submit(claim=claim, now=LATER)

    assert claim.status == "submit_unknown"
    assert supplier.opened == 0
