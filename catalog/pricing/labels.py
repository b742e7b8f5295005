"""Pricing labels: describe calculation steps, block reasons and price rules to staff."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.enums import Method
from catalog.models import PriceHold, PriceRule
from catalog.pricing.breakdown import Step, percent

STEP_LABELS: dict[str, str | Promise] = {
    "wholesale": _("Wholesale cost"),
    "supplier_fee": _("Supplier fee"),
    "freight": _("Shipping that we pay"),
    "duty": _("Duty"),
    "handling": _("Handling"),
    "payment_fee": _("Payment fee, fixed"),
    "landed": _("Landed cost"),
    "rule": _("Rule"),
    "rule_price": _("Price by the rule, including tax"),
    "fixed_price": _("Fixed price, instead of the rule"),
    "included_tax": _("… including tax"),
    "included_fees": _("… including channel and payment fees"),
    "lowered_to_competitor": _("Lowered to meet a competitor"),
    "raised_for_low_stock": _("Raised because stock is low"),
    "lowered_for_high_stock": _("Lowered because stock is high"),
    "floor": _("Minimum price (margin floor)"),
    "map": _("Minimum advertised price (MAP)"),
    "msrp": _("Maximum price (MSRP)"),
    "clamped_floor": _("Raised to the minimum margin"),
    "clamped_map": _("Raised to MAP"),
    "clamped_msrp": _("Lowered to MSRP"),
    "current_price": _("Current price"),
    "price": _("Price"),
    "margin": _("Margin before tax"),
    "blocked_no_margin": _("Held: price does not cover the cost"),
    "blocked_zero": _("Held: rule results in no price"),
    "blocked_too_high": _("Held: price is implausibly high"),
    "blocked_floor_above_msrp": _("Held: minimum margin requires more than the MSRP"),
    "blocked_map_above_msrp": _("Held: MAP is above MSRP"),
    "blocked_moved_too_far": _("Held: changes too much at once"),
    "blocked_moved_too_far_today": _("Held: changes too much in a day"),
    "blocked_first_too_high": _("Held: the first price is far above its category"),
    "blocked_unsure_rate": _("Held: the exchange rate of the supplier's currency is uncertain"),
    "offer_changed": _("Moved beyond the limit, because the supplier or origin changed from"),
    "kept_by_staff": _("Kept below the minimum margin by staff"),
    "missing_cost": _("No price: no supplier has a known cost"),
    "missing_origin": _("No price: no location of the supplier has reported stock yet"),
    "missing_rate": _(
        "No price: the exchange rate of the supplier's currency is missing or outdated"
    ),
    "missing_cost_too_high": _("No price: price is implausibly high"),
    "missing_book": _("No price: the channel has no live price book"),
    "missing_terms": _("No price: no selling costs are set"),
    "missing_rule": _("No price: no rule matches"),
}


_METHOD_LABELS = {
    Method.MARKUP.value: _("markup on"),
    Method.MARGIN.value: _("margin over"),
    Method.FIXED.value: _("added to"),
}
_RULE_NOTE = re.compile(r"(?P<number>\d+): (?P<method>\w+) (?P<value>.+) / (?P<basis>\w+)")
BLOCK_MESSAGES: dict[str, str | Promise] = {
    "no_margin": _("After fees and the minimum margin, the price does not cover the cost."),
    "zero": _("The rule results in a price of zero or less."),
    "too_high": _("The rule results in a price above ten million."),
    "floor_above_msrp": _("The minimum margin requires %(floor)s, above the MSRP of %(msrp)s."),
    "map_above_msrp": _("The minimum advertised price %(map)s is above the MSRP of %(msrp)s."),
    "moved_too_far": _("From %(old)s to %(new)s: %(move)s, more than the maximum change at once."),
    "moved_too_far_today": _(
        "From %(day)s to %(new)s: %(day_move)s, more than the maximum change per day."
    ),
    "first_too_high": _(
        "The first price %(new)s is above %(max_first)s, the usual maximum of this "
        "category. Check the supplier's cost, then approve or reject the price."
    ),
    "unsure_rate": _(
        "The exchange rate of the supplier's currency is uncertain. Approve or reject it."
    ),
}
BELOW_FLOOR_MESSAGE = _(
    "Unavailable: the current price %(old)s is below %(floor)s, the minimum margin floor. "
    "You can keep it."
)
LOSS_MESSAGE = _(
    "Unavailable: the current price %(old)s would sell at a loss. It covers the cost from "
    "%(break_even)s on."
)


def block_message(reason: str, figures: Mapping[str, str]) -> str:
    """Return why a price was stopped, with the figures of ``price_holds.get_figures``."""
    more = {"below": BELOW_FLOOR_MESSAGE, "break_even": LOSS_MESSAGE}
    messages = [BLOCK_MESSAGES[reason], *(more[name] for name in more if name in figures)]
    return " ".join(str(sentence) % figures for sentence in messages)


def hold_message(hold: PriceHold) -> str:
    return block_message(hold.reason, hold.breakdown["figures"])


def row_message(detail: str) -> str:
    """Return ``block_message`` for a query result: JSON with the reason and its figures."""
    return block_message(**json.loads(detail))


def step_label(code: str) -> str:
    """Return the text of a code, or of several codes joined by +."""
    return " · ".join(str(STEP_LABELS.get(part, part)) for part in code.split("+") if part)


def step_note(step: Step) -> str:
    """Return the note of a step; the note of a rule is translated."""
    match = _RULE_NOTE.fullmatch(step.note) if step.code == "rule" else None
    if match is None:
        return step.note
    basis = dict(PriceRule._meta.get_field("basis").flatchoices)[match["basis"]]  # noqa: SLF001
    return f"{match['number']}: {match['value']} {_METHOD_LABELS[match['method']]} {basis}"


def format_percent(rate: str | None) -> str:
    return "–" if rate is None else percent(Decimal(rate))


def rule_scope(rule: PriceRule) -> str:
    scopes = [
        (_("variant"), rule.variant),
        (_("product"), rule.product),
        (_("supplier"), rule.supplier_code),
        (_("brand"), rule.brand),
        (_("category"), rule.category),
    ]
    return " · ".join(f"{name} {value}" for name, value in scopes if value) or str(
        _("All products")
    )


def rule_method(rule: PriceRule) -> str:
    """Return how a rule calculates: 30 % margin on landed cost, from 20: 25 %."""
    tiers = "".join(
        f", {_('from')} {start}: {_value(rule, Decimal(str(value)))}" for start, value in rule.tiers
    )
    basis = str(rule.get_basis_display())
    basis = basis[0].lower() + basis[1:]
    return f"{_value(rule, rule.value)} {_METHOD_LABELS[rule.method]} {basis}{tiers}"


def _value(rule: PriceRule, value: Decimal) -> str:
    return f"{value.normalize():f}" if rule.method == Method.FIXED else percent(value)
