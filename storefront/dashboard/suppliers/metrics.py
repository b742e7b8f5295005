"""Supplier metrics: format and explain scorecard values, rank suppliers by confidence bounds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.columns import as_percent
from suppliers.models import Scorecard, Supplier
from suppliers.models.scorecards import LESS_IS_BETTER

Measure = Scorecard.Measure

# Use the last card within this time if today's is not computed yet.
MAX_CARD_AGE = timedelta(days=7)
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
# A duration over this many hours is shown in days.
MAX_HOURS = 48
DURATIONS = frozenset(
    {Measure.ACKNOWLEDGE_TIME, Measure.FIRST_SCAN_TIME, Measure.STOCK_AGE, Measure.ANSWER_TIME}
)
EXPLANATIONS: dict[str, str | Promise] = {
    Measure.FILL_RATE: _(
        "Share of ordered lines that shipped. Only out-of-stock rejections lower it."
    ),
    Measure.STOCK_ACCURACY: _(
        "Share of ordered lines that were in stock as the supplier's feed said."
    ),
    Measure.CANCELLATION_RATE: _(
        "Share of purchase orders that the supplier rejected or canceled without our request."
    ),
    Measure.RETURN_RATE: _("Share of parcels that the carrier returned to the supplier."),
    Measure.ACKNOWLEDGE_TIME: _(
        "Time from our purchase order to the supplier's confirmation or rejection."
    ),
    Measure.FIRST_SCAN_TIME: _("Time from the supplier's confirmation to the first carrier scan."),
    Measure.STOCK_AGE: _("Age of the supplier's stock data, measured every hour."),
    Measure.FEED_SUCCESS: _(
        "Share of sync runs that were applied. Failed and quarantined runs lower it."
    ),
    Measure.COST_STABILITY: _("Share of costs that did not change in 30 days."),
    Measure.ANSWER_TIME: _("Response time of the supplier's API."),
    Measure.ANSWERED: _("Share of calls to the supplier's API that got a response."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierRank:
    """A supplier's rank by a confidence ``bound``; ``card`` is None if there is no data."""

    supplier: Supplier
    card: Scorecard | None
    position: int | None
    bound: Decimal | None


def latest_cards(*, now: datetime, **conditions: Any) -> QuerySet[Scorecard]:
    """Return the latest card of each supplier and measure, among those with these values."""
    recent = Scorecard.objects.filter(on__gte=(now - MAX_CARD_AGE).date(), **conditions)
    return recent.order_by("supplier", "measure", "-on").distinct("supplier", "measure")


def is_rate(measure: str) -> bool:
    return measure not in DURATIONS


def format_value(value: Decimal | None, measure: str) -> str:
    """Format a value with its unit: 97.5 %, 2 h 5 min, 120 ms."""
    if value is None or is_rate(measure):
        return as_percent(value)
    if measure == Measure.ANSWER_TIME:
        return f"{value:.0f} ms"
    return duration(int(value))


def format_short(value: Decimal, measure: str) -> str:
    """Format a round value briefly, for the scale of a chart."""
    if is_rate(measure):
        return f"{_round(100 * value)} %"
    if measure == Measure.ANSWER_TIME:
        return f"{value:.0f} ms"
    for unit_s, unit in ((DAY_S, gettext("d")), (HOUR_S, gettext("h")), (MINUTE_S, gettext("min"))):
        if value >= unit_s:
            return f"{_round(value / unit_s)} {unit}"
    return f"{_round(value)} {gettext('s')}"


def _round(value: Decimal) -> str:
    return f"{float(value):.3g}"


def duration(seconds: int) -> str:
    """Format a duration in its two largest units."""
    if seconds < MINUTE_S:
        return gettext("%(count)d s") % {"count": seconds}
    if seconds < HOUR_S:
        return gettext("%(count)d min") % {"count": seconds // MINUTE_S}
    if seconds < MAX_HOURS * HOUR_S:
        minutes = seconds % HOUR_S // MINUTE_S
        hours = gettext("%(count)d h") % {"count": seconds // HOUR_S}
        return f"{hours} {gettext('%(count)d min') % {'count': minutes}}" if minutes else hours
    days = Decimal(seconds) / DAY_S
    text = ngettext("%(count).1f day", "%(count).1f days", round(days))
    return text % {"count": days}


def rank(
    *, suppliers: Iterable[Supplier], cards: Iterable[Scorecard], measure: str
) -> list[SupplierRank]:
    """Rank suppliers by the conservative confidence bound, best first.

    That is the lower bound if more is better, else the upper one. Suppliers with too few samples
    for a bound come after those with one; suppliers without data come last.
    """
    known = {card.supplier_id: card for card in cards}
    less = measure in LESS_IS_BETTER

    def order(supplier: Supplier) -> tuple[bool, bool, Decimal, str]:
        card = known.get(supplier.pk)
        if card is None:
            return True, True, Decimal(0), supplier.name
        bound = _bound(card, less=less)
        value = card.value if bound is None else bound
        return False, bound is None, value if less else -value, supplier.name

    ranked = []
    for position, supplier in enumerate(sorted(suppliers, key=order), start=1):
        card = known.get(supplier.pk)
        ranked.append(
            SupplierRank(
                supplier=supplier,
                card=card,
                position=position if card else None,
                bound=_bound(card, less=less) if card else None,
            )
        )
    return ranked


def _bound(card: Scorecard, *, less: bool) -> Decimal | None:
    return card.high if less else card.low
