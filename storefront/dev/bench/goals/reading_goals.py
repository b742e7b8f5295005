"""What readers may notice of what suppliers send: how soon, and at no cost to them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from storefront.dev.bench.goals.pages import Verdict, at_most
from storefront.dev.bench.scenarios.change_latency import Reach
from storefront.dev.bench.scenarios.sync.reads_during_merge import MERGING, Reading


def judge_reaching(found: Reach) -> list[Verdict]:
    """Judge what a supplier's change took; by the stock job, beside the interval until it runs."""
    told, asked = (found.percentile(name, 0.95) for name in ("told", "asked"))
    return [
        at_most("P11", "told by webhook: p95 until the page shows it, s", told, most=2),
        at_most("P11", "asked by the stock job: the same, beside the interval", asked, most=2),
    ]


def judge_reading(found: Sequence[Reading], *, count: int) -> list[Verdict]:
    by_when = {(each.page, each.when): each.p95_ms for each in found}
    return [
        at_most(
            "P12",
            f"{page} while {count:,} offers merge: p95, times alone",
            p95_ms,
            by_when[page, "alone"],
            most=1.2,
        )
        for (page, when), p95_ms in by_when.items()
        if when == MERGING
    ]
