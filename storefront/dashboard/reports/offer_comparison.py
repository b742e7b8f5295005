"""Offer comparison: show the offers of a variant, their costs, and why each is chosen or not.

The reasons are those by which checkout routes a parcel to the given country and quantity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, cast

from babel import Locale
from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel, Listing, Variant
from catalog.pricing import labels, policy
from catalog.pricing.landed_cost import Costing, Landed
from orders.routing.candidates import Misfit, Refusal
from orders.routing.engine import Worse
from orders.routing.margin_filter import Unearning
from orders.routing.stock_query import lead_days
from shipping.availability import source_comparison
from shipping.availability.source_comparison import Compared, Way
from storefront.dashboard.reports import offer_history
from storefront.lib.money import Money
from storefront.lib.staff.columns import as_money
from suppliers.inventory import freshness
from suppliers.inventory.freshness import Standing, terms_of
from suppliers.models import Scorecard, Service, SupplierOffer

# ``why`` inserts the figures.
SAID: dict[str, str | Promise] = {
    Way.TAKEN: _("Selected"),
    Refusal.SUPPLIER: _("Supplier is not active"),
    Refusal.GONE: _("Discontinued by the supplier"),
    Refusal.HELD: _("Offer on hold: implausible data, or stopped by staff"),
    Refusal.EVIDENCE: _("No valid compliance document: %(lacks)s"),
    Refusal.NO_COST: _("No cost"),
    Refusal.OLD_COST: _("Cost is outdated"),
    Refusal.OLD_STOCK: _("Stock data is outdated"),
    Refusal.NO_UNITS: _("No stock above the safety stock"),
    Refusal.NO_RATE: _("No current exchange rate for this currency"),
    Way.PARCEL_TOO_SMALL: _("A parcel from here fits at most %(most)s"),
    Misfit.TOO_FEW: _("Only %(left)s available"),
    Misfit.BELOW_MINIMUM: _("Minimum order quantity: %(minimum)s"),
    Misfit.NOT_WHOLE_PACKS: _("Sold only in packs of %(pack)s"),
    Unearning.LOSES: _("Would be sold at a loss of %(loss)s"),
    Unearning.EARNS_TOO_LITTLE: _(
        "Profit would be %(earned)s, below the minimum margin of the routing rules"
    ),
    Worse.DEARER: _("Landed cost is higher by %(more)s in total"),
    Worse.NO_COST: _("Landed cost unknown: cost settings or a reliable exchange rate are missing"),
    Worse.FARTHER: _("Farther away, with no advantage in earlier criteria"),
    Worse.SLOWER: _("Arrives later, with no advantage in earlier criteria"),
    Worse.WORSE_SUPPLIER: _("Supplier with a lower fill rate"),
    Worse.LESS_LIKED: _("Supplier with a lower priority"),
    Worse.LATER: _("Equal in all criteria; the older offer is selected"),
}
TAKEN_AT_A_LOSS = _("Selected, at a loss of %(loss)s")
PART_TAKEN = _("%(units)s selected: no supplier has all without a loss")
PART_TAKEN_AT_A_LOSS = _("%(units)s selected, at a loss of %(loss)s: no supplier has all")
# Key: whether it sells at a loss, and whether it covers only a part of the quantity.
TAKEN = {
    (False, False): SAID[Way.TAKEN],
    (True, False): TAKEN_AT_A_LOSS,
    (False, True): PART_TAKEN,
    (True, True): PART_TAKEN_AT_A_LOSS,
}
AGES: dict[str, str | Promise] = {
    Standing.BELIEVED: _("fresh: full quantity available"),
    Standing.BUFFERED: _("aging: safety stock added"),
    Standing.HIDDEN: _("outdated: not sold"),
}


def why(found: Compared, *, quantity: int, more: str) -> str:
    """Return the reason why a stock level is chosen or not for a quantity.

    ``more`` is its extra cost over the chosen one.
    """
    if found.verdict == Way.NOT_CARRIED:
        return found.sentence
    offer, candidate, left = found.row.level.offer, found.row.candidate, found.left
    words = SAID[found.verdict]
    if found.verdict == Way.TAKEN:
        loses, is_part = left is not None and left.loss.amount > 0, found.units < quantity
        words = TAKEN[loses, is_part]
    return str(words) % {
        "units": found.units,
        "loss": as_money(left.loss) if left else "",
        "earned": as_money(left.earned) if left else "",
        "more": more,
        "most": found.most,
        "left": candidate.available if candidate else 0,
        "lacks": offer.missing_evidence,
        "minimum": offer.minimum_quantity,
        "pack": offer.pack_size,
    }


# Page

MOST_AT_ONCE = 999
SCORED = (Scorecard.Measure.FILL_RATE, Scorecard.Measure.STOCK_ACCURACY)
SCORED_LATELY = timedelta(days=7)


class AskForm(forms.Form):
    """Form for the country, quantity and channel of the comparison."""

    country = forms.ChoiceField(label=_("Destination"))
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=MOST_AT_ONCE)
    channel = forms.ModelChoiceField(
        Channel.objects.order_by("pk"),
        label=_("Channel"),
        to_field_name="code",
        empty_label=None,
    )

    def __init__(self, countries: Mapping[str, str], *args: Any, **known: Any) -> None:
        super().__init__(*args, **known)
        choices = sorted(countries.items(), key=itemgetter(1))
        cast(forms.ChoiceField, self.fields["country"]).choices = choices
        if Channel.objects.count() == 1:
            del self.fields["channel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One stock level as a table row, with formatted amounts."""

    found: Compared
    why: str
    is_taken: bool
    cost: str
    cost_here: str
    landed: str
    parts: Sequence[tuple[str, str]]
    standing: str
    age_words: str
    kept_back: Sequence[tuple[str, int]]
    promised: int
    lead_days: int
    ships_to: Sequence[str]
    scores: Sequence[Scorecard]


