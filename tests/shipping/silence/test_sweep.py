"""Silence sweep: each kind has a way in and out, the most specific rule wins, nothing is told twice."""

import pytest

from orders.models import Order
from shipping.models import SilenceCase, SilenceKind
from shipping.shipments.statuses import TrackingUpdate
from tests.factories.parcels import act_on_parcel
from tests.factories.shipping import apply_updates
from tests.factories.silence import DAY, make_silent, watch
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def report(status, day, **known):
    now = NOON + day * DAY
    apply_updates(TrackingUpdate(status=status, happened_at=now, **known), now=now)


def promised_day():
    return (Order.objects.get().purchase_orders.get().entry["arrives_to"], 11)


KINDS = {
    "no_scan": lambda: make_silent("", status="label_created"),
    "no_event": lambda: make_silent("out_for_delivery"),
    "late": lambda: make_silent("in_transit"),
    "customs": lambda: make_silent("in_transit", text="Held by customs"),
    "pickup": lambda: make_silent("available_for_pickup"),
    "returning": lambda: make_silent("return_to_sender"),
    "expired": lambda: make_silent("expired"),
}
# The days from noon on which the default rules open the case; the promise ends on 5 December.
FIRST_DAY = {
    "no_scan": 3, "no_event": 7, "late": 12.5, "customs": 5, "pickup": 2, "returning": 1, "expired": 1,
}  # fmt: skip
OUT = {
    "no_scan": ["in_transit", "delivered"],
    "no_event": ["in_transit", "delivered", "available_for_pickup"],
    "late": ["delivered", "return_to_sender", "lost"],
    "customs": ["in_transit", "delivered"],
    "pickup": ["delivered", "return_to_sender"],
    "returning": ["delivered"],
    "expired": ["in_transit", "delivered"],
}


def kinds_on(day):
    return set(watch(day)[0])


def test_each_kind_is_tested():
    assert set(KINDS) == set(FIRST_DAY) == set(OUT) == set(SilenceKind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_opens_when_the_rule_says(kind):
    KINDS[kind]()

    assert kind not in kinds_on(FIRST_DAY[kind] - 0.01)
    assert kind in kinds_on(FIRST_DAY[kind])


@pytest.mark.parametrize(("kind", "status"), [(kind, each) for kind in OUT for each in OUT[kind]])
def test_news_end_a_case(kind, status):
    KINDS[kind]()
    day = FIRST_DAY[kind]
    watch(day)

    report(status, day + 0.1)

    assert kind not in kinds_on(day + 0.2)
    assert SilenceCase.objects.get(kind=kind).ended_at == NOON + (day + 0.2) * DAY


@pytest.mark.parametrize("kind", KINDS)
def test_staff_end_a_case(kind):
    parcel = KINDS[kind]()
    watch(FIRST_DAY[kind])

    act_on_parcel(parcel, "mark_lost")

    assert kinds_on(FIRST_DAY[kind]) == set()
