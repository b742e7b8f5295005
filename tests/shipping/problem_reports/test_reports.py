"""Problem reports: submitted once, answered, withdrawn, ended by the arrival of the parcel."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError

from notifications.models import Event
from orders.models import Order, SupplierClaim
from orders.returns import photos
from orders.returns.photos import CannotAnswerError
from shipping.models import ProblemPhoto, ProblemReport, TrackingRegistration
from shipping.problem_reports import eligibility, endings, reports, tasks
from shipping.problem_reports.eligibility import Obstacle
from shipping.problem_reports.reports import CannotReportError
from shipping.silence import promises
from shipping.trackers import registrations
from storefront.lib.state_machine import InvalidTransitionError
from tests.factories.compliance import make_picture
from tests.factories.parcels import (
    PARCEL_STATES,
    act_on_parcel,
    make_parcel_in,
    report_status,
    state_of,
    violated_parcel_invariants,
)
from tests.factories.problem_reports import decide, find, make_request, report_problem, whole_report
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)
HANDLED, SETTLED, NOT_SHIPPED = Obstacle.HANDLED, Obstacle.SETTLED, Obstacle.NOT_SHIPPED
# The obstacles to report a parcel in each state: that it never arrived, and that it is damaged.
OBSTACLES = {
    "label_created": (Obstacle.TOO_EARLY, NOT_SHIPPED),
    "shipped": (Obstacle.TOO_EARLY, ""),
    "delivered": ("", ""),
    "lost": (HANDLED, HANDLED),
    "returned": (HANDLED, HANDLED),
    "voided": (Obstacle.TOO_EARLY, NOT_SHIPPED),
    "lost refunded": (SETTLED, SETTLED),
    "returned replaced": (SETTLED, SETTLED),
    "lost closed": (SETTLED, SETTLED),
    "delivered refunded": (SETTLED, SETTLED),
}


def possibility(parcel, kind, now=NOON):
    return eligibility.find_possibilities(find(parcel), now=now)[ProblemReport.Kind(kind)]


@pytest.mark.parametrize("state", PARCEL_STATES)
def test_what_can_be_reported_in_each_state(state):
    parcel = make_parcel_in(state)

    found = tuple(possibility(parcel, kind).obstacle for kind in ("never_arrived", "damaged"))

    assert found == OBSTACLES[state]


def test_a_parcel_underway_never_arrived_some_days_after_its_promise(settings):
    settings.PROBLEM_NEVER_ARRIVED_AFTER_DAYS = 5
    parcel = make_parcel_in("shipped")
    promised = promises.promised_by(parcel)
    first_day = promised + timedelta(days=6)
    at = NOON + timedelta(days=(first_day - NOON.date()).days)

    early = possibility(parcel, "never_arrived", at - timedelta(days=1))

    assert (early.obstacle, early.day) == (Obstacle.TOO_EARLY, first_day)
    assert possibility(parcel, "never_arrived", at).is_open


def test_other_problems_can_be_reported_for_some_days_after_the_delivery(settings):
    settings.PROBLEM_REPORT_DAYS = 2
    parcel = make_parcel_in("delivered")

    last = possibility(parcel, "damaged", NOON + timedelta(days=2))
    late = possibility(parcel, "damaged", NOON + timedelta(days=3))

    assert last.is_open
    assert (late.obstacle, late.day) == (Obstacle.TOO_LATE, (NOON + timedelta(days=2)).date())
    with pytest.raises(CannotReportError):
        report_problem(parcel, "damaged", now=NOON + timedelta(days=3))


def test_a_parcel_with_unknown_contents_can_only_be_missed():
    parcel = make_parcel_in("delivered")
    parcel.lines.all().delete()

    assert possibility(parcel, "damaged").obstacle == Obstacle.CONTENTS_UNKNOWN
    report = report_problem(parcel)

    assert not report.lines.exists()


def test_a_report_is_stored_once_with_its_units_event_and_claim_draft():
    parcel = make_parcel_in("delivered")

    made = report_problem(parcel, "damaged", key="form-1", customer_message="Dented.")
    replayed = report_problem(parcel, "damaged", key="form-1")
    other_tab = report_problem(parcel, "damaged", key="form-2")

    assert made == replayed == other_tab == ProblemReport.objects.get()
    assert [line.quantity for line in made.lines.all()] == [1]
    assert Event.objects.filter(name="problem.received").count() == 1
    claim = SupplierClaim.objects.get()
    assert (made.claim, claim.status, claim.is_manual) == (claim, "draft", True)
    assert (claim.claim_reason, claim.lines.get().quantity) == ("damaged", 1)
    assert "Dented" not in claim.message


def test_a_replay_after_the_decision_shows_the_decided_report():
    parcel = make_parcel_in("delivered")
    made = report_problem(parcel, "damaged", key="form-1")
    decide(made, "reject")

    assert report_problem(parcel, "damaged", key="form-1") == made
    assert report_problem(parcel, "damaged", key="form-2") != made


def test_the_database_keeps_one_undecided_report_of_a_kind():
    made = report_problem(kind="damaged", key="form-1")

    with pytest.raises(IntegrityError, match="problem_report_undecided_once"):
        ProblemReport.objects.create(
            parcel=made.parcel,
            kind="damaged",
            wish="refund",
            request_key="form-2",
            status_since=NOON,
            opened_at=NOON,
        )


def test_a_form_of_another_parcel_and_an_erased_order_are_refused():
    made = report_problem(kind="damaged", key="form-1")

    with pytest.raises(CannotReportError, match="belongs to another order"):
        report_problem(made.parcel, "missing_items", key="form-1")

    order = Order.objects.get()
    Order.objects.update(access_key="new")
    with pytest.raises(CannotReportError, match="erased"):
        reports.submit(
            order=order, parcel=made.parcel, request=make_request(made.parcel, "damaged"), now=NOON
        )


@pytest.mark.parametrize(("units", "words"), [(0, "Choose"), (3, "already"), (-1, "already")])
def test_impossible_units_are_refused(units, words):
    with pytest.raises(CannotReportError, match=words):
        report_problem(kind="damaged", units=units)


def test_opposite_reports_are_not_open_together():
    parcel = make_parcel_in("delivered")
    made = report_problem(parcel)

    assert possibility(parcel, "damaged").obstacle == Obstacle.CONTRADICTION
    reports.withdraw(report=made, now=NOON)
    report_problem(parcel, "damaged")
    assert possibility(parcel, "missing_items").is_open
    assert possibility(parcel, "never_arrived").obstacle == Obstacle.CONTRADICTION


def test_a_damaged_parcel_without_delivery_event_counts_as_delivered_by_the_customers_word():
    parcel = make_parcel_in("shipped")

    report_problem(parcel, "damaged")

    assert state_of(parcel) == "delivered"
    assert violated_parcel_invariants() == []


def test_the_answer_to_a_question_is_added_with_its_photos():
    made = report_problem(kind="damaged", customer_message="Dented.")
    decide(made, "ask", text="A picture?")

    reports.add_answer(
        report=whole_report(made),
        customer_message="Here.",
        encoded_photos=[photos.reencode(make_picture())],
        now=LATER,
    )

    made.refresh_from_db()
    assert (made.status, made.customer_message) == ("open", "Dented.\nHere.")
    assert made.pictures.count() == 1
    assert reports.is_repeated_answer(made, customer_message="Here.", pictures=1)
    assert not reports.is_repeated_answer(made, customer_message="There.", pictures=1)
    with pytest.raises(InvalidTransitionError):
        reports.add_answer(report=whole_report(made), customer_message="Again.", now=LATER)


def test_too_long_an_answer_and_too_many_photos_are_refused():
    made = report_problem(kind="damaged", customer_message="x" * 3990)
    decide(made, "ask", text="A picture?")

    with pytest.raises(CannotAnswerError, match="too long"):
        reports.add_answer(report=whole_report(made), customer_message="x" * 20, now=LATER)
    with pytest.raises(CannotAnswerError, match="up to 12 photos"):
        reports.add_answer(
            report=whole_report(made), customer_message="", now=LATER, encoded_photos=[b"x"] * 13
        )


def test_a_withdrawn_report_withdraws_its_claim_draft():
    made = report_problem(kind="damaged")

    reports.withdraw(report=whole_report(made), now=LATER)
    reports.withdraw(report=whole_report(made), now=LATER)

    made.refresh_from_db()
    assert (made.status, SupplierClaim.objects.get().status) == ("withdrawn", "canceled")


def test_a_claim_that_staff_sent_outlives_the_report():
    made = report_problem(kind="damaged")
    SupplierClaim.objects.update(status="requested")

    reports.withdraw(report=whole_report(made), now=LATER)

    assert SupplierClaim.objects.get().status == "requested"


def test_nothing_is_claimed_of_a_parcel_that_never_left():
    parcel = make_parcel_in("label_created")

    made = report_problem(parcel, now=NOON + timedelta(days=60))

    assert made.claim is None


# The end of a dispute


@pytest.mark.parametrize("state", ["delivered", "shipped"])
def test_it_arrived_after_all(state):
    parcel = make_parcel_in(state)
    made = report_problem(parcel, now=NOON + timedelta(days=60))

    for _ in range(2):
        reports.confirm_arrival(report=whole_report(made), now=NOON + timedelta(days=61))

    made.refresh_from_db()
    assert (made.status, state_of(parcel)) == ("arrived", "delivered")
    assert not Event.objects.filter(name="problem.answered").exists()
    assert violated_parcel_invariants() == []


def test_a_later_delivery_ends_a_dispute_and_the_customer_is_told():
    parcel = make_parcel_in("delivered")
    made = report_problem(parcel)
    tasks.end_reports()
    made.refresh_from_db()
    assert made.status == "open"

    report_status("delivered", at=NOON - timedelta(hours=1))  # the disputed one, reported late
    tasks.end_reports()
    made.refresh_from_db()
    assert made.status == "open"

    report_status("delivered", at=LATER)
    tasks.end_reports()
    tasks.end_reports()

    made.refresh_from_db()
    assert (made.status, SupplierClaim.objects.get().status) == ("arrived", "canceled")
    (event,) = Event.objects.filter(name="problem.answered")
    assert event.payload["what"] == "arrived"


def test_the_tracker_follows_a_disputed_delivery_until_the_report_ends():
    parcel = make_parcel_in("delivered")
    long_after = NOON + timedelta(days=30)
    assert parcel not in registrations.parcels_to_follow(now=long_after)

    made = report_problem(parcel)
    registrations.refresh(now=long_after)
    assert parcel in registrations.parcels_to_follow(now=long_after)
    assert parcel.registration.due_at == long_after

    reports.withdraw(report=whole_report(made), now=NOON)
    registrations.refresh(now=long_after)
    assert not TrackingRegistration.objects.exists()


@pytest.mark.parametrize(("act", "status"), [("refund", "refunded"), ("replace", "replaced")])
def test_a_parcel_settled_on_its_own_page_ends_the_report(act, status):
    parcel = make_parcel_in("delivered")
    made = report_problem(parcel)
    act_on_parcel(parcel, "mark_lost")
    settlement = act_on_parcel(parcel, act)

    tasks.end_reports()

    made.refresh_from_db()
    assert (made.status, made.settlement) == (status, settlement)


def test_a_question_without_a_reply_ends_the_report():
    made = report_problem(kind="damaged")
    decide(made, "ask")
    end = NOON + endings.REPLY_PERIOD + timedelta(minutes=1)

    endings.end_unanswered(report=whole_report(made), now=end - timedelta(minutes=2))
    made.refresh_from_db()
    assert made.status == "needs_information"
    endings.end_unanswered(report=whole_report(made), now=end)

    made.refresh_from_db()
    assert (made.status, made.answer) == ("rejected", "")


# Photos


def test_photo_files_without_a_row_are_deleted(tmp_path):
    made = report_problem(kind="damaged", encoded_photos=[photos.reencode(make_picture())])
    (photo,) = ProblemPhoto.objects.all()
    root = Path(storages["private"].location)

    assert (root / photo.file).exists()
    assert made.pictures.get() == photo
    ProblemPhoto.objects.all().delete()
    assert photos.delete_orphans(now=NOON + timedelta(days=10_000), table=reports.PHOTOS) == 1
    tasks.delete_orphaned_photos()
    assert not (root / photo.file).exists()
