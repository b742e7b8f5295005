from __future__ import annotations

from storefront.dev.bench.goals.feed_goals import judge
from storefront.dev.bench.scenarios.sync.feed_reading import Figures


def walked(rows, *, cpu_s, grown_mb):
    return Figures(
        name="csv",
        rows=rows,
        pages=rows,
        seconds=9 * cpu_s,
        cpu_s=cpu_s,
        peak_mb=130 + grown_mb,
        bare_mb=130,
        file_mb=1,
    )


def test_memory_that_grows_and_rows_that_take_longer_in_a_long_file_are_told():
    short = walked(1_000, cpu_s=0.1, grown_mb=1)
    long = walked(20_000, cpu_s=2.6, grown_mb=65)

    found = [(each.id, each.ratio, each.ok) for each in judge([short, long])]

    assert [(code, ok) for code, _, ok in found] == [
        ("P10", True), ("F1", True), ("P10", False), ("F1", True), ("F1", False),
    ]  # fmt: skip
    assert [round(ratio, 2) for _, ratio, _ in found] == [1, 3.33, 65, 2.56, 0.77]
