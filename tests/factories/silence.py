"""Silence factories: run the sweep of silent parcels, tell their customers."""

from datetime import timedelta

from orders.models import Backorder, Order
from shipping.models import Parcel, SilenceCase, SilenceChoice
from shipping.silence import answers, messages, sweep
from suppliers.models import StockLevel, SupplierOffer
from tests.factories.parcels import make_parcel_in, report_status
from tests.factories.suppliers import NOON

DAY = timedelta(days=1)


def make_silent(carrier_status, *, status="shipped", days=0, text=""):
    """Make a parcel with this last carrier status, reported some days ago."""
    parcel = make_parcel_in(status)
    Order.objects.update(status="processing")
    if carrier_status:
        report_status(carrier_status, at=NOON - days * DAY)
        Parcel.objects.get().tracking_events.update(description=text)
    parcel.refresh_from_db()
    return parcel


def watch(days):
    """Run the sweep some days after noon; return the open cases and how many were told."""
    now = NOON + days * DAY
    confirm_supply(now)
    sweep.end_cases(now=now)
    sweep.open_cases(now=now)
    told = sum(messages.tell(case_id=pk, now=now) for pk in messages.due_cases(now=now))
    return sorted(SilenceCase.objects.filter(ended_at=None).values_list("kind", flat=True)), told


def answer(choice, day=15):
    """Answer the latest case as its customer, some days after noon."""
    now = NOON + day * DAY
    confirm_supply(now)
    case = SilenceCase.objects.select_related("parcel__shipment").latest("pk")
    return answers.answer(case=case, choice=SilenceChoice(choice), now=now)


def accept_later_day(parcel, day):
    """Let the customer of a parcel have accepted a later day."""
    purchase_order = parcel.shipment.purchase_order
    Backorder.objects.create(
        order=purchase_order.order,
        purchase_order=purchase_order,
        kind=Backorder.Kind.LATER,
        status="awaited",
        status_since=NOON,
        opened_at=NOON,
        chosen=Backorder.Choice.WAIT,
        ships_by=NOON.date(),
        arrives_by=day,
    )


def confirm_supply(now):
    """Confirm stock and costs, as a sync does: old ones are not sold."""
    StockLevel.objects.update(as_of=now)
    SupplierOffer.objects.update(cost_reported_at=now)
