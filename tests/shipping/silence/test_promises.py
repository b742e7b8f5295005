"""Promised days: silent parcels and problem reports count from the same day."""

from datetime import date, timedelta

import pytest
from django.conf import settings

from orders.models import Order, PurchaseOrder
from shipping.models import ProblemReport, SilenceCase
from shipping.problem_reports import eligibility
from shipping.silence import promises
from tests.factories.problem_reports import find
from tests.factories.silence import DAY, accept_later_day, make_silent, watch
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
OWN, PLANNED, ORDERED, LATER = (date(2026, 11, day) for day in (25, 26, 27, 28))


def make_promised(own=None, planned=None, ordered=None, later=None):
    """Make a parcel under way with these promises: after rerouting, planned, of the order."""
    parcel = make_silent("in_transit")
    purchase_order = parcel.shipment.purchase_order
    entry = {key: value for key, value in purchase_order.entry.items() if key != "arrives_to"}
    Order.objects.update(delivery_plan=[entry | written(planned)], arrives_to=ordered)
    PurchaseOrder.objects.update(way=entry | written(own) if own else {})
    if later:
        accept_later_day(parcel, later)
    return find(parcel)


def written(day):
    return {"arrives_to": day.isoformat()} if day else {}


@pytest.mark.parametrize(
    ("promised", "day"),
    [
        ({"own": OWN, "planned": PLANNED, "ordered": ORDERED}, OWN),
        ({"planned": PLANNED, "ordered": ORDERED}, PLANNED),
        ({"ordered": ORDERED}, ORDERED),
        ({"planned": PLANNED, "later": LATER}, LATER),
        ({"planned": LATER, "later": PLANNED}, LATER),
        ({"later": LATER}, LATER),
    ],
)
def test_silence_and_reports_count_from_the_promised_day(promised, day):
    parcel = make_promised(**promised)

    watch(20)

    assert promises.promised_by(parcel) == day
    assert SilenceCase.objects.get(kind="late").since.date() == day + timedelta(days=1)
    assert first_day_to_report(parcel) == first_day_after(day)


def test_without_a_promise_no_parcel_is_late_and_reports_count_from_its_label():
    parcel = make_promised()

    assert "late" not in watch(20)[0]
    assert promises.promised_by(parcel) is None
    assert first_day_to_report(parcel) == first_day_after(parcel.label_created_at.date())


def first_day_to_report(parcel):
    now = NOON - 9 * DAY
    return eligibility.find_possibilities(parcel, now=now)[ProblemReport.Kind.NEVER_ARRIVED].day


def first_day_after(day):
    return day + timedelta(days=settings.PROBLEM_NEVER_ARRIVED_AFTER_DAYS + 1)
