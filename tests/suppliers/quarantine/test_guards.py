"""Quarantine guards: reject feeds with lost rows, odd stock or shifted costs, accept others."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppliers.quarantine import guards
from suppliers.quarantine.guards import CostDelta, CostDeltas, Thresholds, uniform_shift_violation

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def moves(*pairs):
    return [
        CostDelta(sku=f"S{place}", before=Decimal(before), after=Decimal(after))
        for place, (before, after) in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    ("good", "bad", "known", "still_there", "is_accepted"),
    [
        (0, 0, 0, 0, False),
        (0, 0, 500, 0, False),
        (100, 0, 0, 0, True),
        (100, 0, 100, 100, True),
        (80, 0, 100, 80, True),
        (79, 0, 100, 79, False),
        (10, 0, 100, 10, False),
        (100, 0, 100, 10, False),  # as many rows as before, but of other products
        (5, 0, 8, 5, True),  # three of eight: a high share, but few
        (4, 0, 8, 4, False),
        (100, 90, 100, 100, True),
        (10, 90, 10, 10, False),
        (1, 3, 0, 0, True),
    ],
)
def test_a_list_with_too_many_missing_products_is_rejected(
    good, bad, known, still_there, is_accepted
):
    reason = guards.missing_rows_violation(good=good, bad=bad, known=known, still_there=still_there)

    assert (reason == "") is is_accepted


@pytest.mark.parametrize(
    ("found", "is_accepted"),
    [
        ([], True),
        (["USD", "USD"], True),
        (["USD", "USD", "EUR"], True),
        (["EUR", "EUR", "USD"], False),
        (["EUR"], False),
    ],
)
def test_a_feed_in_another_currency_is_rejected(found, is_accepted):
    assert (guards.currency_violation(expected="USD", currencies=found) == "") is is_accepted


@pytest.mark.parametrize(
    ("stocked", "zeroed", "is_accepted"),
    [(0, 0, True), (100, 20, True), (100, 21, False), (3, 3, True), (4, 4, False)],
)
def test_too_many_zeroed_stock_rows_are_rejected(stocked, zeroed, is_accepted):
    assert (guards.zeroed_stock_violation(stocked=stocked, zeroed=zeroed) == "") is is_accepted


@pytest.mark.parametrize(
    ("compared", "surged", "percent", "is_accepted"),
    [
        (0, 0, 20, True),
        (100, 20, 20, True),
        (100, 21, 20, False),
        (3, 3, 20, True),
        (4, 4, 20, False),
        (100, 21, 30, True),
    ],
)
def test_too_many_surging_stock_rows_are_rejected(compared, surged, percent, is_accepted):
    limits = Thresholds(max_surged_percent=percent)

    reason = guards.stock_surge_violation(compared_rows=compared, surged=surged, limits=limits)

    assert (reason == "") is is_accepted


@pytest.mark.parametrize(
    ("before", "after", "is_jump"),
    [
        ("10.00", "12.00", False),
        ("10.00", "99.99", False),
        ("10.00", "100.00", True),
        ("10.00", "1000.00", True),
        ("10.00", "1.01", False),
        ("10.00", "1.00", True),
        ("10.00", "0.10", True),
    ],
)
def test_a_shifted_decimal_point_is_an_outlier(before, after, is_jump):
    assert bool(guards.outliers(moves((before, after)))) is is_jump


def test_one_outlier_rejects_its_row_and_many_reject_the_feed():
    jump, step = ("10.00", "1000.00"), ("10.00", "11.00")
    one = CostDeltas(total=21, moved=21, jumped=1, sample=moves(jump, *[step] * 20))
    many = CostDeltas(total=30, moved=4, jumped=4, sample=moves(*[jump] * 4))

    assert guards.price_outlier_violation(moves=one) == ""
    assert guards.price_outlier_violation(moves=many) == (
        "4 of 30 costs change by a factor of 10 or more, such as S0: 10.00 to 1000.00."
    )


def test_thresholds_are_configurable():
    strict, lax = (
        Thresholds(max_missing_percent=5, price_outlier_factor=2),
        Thresholds(max_missing_percent=90),
    )
    counts = {"good": 85, "bad": 0, "known": 100, "still_there": 85}

    assert guards.missing_rows_violation(**counts, limits=strict)
    assert not guards.missing_rows_violation(**counts, limits=lax)
    assert len(guards.outliers(moves(("10.00", "25.00")), limits=strict)) == 1


@pytest.mark.parametrize(
    ("good", "last", "is_accepted"), [(80, 100, True), (79, 100, False), (5, 0, True), (5, 8, True)]
)
def test_a_feed_with_far_fewer_rows_than_the_last_is_rejected(good, last, is_accepted):
    assert (guards.row_count_violation(good=good, last=last) == "") is is_accepted


@pytest.mark.parametrize(
    ("twice", "last_twice", "is_accepted"), [(10, 0, True), (11, 0, False), (30, 25, True)]
)
def test_duplicates_are_rejected_unless_the_last_run_had_them(twice, last_twice, is_accepted):
    reason = guards.duplicate_rows_violation(read=100, twice=twice, last_twice=last_twice)

    assert (reason == "") is is_accepted


@pytest.mark.parametrize(
    ("newest", "last_newest", "max_file_age_h", "is_accepted"),
    [
        (None, NOW, 1, True),
        (NOW, None, 0, True),
        (NOW, NOW, 0, True),
        (NOW - timedelta(minutes=10), NOW, 0, True),
        (NOW - timedelta(minutes=11), NOW, 0, False),
        (NOW - timedelta(days=30), NOW - timedelta(days=1), 0, False),
        (NOW - timedelta(hours=30), None, 24, False),
        (NOW - timedelta(hours=20), None, 24, True),
    ],
)
def test_a_file_older_than_the_last_one_is_rejected(
    newest, last_newest, max_file_age_h, is_accepted
):
    reason = guards.newest_row_violation(
        newest=newest,
        last_newest=last_newest,
        now=NOW,
        limits=Thresholds(max_file_age_h=max_file_age_h),
    )

    assert (reason == "") is is_accepted


def test_costs_above_our_prices_are_rejected():
    assert guards.negative_margin_violation(listed=100, above=10) == ""
    assert guards.negative_margin_violation(listed=100, above=11) == (
        "11 of 100 listed variants would cost more than our net price (11 %)."
    )


RATES = {"EUR": Decimal("0.92"), "AZN": Decimal("1.70"), "PEG": Decimal("1.00")}
BEFORE = [Decimal(amount) for amount in ("0.49", "3.10", "8.40", "12.99", "105.00", "7.77")]


def moved(factor, *, known=6, before=BEFORE):
    sample = [
        CostDelta(
            sku=f"S{place}", before=each, after=(each * Decimal(factor)).quantize(Decimal("0.01"))
        )
        for place, each in enumerate(before)
    ]
    return CostDeltas(total=known, moved=len(sample), jumped=0, sample=sample)


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        ("100", "as if they were in cents"),
        ("10", "as if a decimal point were missing"),
        ("0.01", "as if cents were applied twice"),
        ("1.19", "as if a tax of 19 % were added"),
        ("1.2", "as if a tax of 20 % were added"),
        ("0.8403", "as if a tax of 19 % were removed"),
        ("0.925", "as if they were in EUR"),
        ("1.70", "as if they were in AZN"),
        ("1.5", "change by the same factor, 1.5."),
    ],
)
def test_a_uniform_price_shift_is_detected(factor, words):
    # large costs, so that a hundredth of a cent does not matter
    before = [each * 10 for each in BEFORE]

    assert words in uniform_shift_violation(moved(factor, before=before), rates=RATES)


FACTORS = ("1.1", "1.3", "0.9", "2", "1", "1.6")
MIXED = [moved(factor).sample[place] for place, factor in enumerate(FACTORS)]


@pytest.mark.parametrize(
    "deltas",
    [
        *(moved(factor) for factor in ("1.03", "1.05", "0.97", "1.001")),
        moved("1.5", known=20),  # few changes among many costs
        CostDeltas(total=6, moved=6, jumped=0, sample=MIXED),
    ],
)
def test_small_few_or_different_changes_are_no_uniform_shift(deltas):
    assert uniform_shift_violation(deltas, rates=RATES) == ""


@given(
    st.lists(st.decimals(min_value=1, max_value=9_000, places=2), min_size=4, max_size=60),
    st.decimals(min_value=2, max_value=900, places=3),
)
def test_any_factor_beyond_a_tenth_is_detected_despite_rounding(before, factor):
    reason = uniform_shift_violation(moved(factor, known=len(before), before=before), rates={})

    assert "by the same factor" in reason
