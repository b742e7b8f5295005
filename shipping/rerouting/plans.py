"""Rerouting plans: choose sources for rejected lines, on time first and in few parcels.

``rerouting`` then orders each plan, or offers it to the customer, separately. Read-only.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any

from orders.backorders import backorders
from orders.models import Backorder, BackorderLine
from shipping.rerouting import customer_choice, search
from shipping.rerouting.search import SourcingPlan

type Plans = tuple[list[SourcingPlan], list[BackorderLine]]


def find_plans(backorder: Backorder, *, now: datetime) -> Plans:
    """Return plans for whole lines, then for split lines, and the lines without a source.

    Sources that deliver on time at a profit are tried first, because they need no consent. If lines
    then remain without a source, all are searched again without these limits, and the result with
    fewer lines without a source is used. If the customer has no time to respond, only sources that
    deliver on time count.
    """
    day = backorder.promised_by
    if day is None or not customer_choice.has_time_to_respond(backorder, now=now):
        return _search_with_options(backorder, [{"by": day}], now)
    in_time, any_day = {"by": day, "must_be_profitable": True}, {"by": None}
    chosen, lost = _search_with_options(backorder, [in_time, any_day], now)
    if lost and chosen:
        others = _search_with_options(backorder, [any_day], now)
        if len(others[1]) < len(lost):
            return others
    return chosen, lost


def _search_with_options(
    backorder: Backorder, option_sets: Sequence[Mapping[str, Any]], now: datetime
) -> Plans:
    rows = backorders.open_lines(backorder)
    modes = (False, True) if backorder.order.channel.max_split_locations > 1 else (False,)
    chosen: list[SourcingPlan] = []
    for options, is_divided in product(option_sets, modes):
        find = partial(search.find_source, backorder, is_divided=is_divided, now=now, **options)
        chosen += _search_groups(rows, find, chosen, is_divided=is_divided)
        sourced = {row.pk for plan in chosen for row in plan.lines}
        rows = [row for row in rows if row.pk not in sourced]
    return chosen, rows


def _search_groups(
    rows: Sequence[BackorderLine],
    find: Callable[..., SourcingPlan],
    before: Sequence[SourcingPlan],
    *,
    is_divided: bool,
) -> list[SourcingPlan]:
    """Search for lines together, then in smaller groups, down to single lines."""
    rows = sorted(rows, key=lambda row: row.order_line.quantity)
    together = list({row.order_line.variant_id: row for row in rows}.values())
    groups = [together, *([row] for row in rows if row not in together)]
    chosen: list[SourcingPlan] = []
    while groups:
        group = groups.pop(0)
        plan = find(group, before=[*before, *chosen]) if group else None
        if plan is not None and plan.lines:
            chosen.append(plan)
        elif plan is not None and len(group) > 1:
            groups[:0] = _split_group(group, plan, is_divided=is_divided)
    return chosen


def _split_group(
    group: Sequence[BackorderLine], plan: SourcingPlan, *, is_divided: bool
) -> list[list[BackorderLine]]:
    """Return smaller groups: lines with the same source, or two halves if all have the same.

    Grouping by source avoids extra parcels. A line that has no source in the group has none alone
    either: it is dropped, or tried with several sources if ``is_divided``.
    """
    planned = plan.plan.planned
    by_location: dict[int, list[BackorderLine]] = {}
    for row in group:
        variant_id = row.order_line.variant_id
        if parts := planned.get(variant_id):
            by_location.setdefault(parts[0].candidate.location_id, []).append(row)
        elif is_divided and plan.plan.considered.get(variant_id):
            by_location.setdefault(0, []).append(row)
    groups = list(by_location.values())
    if groups != [list(group)]:
        return groups
    middle = len(group) // 2
    return [list(group[:middle]), list(group[middle:])]
