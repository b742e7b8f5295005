"""Keep with an order what its lines could have come from, and read it again. Pure.

What was to choose from is gone a minute later; by what is kept here yesterday's orders are
routed again under other rules, and a person reads why a parcel left from where it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog.landing import Costing
from orders import filtering
from orders.filtering import Left, Sold, Unearning
from orders.fitting import Candidate, Misfit, Need
from orders.ranking import Criterion, Rules
from orders.routing import Plan, PlannedLine, Worse, against
from storefront.lib.money import Money

TAKEN = "taken"
MOST_NOTED = 20  # places of one line: an order is read often, and nobody reads more


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Candidate):
    """A candidate as it was kept: what so many as were ordered would have landed at, and cost."""

    noted_outlay: tuple[bool, Decimal]
    noted_spent: Decimal | None

    def outlay(self, quantity: int) -> tuple[bool, Decimal]:  # noqa: ARG002 - it is for that many
        return self.noted_outlay

    def spent(self, quantity: int, sold: Sold) -> Decimal | None:  # noqa: ARG002 - as above
        return self.noted_spent


def note(
    plan: Plan, *, sold: Mapping[int, Sold] | None = None, costing: Costing | None = None
) -> dict[str, Any]:
    """Write down the rules, and for each line all places and what was against them.

    Shape:  ``sold`` by variant and ``costing`` tell what a line leaves where routing had nothing
            to choose, and did not ask
    """
    planned = [line for parcel in plan.parcels for line in parcel.lines]
    prices = {line.variant_id: _sold(line, sold or {}) for line in planned}
    lines = {
        str(line.variant_id): [
            _entry(
                one.landed_by(costing) if costing else one,
                line,
                prices[line.variant_id],
                plan.rules,
            )
            for one in _worth_noting(plan.considered.get(line.variant_id, ()), line, plan.rules)
        ]
        for line in planned
    }
    least = plan.rules.least_margin_rate
    return {
        "version": plan.rules.version,
        "chain": [criterion.value for criterion in plan.rules.chain],
        "preferred": list(plan.rules.preferred),
        "least_margin": None if least is None else str(least),
        "lines": lines,
        "sold": {
            str(variant_id): {"gross": str(each.gross.amount), "tax_rate": str(each.tax_rate)}
            for variant_id, each in prices.items()
            if each is not None
        },
    }


def _sold(line: PlannedLine, known: Mapping[int, Sold]) -> Sold | None:
    return line.sold or known.get(line.variant_id)


def _worth_noting(
    able: Sequence[Candidate], line: PlannedLine, rules: Rules
) -> Sequence[Candidate]:
    """Choose the place that is taken, and the best of very many others."""
    by = (*rules.before_parcels, *rules.after_parcels)

    def place(one: Candidate) -> tuple[object, ...]:
        is_other = one.level_id != line.candidate.level_id
        stands = filtering.standing(one, line.quantity, line.sold, rules.least_margin_rate)
        return is_other, not one.fits(line.quantity), stands, rules.rank(one, line.quantity, by)

    return sorted(able, key=place)[:MOST_NOTED]


def _entry(one: Candidate, line: PlannedLine, sold: Sold | None, rules: Rules) -> dict[str, Any]:
    quantity = line.quantity
    is_unknown, outlay = one.outlay(quantity)
    left = filtering.left(one, quantity, sold)
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
        "spent": None if left is None else str(left.spent),
        "verdict": verdict(one, line.candidate, quantity, rules, line.sold),
    }


def verdict(
    one: Candidate, taken: Candidate, quantity: int, rules: Rules, sold: Sold | None = None
) -> str:
    """Say what is against it; one that is better by itself would have made another parcel."""
    if one.level_id == taken.level_id:
        return TAKEN
    reason: Misfit | Unearning | Worse
    reason = against(one, taken=taken, quantity=quantity, rules=rules, sold=sold)
    if not isinstance(reason, Worse):
        return reason.value
    by = (*rules.before_parcels, *rules.after_parcels)
    ours = (rules.rank(one, quantity, by), one.level_id)
    is_better = ours < (rules.rank(taken, quantity, by), taken.level_id)
    return Criterion.PARCELS.value if is_better else reason.value


def rules_of(noted: Mapping[str, Any]) -> Rules:
    """Return the rules that an order was routed by; before there was a least margin, by none."""
    least = noted.get("least_margin")
    return Rules(
        chain=tuple(map(Criterion, noted["chain"])),
        preferred=tuple(noted["preferred"]),
        version=noted["version"],
        least_margin_rate=None if least is None else Decimal(least),
    )


def sold_of(noted: Mapping[str, Any], variant_id: int, currency: str) -> Sold | None:
    """Return what a line was sold for, as its places were set against it."""
    kept = noted.get("sold", {}).get(str(variant_id))
    if kept is None:
        return None
    gross = Money(Decimal(kept["gross"]), currency)
    return Sold(gross=gross, tax_rate=Decimal(kept["tax_rate"]))


def left_of(entry: Mapping[str, Any], sold: Sold | None) -> Left | None:
    """Return what a line would have left from a place; None where nobody could say."""
    spent = entry.get("spent")
    return None if sold is None or spent is None else Left(net=sold.net, spent=Decimal(spent))


def candidates_of(noted: Mapping[str, Any], needs: Iterable[Need]) -> list[Noted]:
    """Return all that the lines could have come from."""
    return [
        _read(entry, need)
        for need in needs
        for entry in noted["lines"].get(str(need.variant_id), ())
    ]


def _read(entry: Mapping[str, Any], need: Need) -> Noted:
    outlay, spent = Decimal(entry["outlay"]), entry.get("spent")
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
        noted_spent=None if spent is None else Decimal(spent),
    )
