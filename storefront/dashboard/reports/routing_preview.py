"""Routing preview: route a sample cart by any rules, show parcels, costs, dates. Read-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel, Variant
from orders.addresses.validation import LIMITS
from orders.models import RoutingRules
from orders.routing import decision_log, labels
from orders.routing.rules import to_rules
from shipping.availability import cart_preview
from shipping.availability.cart_preview import Preview
from shipping.rates import quotes
from shipping.rates.refusal_reasons import tier_name
from storefront.dashboard import staff_page
from storefront.dashboard.reports.destination_form import DestinationForm, channel_named
from storefront.lib.staff.columns import as_money
from storefront.lib.text import row_id

MAX_LINES = 30
MAX_UNITS = 999


class RoutingForm(DestinationForm):
    """Form for a sample cart and its destination."""

    field_order = ("lines", "country", "region", "postcode", "rules", "channel")

    lines = forms.CharField(
        label=_("Items: SKU and quantity, one per line"),
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "HL-1234 2"}),
        max_length=4_000,
    )
    region = forms.CharField(
        label=_("State or region (if needed for tax)"), max_length=LIMITS["region"], required=False
    )
    postcode = forms.CharField(
        label=_("Postcode (for live supplier rates)"), max_length=LIMITS["postcode"], required=False
    )
    rules = forms.ChoiceField(label=_("Routing rules"), required=False)

    def __init__(self, channel: Channel, *args: Any, **known: Any) -> None:
        super().__init__(channel, *args, **known)
        versions = RoutingRules.objects.filter(channel=channel).order_by("-version")
        cast(forms.ChoiceField, self.fields["rules"]).choices = [
            ("", gettext("active version")),
            *(
                (str(version.pk), f"{version} {labels.summary(to_rules(version))}")
                for version in versions
            ),
        ]

    def clean_lines(self) -> Mapping[int, int]:
        """Return the quantity per variant id; refuse unknown SKUs."""
        wanted: dict[str, int] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["lines"].splitlines())):
            sku, count = [*line.rsplit(None, 1), "1"][:2]
            if not (count.isascii() and count.isdigit() and 1 <= int(count[:4]) <= MAX_UNITS):
                message = gettext(
                    "“%(line)s” could not be read. Enter a SKU, a space and a quantity."
                )
                raise forms.ValidationError(message % {"line": line[:80]}, code="unreadable")
            wanted[sku] = wanted.get(sku, 0) + int(count)
        if len(wanted) > MAX_LINES:
            raise forms.ValidationError(gettext("Enter at most 30 lines."), code="too_many")
        ids_by_sku = dict(Variant.objects.filter(sku__in=wanted).values_list("sku", "pk"))
        if unknown := [sku for sku in wanted if sku not in ids_by_sku]:
            message = gettext("Unknown SKU: %(skus)s. Check the spelling.")
            raise forms.ValidationError(
                message % {"skus": ", ".join(unknown)[:300]}, code="unknown"
            )
        return {ids_by_sku[sku]: count for sku, count in wanted.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One line of the cart as shown."""

    sku: str
    title: str
    quantity: int
    cost: str
    margin: str
    loses: bool
    sources: Sequence[tuple[str, str, bool]]
    missing: str = ""


def show(request: HttpRequest) -> HttpResponse:
    """Route the cart in ``GET``; store nothing."""
    staff_page.require(request, "orders.view_routingrules")
    params = request.GET
    drafted = RoutingRules.objects.filter(pk=row_id(params.get("rules", ""))).first()
    code = params.get("channel", "")
    channel = drafted.channel if drafted and not code else channel_named(code)
    is_submitted = "lines" in params
    initial = {
        "country": channel.default_country,
        "rules": params.get("rules", ""),
        "channel": channel.code,
    }
    form = RoutingForm(
        channel, {**initial, **params.dict()} if is_submitted else None, initial=initial
    )
    preview = None
    if is_submitted and form.is_valid():
        chosen = form.cleaned_data["rules"]
        rules = (
            to_rules(drafted)
            if drafted and chosen
            else quotes.routing_rules(channel, timezone.now())
        )
        preview = cart_preview.preview(
            wanted=form.cleaned_data["lines"],
            channel=channel,
            country=form.cleaned_data["country"],
            region=form.cleaned_data["region"],
            postcode=form.cleaned_data["postcode"],
            rules=rules,
            now=timezone.now(),
        )
    return staff_page.render(
        request,
        "dashboard/reports/routing.html",
        title=gettext("Routing simulator"),
        form=form,
        preview=preview,
        rules=labels.rules_name(preview.plan.rules) if preview else "",
        parcels=_parcels(preview) if preview else (),
        lines=_lines(preview) if preview else (),
        delivery_methods=[
            (tier_name(quote.tier), as_money(quote.price), quote.arrives_from, quote.arrives_to)
            for quote in preview.quotes
        ]
        if preview
        else (),
        missing=len(preview.plan.missing) if preview else 0,
    )


def _parcels(preview: Preview) -> list[tuple[str, str, int]]:
    return [
        (
            f"{parcel.lines[0].candidate.supplier_code}, {preview.location_names[parcel.location_id]}",
            ", ".join(
                f"{line.quantity} × {preview.variants[line.variant_id].sku}"
                for line in parcel.lines
            ),
            parcel.lead_days,
        )
        for parcel in preview.plan.parcels
    ]


def _lines(preview: Preview) -> list[LineRow]:
    rows = []
    for variant_id, quantity in preview.wanted.items():
        variant = preview.variants[variant_id]
        money = preview.line_margins.get(variant_id)
        margin = money.net - money.outlay if money else None
        rows.append(
            LineRow(
                sku=variant.sku,
                title=str(variant.product),
                quantity=quantity,
                cost=as_money(money.outlay.rounded()) if money else "",
                margin=as_money(margin.rounded()) if margin is not None else "",
                loses=margin is not None and margin.amount < 0,
                sources=[
                    (
                        f"{candidate.supplier_code}, {preview.location_names[candidate.location_id]}",
                        labels.verdict(
                            verdict,
                            contribution=contribution,
                            least=preview.plan.rules.min_margin_rate,
                        ),
                        verdict == decision_log.SELECTED,
                    )
                    for candidate, verdict, contribution in preview.considered_sources(variant_id)
                ],
                missing=_missing(preview, variant_id),
            )
        )
    return rows


def _missing(preview: Preview, variant_id: int) -> str:
    if variant_id not in preview.plan.missing:
        return ""
    most = preview.plan.missing[variant_id]
    return gettext("This quantity cannot be shipped there. Maximum: %(most)d.") % {"most": most}
