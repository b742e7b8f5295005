"""Keep with an order what its lines could have come from, and read it again. Pure.

What was to choose from is gone a minute later; by what is kept here yesterday's orders are
routed again under other rules, and a person reads why a parcel left from where it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orders.ranking import Criterion, Rules
from orders.routing import Candidate, Misfit, Need, Plan, PlannedLine, Worse, against
from storefront.lib.money import Money

TAKEN = "taken"
MOST_NOTED = 20  # places of one line: an order is read often, and nobody reads more


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Candidate):
    """A candidate as it was kept: what so many as were ordered would have landed at."""

    noted_outlay: tuple[bool, Decimal]

    def outlay(self, quantity: int) -> tuple[bool, Decimal]:  # noqa: ARG002 - it is for that many
        return self.noted_outlay


def note(plan: Plan) -> dict[str, Any]:
    """Write down the rules, and for each line all places and what was against them."""
    lines = {
        str(line.variant_id): [
            _entry(one, line.quantity, line.candidate, plan.rules)
            for one in _worth_noting(plan.considered.get(line.variant_id, ()), line, plan.rules)
        ]
        for parcel in plan.parcels
        for line in parcel.lines
    }
    return {
        "version": plan.rules.version,
        "chain": [criterion.value for criterion in plan.rules.chain],
        "preferred": list(plan.rules.preferred),
        "lines": lines,
    }


def _worth_noting(
    able: Sequence[Candidate], line: PlannedLine, rules: Rules
) -> Sequence[Candidate]:
    """Choose the place that is taken, and the best of very many others."""
    by = (*rules.before_parcels, *rules.after_parcels)

    def place(one: Candidate) -> tuple[object, ...]:
        is_other = one.level_id != line.candidate.level_id
        return is_other, not one.fits(line.quantity), rules.rank(one, line.quantity, by)

    return sorted(able, key=place)[:MOST_NOTED]


def _entry(one: Candidate, quantity: int, taken: Candidate, rules: Rules) -> dict[str, Any]:
    is_unknown, outlay = one.outlay(quantity)
    return {
        "level": one.level_id,
        "offer": one.offer_id,
        "supplier": one.supplier_id,
        "supplier_code": one.supplier_code,
        "location": one.location_id,
        "country": one.country,
        "available": one.available,
        "minimum": one.minimum,
        "pack": one.pack,
        "lead_days": one.lead_days,
        "outlay": str(outlay),
        "currency": one.cost.currency,
        "is_sure": not is_unknown,
        "distance": one.distance,
        "days": one.days,
        "score": one.score,
        "verdict": verdict(one, taken, quantity, rules),
    }


def verdict(one: Candidate, taken: Candidate, quantity: int, rules: Rules) -> str:
    """Say what is against it; one that is better by itself would have made another parcel."""
    if one.level_id == taken.level_id:
        return TAKEN
    reason: Misfit | Worse = against(one, taken=taken, quantity=quantity, rules=rules)
    if isinstance(reason, Misfit):
        return reason.value
    by = (*rules.before_parcels, *rules.after_parcels)
    ours = (rules.rank(one, quantity, by), one.level_id)
    is_better = ours < (rules.rank(taken, quantity, by), taken.level_id)
    return Criterion.PARCELS.value if is_better else reason.value


def rules_of(noted: Mapping[str, Any]) -> Rules:
    """Return the rules that an order was routed by."""
    return Rules(
        chain=tuple(map(Criterion, noted["chain"])),
        preferred=tuple(noted["preferred"]),
        version=noted["version"],
    )


def candidates_of(noted: Mapping[str, Any], needs: Iterable[Need]) -> list[Noted]:
    """Return all that the lines could have come from."""
    return [
        _read(entry, need)
        for need in needs
        for entry in noted["lines"].get(str(need.variant_id), ())
    ]


def _read(entry: Mapping[str, Any], need: Need) -> Noted:
    outlay = Decimal(entry["outlay"])
    unit = Money(outlay / need.quantity, entry["currency"])
    return Noted(
        level_id=entry["level"],
        offer_id=entry["offer"],
        variant_id=need.variant_id,
        supplier_id=entry["supplier"],
        supplier_code=entry["supplier_code"],
        location_id=entry["location"],
        country=entry["country"],
        available=entry["available"],
        cost=unit,
        wholesale=unit,
        lead_days=entry["lead_days"],
        distance=entry["distance"],
        days=entry["days"],
        score=entry["score"],
        minimum=entry["minimum"],
        pack=entry["pack"],
        noted_outlay=(not entry["is_sure"], outlay),
    )
