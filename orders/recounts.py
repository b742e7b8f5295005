"""Find where a supplier who never counts our orders down has counted his shelves anew."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orders import evidence
from orders.evidence import Drop, Manner, Sale
from suppliers.models import StockLevel, StockMovement

RUN = "run:"


@dataclass(slots=True)
class _Run:
    """What one run of figures did to the rows of one warehouse that owe us units."""

    fell: dict[int, StockMovement] = field(default_factory=dict)
    of: int = 0


def find(
    sales: Mapping[int, Sequence[Sale]], manner: Manner, *, since: datetime
) -> dict[int, Drop]:
    """Return, by stock row, the drop of the last new count that contains shipped sales.

    One run in which most rows that owe us units fall by at least these units, while the other
    rows of that warehouse hardly move, is no trade of his but a count.
    """
    places = dict(StockLevel.objects.filter(pk__in=sales).values_list("pk", "location"))
    first = {level_id: _first(each, manner) for level_id, each in sales.items()}
    moves = StockMovement.objects.standing().filter(
        kind=StockMovement.Kind.REPORTED,
        reported_delta__lt=0,
        level__in=first,
        at__gt=max(since, min(first.values())),
        cause__startswith=RUN,
    )
    by_run: dict[tuple[str, int], list[StockMovement]] = defaultdict(list)
    for move in moves.order_by("at", "pk"):
        by_run[move.cause, places[move.level_id]].append(move)
    found: dict[int, Drop] = {}
    for (cause, place), fell in by_run.items():
        if len(fell) < evidence.COUNTED_ROWS:
            continue
        run = _judge(fell, sales, manner, {pk for pk in first if places[pk] == place})
        others_fell, others = _others(cause, place, run)
        if evidence.is_new_count(
            dropped=len(run.fell), of=run.of, others_dropped=others_fell, others=others
        ):
            found |= {
                pk: Drop(id=move.pk, at=move.at, left=0, is_count=True)
                for pk, move in run.fell.items()
            }
    return found


def _first(sales: Sequence[Sale], manner: Manner) -> datetime:
    return min(sale.shipped_at for sale in sales if sale.shipped_at) + manner.lag


def _judge(
    fell: Sequence[StockMovement],
    sales: Mapping[int, Sequence[Sale]],
    manner: Manner,
    here: set[int],
) -> _Run:
    at = fell[0].at
    owed: Counter[int] = Counter()
    for level_id in here:
        for sale in sales[level_id]:
            if sale.shipped_at is not None and sale.shipped_at + manner.lag < at:
                owed[level_id] += sale.quantity
    enough = {
        move.level_id: move for move in fell if 0 < owed[move.level_id] <= -move.reported_delta
    }
    return _Run(fell=enough, of=len(owed))


def _others(cause: str, place: int, run: _Run) -> tuple[int, int]:
    """Count the other rows of the warehouse, and those of them that fell in the same run."""
    others = StockLevel.objects.filter(location=place).exclude(pk__in=run.fell)
    fell = others.filter(
        movements__cause=cause,
        movements__kind=StockMovement.Kind.REPORTED,
        movements__reported_delta__lt=0,
    )
    return fell.count(), others.count()