def show(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Compare the offers of a variant for the country and quantity in ``GET``."""
    if not request.user.has_perm("suppliers.view_supplieroffer"):
        raise PermissionDenied("suppliers.view_supplieroffer")
    now = timezone.now()
    variant = get_object_or_404(Variant.objects.select_related("product"), pk=variant_id)
    channel = _channel(request)
    names = Locale.parse(get_language() or "en").territories
    countries = {
        code: names.get(code, code) for code in (channel.default_country, *channel.countries)
    }
    form = _asked(request, channel, countries)
    country = form.cleaned_data.get("country", channel.default_country)
    quantity = form.cleaned_data.get("quantity", 1)
    found = source_comparison.compare(
        variant=variant, quantity=quantity, country=country, channel=channel, now=now
    )
    rows = _rows(found, channel=channel, country=country, quantity=quantity, now=now)
    levels = [one.row.level for one in found]
    offers = list({level.offer_id: level.offer for level in levels}.values())
    bare = SupplierOffer.objects.filter(variant=variant).exclude(pk__in=[one.pk for one in offers])
    without_stock = list(bare.select_related("supplier").order_by("pk"))
    context = {
        **admin.site.each_context(request),
        "title": gettext("Compare offers"),
        "variant": variant,
        "channel": channel,
        "form": form,
        "country": countries[country],
        "quantity": quantity,
        "rows": rows,
        "taken": [row for row in rows if row.is_taken],
        "without_stock": without_stock,
        "listing": Listing.objects.on(channel).filter(variant=variant).first(),
        "histories": offer_history.read(offers=[*offers, *without_stock], levels=levels, now=now),
    }
    return TemplateResponse(request, "dashboard/reports/offers.html", context)


def _channel(request: HttpRequest) -> Channel:
    channels = Channel.objects.order_by("pk")
    return channels.filter(code=request.GET.get("channel", "")).first() or channels[0]


def _asked(request: HttpRequest, channel: Channel, countries: Mapping[str, str]) -> AskForm:
    given: dict[str, Any] = {"quantity": 1, **request.GET.dict(), "channel": channel.code}
    if given.get("country") not in countries:
        given["country"] = channel.default_country
    form = AskForm(countries, given)
    form.is_valid()
    return form


def _rows(
    found: Sequence[Compared], *, channel: Channel, country: str, quantity: int, now: datetime
) -> list[Row]:
    costing = policy.costing_of(channel, now=now, country=country)
    routes = _routes([one.row.level.location_id for one in found])
    scores = _scores({one.row.level.offer.supplier_id for one in found}, now)
    landed = {one.row.level.pk: _landed(one, costing) for one in found}
    best = next((landed[one.row.level.pk] for one in found if one.verdict == Way.TAKEN), None)

    def row(one: Compared) -> Row:
        level, offer = one.row.level, one.row.level.offer
        known, mine = cast(Any, level), landed[level.pk]
        more = (
            Money(mine.of(quantity) - best.of(quantity), channel.currency)
            if mine and best
            else None
        )
        rate = costing.rate(offer.currency)
        cost = None if offer.cost_amount is None else Money(offer.cost_amount, offer.currency)
        standing = freshness.judge(
            reported=level.reported_quantity,
            age=now - known.known_at,
            terms=terms_of(offer.supplier),
            accuracy=offer.supplier.stock_accuracy,
        ).standing
        return Row(
            found=one,
            why=why(one, quantity=quantity, more=_said(more)),
            is_taken=one.verdict == Way.TAKEN,
            cost=_said(cost),
            cost_here=_said(cost.converted(rate=rate, currency=channel.currency))
            if cost and rate is not None
            else "",
            landed=_said(Money(mine.of(quantity) / quantity, channel.currency)) if mine else "",
            parts=_parts(mine, channel.currency) if mine else (),
            standing=standing,
            age_words=str(AGES[standing]),
            kept_back=[
                (gettext("supplier safety stock"), level.buffer),
                (gettext("for outdated data"), known.aged),
                (gettext("reserved for unpaid orders"), level.reserved),
                (gettext("sold, not yet in the supplier's stock"), level.allocated_unseen),
                (gettext("channel safety stock"), channel.buffer),
            ],
            promised=one.row.candidate.available if one.row.candidate else 0,
            lead_days=lead_days(offer, now),
            ships_to=routes.get(level.location_id, ()),
            scores=scores.get(offer.supplier_id, ()),
        )

    return [row(one) for one in found]


def _landed(found: Compared, costing: Costing) -> Landed | None:
    level, offer = found.row.level, found.row.level.offer
    if offer.cost_amount is None:
        return None
    return costing.landed(
        Money(offer.cost_amount, offer.currency),
        origins=(level.location.country,),
        supplier_code=offer.supplier.code,
    )


def _parts(landed: Landed, currency: str) -> list[tuple[str, str]]:
    return [
        (labels.words(code), _said(Money(amount, currency)))
        for code, amount in landed.steps()
        if amount or code in {"wholesale", "landed"}
    ]


def _said(money: Money | None) -> str:
    return "" if money is None else as_money(money.rounded())


def _routes(location_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """Return the countries that each location ships to, or "everywhere"."""
    found: dict[int, set[str]] = {}
    for location_id, countries in Service.objects.filter(
        location__in=location_ids, is_active=True
    ).values_list("location", "countries"):
        found.setdefault(location_id, set()).update(countries or [gettext("everywhere")])
    return {location_id: sorted(names) for location_id, names in found.items()}


def _scores(supplier_ids: set[int], now: datetime) -> dict[int, list[Scorecard]]:
    cards = (
        Scorecard.objects.filter(
            supplier__in=supplier_ids, measure__in=SCORED, on__gte=(now - SCORED_LATELY).date()
        )
        .order_by("supplier", "measure", "-on")
        .distinct("supplier", "measure")
    )
    found: dict[int, list[Scorecard]] = {}
    for card in cards:
        found.setdefault(card.supplier_id, []).append(card)
    return found
