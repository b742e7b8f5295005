"""Supplier goals: judge API calls, large lists, feed reading, change latency, reads during merges.

API calls are divided by the fewest that suffice, other figures by a limit or a fixed number.
"""

from collections.abc import Sequence

from storefront.dev.bench.goals.pages import Verdict, at_least, at_most, by_clock, reported
from storefront.dev.bench.scenarios.change_latency import Latencies
from storefront.dev.bench.scenarios.sync.api_calls import AGAIN, DELTA, FIRST, ApiCallFigures
from storefront.dev.bench.scenarios.sync.feed_reading import FeedFigures
from storefront.dev.bench.scenarios.sync.large_lists import CHANGED_SHARE, Sync
from storefront.dev.bench.scenarios.sync.reads_during_merge import MERGING, Reading

# Calls, divided by the fewest that suffice, are at most this. CJ needs more because the last page of
# each category is not full; "feed", because each of three jobs asks for a newer file.
MOST_CALLS = {
    "CJ": {FIRST: 1.15, AGAIN: 1.25, DELTA: 1.25},
    "BigBuy": {FIRST: 1.25, AGAIN: 1.25, DELTA: 1.25},
    "feed": {FIRST: 2.5, AGAIN: 2.5, DELTA: 2.5},
}
MOST_WALKS = 1.25  # times that the whole list is read, per day of points
POINTS_FOR_SYNCS = 49_000  # CJ points a day; another 1,000 are kept for orders


def judge_api_calls(found: Sequence[ApiCallFigures]) -> list[Verdict]:
    return [verdict for each in found for verdict in _judge(each)]


def _judge(each: ApiCallFigures) -> list[Verdict]:
    what = f"{each.dialect}, {each.phase}"
    calls, fewest = each.counted.calls, each.least.calls
    most = MOST_CALLS[each.dialect][each.phase]
    verdicts = [
        at_most("F2", f"{what}: {calls:,} calls, ratio to fewest", calls, fewest, most=most),
        at_least("F2", f"{what}: imported, share of all", each.done, each.wanted, least=1),
    ]
    if each.least.points:
        days = -(-each.least.points // POINTS_FOR_SYNCS)
        walks = each.least.lists * each.windows
        astray = abs(each.asked.points - each.counted.points)
        verdicts += [
            at_most(
                "F2",
                f"{what}: list calls, ratio to fewest",
                each.counted.lists,
                walks,
                most=MOST_WALKS,
            ),
            at_most("F2", f"{what}: days of points, ratio to fewest", each.windows, days, most=1),
            at_most("F2", f"{what}: points counted differently from the supplier", astray, most=0),
        ]
    return verdicts


# Large lists

LEAST_PER_SECOND = 250_000
MOST_WAL_MB = 1
MOST_CHANGED_WAL_MB = 4  # per 1,000 changed offers
MOST_PEAK_MB = 64


def judge_bulk_sync(found: Sequence[Sync]) -> list[Verdict]:
    """Judge the four measurements of one list, in the order of their execution."""
    limit, first, same, changed = found
    size = f"{first.rows:,} offers"
    load, kept, few = f"first load of {size}", f"unchanged, {size}", f"1 % changed, {size}"
    per_s, goal = same.per_second, LEAST_PER_SECOND
    peak_mb = max(each.peak_mb for each in (first, same, changed))
    new = at_least(
        "P8",
        f"{load}: rows/s, ratio to COPY + merge",
        first.per_second,
        limit.per_second,
        least=0.7,
    )
    seconds = f"{few}: seconds, ratio to unchanged"
    wal_mb = changed.wal_mb * 1000 / (changed.rows * CHANGED_SHARE)
    return [
        by_clock(new),
        at_most(
            "P8", f"{load}: CPU, ratio to COPY + merge", _cpu_s(first), _cpu_s(limit), most=1 / 0.7
        ),
        by_clock(at_least("P9", f"{kept}: rows/s, ratio to the goal", per_s, goal, least=1)),
        at_most("P9", f"{kept}: rows written", same.written, most=0),
        at_most("P9", f"{kept}: MB of WAL", same.wal_mb, most=MOST_WAL_MB),
        by_clock(at_most("P9", seconds, changed.seconds, same.seconds, most=1.2)),
        at_most("P9", f"{few}: CPU, ratio to unchanged", _cpu_s(changed), _cpu_s(same), most=1.2),
        at_most("P9", f"{few}: MB of WAL for 1,000", wal_mb, most=MOST_CHANGED_WAL_MB),
        at_most("P10", f"{size}: MB above an idle worker", peak_mb, most=MOST_PEAK_MB),
    ]


def _cpu_s(each: Sync) -> float:
    return each.cpu_s + each.server_s


# Feed reading

# Content is validated row by row: 100,000 SKUs take half a minute of one core.
LEAST_PER_CPU_S = 3_000
# Speed of a long file, divided by that of a short one.
LEAST_OF_SHORT = 0.8


def judge_feed_reading(found: Sequence[FeedFigures]) -> list[Verdict]:
    """Judge one format, measured in several sizes, shortest first."""
    short = found[0]
    verdicts = []
    for each in found:
        what = f"{each.name}, {each.rows:,} rows"
        speed, pace = f"{what}: rows per CPU second, ratio to", each.per_cpu_s
        verdicts += [
            at_most("P10", f"{what}: MB above an idle worker", each.grown_mb, most=MOST_PEAK_MB),
            at_least("F1", f"{speed} the goal", pace, LEAST_PER_CPU_S, least=1),
        ]
        if each is not short:
            words = f"{speed} {short.rows:,} rows"
            verdicts.append(at_least("F1", words, pace, short.per_cpu_s, least=LEAST_OF_SHORT))
    return verdicts


# Change latency, and reads during merges


def judge_latencies(found: Latencies) -> list[Verdict]:
    """Judge the latency of a supplier's change, by webhook and by the stock job."""
    pushed, polled = (found.percentile(name, 0.95) for name in ("by_webhook", "by_stock_job"))
    return [
        by_clock(
            at_most("P11", "change by webhook: p95 until the page shows it, s", pushed, most=2)
        ),
        by_clock(at_most("P11", "change by stock job: p95 from its start, s", polled, most=2)),
    ]


def judge_reading(found: Sequence[Reading], *, count: int) -> list[Verdict]:
    by_when = {(each.page, each.when): each for each in found}
    verdicts = []
    for (page, when), busy in by_when.items():
        if when == MERGING:
            what = f"{page} while {count:,} offers merge: {{}}, ratio to alone".format
            alone = by_when[page, "alone"]
            p95 = at_most("P12", what("p95"), busy.p95_ms, alone.p95_ms, most=1.2)
            verdicts += [by_clock(p95), reported("P12", what("CPU"), busy.cpu_ms, alone.cpu_ms)]
    return verdicts
