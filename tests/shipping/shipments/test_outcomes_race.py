"""Concurrent outcomes of one lost parcel: it is refunded or replaced, once."""

import pytest

from orders.models import Order, PaymentEvent, PurchaseOrder, ReturnAuthorization
from orders.returns.eligibility import CannotReturnError
from shipping.models import Parcel
from shipping.rerouting import parcel_replacements
from shipping.shipments import outcomes
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from tests.factories.parcels import make_parcel_in, violated_parcel_invariants
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once

pytestmark = pytest.mark.django_db(transaction=True)

REFUSALS = (
    CannotReturnError,
    outcomes.CannotResolveError,
    InvalidTransitionError,
    ConcurrentUpdateError,
)


def acting(service, parcel):
    row = Parcel.objects.select_related("shipment").get(pk=parcel.pk)
    return lambda: service(parcel=row, reason="lost", actor="ann", now=NOON)


def test_of_concurrent_outcomes_one_applies():
    parcel = make_parcel_in("lost")
    services = [
        *[outcomes.refund] * 3,
        *[parcel_replacements.replace] * 3,
        outcomes.close,
        outcomes.mark_delivered,
    ]

    all_at_once([acting(service, parcel) for service in services], REFUSALS)

    parcel.refresh_from_db()
    refunds = PaymentEvent.objects.filter(kind="refund_requested").count()
    replacements = Order.objects.count() - 1
    # A parcel that was refunded or replaced, then delivered, can be closed.
    possible = {
        "open": [(0, 0)],
        "closed": [(0, 0), (1, 0), (0, 1)],
        "refunded": [(1, 0)],
        "replaced": [(0, 1)],
    }
    assert (refunds, replacements) in possible[parcel.resolution]
    assert ReturnAuthorization.objects.count() == refunds + replacements
    assert PurchaseOrder.objects.get().status == "closed"
    assert violated_parcel_invariants() == []


def test_a_second_outcome_waits_for_the_first(monkeypatch):
    """Without the lock, both would find the parcel open."""
    parcel = make_parcel_in("lost")
    rival = Rival(acting(parcel_replacements.replace, parcel))
    rival.begin_at(monkeypatch, outcomes.requests, "open_without_receipt")

    acting(outcomes.refund, parcel)()
    rival.finish()

    assert isinstance(rival.failure, outcomes.CannotResolveError)
    assert Order.objects.count() == 1
