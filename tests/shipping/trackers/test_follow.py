"""Following parcels: each is registered once, polled within the budget, and stops when it ended."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection

from notifications.models import Event
from shipping.models import Parcel, TrackingEvent, TrackingProvider, TrackingRegistration
from shipping.shipments.statuses import TrackingUpdate
from shipping.trackers import follow, registrations, tasks
from shipping.trackers.base import RegistrationResult, TrackingReport
from storefront.dashboard.invariants.parcels import PARCELS
from storefront.lib.http.errors import PermanentError, TemporaryError
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    CJ_NUMBER,
    apply_updates,
    make_accepted_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
OTHER = "CJPKL0000000001YQ"


class ScriptedTracker:
    """Answers with what the test sets; notes each call."""

    code = "17track"
    max_batch = 40

    def __init__(self):
        self.calls = []
        self.error = None
        self.results = {}
        self.reports = None

    def register(self, numbers):
        self._note("register", numbers)
        return [
            self.results.get(one.number, RegistrationResult(number=one.number)) for one in numbers
        ]

    def read(self, numbers):
        self._note("read", numbers)
        if self.reports is not None:
            return self.reports
        return [TrackingReport(number=one.number, reference=one.reference) for one in numbers]

    def _note(self, name, numbers):
        self.calls.append((name, [one.number for one in numbers]))
        if self.error:
            raise self.error


@pytest.fixture
def tracker(settings):
    settings.TRACKING_GRACE_MIN = 0
    return ScriptedTracker()


def make_parcel(number=CJ_NUMBER, *, answer="accepted", **notice):
    purchase_order = make_accepted_purchase_order(make_sellable(), email=f"{number}@x.example")
    take_in(purchase_order, answer, make_shipment_notice(number, **notice))
    return Parcel.objects.get(number=number)


def run(tracker, at=NOON):
    follow.run(tracker, clock=lambda: at)


def report(number=CJ_NUMBER, *updates, **fields):
    return TrackingReport(number=number, updates=updates, **fields)


def scan(status="in_transit", *, at=NOON, key="1"):
    return TrackingUpdate(
        status=status, happened_at=at, external_id=f"17track:{key}", source="provider"
    )


def registration():
    return TrackingRegistration.objects.get()


def test_a_parcel_is_registered_once_and_polled_later(tracker):
    parcel = make_parcel()

    for minutes in (0, 1, 2):
        run(tracker, NOON + timedelta(minutes=minutes))
    run(tracker, NOON + timedelta(minutes=61))

    assert tracker.calls == [("register", [CJ_NUMBER]), ("read", [CJ_NUMBER])]
    assert registration().parcel == parcel


def test_a_number_of_two_parcels_is_not_polled_after_each_lease(tracker):
    first = make_parcel()
    second = make_parcel(OTHER)
    Parcel.objects.filter(pk=second.pk).update(number=CJ_NUMBER, carrier="Another")
    run(tracker)
    tracker.reports = [report(reference=str(first.pk))]

    for minutes in range(61, 120, 6):
        run(tracker, NOON + timedelta(minutes=minutes))

    assert [name for name, _ in tracker.calls] == ["register", "read"]


@pytest.mark.parametrize("error", [TemporaryError("down"), PermanentError("no such account")])
def test_a_failed_call_is_repeated_and_shown(tracker, error):
    make_parcel()
    tracker.error = error

    run(tracker)
    run(tracker, NOON + timedelta(minutes=1))
    failed = TrackingProvider.objects.get()
    tracker.error = None
    run(tracker, NOON + timedelta(minutes=6))

    assert tracker.calls == [("register", [CJ_NUMBER])] * 2
    assert (failed.problem, failed.problem_since) == (str(error), NOON)
    assert TrackingProvider.objects.get().problem == ""
    assert registration().registered_at == NOON + timedelta(minutes=6)


def test_a_worker_killed_in_the_call_loses_no_parcel(tracker):
    make_parcel()
    tracker.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run(tracker)
    tracker.error = None

    run(tracker, NOON + timedelta(minutes=1))
    run(tracker, NOON + timedelta(minutes=6))

    assert tracker.calls == [("register", [CJ_NUMBER])] * 2
    assert registration().registered_at


def test_a_claimed_parcel_is_not_claimed_again():
    parcel = make_parcel()
    TrackingRegistration.objects.create(parcel=parcel, number=CJ_NUMBER, due_at=NOON)

    first = registrations.claim(limit=40, is_registered=False, now=NOON)
    second = registrations.claim(limit=40, is_registered=False, now=NOON)

    assert ([row.parcel for row in first], second) == ([parcel], [])


def test_a_rejected_number_waits_for_its_correction(tracker):
    parcel = make_parcel()
    tracker.results[CJ_NUMBER] = RegistrationResult(number=CJ_NUMBER, problem="no carrier")

    run(tracker)
    run(tracker, NOON + timedelta(days=1))
    rejected = registration()
    Parcel.objects.filter(pk=parcel.pk).update(number=OTHER)
    run(tracker, NOON + timedelta(days=1))

    assert tracker.calls == [("register", [CJ_NUMBER]), ("register", [OTHER])]
    assert (rejected.problem, rejected.due_at) == ("no carrier", None)
    assert (registration().number, registration().problem) == (OTHER, "")


def test_the_rest_waits_while_the_quota_is_used_up(tracker):
    make_parcel()
    make_parcel(OTHER)
    tracker.results[OTHER] = RegistrationResult(
        number=OTHER, problem="quota", is_quota_used_up=True
    )

    run(tracker)

    assert TrackingProvider.objects.get().problem == "quota"
    good, waiting = TrackingRegistration.objects.order_by("pk")
    assert (good.registered_at, waiting.registered_at) == (NOON, None)
    assert waiting.due_at == NOON + registrations.QUOTA_RETRY_AFTER


def test_the_supplier_comes_first(tracker):
    make_parcel(answer="shipped", carrier_text="in transit", happened_at=NOON)

    run(tracker)
    before = TrackingRegistration.objects.count()
    run(tracker, NOON + timedelta(days=4))  # the supplier reports nothing more

    assert (before, tracker.calls) == (0, [("register", [CJ_NUMBER])])


def test_the_shop_waits_for_the_first_event_of_the_supplier(tracker, settings):
    settings.TRACKING_GRACE_MIN = 360
    make_parcel()

    run(tracker, NOON + timedelta(hours=5))
    run(tracker, NOON + timedelta(hours=6))

    assert tracker.calls == [("register", [CJ_NUMBER])]


def test_parcels_without_number_or_at_their_end_are_not_followed(tracker):
    take_in(make_accepted_purchase_order(make_sellable()), "shipped")
    make_parcel(answer="delivered")

    run(tracker)

    assert tracker.calls == []


def test_a_poll_ships_and_delivers_the_parcel_and_ends(tracker):
    parcel = make_parcel()
    run(tracker)
    tracker.reports = [report(CJ_NUMBER, scan(), carrier_code=190094, carrier_name="CJPacket")]
    run(tracker, NOON + timedelta(hours=2))
    parcel.refresh_from_db()
    shipped = parcel.status
    tracker.reports = [report(CJ_NUMBER, scan(), scan("delivered", key="2"))]
    run(tracker, NOON + timedelta(days=2))
    run(tracker, NOON + timedelta(days=9))

    parcel.refresh_from_db()
    assert (shipped, parcel.status) == ("shipped", "delivered")
    assert [name for name, _ in tracker.calls] == ["register", "read", "read"]
    assert registration().due_at is None
    assert registration().carrier_name == "CJPacket"
    assert [*TrackingEvent.objects.values_list("source", flat=True)] == ["provider"] * 2
    names = Event.objects.filter(name__startswith="parcel.").order_by("pk")
    assert [*names.values_list("name", flat=True)] == ["parcel.shipped", "parcel.delivered"]


def test_a_carrier_that_reports_events_settles_the_carrier_of_the_parcel(tracker):
    number = "1Z999AA10123456784"
    parcel = make_parcel(number, carrier="DPD")
    run(tracker)
    tracker.reports = [report(number, carrier_name="UPS")]
    run(tracker, at=NOON + timedelta(days=1))
    parcel.refresh_from_db()
    assert parcel.carrier == "DPD", "no event yet"

    tracker.reports = [report(number, scan(at=NOON), carrier_name="UPS")]
    run(tracker, at=NOON + timedelta(days=5))

    parcel.refresh_from_db()
    assert (parcel.carrier, parcel.carrier_finding) == ("UPS", "")


def test_polls_become_rare_without_events_and_stop_after_months(tracker):
    make_parcel()
    run(tracker)
    hours = []
    at = registration().due_at
    while at is not None:
        hours.append((at - NOON).total_seconds() / 3600)
        run(tracker, at)
        at = registration().due_at

    gaps = [round(later - earlier) for earlier, later in pairwise(hours)]
    assert gaps[:4] == [8, 16, 32, 48]
    assert {*gaps[4:]} == {48}
    assert 88 <= hours[-1] / 24 <= 92


def test_an_event_makes_polls_frequent_again(tracker):
    make_parcel()
    run(tracker)
    TrackingRegistration.objects.update(quiet_polls=5, due_at=NOON)
    tracker.reports = [report(CJ_NUMBER, scan())]

    run(tracker)

    assert (registration().quiet_polls, registration().due_at) == (0, NOON + timedelta(hours=4))


def test_a_number_that_the_provider_forgot_is_registered_again(tracker):
    make_parcel()
    run(tracker)
    tracker.reports = [report(CJ_NUMBER, is_registered=False)]
    run(tracker, NOON + timedelta(hours=2))
    run(tracker, NOON + timedelta(hours=3))

    assert [name for name, _ in tracker.calls] == ["register", "read", "register"]


def test_false_reports_change_nothing(tracker):
    parcel = make_parcel()
    run(tracker)
    early = scan("delivered", at=NOON - timedelta(days=30))  # of the last parcel with this number
    tracker.reports = [report(OTHER, scan("delivered")), report(CJ_NUMBER, early)]

    run(tracker, NOON + timedelta(hours=2))

    parcel.refresh_from_db()
    assert parcel.status == "label_created"
    assert not TrackingEvent.objects.exists()
    assert registration().due_at > NOON + timedelta(hours=2)


def test_one_report_that_cannot_be_applied_does_not_stop_the_others(tracker, monkeypatch):
    make_parcel()
    other = make_parcel(OTHER)
    run(tracker)
    apply = follow.updates.apply_report

    def fail_for_the_first(one, **known):
        if one.number == CJ_NUMBER:
            raise RuntimeError("broken")
        return apply(one, **known)

    monkeypatch.setattr(follow.updates, "apply_report", fail_for_the_first)
    tracker.reports = [report(CJ_NUMBER, scan()), report(OTHER, scan())]
    run(tracker, NOON + timedelta(hours=2))

    other.refresh_from_db()
    assert other.status == "shipped"
    assert TrackingRegistration.objects.filter(due_at__lte=NOON + timedelta(hours=2)).count() == 0


def test_no_more_calls_are_made_than_the_budget_of_the_day(tracker, settings):
    settings.TRACKING_CALLS_PER_DAY = 1
    make_parcel()
    run(tracker)
    make_parcel(OTHER)
    run(tracker, NOON + timedelta(minutes=1))
    stopped = TrackingProvider.objects.get().problem
    run(tracker, NOON + timedelta(days=1))

    assert tracker.calls == [("register", [CJ_NUMBER]), ("register", [OTHER])]
    assert stopped == follow.BUDGET_USED_UP


def test_a_large_shop_is_followed_in_calls_of_forty(tracker):
    parcel = make_parcel()
    rows = [
        Parcel(
            shipment=parcel.shipment,
            carrier="DHL",
            number=f"NUMBER{count:05}",
            status_since=NOON,
            label_created_at=NOON,
        )
        for count in range(100)
    ]
    Parcel.objects.bulk_create(rows)

    run(tracker)

    assert [len(numbers) for _, numbers in tracker.calls] == [40, 40, 21]


def test_both_sources_on_one_parcel_leave_one_status(tracker):
    """The supplier's word counts; the invariants in SQL agree."""
    parcel = make_parcel()
    run(tracker)
    tracker.reports = [report(CJ_NUMBER, scan("in_transit", at=NOON + timedelta(hours=1)))]
    run(tracker, NOON + timedelta(hours=2))
    apply_updates(
        TrackingUpdate(status="exception", happened_at=NOON), now=NOON + timedelta(hours=3)
    )

    parcel.refresh_from_db()
    assert parcel.carrier_status == "exception"
    assert TrackingEvent.objects.count() == 2
    with connection.cursor() as cursor:
        for invariant in PARCELS:
            cursor.execute(invariant.sql, {"now": NOON})
            assert not cursor.fetchall(), invariant.code


def test_without_a_key_nothing_is_called_or_left_for_staff(monkeypatch, settings):
    settings.SEVENTEEN_TRACK_KEY = ""
    monkeypatch.setattr(tasks.follow, "run", lambda *_: pytest.fail("no provider is configured"))
    TrackingProvider.objects.create(code="17track", problem="HTTP 401", problem_since=NOON)
    make_parcel()

    tasks.follow_parcels()

    assert not TrackingRegistration.objects.exists()
    assert TrackingProvider.objects.get().problem == ""


def test_the_task_follows_parcels_at_the_provider(tracking_provider):
    parcel = make_parcel()

    tasks.follow_parcels()

    assert tracking_provider.numbers() == {CJ_NUMBER: (str(parcel.pk), 1)}
    assert registration().carrier_code == 190094
