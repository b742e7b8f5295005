"""Routing engine: choose the supplier and location of each line. Pure: no I/O, no clock."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from orders.enums import Criterion
from orders.routing import line_splitting, margin_filter
from orders.routing.candidates import Candidate, Need, QuantityRefusal
from orders.routing.margin_filter import MarginReason, SaleAmount
from orders.routing.ranking import DEFAULT_RULES, Rank, Rules
from orders.routing.set_cover import Cost, choose_sources

type Choice = tuple[Need, Sequence[Candidate]]


class Drawback(StrEnum):
    """Why another stock row was chosen although this one could send it."""

    NO_COST = "no_cost"  # landed cost unknown
    HIGHER_COST = "higher_cost"
    MORE_DISTANT = "more_distant"
    SLOWER = "slower"
    LOWER_SCORE = "lower_score"  # by the performance score
    LESS_PREFERRED = "less_preferred"  # by the preference of staff
    ADDED_LATER = "added_later"  # equal, and added later


DRAWBACKS = {
    Criterion.COST: Drawback.HIGHER_COST,
    Criterion.DISTANCE: Drawback.MORE_DISTANT,
    Criterion.DAYS: Drawback.SLOWER,
    Criterion.SCORE: Drawback.LOWER_SCORE,
    Criterion.PREFERENCE: Drawback.LESS_PREFERRED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLine:
    """A need and the stock row that fills it."""

    variant_id: int
    quantity: int
    candidate: Candidate
    sold: SaleAmount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedParcel:
    """All lines that one location ships together."""

    supplier_id: int
    location_id: int
    country: str
    lead_days: int
    lines: tuple[PlannedLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sources of a cart. ``missing`` needs cannot be filled in their quantity.

    Shape:  ``considered`` are all candidates by variant; ``missing`` maps a variant to the largest
            smaller quantity that can be sent, ``instead`` to the smallest larger one
    """

    parcels: tuple[PlannedParcel, ...]
    missing: Mapping[int, int]
    instead: Mapping[int, int] = field(default_factory=dict)
    considered: Mapping[int, Sequence[Candidate]] = field(default_factory=dict)
    rules: Rules = DEFAULT_RULES

    @property
    def planned(self) -> dict[int, list[PlannedLine]]:
        """Planned lines by variant; several if the line is split."""
        return by_variant(line for parcel in self.parcels for line in parcel.lines)


def by_variant(lines: Iterable[PlannedLine]) -> dict[int, list[PlannedLine]]:
    """Group planned lines by variant."""
    grouped: dict[int, list[PlannedLine]] = defaultdict(list)
    for line in lines:
        grouped[line.variant_id].append(line)
    return dict(grouped)


def route(
    *, needs: Sequence[Need], candidates: Sequence[Candidate], rules: Rules = DEFAULT_RULES
) -> Plan:
    """Choose sources by the rules: by default fewest parcels, lowest landed cost, soonest.

    One location fills a need. If none can, or only at a loss, and the rules allow it, the need is
    split among several (``line_splitting``). Needs are split one by one; the other needs then join
    those parcels. Sources with too little margin are excluded if others remain
    (``margin_filter``). Every need that can be filled is filled. With very many lines the plan may
    not be optimal (``set_cover``).
    """
    candidates_of: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        candidates_of[candidate.variant_id].append(candidate)
    choices: list[Choice] = []
    others: list[tuple[Need, Sequence[Candidate]]] = []
    for need in needs:
        fit = [
            candidate
            for candidate in candidates_of[need.variant_id]
            if candidate.fits(need.quantity)
        ]
        sources = margin_filter.filter_sources(fit, need.quantity, need.sold, rules.min_margin_rate)
        if sources and (rules.max_sources == 1 or not _all_lose(sources, need, rules)):
            choices.append((need, sources))
        else:
            others.append((need, sources))
    unfilled = []
    for need, sources in others:
        if parts := _split_if_needed(need, candidates_of[need.variant_id], sources, choices, rules):
            choices += parts
        elif sources:
            choices.append((need, sources))
        else:
            unfilled.append(need)
    by_location: dict[int, list[PlannedLine]] = defaultdict(list)
    for need, candidate in _choose(choices, rules):
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
    return Plan(
        parcels=parcels,
        missing={
            need.variant_id: _max_quantity(need, candidates_of[need.variant_id], rules)
            for need in unfilled
        },
        instead={
            need.variant_id: more
            for need in unfilled
            if (more := _min_larger_quantity(need, candidates_of[need.variant_id], rules))
            is not None
        },
        considered=candidates_of,
        rules=rules,
    )


def available_quantity(
    candidates: Sequence[Candidate], rules: Rules, *, most: int | None = None
) -> int:
    """Return the largest quantity of one variant available now, at most ``most``."""
    units = sum(candidate.available for candidate in candidates) if most is None else most
    return line_splitting.max_quantity(units, candidates, max_sources=rules.max_sources)


def _max_quantity(need: Need, candidates: Sequence[Candidate], rules: Rules) -> int:
    units = need.quantity if need.most is None else min(need.quantity, need.most)
    return available_quantity(candidates, rules, most=units)


def _min_larger_quantity(need: Need, candidates: Sequence[Candidate], rules: Rules) -> int | None:
    alone = [
        more
        for candidate in candidates
        if (more := candidate.smallest_sellable(need.quantity)) is not None
    ]
    top = sum(candidate.available for candidate in candidates) if need.most is None else need.most
    together = line_splitting.min_larger_quantity(
        need.quantity,
        candidates,
        max_sources=rules.max_sources,
        top=min([top, *(more - 1 for more in alone)]),
    )
    return together if together is not None else min(alone, default=None)


