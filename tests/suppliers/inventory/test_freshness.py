import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from suppliers.inventory import freshness
from suppliers.inventory.freshness import DecayTerms, Freshness, decay

MINUTE = timedelta(minutes=1)
A_MOMENT = timedelta(microseconds=1)
TERMS = DecayTerms(
    fresh_for=timedelta(hours=3),
    expires_after=timedelta(hours=24),
    age_shown_after=timedelta(hours=6),
    units=Decimal(1),
    percent=Decimal(2),
)


@pytest.mark.parametrize(
    ("age", "reported", "status", "extra"),
    [
        (timedelta(0), 100, Freshness.FRESH, 0),
        (timedelta(hours=3), 100, Freshness.FRESH, 0),
        (timedelta(hours=3) + A_MOMENT, 100, Freshness.DECAYING, 3),
        (timedelta(hours=4), 100, Freshness.DECAYING, 3),
        (timedelta(hours=4) + A_MOMENT, 100, Freshness.DECAYING, 6),
        (timedelta(hours=4), 10, Freshness.DECAYING, 2),
        (timedelta(hours=24), 100, Freshness.DECAYING, 63),
        (timedelta(hours=24), 5, Freshness.DECAYING, 5),
        (timedelta(hours=24) + A_MOMENT, 1000, Freshness.EXPIRED, 1000),
    ],
)
def test_a_figure_is_fresh_then_decays_each_hour_then_expires(age, reported, status, extra):
    judged = decay(reported=reported, age=age, terms=TERMS)

    assert (judged.status, judged.extra) == (status, extra)


@pytest.mark.parametrize(
    ("accuracy", "extra"),
    [(None, 3), ("1.0000", 3), ("0.9800", 4), ("0.9000", 6), ("0.8000", 9), ("0.1000", 9)],
)
def test_low_accuracy_speeds_up_the_decay(accuracy, extra):
    known = accuracy and Decimal(accuracy)

    judged = decay(reported=100, age=timedelta(hours=4), terms=TERMS, accuracy=known)

    assert judged.extra == extra


def test_a_figure_changes_only_at_its_decay_steps():
    steps = freshness.decay_steps(TERMS)
    shown = [
        (decay(reported=500, age=age, terms=TERMS), age > TERMS.age_shown_after)
        for age in (MINUTE * number for number in range(26 * 60))
    ]
    changed = [
        MINUTE * number for number, pair in enumerate(shown) if number and pair != shown[number - 1]
    ]

    assert changed == [step + MINUTE for step in steps]


@pytest.mark.django_db
def test_database_and_python_decay_are_equal():
    dice = random.Random(4)
    for _ in range(400):
        terms = DecayTerms(
            fresh_for=MINUTE * dice.randint(0, 300),
            expires_after=MINUTE * dice.randint(300, 1440),
            age_shown_after=MINUTE,
            units=Decimal(dice.randint(0, 400)) / 100,
            percent=Decimal(dice.randint(0, 900)) / 100,
        )
        accuracy = dice.choice([None, Decimal(dice.randint(7000, 10000)) / 10000])
        reported = dice.choice([0, 1, 3, 40, 1000, 1_000_000])
        age = dice.choice([terms.fresh_for, terms.expires_after, MINUTE * dice.randint(0, 1600)])
        age += A_MOMENT * dice.choice([-1, 0, 1])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT stock_decay(%s, %s, %s, %s, %s, %s, %s)",
                [
                    reported,
                    age,
                    terms.fresh_for // MINUTE,
                    terms.expires_after // MINUTE,
                    terms.units,
                    terms.percent,
                    accuracy,
                ],
            )
            ((in_database,),) = cursor.fetchall()

        assert (
            in_database == decay(reported=reported, age=age, terms=terms, accuracy=accuracy).extra
        )


@pytest.mark.parametrize(
    ("age_s", "available", "least"),
    [(5, 9, None), (6, 9, 7), (6, 1, 0), (1800, 50, 48), (1801, 50, 0)],
)
def test_an_order_of_old_or_nearly_sold_out_stock_needs_a_live_check(age_s, available, least):
    found = freshness.live_check_from(
        age=timedelta(seconds=age_s),
        available=available,
        query_after=MINUTE * 30,
        live_check_below_units=2,
    )

    assert found == least
