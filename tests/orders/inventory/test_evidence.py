from datetime import timedelta

import pytest

from orders.inventory import evidence
from orders.inventory.evidence import DecrementPolicy, Sale, StockDrop, StockFigures
from orders.models import Allocation
from suppliers.models import Supplier
from tests.factories.suppliers import NOON

HOUR = timedelta(hours=1)
LAG = timedelta(minutes=40)
AT_ORDER = DecrementPolicy(at="order", lag=LAG, is_measured=True)


def sale(number=1, quantity=1, accepted_at=NOON, shipped_at=None, sold_at=NOON - 2 * HOUR):
    return Sale(
        id=number,
        quantity=quantity,
        sold_at=sold_at,
        accepted_at=accepted_at,
        shipped_at=shipped_at,
    )


def drop(number=1, at=NOON + HOUR / 2, left=1, **more):
    return StockDrop(id=number, at=at, remaining=left, **more)


def row(*drops, known_at=NOON + HOUR, reported=9, is_unconfirmed=False, increased_at=None):
    return StockFigures(
        known_at=known_at,
        is_unconfirmed=is_unconfirmed,
        reported=reported,
        drops=drops,
        increased_at=increased_at,
    )


def weighed(sales, figure, policy=AT_ORDER):
    return {
        each.sale.id: each.absorbed_by or each.doubt
        for each in evidence.assess(sales, figure, policy)
    }


def test_the_values_are_those_of_the_models():
    words = {str(word) for word in evidence.AbsorbedBy}

    assert words == set(Allocation.AbsorbedBy.values) - {"staff"}
    assert set(evidence.Doubt) == set(Allocation.Doubt.values)
    assert list(evidence.StockDecrementedAt) == Supplier.StockDecrementedAt.values


def restocked(at):
    return row(increased_at=at)


def sold_before(minutes):
    return sale(sold_at=NOON - minutes * HOUR / 60)


@pytest.mark.parametrize(
    ("sold", "figure", "found"),
    [
        pytest.param(sale(), row(drop()), "order", id="time and a drop"),
        pytest.param(sale(), row(drop(), known_at=NOON + LAG), "too_soon", id="a drop alone"),
        pytest.param(sale(), row(known_at=NOON + 9 * HOUR), "no_drop", id="time alone"),
        pytest.param(
            sale(), row(drop(at=NOON - 2 * HOUR)), "no_drop", id="a drop before the order"
        ),
        pytest.param(sale(), row(drop(), is_unconfirmed=True), "silent", id="missing in the feed"),
        pytest.param(sale(accepted_at=None), row(drop()), "no_yes", id="without an acceptance"),
        pytest.param(sale(), restocked(NOON + HOUR / 2), "lag", id="restocked after the sale"),
        # A restock hides the drop of earlier sales.
        (sold_before(45), restocked(NOON - HOUR / 2), "lag"),
        (sold_before(31), restocked(NOON - HOUR / 2), "lag"),
        (sold_before(30), restocked(NOON - HOUR / 2), "no_drop"),
    ],
)
def test_only_time_and_a_drop_or_a_restock_prove_a_sale(sold, figure, found):
    assert weighed([sold], figure) == {1: found}


def test_a_restock_hides_no_drop_unless_the_lag_is_measured():
    policy = DecrementPolicy(at="order", lag=LAG)

    assert weighed([sale()], restocked(NOON + HOUR / 2), policy) == {1: "no_drop"}


def test_without_a_measurement_the_lag_is_a_day():
    policy, day = DecrementPolicy(at="order"), timedelta(days=1)

    assert weighed([sale()], row(drop(), known_at=NOON + day), policy) == {1: "too_soon"}
    assert weighed([sale()], row(drop(), known_at=NOON + day + HOUR), policy) == {1: "order"}


def test_a_drop_covers_as_many_units_as_it_has():
    sales = [sale(1, accepted_at=NOON), sale(2, accepted_at=NOON + HOUR / 60)]

    assert weighed(sales, row(drop(left=1))) == {1: "order", 2: "no_drop"}
    assert weighed(sales, row(drop(left=2))) == {1: "order", 2: "order"}
    assert weighed([sale(quantity=2)], row(drop(1), drop(2))) == {1: "no_drop"}


def test_a_supplier_that_decrements_at_shipment_is_assessed_after_it():
    policy = DecrementPolicy(at="shipment", lag=LAG, is_measured=True)
    figure = row(drop(at=NOON + 2 * HOUR), known_at=NOON + 3 * HOUR)

    assert weighed([sale()], figure, policy) == {1: "not_shipped"}
    assert weighed([sale(shipped_at=NOON + 2 * HOUR)], figure, policy) == {1: "shipment"}
    assert weighed([sale(shipped_at=NOON + 2.5 * HOUR)], figure, policy) == {1: "too_soon"}


def test_a_supplier_that_never_decrements_needs_a_stocktake():
    policy = DecrementPolicy(at="never", lag=HOUR)
    shipped = sale(shipped_at=NOON)
    late = NOON + 9 * HOUR

    assert weighed([shipped], row(drop(at=late), known_at=late), policy) == {1: "no_count"}
    counted = drop(at=late, from_stocktake=True)
    assert weighed([shipped], row(counted, known_at=late), policy) == {1: "count"}
    early = drop(at=NOON + HOUR / 2, from_stocktake=True)
    assert weighed([shipped], row(early, known_at=late), policy) == {1: "no_count"}


def test_a_figure_below_the_uncounted_shipments_is_a_stocktake():
    policy = DecrementPolicy(at="never", lag=HOUR)
    sales = [sale(number, shipped_at=NOON + number * HOUR / 60) for number in (1, 2, 3)]

    found = weighed(sales, row(reported=1, known_at=NOON + 9 * HOUR), policy)

    assert found == {1: "count", 2: "count", 3: "no_count"}
    assert set(weighed(sales, row(reported=3, known_at=NOON + 9 * HOUR), policy).values()) == {
        "no_count"
    }


@pytest.mark.parametrize(
    ("configured", "measured", "max_lag_s", "found"),
    [
        ("order", "", None, DecrementPolicy(at="order")),
        ("order", "order", 60, DecrementPolicy(at="order", lag=timedelta(0, 60), is_measured=True)),
        (
            "order",
            "shipment",
            60,
            DecrementPolicy(at="shipment", lag=timedelta(0, 60), is_measured=True),
        ),
        ("order", "never", None, DecrementPolicy(at="never")),
        ("shipment", "order", 60, DecrementPolicy(at="shipment")),
        ("never", "order", 60, DecrementPolicy(at="never")),
    ],
)
def test_the_more_careful_policy_wins(configured, measured, max_lag_s, found):
    assert (
        evidence.choose_policy(configured=configured, measured=measured, max_lag_s=max_lag_s)
        == found
    )


@pytest.mark.parametrize(
    ("dropped", "of", "others_dropped", "others", "is_one"),
    [
        (10, 10, 1, 150, True),
        (9, 10, 1, 150, True),
        (5, 10, 0, 150, False),  # half of them: a day of many sales
        (10, 10, 60, 150, False),  # all rows fall: a sale, or a feed that was down
        (4, 4, 0, 150, False),  # too few rows
        (10, 10, 0, 5, False),  # nothing to compare with
    ],
)
def test_a_stocktake_changes_the_rows_we_sold_from(dropped, of, others_dropped, others, is_one):
    found = evidence.is_stocktake(
        dropped=dropped, of=of, others_dropped=others_dropped, others=others
    )

    assert found is is_one
