"""Routing labels: explain to staff the routing rules, and why a source was not chosen."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.enums import Criterion
from orders.models.routing import CRITERIA
from orders.routing import margin_filter
from orders.routing.candidates import QuantityRefusal
from orders.routing.decision_log import SELECTED
from orders.routing.engine import Drawback
from orders.routing.margin_filter import Contribution, MarginReason
from orders.routing.ranking import Rules
from storefront.lib.staff.columns import as_money, as_number
from storefront.lib.staff.fieldsets import Group

REASONS: Mapping[str, str | Promise] = {
    SELECTED: _("Selected"),
    QuantityRefusal.TOO_FEW: _("not enough stock"),
    QuantityRefusal.BELOW_MINIMUM: _("below the minimum order quantity"),
    QuantityRefusal.NOT_WHOLE_PACKS: _("sold only in whole packs"),
    MarginReason.LOSS: _("sells at a loss"),
    MarginReason.LOW_MARGIN: _("below the minimum margin"),
    Drawback.NO_COST: _("landed cost unknown"),
    Drawback.HIGHER_COST: _("higher landed cost"),
    Drawback.MORE_DISTANT: _("farther away"),
    Drawback.SLOWER: _("later delivery"),
    Drawback.LOWER_SCORE: _("lower supplier score"),
    Drawback.LESS_PREFERRED: _("less preferred supplier"),
    Drawback.ADDED_LATER: _("equal in all criteria, added later"),
    Criterion.PARCELS: _("one more parcel needed"),
}
# The same reasons with figures.
REASONS_WITH_FIGURES: Mapping[str, str | Promise] = {
    MarginReason.LOSS: _("sells at a loss of %(loss)s"),
    MarginReason.LOW_MARGIN: _(
        "margin of %(earned)s (%(rate)s %% of the price), below the minimum of %(least)s %%"
    ),
}
# Labels of a source that is selected despite a low margin.
SELECTED_AT_SMALLEST_LOSS = _("Selected at a loss of %(loss)s: no other location loses less")
SELECTED_AT_ALLOWED_LOSS = _("Selected at a loss of %(loss)s: the rules have no minimum margin")
SELECTED_BELOW_MINIMUM = _(
    "Selected with a margin of %(earned)s (%(rate)s %% of the price): no location reaches "
    "the minimum of %(least)s %%"
)
PLACES = (_("First"), _("Second"), _("Third"), _("Fourth"), _("Fifth"), _("Last"))
FIRST_CRITERION = _("The first criterion in which two locations differ decides.")
NEXT_CRITERION = _("Used when all criteria before it are equal. Leave empty to skip.")
RULES_FIELDS = (
    Group(
        _("Ranking"),
        ("channel", "step_1", "step_2", "step_3", "step_4", "step_5", "step_6", "preferred"),
    ),
    Group(_("Margin"), ("min_margin_rate",)),
    Group(_("When a supplier does not ship"), ("reroutes_rejected", "reassign_after_hours")),
    Group(_("Schedule"), ("starts_at", "ends_at", "note")),
)
NO_RULES = _(
    "Default order: fewest parcels, lowest landed cost, earliest delivery, best supplier score, "
    "nearest location. Add your own rules, simulate them with past orders, then publish them."
)
NO_MIN_MARGIN = _(
    "No minimum margin: a line may ship at a loss although another location would not "
    "lose money. Only the check before submission stops it. Live rules cannot be changed. "
    "To set a minimum, choose “Duplicate as draft”, enter the minimum margin (0 = no "
    "loss) and publish the draft."
)
NO_LOSS = _("No loss, if another location can ship the line.")
MIN_MARGIN = _("%(least)s %% of the price before tax, if another location reaches it.")
_CRITERIA: Mapping[str, str | Promise] = dict(CRITERIA)


def criteria(criteria: Iterable[str]) -> str:
    """Return the criteria in order, as text."""
    return gettext(", then ").join(str(_CRITERIA[criterion]) for criterion in criteria)


def summary(rules: Rules) -> str:
    """Return the criteria in order and the minimum margin, as text."""
    least = rules.min_margin_rate
    if not least:
        return criteria(rules.criteria)
    template = gettext("%(criteria)s, with a margin of at least %(least)s %% of the price")
    return template % {"criteria": criteria(rules.criteria), "least": _percent(least)}


def min_margin_text(least: Decimal | None) -> str:
    """Return the minimum margin as text, or how to set one."""
    if least is None:
        return str(NO_MIN_MARGIN)
    return str(MIN_MARGIN) % {"least": _percent(least)} if least else str(NO_LOSS)


def rules_name(rules: Rules) -> str:
    """Return the version and its criteria."""
    version = (
        gettext("Version %(number)d") % {"number": rules.version}
        if rules.version
        else gettext("Default rules")
    )
    return f"{version}: {summary(rules)}"


def verdict(
    code: str, *, contribution: Contribution | None = None, least: Decimal | None = None
) -> str:
    """Return why a source was not selected, or that it was selected despite a low margin.

    Shape:  ``contribution`` is that of the line from this source, ``least`` the minimum margin
    """
    template = _with_figures(code, contribution, least) if contribution is not None else None
    if contribution is None or template is None:
        return str(REASONS.get(code, code))
    return str(template) % {
        "loss": as_money(contribution.loss),
        "earned": as_money(contribution.earned),
        "rate": _percent(contribution.rate),
        "least": _percent(least or Decimal(0)),
    }


def _with_figures(
    code: str, contribution: Contribution, least: Decimal | None
) -> str | Promise | None:
    if code != SELECTED:
        return REASONS_WITH_FIGURES.get(code)
    if contribution.loss.amount > 0:
        return SELECTED_AT_ALLOWED_LOSS if least is None else SELECTED_AT_SMALLEST_LOSS
    return None if contribution.band(least) == margin_filter.SUFFICIENT else SELECTED_BELOW_MINIMUM


def _percent(rate: Decimal) -> str:
    return as_number((100 * rate).quantize(Decimal("0.1")))
