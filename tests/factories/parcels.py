"""Parcel factories: lead a parcel to each of its states through the shop's own functions."""

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from orders.models import ReturnAuthorization
from shipping.models import Parcel, SilenceCase
from shipping.rerouting import parcel_replacements
from shipping.shipments import corrections, outcomes, tracking
from shipping.shipments.statuses import TrackingUpdate
from storefront.dashboard.invariants.parcels import PARCELS
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.dashboard.invariants.returns import RETURNS
from storefront.dashboard.invariants.status_history import HISTORY
from tests.factories.full_shop import settle
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    CJ_NUMBER,
    make_accepted_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON
from tests.support.invariants import violated

PARCEL_STATES = (
    "label_created",
    "shipped",
    "delivered",
    "lost",
    "returned",
    "voided",
    "lost refunded",
    "returned replaced",
    "lost closed",
    "delivered refunded",
)
RESOLVING_ACTS = {"refunded": "refund", "replaced": "replace", "closed": "close"}


def make_parcel_in(state, *, quantity=2):
    """Make a paid order with one parcel of all its units, and lead the parcel to a state."""
    listing = make_sellable(quantity=9)
    purchase_order = make_accepted_purchase_order(listing, quantity=quantity)
    settle(purchase_order.order)
    take_in(purchase_order, "accepted", make_shipment_notice())
    parcel = Parcel.objects.get()
    status, _, resolution = state.partition(" ")
    if status not in {"label_created", "voided"}:
        take_in(purchase_order, "shipped", make_shipment_notice())
    acts = {"voided": ["void_label"], "shipped": [], "label_created": []}
    acts = acts.get(status, [f"mark_{status}"])
    if resolution:
        acts = [acts[0] if status != "delivered" else "mark_lost", RESOLVING_ACTS[resolution]]
        acts += ["mark_delivered"] if status == "delivered" else []
    for act in acts:
        act_on_parcel(parcel, act)
    parcel.refresh_from_db()
    return parcel


def act_on_parcel(parcel, name, **known):
    """Act as staff on a parcel that is read again; return what the service returns."""
    row = Parcel.objects.select_related("shipment").get(pk=parcel.pk)
    service = parcel_replacements.replace if name == "replace" else getattr(outcomes, name)
    result = service(parcel=row, **{"reason": "called", "actor": "ann", "now": NOON, **known})
    parcel.refresh_from_db()
    return result


def correct_tracking(parcel, number, *, carrier="DHL", last_mile=("", ""), reason="typing error"):
    corrections.correct_tracking(
        parcel=Parcel.objects.select_related("shipment").get(pk=parcel.pk),
        carrier=carrier,
        number=number,
        last_mile_carrier=last_mile[0],
        last_mile_number=last_mile[1],
        reason=reason,
        actor="ann",
        now=NOON,
    )
    parcel.refresh_from_db()


def report_status(status, number=CJ_NUMBER, *, at=NOON):
    """Report a carrier's update of a parcel."""
    update = TrackingUpdate(status=status, happened_at=at, text=f"{status} {at}")
    parcel = find_parcel(number)
    with transaction.atomic():
        purchase_order = tracking.lock_purchase_order(parcel.shipment.purchase_order_id)
        tracking.apply_locked(
            parcel=parcel, purchase_order=purchase_order, number=number, updates=[update], now=NOON
        )
    return parcel


def find_parcel(number):
    """Return the parcel with this number, also a former or last-mile one."""
    numbers = Q(number=number) | Q(last_mile_number=number) | Q(corrections__former_number=number)
    return Parcel.objects.select_related("shipment").filter(numbers).distinct().get()


def violated_parcel_invariants():
    return violated([*PARCELS, *RETURNS, *PAYMENTS, *HISTORY])


def state_of(parcel):
    """Return the status of a parcel, with its resolution unless it is open."""
    parcel.refresh_from_db()
    return parcel.status if parcel.resolution == "open" else f"{parcel.status} {parcel.resolution}"


# Items of the inbox

AGO = NOON - timedelta(days=9)


SILENT_ITEMS = {
    "parcel_not_scanned": "no_scan",
    "parcel_without_updates": "no_event",
    "parcel_late": "late",
    "parcel_in_customs": "customs",
    "parcel_not_collected": "pickup",
    "parcel_going_back": "returning",
    "parcel_tracking_ended": "expired",
}


def open_case(kind):
    """Open a case of which the customer was told."""
    known = dict.fromkeys(("since", "opened_at", "tell_at", "staff_at", "told_at"), AGO)
    SilenceCase.objects.create(
        parcel=Parcel.objects.filter(status="shipped").first(),
        kind=kind,
        repeat_after_days=7,
        choices=[],
        messages=1,
        **known,
    )


def settle_delivered_parcel():
    parcel = Parcel.objects.filter(status="delivered").first()
    parcel.resolution = "refunded"
    parcel.settlement = ReturnAuthorization.objects.first()
    parcel.save()


PARCEL_ITEMS = {
    "parcel_check_digit": lambda: Parcel.objects.filter(status="shipped").update(
        carrier_finding="check_digit"
    ),
    "parcel_other_carrier": lambda: Parcel.objects.filter(status="shipped").update(
        carrier_finding="other_carrier"
    ),
    "parcel_exception": lambda: Parcel.objects.filter(status="shipped").update(
        carrier_status="lost"
    ),
    "parcel_unresolved": lambda: Parcel.objects.filter(status="shipped").update(status="lost"),
    "parcel_found": settle_delivered_parcel,
    **{code: partial(open_case, kind) for code, kind in SILENT_ITEMS.items()},
}
