"""What staff read of the rules of routing, and of why a place was not taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from orders.models.routing import CRITERIA
from orders.noting import TAKEN
from orders.ranking import Criterion, Rules
from orders.routing import Misfit, Worse
from storefront.lib.grouping import Field, Group

SAID: Mapping[str, str | Promise] = {
    TAKEN: _("Taken"),
    Misfit.TOO_FEW: _("too few"),
    Misfit.BELOW_MINIMUM: _("sold only in more"),
    Misfit.NOT_WHOLE_PACKS: _("sold only in whole packs"),
    Worse.NO_COST: _("nobody can say what it lands at"),
    Worse.DEARER: _("dearer"),
    Worse.FARTHER: _("farther away"),
    Worse.SLOWER: _("slower"),
    Worse.WORSE_SUPPLIER: _("a supplier who ships less of what is ordered"),
    Worse.LESS_LIKED: _("a supplier whom staff like less"),
    Worse.LATER: _("as good in all, and known later"),
    Criterion.PARCELS: _("one more parcel"),
}
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
                _("Their codes, the best first, with commas. They count where preference does."),
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
    "Without rules the fewest parcels count first, then the lowest landed cost, then the nearest"
    " place. Add others, rehearse them with yesterday's orders, and let them go live."
)
_CRITERIA: Mapping[str, str | Promise] = dict(CRITERIA)


def chain(criteria: Iterable[str]) -> str:
    """Say in which order what counts."""
    return now(", then ").join(str(_CRITERIA[criterion]) for criterion in criteria)


def name(rules: Rules) -> str:
    """Name rules: the version, and what it asks."""
    version = (
        now("Version %(number)d") % {"number": rules.version} if rules.version else now("Usual")
    )
    return f"{version}: {chain(rules.chain)}"


def verdict(code: str) -> str:
    return str(SAID.get(code, code))
