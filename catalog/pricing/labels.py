"""Pricing labels: word the steps of a calculation, the stop reasons and the rules for staff."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.enums import Method
from catalog.models import PriceHold, PriceRule
from catalog.pricing.breakdown import Step, percent

WORDS: dict[str, str | Promise] = {
    "wholesale": _("Wholesale cost"),
    "supplier_fee": _("Fee of the supplier"),
    "freight": _("Freight that we pay"),
    "duty": _("Duty"),
    "handling": _("Handling"),
    "payment_fee": _("Payment fee, fixed"),
    "landed": _("Landed cost"),
    "rule": _("Rule"),
    "wanted": _("Price that the rule asks for, tax included"),
    "of_it_tax": _("… of it tax"),
    "of_it_fees": _("… of it fees of channel and payment"),
    "meets_competitor": _("Lowered to meet a competitor"),
    "sells_out": _("Raised, because stock runs out"),
    "lies_long": _("Lowered, because stock lies long"),
    "floor": _("Lowest price that keeps the lowest margin"),
    "map": _("Lowest price that may be advertised (MAP)"),
    "msrp": _("Highest price: suggested by the maker (MSRP)"),
    "clamped_floor": _("Raised to the lowest margin"),
    "clamped_map": _("Raised to MAP"),
    "clamped_msrp": _("Lowered to MSRP"),
    "present": _("Present price"),
    "price": _("Price"),
    "margin": _("What is left of it, before tax"),
    "stop_no_margin": _("Stopped: nothing is left to pay the cost with"),
    "stop_zero": _("Stopped: the rule asks for nothing"),
    "stop_too_high": _("Stopped: no light costs so much"),
    "stop_floor_above_msrp": _("Stopped: the lowest margin asks more than the MSRP"),
    "stop_map_above_msrp": _("Stopped: MAP is above MSRP"),
    "stop_moved_too_far": _("Stopped: moves too far at once"),
    "stop_moved_too_far_today": _("Stopped: moves too far in a day"),
    "stop_first_too_high": _("Stopped: the first price is far above its category"),
    "stop_unsure_rate": _("Stopped: nobody is sure what the supplier's money is worth"),
    "other_offer": _("Moved beyond the limit, because the supplier or origin changed from"),
    "kept": _("Sold on below the lowest margin, as a person decided"),
    "missing_cost": _("No price: no supplier asks a cost that we know"),
    "missing_origin": _("No price: no location of the supplier has reported stock yet"),
    "missing_rate": _("No price: nobody says what the supplier's money is worth, or not for long"),
    "missing_too_dear": _("No price: no light costs so much"),
    "missing_book": _("No price: the channel has no live price book"),
    "missing_terms": _("No price: nobody said what selling costs here"),
    "missing_rule": _("No price: no rule fits"),
}


_HOW = {
    Method.MARKUP.value: _("markup on"),
    Method.MARGIN.value: _("margin over"),
    Method.FIXED.value: _("added to"),
}
_RULE_NOTE = re.compile(r"(?P<number>\d+): (?P<method>\w+) (?P<value>.+) / (?P<basis>\w+)")
STOPPED: dict[str, str | Promise] = {
    "no_margin": _("Fees and the lowest margin leave nothing of the price to pay the cost with."),
    "zero": _("The rule asks for nothing, or less."),
    "too_high": _("The rule asks for more than ten million."),
    "floor_above_msrp": _("The lowest margin asks %(floor)s, above the suggested %(msrp)s."),
    "map_above_msrp": _("The lowest advertised price %(map)s is above the suggested %(msrp)s."),
    "moved_too_far": _("From %(old)s to %(new)s: %(move)s, more than may change at once."),
    "moved_too_far_today": _(
        "From %(day)s to %(new)s: %(day_move)s, more than may change in a day."
    ),
    "first_too_high": _(
        "The first price %(new)s is above %(max_first)s, the most that is usual for this category."
        " Check the supplier's cost, then approve or reject it."
    ),
    "unsure_rate": _("Nobody is sure what the supplier's money is worth."),
}
BELOW = _(
    "Off sale: the present %(old)s is below %(floor)s, which the lowest margin asks. It may be"
    " kept."
)


def stopped(reason: str, figures: Mapping[str, str]) -> str:
    """Return why a price was stopped, with the figures of ``price_holds.figures``."""
    said = [STOPPED[reason], *([BELOW] if "below" in figures else [])]
    return " ".join(str(sentence) % figures for sentence in said)


def stopped_hold(hold: PriceHold) -> str:
    """Return why a price was stopped; old rows have a stored sentence."""
    figures = hold.made_of.get("figures")
    return stopped(hold.reason, figures) if figures else hold.sentence


def stopped_row(told: str) -> str:
    """Return the same for a query result: JSON of reason and figures, or a stored sentence."""
    if not told.startswith("{"):
        return told
    found = json.loads(told)
    return stopped(found["reason"], found["figures"])


def words(code: str) -> str:
    """Return the text of a code, or of several codes joined by +."""
    return " · ".join(str(WORDS.get(part, part)) for part in code.split("+") if part)


def note(step: Step) -> str:
    """Return the note of a step; the note of a rule is translated."""
    found = _RULE_NOTE.fullmatch(step.note) if step.code == "rule" else None
    if found is None:
        return step.note
    basis = dict(PriceRule._meta.get_field("basis").flatchoices)[found["basis"]]  # noqa: SLF001
    return f"{found['number']}: {found['value']} {_HOW[found['method']]} {basis}"


def percents(rate: str | None) -> str:
    return "–" if rate is None else percent(Decimal(rate))


def scope(rule: PriceRule) -> str:
    """Return the items that a rule applies to."""
    asked = [
        (_("variant"), rule.variant),
        (_("product"), rule.product),
        (_("supplier"), rule.supplier_code),
        (_("brand"), rule.brand),
        (_("category"), rule.category),
    ]
    return " · ".join(f"{name} {value}" for name, value in asked if value) or str(_("everything"))


def method(rule: PriceRule) -> str:
    """Return how a rule calculates: 30 % margin on landed cost, from 20: 25 %."""
    tiers = "".join(
        f", {_('from')} {start}: {_value(rule, Decimal(str(value)))}" for start, value in rule.tiers
    )
    return f"{_value(rule, rule.value)} {_HOW[rule.method]} {rule.get_basis_display()}{tiers}"


def _value(rule: PriceRule, value: Decimal) -> str:
    return f"{value.normalize():f}" if rule.method == Method.FIXED else percent(value)
