import random
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from suppliers.models import Supplier
from suppliers.models.policies import EVERY_DAY
from suppliers.profile import order_schedule
from suppliers.profile.forms import SupplierForm
from suppliers.profile.order_schedule import (
    CUT_OFF_MARGIN,
    DispatchSchedule,
    OrderCalendar,
    cut_off_delay_days,
)
from tests.factories.suppliers import make_supplier

HOUR = timedelta(hours=1)
WEEKDAYS = "12345"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make_schedule(mode="every", every=60, times="", **calendar):
    return DispatchSchedule(
        mode=mode,
        every=timedelta(minutes=every),
        times=order_schedule.parse_times(times),
        calendar=OrderCalendar(**calendar),
    )


def submission_time(schedule, ready, promised=None):
    return schedule.submit_at(promised_at=at(promised or ready), now=at(ready))


EVERY_40_MIN = make_schedule(every=40)
IN_BERLIN = make_schedule("at_times", times="14:30 09:00", zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("schedule", "ready", "moment"),
    [
        (make_schedule("at_once"), "2026-11-24 12:00", None),
        (EVERY_40_MIN, "2026-11-24 12:00", "2026-11-24 12:40"),  # counted from midnight
        (EVERY_40_MIN, "2026-11-24 12:39:59", "2026-11-24 12:40"),
        (
            EVERY_40_MIN,
            "2026-11-24 23:30",
            "2026-11-24 23:45",
        ),  # before the day of the promise ends
        (IN_BERLIN, "2026-11-24 12:00", "2026-11-24 13:30"),  # 14:30 in Berlin, winter time
        (IN_BERLIN, "2026-07-24 12:00", "2026-07-24 12:30"),  # and summer time
        (IN_BERLIN, "2026-11-24 06:00", "2026-11-24 08:00"),
    ],
)
def test_an_order_is_sent_by_the_schedule(schedule, ready, moment):
    assert submission_time(schedule, ready) == (moment and at(moment))


def test_an_order_promised_before_the_cut_off_is_sent_before_it():
    schedule = make_schedule("at_times", times="18:00", cut_off_hour=15)

    assert submission_time(schedule, "2026-11-24 12:00") == at("2026-11-24 15:00") - CUT_OFF_MARGIN
    # After the cut-off, the promise counts from tomorrow.
    assert submission_time(schedule, "2026-11-24 15:00") == at("2026-11-24 18:00")
    # Promised before the cut-off and paid after it: submit at once.
    assert submission_time(schedule, "2026-11-24 15:10", promised="2026-11-24 14:50") is None
    assert submission_time(schedule, "2026-11-24 14:50", promised="2026-11-24 14:40") is None


def test_orders_and_promises_skip_the_weekend():
    schedule = make_schedule("at_times", times="10:00", cut_off_hour=15, days=WEEKDAYS)
    friday = at("2026-11-27 16:00")

    assert cut_off_delay_days(schedule.calendar, friday) == 3
    assert submission_time(schedule, "2026-11-27 16:00") == at("2026-11-30 10:00")
    closed = make_schedule("at_times", times="10:00", closed=frozenset({date(2026, 11, 30)}))
    assert cut_off_delay_days(closed.calendar, at("2026-11-30 00:00")) == 1


def test_days_are_in_the_time_zone_of_the_supplier():
    monday_there = at("2026-11-29 21:00")  # Sunday evening here, Monday ten o'clock there
    calendar = OrderCalendar(days=WEEKDAYS, zone="Pacific/Auckland")

    assert calendar.is_open(monday_there)
    assert not calendar.is_open(at("2026-11-27 21:00"))


def test_no_order_is_sent_after_the_cut_off_of_its_promise():
    dice = random.Random(7)
    for _ in range(2_000):
        calendar = OrderCalendar(
            cut_off_hour=dice.choice([None, *range(24)]),
            days="".join(sorted(dice.sample(EVERY_DAY, dice.randint(1, 7)))),
            closed=frozenset(
                date(2026, 12, dice.randint(1, 31)) for _ in range(dice.randint(0, 5))
            ),
            zone=dice.choice(["UTC", "Europe/Berlin", "Pacific/Auckland", "America/New_York"]),
        )
        schedule = DispatchSchedule(
            mode=dice.choice(["every", "at_times"]),
            every=timedelta(minutes=dice.randint(5, 1440)),
            times=tuple(time(dice.randrange(24), dice.randrange(60)) for _ in range(3)),
            calendar=calendar,
        )
        promised = at("2026-11-20") + timedelta(minutes=dice.randrange(40 * 1440))
        ready = promised + timedelta(minutes=dice.randrange(90))

        moment = schedule.submit_at(promised_at=promised, now=ready)

        days = cut_off_delay_days(calendar, order_schedule.start_of_hour(promised))
        day, ends = calendar.promise_day(promised)
        assert day == promised.date() + timedelta(days=days)
        assert days >= (
            calendar.cut_off_hour is not None and promised.hour >= calendar.cut_off_hour
        )
        # Even if our clock is ten minutes wrong.
        assert moment is None or ready < moment <= ends - timedelta(minutes=10)
        if moment is None:
            assert ready >= ends - CUT_OFF_MARGIN


GOOD = {
    "dispatch_mode": "at_times",
    "dispatch_times": "14:30, 09:00",
    "time_zone": "Europe/Berlin",
    "order_days": "51",
    "closed_on": "2026-12-26 2026-12-25",
}


def filled_in(**changes):
    fields = [*GOOD, "dispatch_every_min"]
    form_class = type(
        "Form", (SupplierForm,), {"Meta": type("M", (), {"model": Supplier, "fields": fields})}
    )
    form = form_class({"dispatch_every_min": 60, "adapter": "fake", **GOOD, **changes})
    form.is_valid()
    return form


@pytest.mark.django_db
def test_times_and_days_are_normalized():
    cleaned = filled_in().cleaned_data

    assert (cleaned["dispatch_times"], cleaned["order_days"]) == ("09:00 14:30", "15")
    assert cleaned["closed_on"] == "2026-12-25 2026-12-26"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"dispatch_times": "25:00"},
        {"dispatch_times": ""},
        {"time_zone": "Berlin"},
        {"order_days": "18"},
        {"closed_on": "25.12.2026"},
        {"dispatch_every_min": 4},
        {"dispatch_every_min": 1441},
    ],
)
def test_an_impossible_schedule_is_rejected(wrong):
    assert set(filled_in(**wrong).errors) == set(wrong)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"dispatch_mode": "at_times", "dispatch_times": ""},
        {"dispatch_mode": "never"},
        {"dispatch_every_min": 0},
        {"order_days": ""},
    ],
)
def test_the_database_rejects_an_impossible_schedule(wrong):
    make_supplier()

    with pytest.raises(IntegrityError), transaction.atomic():
        Supplier.objects.update(**wrong)
