"""Price breakdown: list the steps of a calculation, convert it to a snapshot. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog.pricing.guards import GuardResult
from catalog.pricing.landed_cost import LandedCost
from catalog.pricing.price_calculation import CENT, Calculation, PricingInput
from catalog.pricing.rule_selection import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: a code that ``labels`` translates, and its amount.

    Units:  ``amount`` in the channel's currency; ``note`` holds the figures it results from
    """

    code: str
    amount: Decimal | None = None
    note: str = ""


def list_steps(done: Calculation) -> Iterator[Step]:
    if done.missing is not None:
        yield Step(code=f"missing_{done.missing}")
    if done.landed is None:
        return
    yield from _cost(done, done.landed)
    if done.rule is None or done.verdict is None:
        return
    yield from _rule(done, done.rule, done.landed)
    yield from _guards(done, done.verdict)
    if price := done.verdict.proposed:
        margin = done.landed.margin_rate(price)
        net = price / (1 + done.landed.terms.tax_rate)
        yield Step(code="margin", amount=net * margin, note=percent(margin))


def _cost(done: Calculation, landed: LandedCost) -> Iterator[Step]:
    cost = done.pricing_input.cost
    notes = {
        "wholesale": f"{cost.amount.normalize():f} {cost.currency}" if cost is not None else "",
        "supplier_fee": percent(landed.terms.supplier_fee_rate),
        "duty": landed.origin or "?",
    }
    for code, amount in landed.steps():
        if amount or code in {"wholesale", "landed"}:
            yield Step(code=code, amount=amount, note=notes.get(code, ""))


def _rule(done: Calculation, rule: Rule, landed: LandedCost) -> Iterator[Step]:
    yield Step(code="rule", note=_rule_note(rule, done.value))
    if done.rule_price is not None:
        code = "rule_price" if done.pricing_input.fixed is None else "fixed_price"
        yield Step(code=code, amount=done.rule_price)
        tax_rate = landed.terms.tax_rate
        net = done.rule_price / (1 + tax_rate)
        yield Step(code="included_tax", amount=done.rule_price - net, note=percent(tax_rate))
        yield Step(
            code="included_fees", amount=net * landed.fee_rate, note=percent(landed.fee_rate)
        )
    for change, amount in done.changes:
        yield Step(code=change, amount=amount)


def _guards(done: Calculation, verdict: GuardResult) -> Iterator[Step]:
    limits = {
        "floor": verdict.floor,
        "map": done.bounds.map_amount,
        "msrp": done.bounds.msrp_amount,
    }
    for code, amount in limits.items():
        if amount is not None:
            yield Step(code=code, amount=amount)
    for clamp in verdict.clamps:
        yield Step(code=f"clamped_{clamp}")
    if done.current.present is not None:
        yield Step(code="current_price", amount=done.current.present)
    code = "price" if verdict.stop is None else f"blocked_{verdict.stop}"
    yield Step(code=code, amount=verdict.proposed)
    if done.replaces is not None:
        yield Step(code="offer_changed", note=_offer(done.replaces))
    if done.override_reason:
        yield Step(code="kept_by_staff", amount=done.current.present, note=done.override_reason)


def _offer(pricing_input: PricingInput) -> str:
    cost = pricing_input.cost
    shown = "?" if cost is None else f"{cost.amount.normalize():f} {cost.currency}"
    return f"{pricing_input.rule_scope.supplier_code}, {'/'.join(pricing_input.origins)}: {shown}"


def percent(rate: Decimal) -> str:
    return f"{(rate * 100).quantize(CENT).normalize():f} %"


def _rule_note(rule: Rule, value: Decimal | None) -> str:
    shown = Decimal(0) if value is None else value
    text = f"{shown.normalize():f}" if rule.method == "fixed" else percent(shown)
    return f"{rule.number}: {rule.method} {text} / {rule.basis}"


def to_json(done: Calculation) -> dict[str, Any]:
    pricing_input = done.pricing_input
    return {
        "supplier": pricing_input.rule_scope.supplier_code,
        "origins": list(pricing_input.origins),
        "cost": None if pricing_input.cost is None else str(pricing_input.cost.amount),
        "currency": "" if pricing_input.cost is None else pricing_input.cost.currency,
        "steps": [
            [step.code, None if step.amount is None else str(step.amount.quantize(CENT)), step.note]
            for step in list_steps(done)
        ],
    }
