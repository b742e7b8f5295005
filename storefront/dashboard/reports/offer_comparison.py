"""Offer comparison: show the offers of a variant, their costs, and why each is selected or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel, Listing, Variant
from catalog.pricing import labels, policy
from catalog.pricing.landed_cost import Costing, LandedCost
from orders.routing.candidates import QuantityRefusal
from orders.routing.engine import Drawback
from orders.routing.margin_filter import MarginReason
from orders.routing.stock_query import lead_days
from shipping.availability import source_comparison
from shipping.availability.source_comparison import ComparedSource, RouteStatus
from storefront.dashboard import staff_page
from storefront.dashboard.reports import offer_history
from storefront.dashboard.reports.destination_form import DestinationForm, channel_named
from storefront.dashboard.suppliers import metrics
from storefront.lib.money import Money
from storefront.lib.staff.columns import as_money
from suppliers.inventory import freshness
from suppliers.inventory.availability import UnavailableReason
from suppliers.inventory.freshness import Freshness, decay_terms
from suppliers.models import Scorecard, ShippingService, SupplierOffer
from suppliers.models.compliance import Requirement

# ``reason_text`` inserts the figures.
REASONS: dict[str, str | Promise] = {
    RouteStatus.SELECTED: _("Selected"),
    UnavailableReason.SUPPLIER: _("Supplier is not active"),
    UnavailableReason.DISCONTINUED: _("Discontinued by the supplier"),
    UnavailableReason.ON_HOLD: _("Offer on hold: implausible data, or stopped by staff"),
    UnavailableReason.MISSING_CERTIFICATE: _("No valid compliance document: %(lacks)s"),
    UnavailableReason.NO_COST: _("No cost"),
    UnavailableReason.STALE_COST: _("Cost is outdated"),
    UnavailableReason.STALE_STOCK: _("Stock data is outdated"),
    UnavailableReason.OUT_OF_STOCK: _("No stock above the safety stock"),
    UnavailableReason.MISSING_RATE: _("No current exchange rate for this currency"),
    RouteStatus.PARCEL_TOO_SMALL: _("A parcel from here fits at most %(most)s"),
    QuantityRefusal.TOO_FEW: _("Only %(left)s available"),
    QuantityRefusal.BELOW_MINIMUM: _("Minimum order quantity: %(minimum)s"),
    QuantityRefusal.NOT_WHOLE_PACKS: _("Sold only in packs of %(pack)s"),
    MarginReason.LOSS: _("Would be sold at a loss of %(loss)s"),
    MarginReason.LOW_MARGIN: _(
        "Profit would be %(earned)s, below the minimum margin of the routing rules"
    ),
    Drawback.HIGHER_COST: _("Landed cost is higher by %(more)s in total"),
    Drawback.NO_COST: _(
        "Landed cost unknown: cost settings or a reliable exchange rate are missing"
    ),
    Drawback.MORE_DISTANT: _("Farther away, with no advantage in earlier criteria"),
    Drawback.SLOWER: _("Arrives later, with no advantage in earlier criteria"),
    Drawback.LOWER_SCORE: _("Supplier with a lower fill rate"),
    Drawback.LESS_PREFERRED: _("Supplier with a lower priority"),
    Drawback.ADDED_LATER: _("Equal in all criteria; the older offer is selected"),
}
# Key: whether it sells at a loss, and whether it covers only a part of the quantity.
SELECTED_TEXTS = {
    (False, False): REASONS[RouteStatus.SELECTED],
    (True, False): _("Selected, at a loss of %(loss)s"),
    (False, True): _("%(units)s selected: no supplier has all without a loss"),
    (True, True): _("%(units)s selected, at a loss of %(loss)s: no supplier has all"),
}
AGES: dict[str, str | Promise] = {
    Freshness.FRESH: _("fresh: full quantity available"),
    Freshness.DECAYING: _("aging: safety stock added"),
    Freshness.EXPIRED: _("outdated: not sold"),
}


def reason_text(source: ComparedSource, *, quantity: int, more: str) -> str:
    """Return why a level is selected or not; ``more`` is its extra cost."""
    if source.verdict == RouteStatus.NOT_CARRIED:
        return source.sentence
    offer, candidate, contribution = (
        source.row.level.offer,
        source.row.candidate,
        source.contribution,
    )
    message = REASONS[source.verdict]
    if source.verdict == RouteStatus.SELECTED:
        loses, is_part = (
            contribution is not None and contribution.loss.amount > 0,
            source.units < quantity,
        )
        message = SELECTED_TEXTS[loses, is_part]
    # A row that is not for sale shows all its reasons: it is not for sale until all are settled.
    text = "; ".join(str(REASONS[reason]) for reason in source.row.reasons) or str(message)
    return text % {
        "units": source.units,
        "loss": as_money(contribution.loss) if contribution else "",
        "earned": as_money(contribution.earned) if contribution else "",
        "more": more,
        "most": source.most,
        "left": candidate.available if candidate else 0,
        "lacks": Requirement.labels_of(offer.missing_certificates),
        "minimum": offer.min_order_units,
        "pack": offer.pack_size,
    }


# Page

MAX_QUANTITY = 999
SHOWN_METRICS = (Scorecard.Measure.FILL_RATE, Scorecard.Measure.STOCK_ACCURACY)


class ComparisonForm(DestinationForm):
    """Form for the country, quantity and channel of the comparison."""

    field_order = ("country", "quantity", "channel")

    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=MAX_QUANTITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One stock level as a table row, with formatted amounts."""

    source: ComparedSource
    why: str
    is_selected: bool
    cost: str
    cost_here: str
    landed: str
    parts: Sequence[tuple[str, str]]
    freshness: str
    age_text: str
    deductions: Sequence[tuple[str, int]]
    promised: int
    lead_days: int
    ships_to: Sequence[str]
    scores: Sequence[Scorecard]