def _all_lose(sources: Sequence[Candidate], need: Need, rules: Rules) -> bool:
    return all(
        _margin_band(candidate, need, rules) > margin_filter.BELOW_MINIMUM for candidate in sources
    )


def _split_if_needed(
    need: Need,
    candidates: Sequence[Candidate],
    sources: Sequence[Candidate],
    choices: Sequence[Choice],
    rules: Rules,
) -> Sequence[Choice]:
    """Split a need that no single source fills, or only at a loss; prefer parts without a loss.

    Returns nothing if the need cannot be split, or if a split makes a loss too and one of
    ``sources`` can fill the need.
    """
    for worst in (margin_filter.SUFFICIENT, margin_filter.BELOW_MINIMUM):
        eligible = [
            candidate for candidate in candidates if _margin_band(candidate, need, rules) <= worst
        ]
        parts = _split(need, eligible, choices, rules)
        # A fee per line weighs more on a small part than on all that a source could send.
        if parts and all(
            _margin_band(candidate, part, rules) <= worst for part, (candidate, *_) in parts
        ):
            return parts
    return () if sources else _split(need, candidates, choices, rules)


def _split(
    need: Need, candidates: Sequence[Candidate], choices: Sequence[Choice], rules: Rules
) -> Sequence[Choice]:
    """Split a need among the best sources, each with its share of the sale amount.

    If the rules prefer fewer parcels, sources that already send another line come first.
    """
    if rules.max_sources == 1 or (need.most is not None and need.quantity > need.most):
        return []
    sending = {fit[0].location_id for _, fit in choices if len(fit) == 1}

    def rank(candidate: Candidate) -> tuple[Rank, bool, Rank, int]:
        before = rules.rank(candidate, 1, rules.before_parcels)
        after = rules.rank(candidate, 1, rules.after_parcels)
        return before, candidate.location_id not in sending, after, candidate.level_id

    usable = sorted(
        (candidate for candidate in candidates if candidate.largest_sellable(need.quantity)),
        key=rank,
    )
    allocation = line_splitting.split(need.quantity, usable, max_sources=rules.max_sources)
    return [(part, [candidate]) for part, candidate in _parts(need, allocation)]


def _margin_band(candidate: Candidate, need: Need, rules: Rules) -> margin_filter.MarginBand:
    """Return the margin band of a source with the largest quantity it could send."""
    part = need.part(candidate.largest_sellable(need.quantity))
    return margin_filter.margin_band(candidate, part.quantity, part.sold, rules.min_margin_rate)


def _parts(
    need: Need, allocation: Iterable[tuple[Candidate, int]]
) -> Iterator[tuple[Need, Candidate]]:
    before = 0
    for candidate, units in allocation:
        yield need.part(units, before=before), candidate
        before += units


def _choose(choices: Sequence[Choice], rules: Rules) -> list[tuple[Need, Candidate]]:
    """Apply the criteria before the parcels to each line, then ``set_cover`` to all lines.

    ``margin_filter`` ran first. A sum of ranks is minimal if each rank is, so choosing per line
    loses nothing.
    """
    lines: list[dict[int, Cost]] = []
    by_level: dict[int, Candidate] = {}
    for need, candidates in choices:
        fit = candidates
        if rules.before_parcels:
            ranks = [
                rules.rank(candidate, need.quantity, rules.before_parcels) for candidate in fit
            ]
            fit = [
                candidate for candidate, rank in zip(fit, ranks, strict=True) if rank == min(ranks)
            ]
        line: dict[int, Cost] = {}
        for candidate in fit:
            rank = rules.rank(candidate, need.quantity, rules.after_parcels)
            cost, location_id = (rank, candidate.level_id), candidate.location_id
            line[location_id] = min(cost, line.get(location_id, cost))
            by_level[candidate.level_id] = candidate
        lines.append(line)
    needs = [need for need, _ in choices]
    return [
        (need, by_level[level]) for need, level in zip(needs, choose_sources(lines), strict=True)
    ]


def reason_against(
    candidate: Candidate,
    *,
    chosen: Candidate | None,
    quantity: int,
    rules: Rules = DEFAULT_RULES,
    sold: SaleAmount | None = None,
) -> QuantityRefusal | MarginReason | Drawback:
    """Return why a cart with only this need is filled by ``chosen``, not by this candidate.

    It checks what ``route`` checks, in the same order.

    Shape:  ``chosen`` is None if no source has the quantity, or several send it without a loss
    """
    if reason := candidate.quantity_refusal(quantity):
        return reason
    if chosen is None:
        alone = margin_filter.margin_band(candidate, quantity, sold, rules.min_margin_rate)
        return (
            margin_filter.exclusion_reason(alone, margin_filter.SUFFICIENT) or Drawback.ADDED_LATER
        )
    band, chosen_band = (
        margin_filter.margin_band(source, quantity, sold, rules.min_margin_rate)
        for source in (candidate, chosen)
    )
    if excluded := margin_filter.exclusion_reason(band, chosen_band):
        return excluded
    criterion = rules.difference(candidate, chosen, quantity)
    if criterion is None:
        return Drawback.ADDED_LATER
    is_unknown, _ = candidate.outlay(quantity)
    if criterion is Criterion.COST and is_unknown:
        return Drawback.NO_COST
    return DRAWBACKS[criterion]
