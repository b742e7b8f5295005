"""Shipment admin: show parcels and tracking events, preview and import a tracking list."""

from typing import ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from orders.models import PurchaseOrder
from orders.payments.tasks import execute_requests
from shipping.models import Parcel, ParcelLine, Shipment, TrackingEvent, TrackingRegistration
from shipping.shipments import tracking_import, tracking_list
from shipping.shipments.identities import tracking_link
from shipping.shipments.tracking_import import ListedParcel
from storefront.lib.db.indexed_search import IdSearch, starting_with
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action, register_read_only
from storefront.lib.staff.csv_import import CsvUploadForm
from storefront.lib.staff.inlines import inline
from suppliers.models import Supplier


class TrackingListForm(CsvUploadForm):
    read = staticmethod(tracking_list.parse)
    columns = _("CSV with the columns order, carrier, tracking number. Optional: sku, quantity.")

    supplier = forms.ModelChoiceField(
        label=_("Supplier"),
        queryset=Supplier.objects.order_by("name"),
        widget=UnfoldAdminSelectWidget(),
    )


CARRIER_PROBLEMS = {"exception", "return_to_sender", "lost", "expired"}


@admin.display(description=_("Events come from"))
def event_sources(parcel: Parcel) -> str:
    """Return the sources of a parcel's events; say if the tracking provider does not follow it."""
    row: TrackingRegistration | None = getattr(parcel, "registration", None)
    if row is None and not settings.SEVENTEEN_TRACK_KEY:
        return gettext(
            "The supplier only. If it sends no events, this parcel is not followed: no tracking"
            " provider is configured (SEVENTEEN_TRACK_KEY)."
        )
    if row is None:
        return gettext("The supplier")
    if row.problem and row.registered_at is None:
        return columns.as_status(
            gettext(
                "The supplier only. The tracking provider does not follow this number: %(problem)s"
            )
            % {"problem": row.problem},
            needs_action=row.due_at is None,
            waiting=row.due_at is not None,
        )
    if row.registered_at is None:
        return columns.as_status(
            gettext("Registration at the tracking provider is due"), waiting=True
        )
    return gettext("The supplier and the tracking provider")


@admin.display(description=_("Tracking page"))
def tracking_page(parcel: Parcel) -> str | None:
    """Return a link to the carrier in the language of the staff member."""
    order = parcel.shipment.purchase_order.order
    url = tracking_link(parcel, ship_to=order.ship_to, language=get_language() or "en")
    return format_html('<a href="{0}" rel="noreferrer">{0}</a>', url) if url else None


def parcel_searches(text: str) -> list[IdSearch]:
    """Return the searches by tracking number, and by the number of the purchase order.

    That number starts with the order's.
    """
    number = "".join(text.upper().split())
    orders = PurchaseOrder.objects.filter(shipment__parcels__isnull=False)
    return [
        *starting_with(Parcel.objects.all(), "number", number),
        *starting_with(orders, "number", number, pk="shipment__parcels"),
    ]


