"""Recounts: detect a stocktake of a supplier that never decrements its stock for our orders."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Self

from orders.inventory import evidence
from orders.inventory.evidence import DecrementPolicy, Sale, StockDrop
from suppliers.models import StockLevel, StockMovement

RUN_PREFIX = "run:"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decrease:
    """A decrease of one row's figure in a feed run."""

    movement: int
    level: int
    units: int
    at: datetime


@dataclass(frozen=True, slots=True)
class _Outstanding:
    """Running sum of the shipped units that a row's figure may contain, in order of time."""

    since: Sequence[datetime]
    units: Sequence[int]

    @classmethod
    def of(cls, sales: Iterable[Sale], policy: DecrementPolicy) -> Self:
        shipped = sorted(
            (sale.shipped_at + policy.lag, sale.quantity) for sale in sales if sale.shipped_at
        )
        return cls([at for at, _ in shipped], list(accumulate(units for _, units in shipped)))

    def at(self, moment: datetime) -> int:
        """Return the units outstanding before ``moment``."""
        index = bisect_left(self.since, moment)
        return self.units[index - 1] if index else 0


def find_stocktakes(
    sales: Mapping[int, Sequence[Sale]], policy: DecrementPolicy, *, since: datetime
) -> dict[int, StockDrop]:
    """Return, by stock row, the drop of the latest stocktake that contains shipped sales.

    A stocktake lowers most rows with outstanding units by at least those units, while the other
    rows of the location hardly change.
    """
    outstanding = {
        level_id: _Outstanding.of(row_sales, policy) for level_id, row_sales in sales.items()
    }
    locations = dict(StockLevel.objects.filter(pk__in=sales).values_list("pk", "location"))
    outstanding_since: dict[int, list[datetime]] = defaultdict(list)  # start times by location
    for level_id, location in locations.items():
        outstanding_since[location].append(outstanding[level_id].since[0])
    for moments in outstanding_since.values():
        moments.sort()
    first = min(moments[0] for moments in outstanding_since.values())
    stocktakes: dict[int, StockDrop] = {}
    for (cause, location), decreases in _decreases_by_run(
        locations, since=max(since, first)
    ).items():
        at = decreases[0].at
        of = bisect_left(outstanding_since[location], at)
        matching = [
            decrease
            for decrease in decreases
            if 0 < outstanding[decrease.level].at(at) <= decrease.units
        ]
        # Excludes most runs without counting the other rows of the location.
        if not evidence.may_be_stocktake(dropped=len(matching), of=of):
            continue
        others_decreased, others = _count_others(
            cause, location, [decrease.level for decrease in matching]
        )
        if evidence.is_stocktake(
            dropped=len(matching), of=of, others_dropped=others_decreased, others=others
        ):
            stocktakes |= {
                decrease.level: StockDrop(
                    id=decrease.movement, at=decrease.at, remaining=0, from_stocktake=True
                )
                for decrease in matching
            }
    return stocktakes


def _decreases_by_run(
    locations: Mapping[int, int], *, since: datetime
) -> dict[tuple[str, int], list[_Decrease]]:
    """Return the decreases by run and location, in order of time."""
    movements = StockMovement.objects.effective().filter(
        kind=StockMovement.Kind.REPORTED,
        reported_delta__lt=0,
        level__in=locations,
        at__gt=since,
        cause__startswith=RUN_PREFIX,
    )
    runs: dict[tuple[str, int], list[_Decrease]] = defaultdict(list)
    columns = movements.order_by("at", "pk").values_list(
        "pk", "cause", "level", "at", "reported_delta"
    )
    for movement, cause, level_id, at, delta in columns.iterator():
        decrease = _Decrease(movement=movement, level=level_id, units=-delta, at=at)
        runs[cause, locations[level_id]].append(decrease)
    return runs


def _count_others(cause: str, location: int, levels: Sequence[int]) -> tuple[int, int]:
    """Return how many other rows of the location fell in the run, and how many there are."""
    others = StockLevel.objects.filter(location=location).exclude(pk__in=levels)
    decreased = others.filter(
        movements__cause=cause,
        movements__kind=StockMovement.Kind.REPORTED,
        movements__reported_delta__lt=0,
    )
    return decreased.count(), others.count()
