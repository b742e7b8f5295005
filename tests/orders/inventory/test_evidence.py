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

    assert words == set(Allocation.AbsorbedBy.values) - {"staff", "earlier"}
    assert set(evidence.Doubt) == set(Allocation.Doubt.values)
    assert list(evidence.StockDecrementedAt) == Supplier.StockDecrementedAt.values


def test_time_and_a_drop_prove_a_sale():
    assert weighed([sale()], row(drop())) == {1: "order"}


def test_a_drop_alone_proves_nothing():
    assert weighed([sale()], row(drop(), known_at=NOON + LAG)) == {1: "too_soon"}


def test_time_alone_proves_nothing():
    assert weighed([sale()], row(known_at=NOON + 9 * HOUR)) == {1: "no_drop"}


@pytest.mark.parametrize(("is_measured", "found"), [(True, "lag"), (False, "no_drop")])
def test_a_restock_hides_a_drop_only_if_the_lag_is_measured(is_measured, found):
    figure = row(increased_at=NOON + HOUR / 2)

    assert weighed(
        [sale()], figure, DecrementPolicy(at="order", lag=LAG, is_measured=is_measured)
    ) == {1: found}


@pytest.mark.parametrize(
    ("minutes_before_yes", "found"), [(45, "lag"), (31, "lag"), (30, "no_drop"), (10, "no_drop")]
)
def test_a_restock_before_the_sale_hides_no_drop(minutes_before_yes, found):
    figure = row(increased_at=NOON - HOUR / 2)
    sold = sale(sold_at=NOON - minutes_before_yes * HOUR / 60)

    assert weighed([sold], figure) == {1: found}


def test_a_drop_covers_as_many_units_as_it_has():
    sales = [sale(1, accepted_at=NOON), sale(2, accepted_at=NOON + HOUR / 60)]

    assert weighed(sales, row(drop(left=1))) == {1: "order", 2: "no_drop"}
    assert weighed(sales, row(drop(left=2))) == {1: "order", 2: "order"}
    assert weighed([sale(quantity=2)], row(drop(1), drop(2))) == {1: "no_drop"}


def test_a_drop_before_the_order_does_not_count():
    assert weighed([sale()], row(drop(at=NOON - 2 * HOUR))) == {1: "no_drop"}


def test_a_row_missing_from_the_feed_proves_nothing():
    assert weighed([sale()], row(drop(), is_unconfirmed=True)) == {1: "silent"}


def test_without_an_acceptance_nothing_is_decremented():
    assert weighed([sale(accepted_at=None)], row(drop())) == {1: "no_yes"}


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
