from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppliers.scorecards import statistics

D = Decimal


@pytest.mark.parametrize(
    ("good", "of", "low", "high"),
    [
        # As computed by statsmodels.stats.proportion.proportion_confint(method="wilson").
        (0, 1, "0.0000", "0.7935"),
        (1, 1, "0.2065", "1.0000"),
        (0, 10, "0.0000", "0.2775"),
        (5, 10, "0.2366", "0.7634"),
        (9, 10, "0.5958", "0.9821"),
        (10, 10, "0.7225", "1.0000"),
        (81, 263, "0.2553", "0.3662"),  # Newcombe 1998, table I
        (15, 148, "0.0624", "0.1605"),
        (0, 20, "0.0000", "0.1611"),
        (1, 29, "0.0061", "0.1718"),
        (990, 1000, "0.9817", "0.9946"),
    ],
)
def test_a_rate_has_wilson_bounds(good, of, low, high):
    score = statistics.rate_score(good, of)

    assert (score.low, score.high) == (D(low), D(high))
    assert score.value == (D(good) / of).quantize(D("0.0001"))


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_rate_is_within_its_bounds_and_the_bounds_within_0_and_1(case):
    good, of = case

    score = statistics.rate_score(good, of)

    assert 0 <= score.low <= score.value <= score.high <= 1


def test_an_empty_sample_has_no_score_and_an_impossible_rate_is_an_error():
    assert statistics.rate_score(0, 0) is None
    assert statistics.duration_score([]) is None
    assert statistics.latency_score({statistics.NO_ANSWER_MS: 7}) is None
    for good, of in ((2, 1), (-1, 3)):
        with pytest.raises(ValueError, match="of"):
            statistics.rate_score(good, of)


@pytest.mark.parametrize(
    ("values", "value", "low", "high", "tail"),
    [
        ([7], 7, None, None, 7),
        ([1, 2, 3, 4, 5], 3, None, None, "4.6"),
        # The bounds of the median are the 1st and the 10th of 10 values, the 5th and 16th of 20.
        (range(1, 11), "5.5", 1, 10, "9.1"),
        (range(1, 21), "10.5", 5, 16, "18.1"),
        ([5, 1, 3, 2, 4, 9, 8, 7, 6], 5, 1, 9, "8.2"),
    ],
)
def test_times_have_a_median_and_a_90th_percentile(values, value, low, high, tail):
    score = statistics.duration_score([D(each) for each in values])

    assert (score.value, score.tail) == (D(value), D(tail))
    assert (score.low, score.high) == (low and D(low), high and D(high))


@pytest.mark.parametrize(
    ("milliseconds", "ceiling"),
    [(0, 25), (25, 25), (25.1, 50), (799, 800), (51_200, 51_200), (900_000, 51_200)],
)
def test_a_latency_has_a_bucket(milliseconds, ceiling):
    assert statistics.bucket_of(milliseconds) == ceiling


def test_latencies_are_interpolated_from_their_buckets():
    score = statistics.latency_score({100: 50, 200: 40, 3_200: 10, statistics.NO_ANSWER_MS: 3})

    assert score.sample == 100
    assert score.value == D("100.0000")
    assert score.tail == D("200.0000")
    assert score.low < score.value < score.high


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("Product is out of stock", "out_of_stock"),
        ("OUT_OF_STOCK", "out_of_stock"),
        ("sold out", "out_of_stock"),
        ("Insufficient inventory for vid 7", "out_of_stock"),
        ("库存不足", "out_of_stock"),
        ("stokda yoxdur", "out_of_stock"),
        ("This item was discontinued", "discontinued"),
        ("the product has been removed from shelves", "discontinued"),
        ("The address is incomplete", "rejected_other"),
        ("stockings are not for kids", "rejected_other"),
        ("", "rejected_other"),
        ("x" * 10_000 + " sold out", "rejected_other"),
    ],
)
def test_the_cause_of_a_rejection_is_read_from_its_text(words, cause):
    assert statistics.rejection_cause(words) == cause


@pytest.mark.parametrize(
    ("promised", "shown", "units"),
    [
        (5, [], None),  # too few
        (20, [], 0),
        (3, [2], 2),  # a rejection allows a suggestion
        (40, [1, 2, 5], 5),
        (100, [1, 2, 5], 2),  # one in a hundred may be rejected
        (300, [1, 2, 5], 0),
        (10, [-3, 0], 0),
        (10, [900], statistics.MAX_SAFETY_STOCK),
    ],
)
def test_the_suggested_safety_stock_would_have_kept_the_promises(promised, shown, units):
    assert statistics.suggested_safety_stock(promised=promised, shown=shown) == units
