"""Events of a parcel in any order, with duplicates: one state and one set of messages.

A status on the way, such as "out for delivery", is told only while it is current, and once at most.
"""

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import transaction

from notifications.models import Event
from orders.models import Order
from shipping.models import Parcel
from shipping.shipments import events, tracking
from shipping.shipments.statuses import TrackingUpdate
from tests.factories.parcels import make_parcel_in, violated_parcel_invariants
from tests.factories.suppliers import NOON
from tests.support.matrices import thinned

pytestmark = pytest.mark.django_db

STATUSES = (
    "pre_transit",
    "in_transit",
    "exception",
    "out_for_delivery",
    "attempt_failed",
    "delivered",
)
UPDATES = [
    TrackingUpdate(status=status, happened_at=NOON - timedelta(hours=9 - place), text=status)
    for place, status in enumerate(STATUSES)
]


class _UndoError(Exception):
    """Ends a savepoint without its changes."""


def outcome_of(updates):
    """Apply the updates to a label, each twice; return the state and messages, then undo them."""
    parcel = Parcel.objects.select_related("shipment").get()
    try:
        with transaction.atomic():
            purchase_order = tracking.lock_purchase_order(parcel.shipment.purchase_order_id)
            for update in (*updates, *updates[::2]):
                tracking.apply_locked(
                    parcel=parcel,
                    purchase_order=purchase_order,
                    number=parcel.number,
                    updates=[update],
                    now=NOON,
                )
            parcel.refresh_from_db()
            on_the_way = [f"parcel.{name}" for name in events.STATUS_EVENTS.values()]
            told = Event.objects.filter(name__startswith="parcel.").exclude(name__in=on_the_way)
            result = (
                parcel.status,
                parcel.carrier_status,
                parcel.carrier_status_at,
                parcel.tracking_events.count(),
                Order.objects.get().status,
                tuple(sorted(told.values_list("key", flat=True))),
            )
            raise _UndoError  # noqa: TRY301 - it only ends the savepoint
    except _UndoError:
        return result


@pytest.mark.parametrize("first", thinned(permutations(range(6), 2), step=15))
def test_all_orders_of_six_events_give_one_state_and_one_set_of_messages(first):
    """Each case is the 24 orders that start with two events; two of the 30 run by default."""
    pk = make_parcel_in("label_created", quantity=1).pk
    begin = [UPDATES[place] for place in first]
    others = [update for update in UPDATES if update not in begin]

    results = {outcome_of((*begin, *rest)) for rest in permutations(others)}

    assert results == {
        (
            "delivered",
            "delivered",
            UPDATES[-1].happened_at,
            6,
            "completed",
            (f"parcel.delivered:{pk}", f"parcel.shipped:{pk}"),
        )
    }


@pytest.mark.parametrize("last", ["lost", "return_to_sender"])
def test_a_failed_parcel_is_told_once_in_any_order(last):
    pk = make_parcel_in("label_created", quantity=1).pk
    failed = TrackingUpdate(status=last, happened_at=NOON, text=last)
    outcome = "lost" if last == "lost" else "returned"

    results = {outcome_of(updates) for updates in permutations([*UPDATES[:3], failed])}

    assert results == {
        ("shipped", last, NOON, 4, "processing", (f"parcel.{outcome}:{pk}", f"parcel.shipped:{pk}"))
    }
    assert violated_parcel_invariants() == []
