"""What large lists may cost: each figure beside its limit of the same run. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from storefront.dev.bench.goals.pages import Verdict, at_least, at_most
from storefront.dev.bench.scenarios.sync.large_lists import Sync

LEAST_PER_SECOND = 250_000
MOST_WAL_MB = 1
MOST_PEAK_MB = 64


def judge(found: Sequence[Sync]) -> list[Verdict]:
    """Judge the four measurements of one list, in the order in which they were made."""
    limit, first, same, changed = found
    size = f"{first.rows:,} offers"
    return [
        at_least(
            "P8",
            f"first load of {size}, times COPY + merge",
            first.per_second,
            limit.per_second,
            least=0.7,
        ),
        at_most(
            "P8",
            f"first load of {size}: CPU, times COPY + merge",
            first.cpu_s + first.server_s,
            limit.cpu_s + limit.server_s,
            most=1 / 0.7,
        ),
        at_least(
            "P9",
            f"unchanged, {size}: rows/s, times the goal",
            same.per_second,
            LEAST_PER_SECOND,
            least=1,
        ),
        at_most("P9", f"unchanged, {size}: rows written", same.written, most=0),
        at_most("P9", f"unchanged, {size}: MB of WAL", same.wal_mb, most=MOST_WAL_MB),
        at_most(
            "P9",
            f"1 % changed, {size}: seconds, times unchanged",
            changed.seconds,
            same.seconds,
            most=1.2,
        ),
        at_most(
            "P9",
            f"1 % changed, {size}: CPU, times unchanged",
            changed.cpu_s + changed.server_s,
            same.cpu_s + same.server_s,
            most=1.2,
        ),
        at_most(
            "P10",
            f"{size}: MB above an idle worker",
            max(each.peak_mb for each in (first, same, changed)),
            most=MOST_PEAK_MB,
        ),
    ]
