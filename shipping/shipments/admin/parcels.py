"""Parcel admin: list parcels, import tracking numbers, correct, settle and close a parcel."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from orders.models import PurchaseOrder
from orders.numbers import normalize_order_number
from orders.payments.tasks import execute_requests
from orders.returns.eligibility import CannotReturnError
from shipping.models import (
    Parcel,
    ParcelCorrection,
    ParcelLine,
    TrackingEvent,
    TrackingRegistration,
)
from shipping.shipments import corrections, outcomes, tracking_import
from shipping.shipments.admin import parcel_forms
from shipping.shipments.identities import tracking_link
from shipping.shipments.tracking_import import ListedParcel
from storefront.lib.db.indexed_search import IdSearch, ending_with, starting_with
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
    permission_check,
)
from storefront.lib.staff.inlines import inline

CARRIER_PROBLEMS = {"exception", "return_to_sender", "lost", "expired"}
Resolution = Parcel.Resolution
Status = Parcel.Status
STATUS_COLUMN = columns.status(
    "status",
    _("Status"),
    needs_action={"lost", "returned"},
    final={"delivered", "voided"},
)


@admin.display(description=_("Event sources"))
def event_sources(parcel: Parcel) -> str:
    """Return the sources of a parcel's events; say if the tracking provider does not track it."""
    row: TrackingRegistration | None = getattr(parcel, "registration", None)
    if row is None and not settings.SEVENTEEN_TRACK_KEY:
        return gettext(
            "The supplier only. If it sends no events, this parcel is not tracked: no tracking"
            " provider is configured (SEVENTEEN_TRACK_KEY)."
        )
    if row is None:
        return gettext("The supplier")
    if row.problem and row.registered_at is None:
        return columns.as_status(
            gettext(
                "The supplier only. The tracking provider does not track this number: %(problem)s"
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


@admin.display(description=_("Last-mile tracking page"))
def last_mile_page(parcel: Parcel) -> str | None:
    url = parcel.last_mile_url
    return format_html('<a href="{0}" rel="noreferrer">{0}</a>', url) if url else None


def _is_open(parcel: Parcel) -> bool:
    """Return whether its number and contents can still be corrected."""
    return parcel.status != Status.VOIDED and parcel.resolution == Resolution.OPEN


def _describe_refund(parcel: Parcel) -> str:
    if not parcel.lines.exists():
        return gettext("The contents of this parcel are not known. Change its contents first.")
    text = gettext(
        "The customer paid %(amount)s for these items and gets it back, with the delivery cost if"
        " nothing else of the order arrives. A refund cannot be undone."
    )
    return text % {"amount": columns.as_money(outcomes.refund_amount(parcel))}


def parcel_searches(text: str) -> list[IdSearch]:
    """Return the searches by tracking number or its end, a former one, and purchase order number."""
    spaceless = "".join(text.upper().split())
    bare = "".join(character for character in spaceless if character.isalnum())
    orders = PurchaseOrder.objects.filter(shipment__parcels__isnull=False)
    last_mile = Parcel.objects.exclude(last_mile_number="")
    former = ParcelCorrection.objects.exclude(former_number="")
    searches = starting_with(orders, "number", normalize_order_number(text), pk="shipment__parcels")
    for number in dict.fromkeys((spaceless, bare)):  # hyphens are part of some numbers
        searches += [
            *starting_with(Parcel.objects.all(), "number", number),
            *starting_with(last_mile, "last_mile_number", number),
            *starting_with(former, "former_number", number, pk="parcel"),
            *ending_with(Parcel.objects.exclude(number=""), "number", number),
            *ending_with(last_mile, "last_mile_number", number),
        ]
    return searches


class BaseParcelAdmin(StaffAdmin):
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
        STATUS_COLUMN,
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
    list_filter: ClassVar = ["status", "resolution", "carrier_status", "carrier_finding", "carrier"]
    search_fields: ClassVar = ["number"]  # shows the search box
    search_help_text = _("Tracking number or its end, order or purchase order")
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [
        columns.link("shipment__purchase_order__order", _("Order")),
        tracking_page,
        last_mile_page,
        event_sources,
        columns.link("settlement", _("Refund or replacement")),
        columns.status_history,
    ]
    exclude: ClassVar = ["tracking_url", "last_mile_url", "settlement"]
    inlines: ClassVar = [
        inline(ParcelLine, "order_line", "quantity", tab=False, related=("order_line",)),
        inline(
            TrackingEvent,
            "happened_at",
            "carrier_status",
            "description",
            "place",
            "number",
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
        inline(
            ParcelCorrection,
            "kind",
            "before",
            "after",
            "corrected_at",
            "actor",
            "reason",
            tab=False,
            ordering=["-id"],
        ),
    ]
    user_errors: ClassVar = (
        CannotReturnError,
        corrections.CannotCorrectError,
        outcomes.CannotResolveError,
    )
    actions_detail: ClassVar = [
        "refund",
        "close",
        "mark_lost",
        "mark_returned",
        "mark_delivered",
        "correct_tracking",
        "change_contents",
        "void_label",
        "restore_label",
    ]
    available_if: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        "refund": lambda row: row.is_undeliverable,
        "close": outcomes.can_close,
        "mark_lost": lambda row: (
            row.resolution == Resolution.OPEN
            and row.status in {Status.LABEL_CREATED, Status.SHIPPED, Status.DELIVERED}
        ),
        "mark_returned": lambda row: (
            row.resolution == Resolution.OPEN
            and row.status in {Status.LABEL_CREATED, Status.SHIPPED, Status.LOST, Status.DELIVERED}
        ),
        "mark_delivered": lambda row: row.status not in {Status.DELIVERED, Status.VOIDED},
        "correct_tracking": _is_open,
        "change_contents": _is_open,
        "void_label": lambda row: row.status == Status.LABEL_CREATED,
        "restore_label": lambda row: row.status == Status.VOIDED,
    }
    has_refund_permission = permission_check("orders.refund_order")

    # Its form lists suppliers.
    has_import_list_permission = permission_check("shipping.change_parcel", VIEW_COSTS)

    def searches(self, text: str) -> list[IdSearch]:
        return parcel_searches(text)

    @action(description=_("Import tracking numbers"), icon="upload_file", may="import_list")
    def import_tracking_list(self, request: HttpRequest) -> HttpResponse:
        form = parcel_forms.TrackingListForm(request.POST or None, request.FILES or None)
        listed: list[ListedParcel] = []
        if form.is_valid():
            supplier = form.cleaned_data["supplier"]
            listed = tracking_import.validate(form.cleaned_data["rows"], supplier=supplier)
            if request.POST.get("step") == "enter":
                return self._import(request, listed)
            kept = {"supplier": supplier.pk, "text": form.cleaned_data["text"]}
            form = parcel_forms.TrackingListForm(initial=kept)
        return self.render_page(
            request,
            "shipping/tracking_import.html",
            title=gettext("Import tracking numbers"),
            form=form,
            listed=listed,
            good=sum(one.is_good for one in listed),
        )

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

    @confirmed_action(
        description=_("Correct tracking number"),
        icon="edit",
        explain=_(
            "The former number stays in the history, and its tracking updates no longer count. If"
            " the customer knows the former number, they are told the new one."
        ),
        form_class=parcel_forms.TrackingForm,
        initial=lambda row: {
            "carrier": row.carrier,
            "number": row.number,
            "last_mile_carrier": row.last_mile_carrier,
            "last_mile_number": row.last_mile_number,
        },
        done=_("Changes saved"),
    )
    def correct_tracking(self, request: HttpRequest, row: Parcel, data: FormData) -> None:
        corrections.correct_tracking(parcel=row, **data, **acting(request))

    @confirmed_action(
        description=_("Change contents"),
        icon="move_down",
        explain=_(
            "Enter what is in this parcel. The difference moves from or to the parcel that you"
            " choose."
        ),
        form_class=parcel_forms.contents_form,
        done=_("Changes saved"),
    )
    def change_contents(self, request: HttpRequest, row: Parcel, data: FormData) -> None:
        corrections.change_contents(
            parcel=row,
            other=data["other"],
            units=parcel_forms.read_contents(data, row),
            reason=data["reason"],
            **acting(request),
        )

    @confirmed_action(
        description=_("Void label"),
        icon="block",
        explain=_(
            "The carrier never gets this parcel. Its items can go into another parcel. If the"
            " carrier scans the label after all, it is restored."
        ),
        form_class=ReasonForm,
        done=_("Changes saved"),
    )
    def void_label(self, request: HttpRequest, row: Parcel, data: FormData) -> None:
        outcomes.void_label(parcel=row, **data, **acting(request))

    @confirmed_action(
        description=_("Restore label"),
        icon="restore",
        explain=_("The label is used after all, for its items that are in no other parcel."),
        form_class=ReasonForm,
        done=_("Changes saved"),
    )
    def restore_label(self, request: HttpRequest, row: Parcel, data: FormData) -> None:
        outcomes.restore_label(parcel=row, **data, **acting(request))

    @confirmed_action(
        description=_("Mark as lost"),
        icon="location_off",
        explain=_(
            "The customer is told once that the parcel is lost. Then refund or replace its items."
        ),
        form_class=ReasonForm,
        done=_("The parcel is lost. Refund or replace its items next."),
    )
    def mark_lost(self, request: HttpRequest, row: Parcel, data: FormData) -> None:
        outcomes.mark_lost(parcel=row, **data, **acting(request))

    @confirmed_action(
        description=_("Mark as returned to sender"),
        icon="undo",
        explain=_(
            "The customer is told once that the parcel went back. Then refund or replace its items."
        ),
        form_class=ReasonForm,
        done=_("The parcel is returned. Refund or replace its items next."),
    )
    def mark_returned(self, request: HttpRequest, row: Parcel, data: FormData) -> None:
        outcomes.mark_returned(parcel=row, **data, **acting(request))

    @confirmed_action(
        description=_("Mark as delivered"),
        icon="where_to_vote",
        explain=_("For a parcel that arrived although no carrier confirmed it."),
        form_class=ReasonForm,
        done=_("Changes saved"),
    )
    def mark_delivered(self, request: HttpRequest, row: Parcel, data: FormData) -> None:
        outcomes.mark_delivered(parcel=row, **data, **acting(request))

    @confirmed_action(
        description=_("Close parcel"),
        icon="task_alt",
        explain=_(
            "Nothing is refunded or replaced. Close it if this was settled in another way, and"
            " enter how."
        ),
        form_class=parcel_forms.ClosingForm,
        done=_("Changes saved"),
    )
    def close(self, request: HttpRequest, row: Parcel, data: FormData) -> None:
        outcomes.close(parcel=row, **data, **acting(request))

    @confirmed_action(
        description=_("Refund items"),
        icon="payments",
        may="refund",
        explain=_describe_refund,
        form_class=ReasonForm,
    )
    def refund(self, request: HttpRequest, row: Parcel, data: FormData) -> str:
        authorization = outcomes.refund(parcel=row, **data, **acting(request))
        self.wake(request, execute_requests)
        return gettext("Refund requested: %s") % authorization
