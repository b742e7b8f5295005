"""Decision log: record the candidate sources of an order's lines, read them again. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from catalog.pricing.landed_cost import Costing
from orders.enums import Criterion
from orders.routing import margin_filter
from orders.routing.candidates import Candidate, Need, QuantityRefusal
from orders.routing.engine import Drawback, Plan, PlannedLine, reason_against
from orders.routing.margin_filter import Contribution, MarginReason, SaleAmount
from orders.routing.ranking import Rules
from storefront.lib.money import Money

SELECTED = "selected"
MAX_CANDIDATES = 20  # sources per line


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCandidate(Candidate):
    """A logged candidate with costs of ``logged_quantity`` units, proportional for fewer."""

    logged_quantity: int
    logged_cost_key: tuple[bool, Decimal]
    logged_total_cost: Decimal | None

    def outlay(self, quantity: int) -> tuple[bool, Decimal]:
        is_unknown, amount = self.logged_cost_key
        return is_unknown, amount * quantity / self.logged_quantity

    def spent(self, quantity: int, sold: SaleAmount) -> Decimal | None:  # noqa: ARG002 - logged for that amount
        return (
            None
            if self.logged_total_cost is None
            else self.logged_total_cost * quantity / self.logged_quantity
        )


def record(
    plan: Plan, *, sold: Mapping[int, SaleAmount] | None = None, costing: Costing | None = None
) -> dict[str, Any]:
    """Return the log: the rules, and per line all sources with the reason against each.

    Shape:  ``sold`` by variant and ``costing`` supply what routing did not compute, because a line
            had only one source
    """
    lines, prices = {}, {}
    for variant_id, parts in plan.planned.items():
        choice = _Choice.of(parts, (sold or {}).get(variant_id), plan.rules)
        if choice.price:
            prices[str(variant_id)] = choice.price
        lines[str(variant_id)] = [
            _to_json(candidate.with_landed_costs(costing) if costing else candidate, choice)
            for candidate in _select(plan.considered.get(variant_id, ()), choice)
        ]
    least = plan.rules.min_margin_rate
    return {
        "version": plan.rules.version,
        "criteria": [criterion.value for criterion in plan.rules.criteria],
        "preferred": list(plan.rules.preferred),
        "least_margin": None if least is None else str(least),
        "max_sources": plan.rules.max_sources,
        "lines": lines,
        "sold": {
            variant_id: {"gross": str(price.gross.amount), "tax_rate": str(price.tax_rate)}
            for variant_id, price in prices.items()
        },
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """What was chosen for one variant.

    Shape:  ``units`` by stock row; ``sole_source`` sends all, None if several do;
            ``routed_sale`` is the sale amount that routing knew, ``price`` the one known now
    """

    quantity: int
    units: Mapping[int, int]
    sole_source: Candidate | None
    routed_sale: SaleAmount | None
    price: SaleAmount | None
    rules: Rules

    @classmethod
    def of(cls, parts: Sequence[PlannedLine], known: SaleAmount | None, rules: Rules) -> Self:
        routed_sale = total_sale(parts)
        return cls(
            quantity=sum(line.quantity for line in parts),
            units={line.candidate.level_id: line.quantity for line in parts},
            sole_source=sole_source(parts),
            routed_sale=routed_sale,
            price=routed_sale or known,
            rules=rules,
        )


def sole_source(parts: Sequence[PlannedLine]) -> Candidate | None:
    """Return the source that sends all of a line; None if several do."""
    return parts[0].candidate if len(parts) == 1 else None


def total_sale(parts: Sequence[PlannedLine]) -> SaleAmount | None:
    """Return the sale amount of all parts of a line."""
    first, *others = (line.sold for line in parts)
    if first is None or not others:
        return first
    gross = Money.total((line.sold.gross for line in parts if line.sold), first.gross.currency)
    return SaleAmount(gross=gross, tax_rate=first.tax_rate)


def _select(candidates: Sequence[Candidate], choice: _Choice) -> Sequence[Candidate]:
    """Return the chosen sources and the best of the others, at most ``MAX_CANDIDATES``."""
    rules, quantity = choice.rules, choice.quantity

    def sort_key(candidate: Candidate) -> tuple[object, ...]:
        is_other = candidate.level_id not in choice.units
        band = margin_filter.margin_band(
            candidate, quantity, choice.routed_sale, rules.min_margin_rate
        )
        return (
            is_other,
            not candidate.fits(quantity),
            band,
            rules.rank(candidate, quantity, rules.alone),
        )

    return sorted(candidates, key=sort_key)[:MAX_CANDIDATES]


def _to_json(candidate: Candidate, choice: _Choice) -> dict[str, Any]:
    quantity = choice.quantity
    is_unknown, outlay = candidate.outlay(quantity)
    contribution = margin_filter.contribution(candidate, quantity, choice.price)
    return {
        "level": candidate.level_id,
        "offer": candidate.offer_id,
        "supplier": candidate.supplier_id,
        "supplier_code": candidate.supplier_code,
        "location": candidate.location_id,
        "country": candidate.country,
        "available": candidate.available,
        "minimum": candidate.minimum,
        "pack": candidate.pack,
        "lead_days": candidate.lead_days,
        "outlay": str(outlay),
        "currency": candidate.cost.currency,
        "is_sure": not is_unknown,
        "distance": candidate.distance,
        "days": candidate.days,
        "score": candidate.score,
        "spent": None if contribution is None else str(contribution.spent),
        "units": choice.units.get(candidate.level_id, 0),
        "verdict": SELECTED
        if candidate.level_id in choice.units
        else verdict(candidate, choice.sole_source, quantity, choice.rules, choice.routed_sale),
    }


def verdict(
    candidate: Candidate,
    chosen: Candidate | None,
    quantity: int,
    rules: Rules,
    sold: SaleAmount | None = None,
) -> str:
    """Return the reason against a candidate; ``parcels`` if it would need another parcel.

    Shape:  ``chosen`` is None if several sources send the line together
    """
    if chosen is not None and candidate.level_id == chosen.level_id:
        return SELECTED
    reason: QuantityRefusal | MarginReason | Drawback
    reason = reason_against(candidate, chosen=chosen, quantity=quantity, rules=rules, sold=sold)
    if chosen is None or not isinstance(reason, Drawback):
        return reason.value
    ours = (rules.rank(candidate, quantity, rules.alone), candidate.level_id)
    is_better = ours < (rules.rank(chosen, quantity, rules.alone), chosen.level_id)
    return Criterion.PARCELS.value if is_better else reason.value


def logged_rules(log: Mapping[str, Any]) -> Rules:
    """Return the logged rules; logs from before the minimum margin have none."""
    least = log.get("least_margin")
    return Rules(
        criteria=tuple(map(Criterion, log["criteria"])),
        preferred=tuple(log["preferred"]),
        version=log["version"],
        min_margin_rate=None if least is None else Decimal(least),
        max_sources=log.get("max_sources", 1),
    )


def logged_sale(log: Mapping[str, Any], variant_id: int, currency: str) -> SaleAmount | None:
    """Return the logged sale amount of a line."""
    entry = log.get("sold", {}).get(str(variant_id))
    if entry is None:
        return None
    gross = Money(Decimal(entry["gross"]), currency)
    return SaleAmount(gross=gross, tax_rate=Decimal(entry["tax_rate"]))


def logged_contribution(entry: Mapping[str, Any], sold: SaleAmount | None) -> Contribution | None:
    """Return the contribution of a line from a logged source; None if unknown."""
    spent = entry.get("spent")
    return (
        None if sold is None or spent is None else Contribution(net=sold.net, spent=Decimal(spent))
    )


def logged_candidates(log: Mapping[str, Any], needs: Iterable[Need]) -> list[LoggedCandidate]:
    """Return all logged sources of these needs."""
    return [
        _parse(entry, need)
        for need in needs
        for entry in log["lines"].get(str(need.variant_id), ())
    ]


def _parse(entry: Mapping[str, Any], need: Need) -> LoggedCandidate:
    outlay, spent = Decimal(entry["outlay"]), entry.get("spent")
    unit = Money(outlay / need.quantity, entry["currency"])
    return LoggedCandidate(
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
        logged_quantity=need.quantity,
        logged_cost_key=(not entry["is_sure"], outlay),
        logged_total_cost=None if spent is None else Decimal(spent),
    )
