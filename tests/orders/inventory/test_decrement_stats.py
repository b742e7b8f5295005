import random
from datetime import timedelta

import pytest

from orders.inventory import decrement_stats
from orders.inventory.decrement_stats import History, ObservedSale
from tests.factories.suppliers import NOON

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def history(
    counts_at,
    *,
    sales=8,
    lag=30 * MINUTE,
    seed=1,
    others_every=None,
    ships=True,
    down=(),
    answer_delay=timedelta(0),
):
    """Sell one unit every four days, ship it after two, read stock figures twice an hour.

    ``counts_at``: the event at which the supplier decrements its stock. ``down``: the indexes of
    the sales after which the feed fails for 28 hours.
    """
    dice = random.Random(seed)
    sold, moves = [], []
    for number in range(sales):
        accepted_at = NOON + 4 * DAY * number
        shipped_at = accepted_at + 2 * DAY if ships else None
        sold.append(
            ObservedSale(
                quantity=1,
                ordered_at=accepted_at - answer_delay,
                accepted_at=accepted_at,
                shipped_at=shipped_at,
                released_at=None,
            )
        )
        event = {"order": accepted_at - answer_delay, "shipment": shipped_at}.get(counts_at)
        if event is not None:
            moves.append((event + lag * dice.uniform(0.5, 1), -1))
    end = NOON + 4 * DAY * sales
    if others_every is not None:
        at = NOON
        while (at := at + others_every * dice.uniform(0.2, 1.8)) < end:
            moves.append((at, -1))
    outages = [(sold[number].accepted_at, sold[number].accepted_at + 28 * HOUR) for number in down]
    reads = (NOON + HOUR / 2 * number for number in range(int((end - NOON) / (HOUR / 2))))
    observed_at = [at for at in reads if not any(first < at < last for first, last in outages)]
    moves = [
        (next(at for at in [*observed_at, end] if at >= moved), units) for moved, units in moves
    ]
    return History(sales=sold, moves=sorted(moves), known_at=end, observed_at=observed_at)


def measured(counts_at, rows=5, **more):
    return decrement_stats.infer([history(counts_at, seed=seed, **more) for seed in range(rows)])


@pytest.mark.parametrize("counts_at", ["order", "shipment", "never"])
@pytest.mark.parametrize("others_every", [None, 3 * DAY, 12 * HOUR])
def test_the_decrement_event_is_found_despite_other_buyers(counts_at, others_every):
    found = measured(counts_at, rows=20, others_every=others_every)

    assert found.at == counts_at
    if counts_at != "never":
        assert 15 * MINUTE <= found.median_lag <= 30 * MINUTE
        assert 30 * MINUTE <= found.max_lag <= 60 * MINUTE


def test_too_few_orders_are_inconclusive():
    found = measured("order", rows=2)

    assert (found.at, found.max_lag, found.order.size) == (None, None, 16)


def test_a_few_misses_exclude_a_decrement():
    assert measured("never", rows=1, sales=6).at == "never"


def test_misses_at_order_mean_shipment_before_anything_has_shipped():
    found = measured("never", ships=False)

    assert (found.at, found.max_lag) == ("shipment", None)


def test_a_lag_of_a_day_is_found_in_the_long_window():
    found = measured("order", lag=20 * HOUR)

    assert found.at == "order"
    assert found.max_lag > 18 * HOUR


def test_sales_during_an_outage_are_no_misses():
    """Otherwise an outage would count as proof that the supplier never decrements its stock."""
    found = measured("order", rows=20, down=(1, 3, 5))

    assert found.at == "order"
    assert found.order.missed == 0


@pytest.mark.parametrize("answer_delay", [50 * MINUTE, 3 * HOUR])
def test_a_late_acceptance_is_no_miss(answer_delay):
    """The supplier decremented before we received the acceptance."""
    found = measured("order", rows=20, answer_delay=answer_delay)

    assert found.at in {"order", None}
    assert found.order.missed == 0


def test_only_isolated_sales_count():
    crowded = history("order", sales=2)
    twin = ObservedSale(
        quantity=1,
        ordered_at=NOON + HOUR,
        accepted_at=NOON + HOUR,
        shipped_at=None,
        released_at=None,
    )
    first = decrement_stats.sample_sales([crowded], window=2 * HOUR, by_shipment=False)
    disturbed = History(
        sales=[*crowded.sales, twin],
        moves=crowded.moves,
        known_at=crowded.known_at,
        observed_at=crowded.observed_at,
    )

    second = decrement_stats.sample_sales([disturbed], window=2 * HOUR, by_shipment=False)

    assert (first.size, second.size) == (2, 1)


def test_a_miss_extends_the_tail_to_the_whole_window():
    sample = decrement_stats.Sample(window=2 * HOUR, lags=(MINUTE,) * 60, missed=1)

    assert sample.is_decrementing
    assert sample.max_lag == 2 * HOUR