@admin.register(Parcel)
class ParcelAdmin(StaffAdmin):
    actions_list: ClassVar = ["import_tracking_list"]
    list_display: ClassVar = [
        "number",
        "carrier",
        columns.status(
            "carrier_finding",
            _("Carrier check"),
            needs_action={"check_digit", "other_carrier"},
            waiting={"undecided"},
        ),
        columns.link("shipment__purchase_order", _("Purchase order")),
        columns.link("shipment__purchase_order__order", _("Order")),
        columns.status("status", _("Status"), final={"delivered", "voided"}),
        columns.status(
            "carrier_status",
            _("Carrier status"),
            needs_action=CARRIER_PROBLEMS,
            waiting={"unknown", "pre_transit"},
            final={"delivered"},
        ),
        columns.age("carrier_status_at", _("Updated")),
        columns.age("label_created_at", _("Label created")),
    ]
    list_select_related: ClassVar = ["shipment__purchase_order__order"]
    list_filter: ClassVar = ["status", "carrier_status", "carrier_finding", "carrier"]
    search_fields: ClassVar = ["number"]  # shows the search box
    search_help_text = _("Tracking number, order or purchase order")
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [
        columns.link("shipment__purchase_order__order", _("Order")),
        tracking_page,
        event_sources,
        columns.status_history,
    ]
    exclude: ClassVar = ["tracking_url"]
    inlines: ClassVar = [
        inline(ParcelLine, "order_line", "quantity", tab=False, related=("order_line",)),
        inline(
            TrackingEvent,
            "happened_at",
            "carrier_status",
            "description",
            "place",
            "source",
            "received_at",
            tab=False,
            ordering=["-happened_at", "-id"],
        ),
        inline(
            TrackingRegistration,
            "number",
            "registered_at",
            "polled_at",
            "changed_at",
            "due_at",
            "carrier_name",
            "problem",
            tab=False,
        ),
    ]

    def searches(self, text: str) -> list[IdSearch]:
        return parcel_searches(text)

    @action(description=_("Import tracking numbers"), icon="upload_file")
    def import_tracking_list(self, request: HttpRequest) -> HttpResponse:
        form = TrackingListForm(request.POST or None, request.FILES or None)
        listed: list[ListedParcel] = []
        if form.is_valid():
            supplier = form.cleaned_data["supplier"]
            listed = tracking_import.validate(form.cleaned_data["rows"], supplier=supplier)
            if request.POST.get("step") == "enter":
                return self._import(request, listed)
            kept = {"supplier": supplier.pk, "text": form.cleaned_data["text"]}
            form = TrackingListForm(initial=kept)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Import tracking numbers"),
            "opts": self.opts,
            "form": form,
            "listed": listed,
            "good": sum(one.is_good for one in listed),
        }
        return TemplateResponse(request, "shipping/tracking_import.html", context)

    def _import(self, request: HttpRequest, listed: list[ListedParcel]) -> HttpResponse:
        failed = tracking_import.apply(listed, now=timezone.now())
        self.wake(request, execute_requests)
        count = sum(parcel.is_good for parcel in listed) - len(failed)
        template = ngettext("%(count)d parcel imported.", "%(count)d parcels imported.", count)
        self.message_user(request, template % {"count": count}, messages.SUCCESS)
        for parcel in failed:
            template = gettext("Row %(row)s: %(problem)s")
            text = template % {"row": parcel.first.row_number, "problem": parcel.problem}
            self.message_user(request, text, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:shipping_parcel_changelist"))


register_read_only(
    Shipment,
    list_display=[
        columns.link("purchase_order", _("Purchase order")),
        columns.link("purchase_order__order", _("Order")),
        columns.age("created_at", _("Created")),
    ],
    list_display_links=None,
    list_select_related=["purchase_order__order"],
    search_fields=["purchase_order__number"],
    ordering=["-id"],
    inlines=[inline(Parcel, "carrier", "number", "status", "carrier_status", tab=False)],
)


register_read_only(
    ParcelLine,
    list_display=[
        "__str__",
        columns.link("parcel", _("Parcel")),
        columns.link("order_line__order", _("Order")),
        columns.text("order_line__title", _("Item")),
        "quantity",
    ],
    list_select_related=["parcel", "order_line__order"],
    search_fields=["parcel__number", "order_line__sku", "order_line__order__number"],
    ordering=["-id"],
)


register_read_only(
    TrackingEvent,
    list_display=[
        columns.link("parcel", _("Parcel")),
        columns.status(
            "carrier_status", _("Event"), needs_action=CARRIER_PROBLEMS, final={"delivered"}
        ),
        "description",
        "place",
        "source",
        columns.age("happened_at", _("Time")),
        columns.age("received_at", _("Received")),
    ],
    list_display_links=["description"],
    list_select_related=["parcel"],
    list_filter=["carrier_status", "source"],
    search_fields=["parcel__number", "description"],
    ordering=["-id"],
)
