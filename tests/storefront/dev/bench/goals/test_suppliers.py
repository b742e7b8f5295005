"""Supplier goals: count the minimum of calls; judge API calls, feed reading, reads and latency."""

import pytest

from storefront.dev.bench.goals import suppliers
from storefront.dev.bench.goals.suppliers import judge_api_calls, judge_feed_reading
from storefront.dev.bench.harness.connectors import Asked, CJSeller, Size
from storefront.dev.bench.scenarios.change_latency import Latencies
from storefront.dev.bench.scenarios.sync.api_calls import FIRST, ApiCallFigures
from storefront.dev.bench.scenarios.sync.feed_reading import FeedFigures
from storefront.dev.bench.scenarios.sync.large_lists import Sync
from storefront.dev.bench.scenarios.sync.reads_during_merge import MERGING, Reading

SIZE = Size(products=10_500, variations=20_000)


def figures(*, calls, points, lists, windows, done=10_000):
    return ApiCallFigures(
        dialect="CJ",
        phase=FIRST,
        products=SIZE.products,
        asked=Asked(calls=calls, points=110_250),
        counted=Asked(calls=calls, points=points, lists=lists),
        least=CJSeller().least(SIZE, is_first=True),
        by_ability={},
        windows=windows,
        done=done,
        wanted=10_000,
        seconds=1.0,
    )


def test_minimum_of_calls_is_one_per_list_page_and_one_per_product():
    least = CJSeller().least(SIZE, is_first=True)

    assert (least.lists, least.calls, least.points) == (105, 10_605, 110_250)


def test_excess_calls_lists_windows_or_points_and_missing_products_fail():
    good = figures(calls=10_605, points=110_250, lists=315, windows=3)
    bad = figures(calls=12_500, points=110_300, lists=530, windows=4, done=9_999)

    assert [each.ok for each in judge_api_calls([good])] == [True] * 5
    assert [each.ok for each in judge_api_calls([bad])] == [False] * 5


def feed_figures(rows, *, cpu_s, grown_mb):
    return FeedFigures(
        name="csv",
        rows=rows,
        pages=rows,
        seconds=9 * cpu_s,
        cpu_s=cpu_s,
        peak_mb=130 + grown_mb,
        bare_mb=130,
        file_mb=1,
    )


def test_growing_memory_and_slower_rows_of_a_long_file_fail():
    short = feed_figures(1_000, cpu_s=0.1, grown_mb=1)
    long = feed_figures(20_000, cpu_s=2.6, grown_mb=65)

    found = [(each.id, each.ratio, each.ok) for each in judge_feed_reading([short, long])]

    assert [(code, ok) for code, _, ok in found] == [
        ("P10", True), ("F1", True), ("P10", False), ("F1", True), ("F1", False),
    ]  # fmt: skip
    assert [round(ratio, 2) for _, ratio, _ in found] == [1, 3.33, 65, 2.56, 0.77]


@pytest.mark.parametrize(("wal_mb", "is_met"), [(3.9, True), (4.1, False)])
def test_wal_is_limited_per_thousand_changed_offers(wal_mb, is_met):
    def sync(wal_mb):
        return Sync(
            name="",
            rows=50_000,
            seconds=1,
            cpu_s=1,
            peak_mb=1,
            server_s=1,
            written=0,
            wal_mb=wal_mb,
        )

    found = suppliers.judge_bulk_sync([sync(0), sync(0), sync(0), sync(wal_mb / 2)])

    (verdict,) = [each for each in found if each.what.endswith("MB of WAL for 1,000")]
    assert (verdict.ok, verdict.value) == (is_met, wal_mb)


def read(when, p95_ms):
    return Reading(page="list page", when=when, answers=500, p50_ms=1, p95_ms=p95_ms, cpu_ms=2)


@pytest.mark.parametrize(("p95_ms", "is_met"), [(11.9, True), (12.1, False)])
def test_reads_during_a_merge_are_compared_with_reads_alone(p95_ms, is_met):
    verdict, cpu = suppliers.judge_reading([read("alone", 10), read(MERGING, p95_ms)], count=9)

    assert (verdict.id, verdict.ok, round(verdict.ratio, 2)) == ("P12", is_met, p95_ms / 10)
    assert (cpu.goal, cpu.ratio) == ("no goal", 1)


def test_five_late_changes_of_a_hundred_fail_and_four_pass():
    on_time, late = [0.2] * 95, [3.0] * 5

    by_webhook, by_stock_job = suppliers.judge_latencies(
        Latencies(by_webhook=on_time + late, by_stock_job=on_time + late * 2)
    )

    assert (by_webhook.ok, by_stock_job.ok) == (False, False)
    (by_webhook, _) = suppliers.judge_latencies(
        Latencies(by_webhook=[*on_time, 0.2, *late[1:]], by_stock_job=[1.0])
    )
    assert by_webhook.ok
