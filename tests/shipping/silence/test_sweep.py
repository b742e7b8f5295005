"""Silence sweep: each kind has a way in and out, the most specific rule wins, nothing is told twice."""

import pytest
from django.db import IntegrityError, transaction

from notifications.models import Event
from orders.models import Order
from shipping.models import Parcel, RouteTransit, SilenceCase, SilenceKind, SilenceRule
from shipping.shipments.statuses import TrackingUpdate
from shipping.silence import route_transit
from shipping.silence.rules import rules_of
from tests.factories.parcels import act_on_parcel, correct_tracking
from tests.factories.shipping import apply_updates
from tests.factories.silence import DAY, accept_later_day, make_silent, watch
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def report(status, day, **known):
    now = NOON + day * DAY
    apply_updates(TrackingUpdate(status=status, happened_at=now, **known), now=now)


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


def test_a_corrected_number_starts_the_wait_again():
    parcel = make_silent("out_for_delivery")
    watch(7)

    correct_tracking(parcel, "JJD000111222333444")
    Parcel.objects.get().corrections.update(corrected_at=NOON + 8 * DAY)

    assert kinds_on(8) == set()


def test_a_later_day_that_the_customer_accepted_is_the_promise():
    accept_later_day(make_silent("in_transit"), (NOON + 20 * DAY).date())

    assert "late" not in kinds_on(21)
    assert "late" in kinds_on(22)


@pytest.mark.parametrize("status", ["canceled", "completed", "on_hold"])
def test_parcels_of_orders_that_are_not_in_process_are_left_alone(status):
    make_silent("out_for_delivery")
    Order.objects.update(status=status)

    assert watch(30) == ([], 0)


def test_released_customs_are_a_transit_without_news():
    make_silent("in_transit", text="Customs clearance completed")

    assert kinds_on(7) == {"no_event"}


def limits(days, **where):
    known = {
        "kind": "no_event",
        "customer_after_days": days,
        "staff_after_days": days,
        "repeat_after_days": 7,
        "can_refund": False,
        "can_replace": False,
        **where,
    }
    return SilenceRule.objects.create(**known)


def test_the_most_specific_rule_applies():
    parcel = make_silent("out_for_delivery")  # from DE to DE
    origin = parcel.shipment.purchase_order.location.country
    SilenceRule.objects.all().delete()
    rules = [
        limits(9),
        limits(8, destination="EU"),
        limits(7, destination="DE"),
        limits(6, origin=origin),
        limits(5, origin=origin, destination="DE"),
        limits(4, carrier=parcel.carrier),
        limits(3, carrier=parcel.carrier, destination="DE"),
    ]
    limits(1, carrier="Another carrier")
    limits(1, destination="US")

    applied = []
    for rule in reversed(rules):
        found = {one.kind: one.rule for one in rules_of(parcel)}
        applied.append(found["no_event"] == rule)
        assert found["late"] is None
        assert watch(rule.customer_after_days - 0.1) == ([], 0)
        assert watch(rule.customer_after_days) == (["no_event"], 1)
        SilenceCase.objects.all().delete()
        rule.delete()
    assert all(applied)


@pytest.mark.parametrize(
    "changes",
    [
        {"customer_after_days": 12},
        {"offer_after_days": 6},
        {"can_refund": False, "can_replace": False},
        {"customer_after_days": 0},
        {"repeat_after_days": 0},
        {"kept_days": 20},
    ],
)
def test_the_database_refuses_limits_that_tell_staff_first(changes):
    with pytest.raises(IntegrityError), transaction.atomic():
        SilenceRule.objects.filter(kind="no_event", origin="").update(**changes)


def test_a_parcel_has_one_open_case_of_a_kind():
    make_silent("out_for_delivery")
    watch(7)
    case = SilenceCase.objects.get()
    case.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        case.save()


def test_the_life_of_a_parcel():
    """Each day, the sweep runs; what is open, and how many messages the customer got so far."""
    make_silent("", status="label_created")
    Parcel.objects.update(label_created_at=NOON)
    news = {6: "in_transit", 22: "available_for_pickup", 26: "delivered"}
    seen = {}
    for day in range(30):
        if day in news:
            report(news[day], day)
        kinds, _ = watch(day + 0.5)
        told = Event.objects.filter(name="parcel.silent").count()
        if (kinds, told) != list(seen.values() or [None])[-1]:
            seen[day] = (kinds, told)

    assert seen == {
        0: ([], 0),
        3: (["no_scan"], 1),
        6: ([], 1),
        12: (["late"], 2),
        13: (["late", "no_event"], 3),  # a day later: one message a day at most
        18: (["late", "no_event"], 4),  # the first offer
        20: (["late", "no_event"], 5),
        22: ([], 5),
        24: (["pickup"], 6),
        26: ([], 6),
    }
    told = SilenceCase.objects.filter(staff_at__lte=NOON + 30 * DAY)
    assert all(case.told_at or case.ended_at for case in told)


@pytest.mark.parametrize(("least", "found"), [(1, 1), (2, 0)])
def test_a_route_is_measured_from_enough_deliveries(monkeypatch, least, found):
    monkeypatch.setattr(route_transit, "MIN_PARCELS", least)
    make_silent("in_transit")
    report("delivered", 4)

    route_transit.measure_routes(now=NOON + 5 * DAY)

    rows = RouteTransit.objects.values_list("min_days", "max_days", "parcels")
    assert list(rows) == [(4, 4, 1)] * found
    route_transit.measure_routes(now=NOON + 300 * DAY)
    assert not RouteTransit.objects.exists()
