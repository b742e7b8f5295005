"""Refusal reasons: explain to the customer why a parcel cannot be sent. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from babel import Locale
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from suppliers.shipping_services.dangerous_goods import Restriction
from suppliers.shipping_services.selection import (
    TOO_HEAVY,
    ParcelLoad,
    ServiceTerms,
    reasons_against,
)

NO_ROUTE = "no_route"
RESTRICTED = "restricted"
# Of several reasons, the one that the customer can change most easily comes first.
PRIORITY = (
    TOO_HEAVY,
    Restriction.CELL_COUNT,
    Restriction.PACKING_NOT_ACCEPTED,
    Restriction.CELL_ENERGY,
    Restriction.BATTERY_ENERGY,
    Restriction.ENERGY_UNKNOWN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalReason:
    """Why a parcel cannot be sent. ``tier`` is empty if no tier can carry it."""

    country_from: str
    tier: str
    code: str
    sentence: str


def explain_refusal(  # noqa: PLR0913 - a parcel, its method, and what refuses it
    *,
    routes: Sequence[ServiceTerms],
    load: ParcelLoad,
    country_from: str,
    country_to: str,
    tier: str,
    is_restricted: bool,
) -> RefusalReason:
    """Return the first reason (by ``PRIORITY``) of the route with the fewest reasons."""
    code = RESTRICTED if is_restricted else NO_ROUTE
    if routes and not is_restricted:
        against = min((reasons_against(route, load) for route in routes), key=len)
        code = next(code for code in PRIORITY if code in against)
    values = {"start": _country(country_from), "end": _country(country_to)}
    return RefusalReason(
        country_from=country_from,
        tier=tier,
        code=str(code),
        sentence=_with_tier(tier, str(code), _route_sentence(str(code), values), values),
    )


def tier_name(tier: str) -> str:
    return str(_TIERS[tier]) if tier in _TIERS else tier


def _with_tier(tier: str, code: str, sentence: str, values: Mapping[str, str]) -> str:
    """Add the tier to the sentence: another tier may carry the parcel."""
    if tier not in _TIERS:
        return sentence
    if code == NO_ROUTE:
        is_within = values["start"] == values["end"]
        template = (
            gettext("%(tier)s delivery is not available within %(end)s.")
            if is_within
            else gettext("%(tier)s delivery is not available from %(start)s to %(end)s.")
        )
        return template % {"tier": tier_name(tier), **values}
    return f"{tier_name(tier)}: {sentence}"


def _route_sentence(code: str, values: Mapping[str, str]) -> str:
    if code == NO_ROUTE and values["start"] == values["end"]:
        return gettext("We have no delivery method within %(end)s.") % values
    is_within = values["start"] == values["end"]
    route_text = gettext("within %(end)s") if is_within else gettext("from %(start)s to %(end)s")
    return str(_SENTENCES[code]) % {**values, "way": route_text % values}


_TIERS: Mapping[str, Promise] = {"economy": _("Standard"), "express": _("Express")}
_SENTENCES: Mapping[str, Promise] = {
    NO_ROUTE: _("We have no delivery method from %(start)s to %(end)s."),
    RESTRICTED: _(
        "Some of these items cannot be shipped to %(end)s because they are not allowed there."
    ),
    TOO_HEAVY: _("This is too heavy for one parcel %(way)s."),
    Restriction.CELL_COUNT.value: _(
        "A parcel %(way)s cannot contain this many lithium batteries. Order fewer at a time."
    ),
    Restriction.PACKING_NOT_ACCEPTED.value: _(
        "None of our carriers takes loose lithium batteries %(way)s."
    ),
    Restriction.CELL_ENERGY.value: _(
        "None of our carriers takes a battery cell this large %(way)s."
    ),
    Restriction.BATTERY_ENERGY.value: _("None of our carriers takes a battery this large %(way)s."),
    Restriction.ENERGY_UNKNOWN.value: _(
        "The manufacturer does not state the battery energy, so carriers cannot accept it."
    ),
}


def _country(code: str) -> str:
    return str(Locale.parse(get_language() or "en").territories.get(code, code))
