"""Offer admin: show the origin of each value, override a value, return it to the feed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from catalog.staff_search.variants import NUMBER_SEARCHES, search_variants
from storefront.lib.db.indexed_search import IdSearch, LargeTable, find, with_words
from storefront.lib.staff import columns
from storefront.lib.staff.admin import acting, confirmed_action, register_read_only
from storefront.lib.staff.inlines import inline
from suppliers.inventory import tasks
from suppliers.models import (
    CostChange,
    StockLevel,
    StockMovement,
    SupplierOffer,
    SupplierProduct,
)
from suppliers.models.offers import SupplierOfferQuerySet
from suppliers.offers import overrides
from suppliers.offers.link_admin import LinkActions, open_issue_list

Status = SupplierOffer.Status


def _amount(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget,
    )


def _integer(label: Any, *, least: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=32_767,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
    )


class OverrideForm(forms.Form):
    """Overridden values; empty fields are not changed."""

    cost_amount = _amount(_("Cost"))
    lead_days = _integer(_("Handling time (days)"), least=0)
    min_order_units = _integer(_("Minimum order quantity"), least=1)
    pack_size = _integer(_("Pack size"), least=1)
    map_amount = _amount(_("Minimum advertised price (MAP)"))
    msrp_amount = _amount(_("Recommended retail price (MSRP)"))
    status = forms.ChoiceField(
        label=_("On sale"),
        choices=[("", "—"), (Status.ON_HOLD, _("Never")), (Status.ACTIVE, _("Yes"))],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        filled = {name: value for name, value in values.items() if value not in {None, ""}}
        if not filled and not self.errors:
            raise forms.ValidationError(gettext("Enter at least one value."), code="empty")
        return filled


class ClearOverrideForm(forms.Form):
    fields_back = forms.MultipleChoiceField(
        label=_("Fields"),
        choices=[
            (name, columns.field_label(SupplierOffer, name))
            for name in (*overrides.OVERRIDABLE_FIELDS, SupplierOffer.LINK)
        ],
        widget=forms.CheckboxSelectMultiple,
    )


@admin.display(description=_("Source of each value"))
def origins(offer: SupplierOffer) -> str:
    """Render the origin of each value: a run, an event or a user."""
    return format_html(
        '<ul class="staff-moves">{}</ul>',
        format_html_join("", "<li><b>{}</b> {} · {}</li>", _origins(offer)),
    )


def _origins(offer: SupplierOffer) -> list[tuple[Any, ...]]:
    page = f"run:{offer.run_id}" if offer.run_id else gettext("an earlier run")
    cost = offer.cost_changes.order_by("-pk").values_list("cause", flat=True).first()
    sources: list[tuple[Any, ...]] = [("cost_amount", offer.cost_amount, cost or page)]
    sources += [
        (name, getattr(offer, name), page)
        for name in overrides.OVERRIDABLE_FIELDS
        if name not in {"cost_amount", "status"}
    ]
    override = set(offer.overridden_fields)
    sources = [
        (
            columns.field_label(SupplierOffer, name),
            "—" if value is None else value,
            gettext("set manually") if name in override else source,
        )
        for name, value, source in sources
    ]
    if "status" in offer.overridden_fields:
        sources.append(
            (
                columns.field_label(SupplierOffer, "status"),
                offer.get_status_display(),
                gettext("set manually"),
            )
        )
    changes = StockMovement.objects.filter(level=OuterRef("pk")).exclude(reported_delta=0)
    last = Subquery(changes.order_by("-pk").values("cause")[:1])
    levels = offer.levels.annotate(last=last).order_by("location__code")
    for code, units, source in levels.values_list("location__code", "reported_quantity", "last"):
        sources.append((gettext("stock in %(place)s") % {"place": code}, units, source or page))
    return sources


class OverrideActions(LinkActions):
    override_actions: ClassVar = [*LinkActions.link_actions, "override", "clear_override"]
    override_fits: ClassVar = {
        **LinkActions.link_fits,
        "override": lambda row: row.status != Status.DISCONTINUED,
        "clear_override": lambda row: bool(row.overridden_fields),
    }
    user_errors: ClassVar = (overrides.OverrideError,)

    @confirmed_action(
        description=_("Override values"),
        icon="edit",
        explain=lambda offer: (
            gettext(
                "The values you enter apply at once, in %(currency)s, and syncs do not"
                " change them. Empty fields stay as they are."
            )
            % {"currency": offer.currency}
        ),
        form_class=OverrideForm,
        done=_("Saved. Syncs do not change these values until you clear the override."),
    )
    def override(
        self, request: HttpRequest, offer: SupplierOffer, cleaned_data: Mapping[str, Any]
    ) -> None:
        overrides.override(offer=offer, values=cleaned_data, **acting(request))
        self.wake(request, tasks.publish_pending)

    @confirmed_action(
        description=_("Clear override"),
        icon="sync",
        explain=_("These values stay until the next sync of the supplier."),
        form_class=ClearOverrideForm,
        initial=lambda offer: {"fields_back": offer.overridden_fields},
        done=_("Override cleared. The next run reads the values from the supplier."),
    )
    def clear_override(
        self, request: HttpRequest, offer: SupplierOffer, cleaned_data: Mapping[str, Any]
    ) -> None:
        fields = cleaned_data["fields_back"]
        overrides.clear_override(offer=offer, fields=fields, now=timezone.now())
        self.wake(request, tasks.publish_pending)


@admin.register(SupplierOffer)
class SupplierOfferAdmin(OverrideActions):
    list_display: ClassVar = [
        "supplier_sku",
        columns.text("supplier__name", _("Supplier")),
        columns.link("variant", _("Variant")),
        "title",
        columns.money("cost_amount", _("Cost")),
        columns.status("status", _("Status"), needs_action={"on_hold"}, final={"discontinued"}),
        "missing_certificates",
        columns.age("cost_confirmed_at", _("Cost confirmed at")),
        columns.age("seen_at", _("Last seen")),
    ]
    list_select_related: ClassVar = ["supplier", "variant"]
    list_filter: ClassVar = [
        "status",
        "supplier",
        ("variant", admin.EmptyFieldListFilter),
        ("disputed_variant", admin.EmptyFieldListFilter),
        ("missing_certificates", admin.EmptyFieldListFilter),
    ]
    search_fields: ClassVar = ["supplier_sku"]  # shows the search box; see ``search_condition``
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [
        open_issue_list,
        columns.page(
            "supply:offers",
            _("Offers"),
            _("Compare offers"),
            right="suppliers.view_supplieroffer",
            of="variant_id",
        ),
        columns.age("cost_confirmed_at", _("Cost confirmed at")),
        origins,
    ]
    actions_detail: ClassVar = OverrideActions.override_actions
    available_if: ClassVar = OverrideActions.override_fits
    inlines: ClassVar = [
        inline(
            StockLevel,
            "location",
            "reported_quantity",
            "reserved",
            "allocated_outstanding",
            columns.age("known_at", _("Confirmed")),
            queryset_methods=("with_confirmed_at",),
            related=("location__supplier",),
            tab=False,
        ),
        inline(CostChange, "at", "old_amount", "new_amount", "cause", ordering=["-id"], tab=False),
    ]

    def searches(self, text: str) -> list[IdSearch]:
        return SupplierOffer.objects.number_searches(text)

    def search_condition(self, text: str) -> Q | None:
        """Find by number, else by the linked variant, else unlinked offers by words of the title."""
        if found := find(self.searches(text)):
            return Q(pk__in=found.all())
        condition = search_variants(text, path="variant__")
        unlinked = SupplierOffer.objects.filter(variant__isnull=True)
        if titled := find(with_words(unlinked, "title", text)):
            condition |= Q(pk__in=titled.all())
        return condition

    def get_queryset(self, request: HttpRequest) -> QuerySet[SupplierOffer]:
        rows = cast("SupplierOfferQuerySet", super().get_queryset(request))
        return rows.with_cost_confirmed_at()


register_read_only(
    CostChange,
    LargeTable,
    list_display=[
        columns.link("offer", _("SKU"), text="offer__supplier_sku"),
        columns.text("offer__supplier__name", _("Supplier")),
        columns.money("old_amount", _("Before"), currency="offer__currency"),
        columns.money("new_amount", _("After"), currency="offer__currency"),
        "cause",
        columns.age("at", _("When")),
    ],
    list_display_links=None,
    list_select_related=["offer__supplier"],
    search_fields=["offer__supplier_sku"],
    ordering=["-id"],
)


register_read_only(
    SupplierProduct,
    list_display=[
        "external_id",
        columns.text("supplier__name", _("Supplier")),
        columns.status("status", _("Status"), needs_action={"refused"}, final={"discontinued"}),
        columns.age("changed_at", _("Changed at")),
    ],
    list_select_related=["supplier"],
    list_filter=["status", "supplier"],
    search_fields=["external_id"],
    ordering=["-id"],
)

# Staff find products and variants by the SKUs of all suppliers that offer them.
NUMBER_SEARCHES.append(
    lambda text: SupplierOffer.objects.filter(variant__isnull=False).number_searches(
        text, pk="variant"
    )
)
