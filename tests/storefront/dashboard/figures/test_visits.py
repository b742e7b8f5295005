"""Visits: counts of Redis are added to their days once, and the funnel sums a period."""

from datetime import timedelta

import pytest
from redis.exceptions import RedisError

from catalog.markets import visit_counters
from catalog.markets.visit_counters import Step
from storefront.dashboard.figures import queries, visits
from storefront.dashboard.models import DailyVisits, EmptySearch
from storefront.dashboard.tasks import store_visits
from tests.factories.catalog import make_channel
from tests.factories.order_gaps import make_history
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_visits")]
TODAY = NOON.date()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def channel():
    return make_channel()


def test_counts_are_added_to_their_days_once(channel):
    for day, steps in ((TODAY, [Step.VIEW, Step.VIEW, Step.CART]), (YESTERDAY, [Step.CHECKOUT])):
        for step in steps:
            visit_counters.add(step, channel_id=channel.pk, day=day)
    visit_counters.add(Step.VIEW, channel_id=0, day=TODAY)  # a channel that was deleted
    visits.store(now=NOON)
    visit_counters.add(Step.VIEW, channel_id=channel.pk, day=TODAY)
    store_visits()
    store_visits()

    rows = DailyVisits.objects.order_by("day").values_list("day", "views", "carts", "checkouts")
    assert list(rows) == [(YESTERDAY, 0, 0, 1), (TODAY, 3, 1, 0)]


def test_searches_are_added_up_and_the_rarest_are_dropped(channel, monkeypatch):
    monkeypatch.setattr(visits, "_ADD_SEARCHES", visits._ADD_SEARCHES.replace("<= 500", "<= 2"))
    for text in ("kite", "boat", "boat", "kite", "rare"):
        visit_counters.add_search(text, channel_id=channel.pk, day=TODAY)
    visits.store(now=NOON)
    for text in ("boat", "new", "new"):
        visit_counters.add_search(text, channel_id=channel.pk, day=TODAY)
    visits.store(now=NOON)

    found = visits.load_searches(queries.last_days(1, today=TODAY), channel=channel)
    assert [(row["text"], row["searches"]) for row in found] == [("boat", 3), ("kite", 2)]


def test_few_searches_wait_in_redis(channel, monkeypatch):
    monkeypatch.setattr(visit_counters, "MAX_SEARCHES", 2)
    for text in ("a", "a", "b", "b", "c", "d"):
        visit_counters.add_search(text, channel_id=channel.pk, day=TODAY)

    assert len(visit_counters.take()[1]) == 2


def test_old_searches_are_deleted(channel):
    for days in (90, 91):
        EmptySearch.objects.create(
            day=TODAY - timedelta(days=days), channel=channel, text=f"{days}", count=1
        )
    visits.store(now=NOON)

    assert EmptySearch.objects.get().text == "90"


def test_counts_wait_while_redis_is_down(monkeypatch, caplog):
    def fail():
        raise RedisError("away")

    monkeypatch.setattr(visit_counters, "take", fail)
    visits.store(now=NOON)

    assert "visits are stored later" in caplog.text


def test_funnel_compares_a_period_and_counts_paid_orders_of_our_pages(
    channel, django_assert_num_queries
):
    make_history(channel, per_day=2, weeks=2)
    make_history(make_channel(code="store"), per_day=7, weeks=2)
    for day, views in ((TODAY, 5), (YESTERDAY, 10), (TODAY - timedelta(days=8), 4)):
        DailyVisits.objects.create(day=day, channel=channel, views=views, carts=1, checkouts=1)

    with django_assert_num_queries(2):
        found = visits.load(queries.last_days(7, today=TODAY))

    assert (found.now.views, found.now.carts, found.now.paid) == (15, 2, 12)
    assert (found.before.views, found.before.paid) == (4, 14)
    assert [day.views for day in found.days][-2:] == [10, 5]
    assert visits.load(queries.last_days(7, today=TODAY), channel=channel).now.paid == 12
