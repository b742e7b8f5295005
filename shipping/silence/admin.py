"""Silence admin: edit the limits for silent parcels, list silent parcels and transit times."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shipping.carriers.registry import CARRIERS
from shipping.models import Parcel, RouteTransit, SilenceCase, SilenceKind, SilenceRule
from shipping.rerouting.admin import ReplaceableParcelAdmin
from shipping.silence.rules import rules_of
from storefront.lib.address import COUNTRIES
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, register_read_only
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.inlines import inline


class SilenceRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Validates what database constraints require, with messages."""

    def clean_carrier(self) -> str:
        name = str(self.cleaned_data["carrier"]).strip()
        known = {carrier.name.casefold(): carrier.name for carrier in CARRIERS}
        return known.get(name.casefold(), name)

    def clean_origin(self) -> str:
        return self._place("origin")

    def clean_destination(self) -> str:
        return self._place("destination")

    def _place(self, field: str) -> str:
        code = str(self.cleaned_data[field]).strip().upper()
        if code and code not in {*COUNTRIES, SilenceRule.REGION}:
            raise forms.ValidationError(
                gettext("Enter a country code of two letters, such as DE, or EU.")
            )
        return code

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        customer, staff = values.get("customer_after_days"), values.get("staff_after_days")
        offer, kept = values.get("offer_after_days"), values.get("kept_days")
        kind = values.get("kind", self.instance.kind)
        if customer is None or staff is None:
            return values
        if staff < customer:
            self.add_error(
                "staff_after_days",
                gettext("The customer is told first: enter at least %(days)s days.")
                % {"days": customer},
            )
        if offer is not None and offer < customer:
            self.add_error(
                "offer_after_days",
                gettext("The offer comes with a message: enter at least %(days)s days.")
                % {"days": customer},
            )
        if offer is not None and kind == SilenceKind.PICKUP:
            self.add_error(
                "offer_after_days",
                gettext("Nothing is offered for a parcel that the customer can collect."),
            )
        if offer is not None and not (values.get("can_refund") or values.get("can_replace")):
            self.add_error(
                "offer_after_days", gettext("Allow a refund or a replacement, or offer nothing.")
            )
        for field in ("customer_after_days", "repeat_after_days"):
            if values.get(field) == 0:
                self.add_error(field, gettext("Enter at least 1 day."))
        if kept is not None and kind != SilenceKind.PICKUP:
            self.add_error("kept_days", gettext("Only a parcel at a pickup point has this limit."))
        elif kept is not None and kept <= customer:
            self.add_error(
                "kept_days",
                gettext("The reminder must come before the last day: enter more than %(days)s.")
                % {"days": customer},
            )
        return values


@admin.register(SilenceRule)
class SilenceRuleAdmin(StaffAdmin):
    form = SilenceRuleForm
    may_add = True
    may_delete = True
    editable = (
        "customer_after_days",
        "offer_after_days",
        "staff_after_days",
        "repeat_after_days",
        "can_refund",
        "can_replace",
        "kept_days",
    )
    groups = (
        Group(_("Parcels"), ("kind", "carrier", "origin", "destination")),
        Group(
            _("Days from the start of the silence"),
            ("customer_after_days", "offer_after_days", "staff_after_days", "repeat_after_days"),
        ),
        Group(_("Offer"), ("can_refund", "can_replace", "kept_days")),
    )
    list_display: ClassVar = [
        "kind",
        "carrier",
        "origin",
        "destination",
        "customer_after_days",
        "offer_after_days",
        "staff_after_days",
        "can_refund",
        "can_replace",
    ]
    list_filter: ClassVar = ["kind", "carrier", "destination"]
    search_fields: ClassVar = ["carrier", "origin", "destination"]
    ordering: ClassVar = ["kind", "carrier", "origin", "destination"]
    empty_text = _("No limits: customers are not told about silent parcels. Add a limit.")


class OpenFilter(admin.SimpleListFilter):
    title = _("Status")
    parameter_name = "open"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return [
            ("yes", gettext("Silent")),
            ("asked", gettext("Customer must choose")),
            ("no", gettext("Ended")),
        ]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "yes":
                return rows.filter(ended_at=None)
            case "asked":
                return rows.filter(ended_at=None).exclude(offered=[])
            case "no":
                return rows.filter(ended_at__isnull=False)
        return rows


@admin.display(description=_("Offered choices"))
def offered(row: SilenceCase) -> str | None:
    labels = [columns.choice_label(SilenceCase, "answer", each) for each in row.offered]
    return ", ".join(labels) or None


@admin.display(description=_("Limits that apply"))
def applied_limits(parcel: Parcel) -> str:
    """Return for each type of silence the rule that applies to this parcel, and its days."""
    return columns.as_pairs((one.kind.label, _describe(one.rule)) for one in rules_of(parcel))


def _describe(rule: SilenceRule | None) -> str:
    if rule is None:
        return gettext("No limit: the customer is not told.")
    offer = gettext("no offer")
    if rule.offer_after_days is not None:
        offer = gettext("offer after %(days)s days") % {"days": rule.offer_after_days}
    text = gettext("customer after %(customer)s days, %(offer)s, staff after %(staff)s days")
    days = {"customer": rule.customer_after_days, "staff": rule.staff_after_days, "offer": offer}
    return format_html('<a href="{}">{}</a>: {}', columns.row_url(rule), rule, text % days)


@admin.register(Parcel)
class ParcelAdmin(ReplaceableParcelAdmin):
    readonly_fields: ClassVar = [*ReplaceableParcelAdmin.readonly_fields, applied_limits]
    inlines: ClassVar = [
        *ReplaceableParcelAdmin.inlines,
        inline(
            SilenceCase,
            "kind",
            "since",
            "told_at",
            "messages",
            "answer",
            "tell_at",
            "staff_at",
            "ended_at",
            tab=False,
            ordering=["-id"],
        ),
    ]


register_read_only(
    SilenceCase,
    list_display=[
        "kind",
        columns.link("parcel", _("Parcel")),
        columns.link("parcel__shipment__purchase_order__order", _("Order")),
        columns.age("since", _("Silent since")),
        columns.age("told_at", _("Last message")),
        "messages",
        offered,
        "answer",
        columns.age("tell_at", _("Next message")),
        columns.age("staff_at", _("Shown to staff from")),
        columns.age("ended_at", _("Ended")),
    ],
    list_select_related=["parcel__shipment__purchase_order__order"],
    list_filter=[OpenFilter, "kind", "answer", "parcel__carrier"],
    search_fields=["parcel__number"],
    ordering=["-id"],
    empty_text=_("No parcel is silent."),
)

register_read_only(
    RouteTransit,
    list_display=[
        "carrier",
        "origin",
        "destination",
        "min_days",
        "max_days",
        "parcels",
        columns.age("measured_at", _("Measured")),
    ],
    list_filter=["carrier", "destination"],
    search_fields=["carrier"],
    ordering=["carrier", "origin", "destination"],
    empty_text=_("No route has enough deliveries yet. Routes are measured each night."),
)
