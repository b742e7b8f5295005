"""Scorecard statistics: compute rates, times and their bounds, suggest a safety stock. Pure.

A number has bounds only if the sample is large enough.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

# For 95 % confidence.
Z = Decimal("1.959963984540054")
HALF = Decimal("0.5")
NINE_TENTHS = Decimal("0.9")
STEP = Decimal("0.0001")
MAX_REJECTION_RATE = Decimal("0.01")  # accepted by a suggestion
MIN_PROMISES = 20  # without a rejection, for a suggestion of 0
MAX_SAFETY_STOCK = 50
# Upper bounds of the latency buckets.
BUCKETS_MS = (25, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200)
NO_ANSWER_MS = 0  # the bucket of calls without answer

_OUT_OF_STOCK_PATTERN = re.compile(
    r"\b(?:out[\s_-]?of[\s_-]?stock|sold[\s_-]?out|no[\s_-]stock|not[\s_]in[\s_]stock"
    r"|not[\s_]enough|insufficient|(?:in)?sufficient[\s_]inventory|inventory[\s_](?:is[\s_])?short"
    r"|shortage|back[\s_-]?order(?:ed)?|out[\s_]of[\s_]production)\b|stok(?:da)?\s+yox|缺货|无货|库存不足",
    re.IGNORECASE,
)
_DISCONTINUED_PATTERN = re.compile(
    r"\b(?:discontinued|no[\s_]longer[\s_](?:sold|available|exists?)|(?:off|removed[\s_]from)"
    r"[\s_](?:the[\s_])?shel(?:f|ves)|delisted)\b|下架|停产",
    re.IGNORECASE,
)
_MAX_TEXT_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A number with its confidence bounds.

    Shape: ``low`` or ``high`` is None if the sample is too small; ``tail`` is the 90th
        percentile of times, None for rates
    """

    sample: int
    good: int | None
    value: Decimal
    low: Decimal | None
    high: Decimal | None
    tail: Decimal | None = None


def rate_score(good: int, of: int) -> Score | None:
    """Return the rate with Wilson bounds; None for an empty sample.

    Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference,
    JASA 22 (1927)
    """
    if not 0 <= good <= of:
        raise ValueError(f"{good} of {of}")
    if of == 0:
        return None
    n, share = Decimal(of), Decimal(good) / of
    square = Z * Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    spread = Z / (1 + square / n) * (share * (1 - share) / n + square / (4 * n * n)).sqrt()
    return Score(
        sample=of,
        good=good,
        value=share.quantize(STEP),
        low=max(Decimal(0), middle - spread).quantize(STEP),
        high=min(Decimal(1), middle + spread).quantize(STEP),
    )


def duration_score(values: Sequence[Decimal]) -> Score | None:
    """Return the median of durations with its bounds, and the 90th percentile."""
    if not values:
        return None
    ordered = sorted(values)
    low, high = _median_ranks(len(ordered))
    return Score(
        sample=len(ordered),
        good=None,
        value=quantile(ordered, HALF).quantize(STEP),
        low=None if low is None else ordered[low - 1].quantize(STEP),
        high=None if high is None else ordered[high - 1].quantize(STEP),
        tail=quantile(ordered, NINE_TENTHS).quantize(STEP),
    )


def quantile(ordered: Sequence[Decimal], share: Decimal) -> Decimal:
    """Return a quantile of sorted values, linearly interpolated."""
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def _median_ranks(sample: int) -> tuple[int | None, int | None]:
    """Return the ranks, from 1, of the bounds of the median."""
    middle = Decimal(sample) / 2
    spread = Z * Decimal(sample).sqrt() / 2
    low = int((middle - spread).to_integral_value(ROUND_FLOOR))
    high = int((middle + spread).to_integral_value(ROUND_CEILING)) + 1
    return (low if low >= 1 else None, high if high <= sample else None)


def bucket_of(milliseconds: float) -> int:
    """Return the upper bound of the bucket of a latency."""
    return next((top for top in BUCKETS_MS if milliseconds <= top), BUCKETS_MS[-1])


def latency_score(counts: Mapping[int, int]) -> Score | None:
    """Return the median latency from bucket counts, interpolated within a bucket."""
    answered = {top: count for top, count in sorted(counts.items()) if top and count}
    sample = sum(answered.values())
    if not sample:
        return None
    low, high = _median_ranks(sample)
    return Score(
        sample=sample,
        good=None,
        value=_value_at_rank(answered, HALF * sample),
        low=None if low is None else _value_at_rank(answered, Decimal(low)),
        high=None if high is None else _value_at_rank(answered, Decimal(high)),
        tail=_value_at_rank(answered, NINE_TENTHS * sample),
    )


def _value_at_rank(counts: Mapping[int, int], rank: Decimal) -> Decimal:
    floor, passed = Decimal(0), Decimal(0)
    for top in BUCKETS_MS:
        count = counts.get(top, 0)
        if count and passed + count >= rank:
            return (floor + (top - floor) * (rank - passed) / count).quantize(STEP)
        passed += count
        floor = Decimal(top)
    return floor


def rejection_cause(text: str) -> str:
    """Return the cause of a rejection from its text: out of stock, discontinued or other."""
    text = text[:_MAX_TEXT_LENGTH]
    if _OUT_OF_STOCK_PATTERN.search(text):
        return "out_of_stock"
    return "discontinued" if _DISCONTINUED_PATTERN.search(text) else "rejected_other"


def suggested_safety_stock(*, promised: int, shown: Sequence[int]) -> int | None:
    """Return the safety stock with which at most 1 % of promises are rejected.

    None if there are too few promises.

    Shape: ``shown`` is the stock that the feed showed for each line rejected as out of stock. A
        safety stock of that number would have kept us from selling the line.
    """
    if not shown:
        return 0 if promised >= MIN_PROMISES else None
    allowed = int(MAX_REJECTION_RATE * max(promised, len(shown)))
    sufficient_units = sorted(max(0, units) for units in shown)
    needed = sufficient_units[-1 - allowed] if allowed < len(sufficient_units) else 0
    return min(needed, MAX_SAFETY_STOCK)
