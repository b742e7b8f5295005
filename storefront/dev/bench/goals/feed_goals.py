"""What reading a supplier's file may cost, in every format: memory, and processor a row. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from storefront.dev.bench.goals.pages import Verdict, at_least, at_most
from storefront.dev.bench.goals.suppliers import MOST_PEAK_MB
from storefront.dev.bench.scenarios.sync.feed_reading import Figures

# Content is read with care, row by row: 100,000 SKUs take half a minute of one core.
LEAST_PER_CPU_S = 3_000
# A long file is read as fast as a short one.
LEAST_OF_SHORT = 0.8


def judge(found: Sequence[Figures]) -> list[Verdict]:
    """Judge one format, measured in several sizes, the shortest first."""
    short = found[0]
    verdicts = []
    for each in found:
        what = f"{each.name}, {each.rows:,} rows"
        verdicts += [
            at_most("P10", f"{what}: MB above an idle worker", each.grown_mb, most=MOST_PEAK_MB),
            at_least(
                "F1",
                f"{what}: rows a CPU second, times the goal",
                each.per_cpu_s,
                LEAST_PER_CPU_S,
                least=1,
            ),
        ]
        if each is not short:
            verdicts.append(
                at_least(
                    "F1",
                    f"{what}: rows a CPU second, times at {short.rows:,}",
                    each.per_cpu_s,
                    short.per_cpu_s,
                    least=LEAST_OF_SHORT,
                )
            )
    return verdicts
