"""Routing labels: explain to staff the routing rules, and why a source was not chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from orders.enums import Criterion
from orders.models.routing import CRITERIA
from orders.routing import margin_filter
from orders.routing.candidates import Misfit
from orders.routing.decision_log import TAKEN
from orders.routing.engine import Worse
from orders.routing.margin_filter import Left, Unearning
from orders.routing.ranking import Rules
from storefront.lib.staff.columns import as_money, as_number
from storefront.lib.staff.fieldsets import Field, Group

SAID: Mapping[str, str | Promise] = {
    TAKEN: _("Taken"),
    Misfit.TOO_FEW: _("too few"),
    Misfit.BELOW_MINIMUM: _("sold only in more"),
    Misfit.NOT_WHOLE_PACKS: _("sold only in whole packs"),
    Unearning.LOSES: _("it would lose money"),
    Unearning.EARNS_TOO_LITTLE: _("it would earn less than is asked for"),
    Worse.NO_COST: _("nobody can say what it lands at"),
    Worse.DEARER: _("dearer"),
    Worse.FARTHER: _("farther away"),
    Worse.SLOWER: _("slower"),
    Worse.WORSE_SUPPLIER: _("a supplier who ships less of what is ordered"),
    Worse.LESS_LIKED: _("a supplier whom staff like less"),
    Worse.LATER: _("as good in all, and known later"),
    Criterion.PARCELS: _("one more parcel"),
}
# The same with figures; below, labels of a source chosen despite a low margin.
FIGURED: Mapping[str, str | Promise] = {
    Unearning.LOSES: _("it would lose %(loss)s"),
    Unearning.EARNS_TOO_LITTLE: _(
        "it would earn %(earned)s, which is %(rate)s %% of the price; %(least)s %% are asked for"
    ),
}
TAKEN_AT_A_LOSS = _("Taken at a loss of %(loss)s: from nobody would it lose less")
TAKEN_UNASKED = _("Taken at a loss of %(loss)s: the rules ask for no margin")
TAKEN_FOR_LITTLE = _(
    "Taken, and earns %(earned)s, which is %(rate)s %% of the price: from nobody would it earn the"
    " %(least)s %% that are asked for"
)
PLACES = (_("First"), _("Second"), _("Third"), _("Fourth"), _("Fifth"), _("Last"))
RULES = (
    Group(
        _("What decides"),
        {
            "channel": Field(_("Channel"), _("Whose orders are routed so.")),
            "step_1": Field(PLACES[0], _("The first that differs between two places decides.")),
            "step_2": Field(PLACES[1], _("Asked where all before it are equal. Empty: nothing.")),
            "step_3": Field(PLACES[2], _("Asked where all before it are equal. Empty: nothing.")),
            "step_4": Field(PLACES[3], _("Asked where all before it are equal. Empty: nothing.")),
            "step_5": Field(PLACES[4], _("Asked where all before it are equal. Empty: nothing.")),
            "step_6": Field(PLACES[5], _("Asked where all before it are equal. Empty: nothing.")),
            "preferred": Field(
                _("Preferred suppliers"),
                _(
                    "Their codes, the best first, with commas. They count where preference does;"
                    " empty: it decides nothing."
                ),
            ),
        },
    ),
    Group(
        _("What it must earn"),
        {
            "least_margin_rate": Field(
                _("Lowest margin"),
                _(
                    "A fraction of the price before tax: 0.1 is 10 %. From where a line would earn"
                    " less, it is sent only if nobody else can. 0: no loss. Empty: not asked for."
                ),
            ),
        },
    ),
    Group(
        _("When a supplier does not send it"),
        {
            "looks_elsewhere": Field(
                _("Look for another supplier"),
                _(
                    "What one refuses is bought from another: unasked, where it comes in time; else"
                    " the shopper is asked. Off: its money goes back at once."
                ),
            ),
            "moves_silent_after_h": Field(
                _("Give a silent supplier up after hours"),
                _(
                    "So many hours after he should have confirmed, he is asked to stop it, and"
                    " another is looked for. Empty: staff decide."
                ),
            ),
        },
    ),
    Group(
        _("When"),
        {
            "starts_at": Field(_("Starts"), _("UTC. Empty: as soon as it goes live.")),
            "ends_at": Field(
                _("Ends"), _("UTC. Then what was in force before counts again. Empty: never.")
            ),
            "note": Field(_("Note"), _("What it is for, for whoever comes after you.")),
        },
    ),
)
NO_RULES = _(
    "Without rules the fewest parcels count first, then the lowest landed cost, then the soonest"
    " day, then the best supplier, then the nearest place. Add others, rehearse them with"
    " yesterday's orders, and let them go live."
)
ASKS_NO_MARGIN = _(
    "Nothing is asked for: a line may be sent at a loss although another place would lose nothing,"
    " and only the check before sending stops it. Rules that went live before there was a lowest"
    " margin are all so, and what is live never changes. To change it, make a new draft like this,"
    " write its lowest margin (0: no loss), and let it go live."
)
ASKS_NO_LOSS = _("No loss, as long as another place sends it.")
ASKS_MARGIN = _("%(least)s %% of the price before tax, as long as another place leaves that.")
_CRITERIA: Mapping[str, str | Promise] = dict(CRITERIA)


def chain(criteria: Iterable[str]) -> str:
    """Return the criteria in order, as text."""
    return now(", then ").join(str(_CRITERIA[criterion]) for criterion in criteria)


def counts(rules: Rules) -> str:
    """Return the criteria in order and the minimum margin, as text."""
    least = rules.least_margin_rate
    if not least:
        return chain(rules.chain)
    words = now("%(chain)s, of those that leave %(least)s %% of the price")
    return words % {"chain": chain(rules.chain), "least": _percent(least)}


def asks(least: Decimal | None) -> str:
    """Return the minimum margin as text, or how to set one."""
    if least is None:
        return str(ASKS_NO_MARGIN)
    return str(ASKS_MARGIN) % {"least": _percent(least)} if least else str(ASKS_NO_LOSS)


def name(rules: Rules) -> str:
    """Return the version and its criteria."""
    version = (
        now("Version %(number)d") % {"number": rules.version} if rules.version else now("Usual")
    )
    return f"{version}: {counts(rules)}"


def verdict(code: str, *, left: Left | None = None, least: Decimal | None = None) -> str:
    """Return why a source was not chosen, or that it was chosen despite a low margin.

    Shape:  ``left`` is the contribution of the line from there, ``least`` the minimum margin
    """
    words = _figured(code, left, least) if left is not None else None
    if left is None or words is None:
        return str(SAID.get(code, code))
    return str(words) % {
        "loss": as_money(left.loss),
        "earned": as_money(left.earned),
        "rate": _percent(left.rate),
        "least": _percent(least or Decimal(0)),
    }


def _figured(code: str, left: Left, least: Decimal | None) -> str | Promise | None:
    if code != TAKEN:
        return FIGURED.get(code)
    if left.loss.amount > 0:
        return TAKEN_UNASKED if least is None else TAKEN_AT_A_LOSS
    return None if left.standing(least) == margin_filter.ENOUGH else TAKEN_FOR_LITTLE


def _percent(rate: Decimal) -> str:
    return as_number((100 * rate).quantize(Decimal("0.1")))
