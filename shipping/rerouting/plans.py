"""Rerouting plans: choose sources for rejected lines, on time first and in few parcels.

Each plan found is ordered or offered to the customer by itself (``rerouting``). Read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any

from orders.backorders import backorders
from orders.models import Setback, SetbackLine
from shipping.rerouting import customer_choice, search
from shipping.rerouting.search import Found

type Ways = tuple[list[Found], list[SetbackLine]]


def ways(setback: Setback, *, now: datetime) -> Ways:
    """Return plans for whole lines, then for split lines, and the lines without a source.

    Sources that deliver on time with a profit come first, because they need no consent. If that
    loses a line which is profitable only together with the others, all may come later or at a loss.
    Without time for the customer to respond, only sources that deliver on time count.
    """
    day = setback.promised_by
    if day is None or not customer_choice.may_ask(setback, now=now):
        return _tried(setback, [{"by": day}], now)
    in_time, any_day = {"by": day, "must_earn": True}, {"by": None}
    found, lost = _tried(setback, [in_time, any_day], now)
    if lost and found:
        others = _tried(setback, [any_day], now)
        if len(others[1]) < len(lost):
            return others
    return found, lost


def _tried(setback: Setback, tries: Sequence[Mapping[str, Any]], now: datetime) -> Ways:
    rows = backorders.open_lines(setback)
    modes = (False, True) if setback.order.channel.places_per_line > 1 else (False,)
    found: list[Found] = []
    for how, is_divided in product(tries, modes):
        find = partial(search.find, setback, is_divided=is_divided, now=now, **how)
        found += _come(rows, find, found, is_divided=is_divided)
        there = {row.pk for way in found for row in way.lines}
        rows = [row for row in rows if row.pk not in there]
    return found, rows


def _come(
    rows: Sequence[SetbackLine],
    find: Callable[..., Found],
    before: Sequence[Found],
    *,
    is_divided: bool,
) -> list[Found]:
    """Search for lines together, then for each smaller line of the same variant by itself.

    A group without a source is searched again in smaller groups, down to single lines.
    """
    rows = sorted(rows, key=lambda row: row.order_line.quantity)
    together = list({row.order_line.variant_id: row for row in rows}.values())
    groups = [together, *([row] for row in rows if row not in together)]
    found: list[Found] = []
    while groups:
        group = groups.pop(0)
        way = find(group, before=[*before, *found]) if group else None
        if way is not None and way.lines:
            found.append(way)
        elif way is not None and len(group) > 1:
            groups[:0] = _smaller(group, way, is_divided=is_divided)
    return found


def _smaller(
    group: Sequence[SetbackLine], way: Found, *, is_divided: bool
) -> list[list[SetbackLine]]:
    """Group lines by the source that would send them, to avoid extra parcels; otherwise halve.

    So a line that loses money or weighs too much separates as few others as possible. A line
    without a whole source in the group has none alone either, but may be split.
    """
    planned = way.plan.planned
    places: dict[int, list[SetbackLine]] = {}
    for row in group:
        variant_id = row.order_line.variant_id
        if parts := planned.get(variant_id):
            places.setdefault(parts[0].candidate.location_id, []).append(row)
        elif is_divided and way.plan.considered.get(variant_id):
            places.setdefault(0, []).append(row)
    groups = list(places.values())
    if groups != [list(group)]:
        return groups
    middle = len(group) // 2
    return [list(group[:middle]), list(group[middle:])]
