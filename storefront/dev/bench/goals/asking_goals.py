"""How much a supplier may be asked: calls beside the fewest that could do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from storefront.dev.bench.goals.pages import Verdict, at_least, at_most
from storefront.dev.bench.scenarios.sync.api_calls import AGAIN, DELTA, FIRST, Figures

# Times the fewest calls. CJ's last page of each category is not full; of files each job asks
# whether there is a newer one, and is mostly told that there is none.
MOST_CALLS = {
    "CJ": {FIRST: 1.15, AGAIN: 1.25, DELTA: 1.25},
    "BigBuy": {FIRST: 1.25, AGAIN: 1.25, DELTA: 1.25},
    "feed": {FIRST: 2.5, AGAIN: 2.5, DELTA: 2.5},
}
MOST_WALKS = 1.25  # of the list, for each day of points
POINTS_FOR_SYNCS = 49_000  # a day; the other thousand is for orders


def judge(found: Sequence[Figures]) -> list[Verdict]:
    return [verdict for each in found for verdict in _judge(each)]


def _judge(each: Figures) -> list[Verdict]:
    what = f"{each.dialect}, {each.phase}"
    calls, fewest = each.counted.calls, each.least.calls
    verdicts = [
        at_most(
            "F2",
            f"{what}: {calls:,} calls, times the fewest",
            calls,
            fewest,
            most=MOST_CALLS[each.dialect][each.phase],
        ),
        at_least("F2", f"{what}: taken in, of what there was", each.done, each.wanted, least=1),
    ]
    if each.least.points:
        days = -(-each.least.points // POINTS_FOR_SYNCS)
        walks = each.least.lists * each.windows
        astray = abs(each.asked.points - each.counted.points)
        verdicts += [
            at_most("F2", f"{what}: calls of lists", each.counted.lists, walks, most=MOST_WALKS),
            at_most("F2", f"{what}: days of points, times the fewest", each.windows, days, most=1),
            at_most("F2", f"{what}: points counted otherwise than he does", astray, most=0),
        ]
    return verdicts
