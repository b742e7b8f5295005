"""Choose how refused lines of an order come from elsewhere: in time first, and together.

Each way that is found is ordered, or asked of, by itself (``rerouting``). Nothing is written.
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
    """Find who sends lines whole, then who send the others between them, and what nobody does.

    Who comes in time and earns is looked for first: then nobody need be asked. Where a line is
    lost that way, as it earns only together with those, all of them may come later, or at a loss.
    Who has no time to answer is sent what comes in time, or nothing.
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
    """Look for lines together, then by itself for each smaller line of the same variant.

    What cannot come together is looked for in smaller groups, in the end line by line.
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
    """Part lines by who would send them, so that one parcel does not become two; else by halves.

    So one that loses, or weighs too much, keeps no more of the others apart than it must. Whom
    nobody has whole among others, nobody has alone; divided it may yet come.
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
