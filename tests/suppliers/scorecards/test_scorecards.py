from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError

from storefront.lib.state_machine import ConcurrentUpdateError, StatusChange
from suppliers.inventory import safety_stock
from suppliers.models import CostChange, LatencyBucket, Scorecard, ScorecardFact, Supplier, SyncRun
from suppliers.scorecards import scorecards
from tests.factories.catalog import make_variant
from tests.factories.suppliers import NOON, make_offer, make_supplier

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
A_DAY = timedelta(days=1)
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def supplier():
    return make_supplier()


def fact(supplier, kind, value=1, *, at=NOON, subject=None):
    made = ScorecardFact(
        supplier=supplier,
        kind=kind,
        subject=subject or f"{kind}:{ScorecardFact.objects.count()}",
        value=Decimal(value),
        happened_at=at,
    )
    scorecards.record([made])


def run(supplier, *, kind="stock", status="applied", at=NOON):
    moments = dict.fromkeys(("status_since", "started_at", "lease_until", "ended_at"), at)
    return SyncRun.objects.create(supplier=supplier, kind=kind, status=status, **moments)


def card(supplier, measure, *, first=TODAY, on=TODAY, now=NOON):
    scorecards.roll_up(supplier=supplier, first=first, now=now)
    return Scorecard.objects.filter(supplier=supplier, measure=measure, on=on).first()


def test_a_fact_is_stored_once_with_its_first_value(supplier):
    for value in (1, 0, 0):
        fact(supplier, "filled", value, subject="line:7")

    assert [int(each.value) for each in ScorecardFact.objects.all()] == [1]
    with pytest.raises(IntegrityError):
        ScorecardFact.objects.create(
            supplier=supplier, kind="filled", subject="line:7", value=0, happened_at=NOON
        )


@pytest.mark.parametrize(
    ("measure", "kind", "recorded", "expected"),
    [
        ("fill_rate", "filled", [1, 1, 1, 0], (3, "0.75")),
        ("stock_accuracy", "promised", [1, 0], (1, "0.5")),
        ("cancellation_rate", "finished", [1, 1, 1, 1, 0], (1, "0.2")),
        ("return_rate", "arrived", [1, 0, 0, 1], (2, "0.5")),
        ("acknowledge_time", "acknowledged", [60, 120, 600], (None, "120")),
        ("first_scan_time", "scanned", [86_400], (None, "86400")),
    ],
)
def test_each_measure_is_computed_from_its_facts(supplier, measure, kind, recorded, expected):
    for each in recorded:
        fact(supplier, kind, each)

    found = card(supplier, measure)

    good, value = expected
    assert (found.sample, found.good, found.value) == (len(recorded), good, Decimal(value))


def test_only_thirty_days_of_the_same_supplier_count(supplier):
    fact(supplier, "filled", 0, at=NOON - 30 * A_DAY)
    fact(make_supplier(code="other"), "filled", 0)
    fact(supplier, "filled", 1, at=NOON - 29 * A_DAY)

    assert card(supplier, "fill_rate").sample == 1
    before = card(supplier, "fill_rate", first=TODAY - A_DAY, on=TODAY - A_DAY)
    assert (before.sample, before.good) == (2, 1)


def test_a_repeated_roll_up_gives_the_same_result(supplier):
    for hours in range(0, 200, 7):
        fact(supplier, "filled", hours % 3 != 0, at=NOON - hours * AN_HOUR)
        fact(supplier, "acknowledged", 60 * hours, at=NOON - hours * AN_HOUR)
        run(supplier, at=NOON - hours * AN_HOUR, status="applied" if hours % 5 else "failed")
    LatencyBucket.objects.create(supplier=supplier, on=TODAY, le_ms=100, count=7)
    first = TODAY - 10 * A_DAY

    made = scorecards.roll_up(supplier=supplier, first=first, now=NOON)
    once = list(Scorecard.objects.order_by("pk").values_list())
    assert scorecards.roll_up(supplier=supplier, first=first, now=NOON) == made > 30
    assert list(Scorecard.objects.order_by("pk").values_list()) == once
    Scorecard.objects.all().delete()
    scorecards.roll_up(supplier=supplier, first=first, now=NOON)
    again = {row[1:] for row in Scorecard.objects.values_list()}
    assert again == {row[1:] for row in once}


