"""Decide which supplier and location fills which line. Pure: no database, no clock, no network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from orders import filtering
from orders.covering import Cost, cover
from orders.filtering import Sold, Unearning
from orders.fitting import Candidate, Misfit, Need
from orders.ranking import USUAL, Criterion, Rules


class Worse(StrEnum):
    """Why another stock row is taken instead of one that could send it, too."""

    NO_COST = "no_cost"  # nobody can say what it lands at
    DEARER = "dearer"
    FARTHER = "farther"
    SLOWER = "slower"
    WORSE_SUPPLIER = "worse_supplier"  # by what we saw of him
    LESS_LIKED = "less_liked"  # by whom staff like to buy from
    LATER = "later"  # as good in all, and known to us later


WORSE = {
    Criterion.COST: Worse.DEARER,
    Criterion.DISTANCE: Worse.FARTHER,
    Criterion.DAYS: Worse.SLOWER,
    Criterion.SCORE: Worse.WORSE_SUPPLIER,
    Criterion.PREFERENCE: Worse.LESS_LIKED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLine:
    """A need, and the stock row that fills it."""

    variant_id: int
    quantity: int
    candidate: Candidate
    sold: Sold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedParcel:
    """All that leaves one location together."""

    supplier_id: int
    location_id: int
    country: str
    lead_days: int
    lines: tuple[PlannedLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a cart can be filled. ``missing`` cannot be had in the quantity asked for.

    Shape:  ``considered`` is what was to choose from, by variant; ``missing`` maps a variant to
            the most of it that one location can send instead, never more than asked for;
            ``instead`` to the fewest more that one can
    """

    parcels: tuple[PlannedParcel, ...]
    missing: Mapping[int, int]
    instead: Mapping[int, int] = field(default_factory=dict)
    considered: Mapping[int, Sequence[Candidate]] = field(default_factory=dict)
    rules: Rules = USUAL

    @property
    def planned(self) -> dict[int, PlannedLine]:
        """What is sent, by variant."""
        return {line.variant_id: line for parcel in self.parcels for line in parcel.lines}


def route(*, needs: Sequence[Need], candidates: Sequence[Candidate], rules: Rules = USUAL) -> Plan:
    """Choose as the rules rank: usually the fewest parcels, the lowest landed cost, the soonest.

    A need is filled whole by one location: one line never travels in two parcels. From where it
    would earn too little it is not sent, as long as anybody else can (``filtering``). What can be
    filled always is; of very many lines perhaps not by the best of all plans (``covering``).
    """
    able: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        able[candidate.variant_id].append(candidate)
    fillable = [
        need
        for need in needs
        if any(candidate.fits(need.quantity) for candidate in able[need.variant_id])
    ]
    unfilled = [need for need in needs if need not in fillable]
    missing = {need.variant_id: _most(need, able[need.variant_id]) for need in unfilled}
    instead = {
        need.variant_id: more
        for need in unfilled
        if (more := _fewest_more(need, able[need.variant_id])) is not None
    }
    chosen = _best(fillable, able, rules)
    by_location: dict[int, list[PlannedLine]] = defaultdict(list)
    for need, candidate in chosen:
        by_location[candidate.location_id].append(
            PlannedLine(
                variant_id=need.variant_id,
                quantity=need.quantity,
                candidate=candidate,
                sold=need.sold,
            )
        )
    parcels = tuple(
        PlannedParcel(
            supplier_id=lines[0].candidate.supplier_id,
            location_id=location_id,
            country=lines[0].candidate.country,
            lead_days=max(line.candidate.lead_days for line in lines),
            lines=tuple(lines),
        )
        for location_id, lines in sorted(by_location.items())
    )
    return Plan(parcels=parcels, missing=missing, instead=instead, considered=able, rules=rules)


def _most(need: Need, able: Sequence[Candidate]) -> int:
    return max((candidate.at_most(need.quantity) for candidate in able), default=0)


def _fewest_more(need: Need, able: Sequence[Candidate]) -> int | None:
    found = [candidate.at_least(need.quantity) for candidate in able]
    return min((more for more in found if more is not None), default=None)


def _best(
    needs: Sequence[Need], able: Mapping[int, Sequence[Candidate]], rules: Rules
) -> list[tuple[Need, Candidate]]:
    """Choose for each need: what counts before the parcels decides line by line, and leaves ties.

    So does, first of all, what the line would earn.
    Sums of ranks are least where each of them is, so no other choice could be better in that.
    """
    lines: list[dict[int, Cost]] = []
    by_level: dict[int, Candidate] = {}
    for need in needs:
        fit: Sequence[Candidate]
        fit = [one for one in able[need.variant_id] if one.fits(need.quantity)]
        fit = filtering.kept(fit, need.quantity, need.sold, rules.least_margin_rate)
        if rules.before_parcels:
            ranks = [rules.rank(one, need.quantity, rules.before_parcels) for one in fit]
            fit = [one for one, rank in zip(fit, ranks, strict=True) if rank == min(ranks)]
        line: dict[int, Cost] = {}
        for candidate in fit:
            rank = rules.rank(candidate, need.quantity, rules.after_parcels)
            cost, place = (rank, candidate.level_id), candidate.location_id
            line[place] = min(cost, line.get(place, cost))
            by_level[candidate.level_id] = candidate
        lines.append(line)
    return [(need, by_level[level]) for need, level in zip(needs, cover(lines), strict=True)]


def against(
    candidate: Candidate,
    *,
    taken: Candidate | None,
    quantity: int,
    rules: Rules = USUAL,
    sold: Sold | None = None,
) -> Misfit | Unearning | Worse:
    """Say why a need alone in a cart is filled by ``taken`` and not by this candidate.

    It asks what ``route`` asks, in the same order.
    """
    if reason := candidate.misfit(quantity):
        return reason
    if taken is None:
        raise AssertionError(f"{candidate.level_id} can send it, and nothing is taken")
    mine, its = (
        filtering.standing(one, quantity, sold, rules.least_margin_rate)
        for one in (candidate, taken)
    )
    if left_out := filtering.reason(mine, its):
        return left_out
    criterion = rules.difference(candidate, taken, quantity)
    if criterion is None:
        return Worse.LATER
    is_unknown, _ = candidate.outlay(quantity)
    if criterion is Criterion.COST and is_unknown:
        return Worse.NO_COST
    return WORSE[criterion]