def show(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Compare the offers of a variant for the country and quantity in ``GET``."""
    staff_page.require(request, "suppliers.view_supplieroffer")
    now = timezone.now()
    variant = get_object_or_404(Variant.objects.select_related("product"), pk=variant_id)
    channel = channel_named(request.GET.get("channel", ""))
    form = _bound_form(request, channel)
    country = form.cleaned_data.get("country", channel.default_country)
    quantity = form.cleaned_data.get("quantity", 1)
    sources = source_comparison.compare_sources(
        variant=variant, quantity=quantity, country=country, channel=channel, now=now
    )
    rows = _rows(sources, channel=channel, country=country, quantity=quantity, now=now)
    levels = [source.row.level for source in sources]
    offers = list({level.offer_id: level.offer for level in levels}.values())
    bare = SupplierOffer.objects.filter(variant=variant).exclude(
        pk__in=[offer.pk for offer in offers]
    )
    without_stock = list(bare.select_related("supplier").order_by("pk"))
    return staff_page.render(
        request,
        "dashboard/reports/offers.html",
        title=gettext("Compare offers"),
        variant=variant,
        channel=channel,
        form=form,
        country=form.countries[country],
        quantity=quantity,
        rows=rows,
        selected=[row for row in rows if row.is_selected],
        without_stock=without_stock,
        listing=Listing.objects.on(channel).filter(variant=variant).first(),
        histories=offer_history.load(offers=[*offers, *without_stock], levels=levels, now=now),
    )


def _bound_form(request: HttpRequest, channel: Channel) -> ComparisonForm:
    values: dict[str, Any] = {"quantity": 1, **request.GET.dict(), "channel": channel.code}
    if values.get("country") not in {channel.default_country, *channel.countries}:
        values["country"] = channel.default_country
    form = ComparisonForm(channel, values)
    form.is_valid()
    return form


def _rows(
    sources: Sequence[ComparedSource],
    *,
    channel: Channel,
    country: str,
    quantity: int,
    now: datetime,
) -> list[Row]:
    costing = policy.load_costing(channel, now=now, country=country)
    routes = _routes([source.row.level.location_id for source in sources])
    scores = _scores({source.row.level.offer.supplier_id for source in sources}, now)
    landed = {source.row.level.pk: _landed(source, costing) for source in sources}
    best = next(
        (
            landed[source.row.level.pk]
            for source in sources
            if source.verdict == RouteStatus.SELECTED
        ),
        None,
    )

    def row(source: ComparedSource) -> Row:
        level, offer = source.row.level, source.row.level.offer
        known, landed_cost = cast(Any, level), landed[level.pk]
        more = (
            Money(landed_cost.of(quantity) - best.of(quantity), channel.currency)
            if landed_cost and best
            else None
        )
        rate = costing.rate(offer.currency)
        cost = None if offer.cost_amount is None else Money(offer.cost_amount, offer.currency)
        age = freshness.decay(
            reported=level.reported_quantity,
            age=now - known.known_at,
            terms=decay_terms(offer.supplier),
            accuracy=offer.supplier.stock_accuracy,
        ).status
        return Row(
            source=source,
            why=reason_text(source, quantity=quantity, more=_format_money(more)),
            is_selected=source.verdict == RouteStatus.SELECTED,
            cost=_format_money(cost),
            cost_here=_format_money(cost.converted(rate=rate, currency=channel.currency))
            if cost and rate is not None
            else "",
            landed=_format_money(Money(landed_cost.of(quantity) / quantity, channel.currency))
            if landed_cost
            else "",
            parts=_parts(landed_cost, channel.currency) if landed_cost else (),
            freshness=age,
            age_text=str(AGES[age]),
            deductions=[
                (gettext("supplier safety stock"), level.safety_stock),
                (gettext("for outdated data"), known.aged),
                (gettext("reserved for unpaid orders"), level.reserved),
                (gettext("sold, not yet in the supplier's stock"), level.allocated_outstanding),
                (gettext("channel safety stock"), channel.safety_stock),
            ],
            promised=source.row.candidate.available if source.row.candidate else 0,
            lead_days=lead_days(offer, now),
            ships_to=routes.get(level.location_id, ()),
            scores=scores.get(offer.supplier_id, ()),
        )

    return [row(source) for source in sources]


def _landed(source: ComparedSource, costing: Costing) -> LandedCost | None:
    level, offer = source.row.level, source.row.level.offer
    if offer.cost_amount is None:
        return None
    return costing.landed(
        Money(offer.cost_amount, offer.currency),
        origins=(level.location.country,),
        supplier_code=offer.supplier.code,
    )


def _parts(landed: LandedCost, currency: str) -> list[tuple[str, str]]:
    return [
        (labels.step_label(code), _format_money(Money(amount, currency)))
        for code, amount in landed.steps()
        if amount or code in {"wholesale", "landed"}
    ]


def _format_money(money: Money | None) -> str:
    return "" if money is None else as_money(money.rounded())


def _routes(location_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Return the countries that each location ships to, or "everywhere"."""
    countries_by_location: dict[int, set[str]] = {}
    for location_id, countries in ShippingService.objects.filter(
        location__in=location_ids, is_active=True
    ).values_list("location", "countries"):
        countries_by_location.setdefault(location_id, set()).update(
            countries or [gettext("everywhere")]
        )
    return {location_id: sorted(names) for location_id, names in countries_by_location.items()}


def _scores(supplier_ids: set[int], now: datetime) -> dict[int, list[Scorecard]]:
    cards_by_supplier: dict[int, list[Scorecard]] = {}
    for card in metrics.latest_cards(now=now, supplier__in=supplier_ids, measure__in=SHOWN_METRICS):
        cards_by_supplier.setdefault(card.supplier_id, []).append(card)
    return cards_by_supplier