def test_failed_and_quarantined_runs_count_against_a_feed(supplier):
    for status in ("applied", "applied", "failed", "quarantined", "fetching"):
        run(supplier, status=status, kind="prices" if status == "fetching" else "stock")

    found = card(supplier, "feed_success")

    assert (found.sample, found.good) == (4, 2)


def test_stock_ages_without_answers_unless_the_supplier_is_paused(supplier):
    run(supplier, at=NOON - 10 * AN_HOUR)

    found = card(supplier, "stock_age")

    # Observed at each full hour of the day: one hour old, two hours old …
    assert found.sample == 11
    assert found.value == 5 * 3600
    assert card(supplier, "stock_age", now=NOON + 8 * AN_HOUR).value > found.value
    supplier.move("paused", at=NOON - 8 * AN_HOUR)
    assert card(supplier, "stock_age").sample == 2


def test_cost_stability_is_the_share_of_unchanged_costs(supplier):
    offers = [make_offer(make_variant(), supplier) for _ in range(4)]
    scorecards.record_cost_counts(now=NOON)
    scorecards.record_cost_counts(now=NOON + AN_HOUR)
    price_run = run(supplier, kind="prices")
    for _ in range(2):  # one cost that changed twice counts once
        CostChange.objects.create(
            offer=offers[0], run=price_run, old_amount=10, new_amount=11, at=NOON
        )
    CostChange.objects.create(offer=offers[1], run=price_run, new_amount=11, at=NOON)

    found = card(supplier, "cost_stability")

    assert (found.sample, found.good, found.value) == (4, 3, Decimal("0.75"))
    assert ScorecardFact.objects.filter(kind="costs_known").count() == 1


def test_latency_measures_are_computed_from_the_buckets(supplier):
    for le_ms, count in ((100, 90), (3_200, 10), (0, 25)):
        LatencyBucket.objects.create(supplier=supplier, on=TODAY, le_ms=le_ms, count=count)

    assert card(supplier, "answer_time").value <= 100
    found = card(supplier, "answered")
    assert (found.sample, found.good, found.value) == (125, 100, Decimal("0.8"))


def test_the_number_of_queries_of_a_roll_up_is_constant(supplier, django_assert_num_queries):
    assert scorecards.roll_up(supplier=supplier, first=TODAY, now=NOON) == 0
    for hours in range(50):
        fact(supplier, "filled", at=NOON - hours * AN_HOUR)

    with django_assert_num_queries(8):
        scorecards.roll_up(supplier=supplier, first=TODAY - 30 * A_DAY, now=NOON)


def test_the_suggested_safety_stock_is_set_once(supplier):
    for n in range(30):
        fact(supplier, "promised", n > 1, subject=f"line:{n}")
    for n, units in enumerate((2, 3)):
        fact(supplier, "short", units, subject=f"line:{n}")
    seen_by_another = Supplier.objects.get(pk=supplier.pk)

    found = safety_stock.suggest(supplier=supplier, now=NOON)
    assert (found.units, found.promised, found.refused) == (3, 30, 2)
    safety_stock.set_units(supplier=supplier, units=3, actor="boss", now=NOON)

    assert Supplier.objects.get().safety_stock == 3
    with pytest.raises(ConcurrentUpdateError):
        safety_stock.set_units(supplier=seen_by_another, units=9, actor="desk", now=NOON)
    trace = StatusChange.objects.get(status_field="safety_stock")
    assert (trace.from_status, trace.to_status, trace.actor) == ("0", "3", "boss")


def test_scorecards_are_recomputed_by_command(supplier):
    fact(supplier, "filled")

    call_command("roll_up_scorecards", "--days=400", stdout=StringIO())

    assert Scorecard.objects.filter(measure="fill_rate", on=TODAY).exists()
