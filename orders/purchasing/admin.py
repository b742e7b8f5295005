"""Purchasing admin: reassign or submit a purchase order, show its lines and messages."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.safety import documents
from orders import links
from orders.cancellation import tasks as cancellation_tasks
from orders.models import PurchaseDocument, PurchaseLine, PurchaseMessage, PurchaseOrder
from orders.purchasing import reassignment, submission
from orders.purchasing import tasks as purchasing_tasks
from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
    register_read_only,
)
from storefront.lib.staff.inlines import inline


class ReassignActions(StaffAdmin):
    """Reassign a purchase order."""

    available_if: ClassVar = {"reassign_supplier": reassignment.can_reassign}
    user_errors: ClassVar[Errors] = (reassignment.NotReassignableError,)

    @confirmed_action(
        description=_("Reassign supplier"),
        icon="alt_route",
        explain=_(
            "If the supplier may already have this purchase order, we first ask it to "
            "cancel, so that the same items never ship twice. Then we look for "
            "another supplier. If the items would arrive later than promised, the "
            "customer is asked first. Items that no supplier has are refunded."
        ),
        form_class=ReasonForm,
        done=_("%s is being reassigned."),
    )
    def reassign_supplier(self, request: HttpRequest, row: PurchaseOrder, data: FormData) -> None:
        is_free = reassignment.reassign(purchase_order=row, **data, **acting(request))
        if not is_free:
            self.wake(request, cancellation_tasks.process_cancellation, order_id=row.order_id)


# Columns

Submission = PurchaseOrder.Submission

STATUS_COLUMN = columns.status(
    "status",
    _("Status"),
    needs_action={"on_hold"},
    waiting={"draft", "ready"},
    final={"closed", "canceled"},
)
SUBMISSION_COLUMN = columns.status(
    "submission_status",
    _("Supplier status"),
    needs_action={"submit_unknown", "submit_failed"},
    waiting={"submitting", "submitted", "backordered", "cancellation_requested"},
    final={"accepted", "rejected", "cancellation_accepted"},
)


@admin.display(description=_("Supplier page"))
def supplier_page(purchase_order: PurchaseOrder) -> str | None:
    if not purchase_order.access_key or purchase_order.submission_status == Submission.UNSUBMITTED:
        return None
    url = links.purchase_url(purchase_order)
    return format_html('<a href="{}" rel="noreferrer">{}</a>', url, gettext("Open"))


columns.restricted(supplier_page, VIEW_COSTS)


# Lines and messages

Status = PurchaseOrder.Status


register_read_only(
    PurchaseLine,
    LargeTable,
    list_display=[
        columns.link("purchase_order", _("Purchase order")),
        columns.text("order_line__sku", _("SKU")),
        "quantity",
        columns.money("agreed_cost_amount", _("Agreed cost"), currency="cost_currency"),
        "acknowledgment",
        "is_active",
    ],
    list_display_links=["quantity"],
    list_select_related=[
        "purchase_order",
        "order_line",
        "offer__supplier",
        "level__offer",
        "level__location__supplier",
    ],
    list_filter=["is_active", "acknowledgment"],
    search_fields=["purchase_order__number", "order_line__variant__sku"],
)
register_read_only(
    PurchaseMessage,
    LargeTable,
    list_display=[
        "kind",
        "direction",
        columns.link("purchase_order", _("Purchase order")),
        columns.age("at", _("Time")),
    ],
    list_select_related=["purchase_order"],
    list_filter=["direction", "kind"],
    search_fields=["purchase_order__number"],
    readonly_fields=[columns.document("body", _("Payload"))],
    exclude=["body"],
)


# Documents of the supplier


@admin.display(description=_("File"))
def document_file(row: PurchaseDocument) -> str:
    url = reverse("admin:orders_purchasedocument_download", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, gettext("Download"))


@admin.register(PurchaseDocument)
class PurchaseDocumentAdmin(StaffAdmin):
    list_display: ClassVar = [
        "kind",
        columns.link("purchase_order", _("Purchase order")),
        columns.age("uploaded_at", _("Uploaded")),
        document_file,
    ]
    list_select_related: ClassVar = ["purchase_order"]
    list_filter: ClassVar = ["kind"]
    search_fields: ClassVar = ["purchase_order__number"]
    actions_detail: ClassVar = ["download"]

    @action(description=_("Download"), icon="download", may="view")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the file, which the browser saves and never displays."""
        row = self.row(request, object_id)
        try:
            return documents.download(row.file, stem=f"{row.purchase_order}-{row.kind}-{row.pk}")
        except FileNotFoundError as error:
            raise Http404(gettext("This file does not exist.")) from error


DOCUMENTS = inline(
    PurchaseDocument, "kind", "uploaded_at", document_file, tab=False, ordering=["-id"]
)

# Batched submission


@admin.display(description=_("Submit at"), ordering="submit_at", empty_value="")
def submission_time(purchase_order: PurchaseOrder) -> str | None:
    """Return when a waiting batched purchase order is submitted; None for any other."""
    if not is_batched(purchase_order) or purchase_order.submit_at is None:
        return None
    return date_format(timezone.localtime(purchase_order.submit_at), "DATETIME_FORMAT")


def is_batched(purchase_order: PurchaseOrder) -> bool:
    return (
        purchase_order.submit_at is not None
        and purchase_order.submission_status == PurchaseOrder.Submission.UNSUBMITTED
        and purchase_order.status in {Status.DRAFT, Status.READY}
    )


class SubmitActions(StaffAdmin):
    """Submit a batched purchase order now."""

    available_if: ClassVar[Mapping[str, Callable[[Any], bool]]] = {"submit_now": is_batched}

    @confirmed_action(
        description=_("Submit now"),
        icon="outgoing_mail",
        explain=_(
            "Orders for this supplier are sent in batches. Until the batch is sent, "
            "this purchase order can be canceled immediately and free of charge. "
            "After that, it can only be canceled if the supplier agrees."
        ),
        done=_("%s is being submitted."),
    )
    def submit_now(self, request: HttpRequest, batched: PurchaseOrder, _data: object) -> None:
        submission.submit_now(purchase_order=batched, **acting(request))
        self.wake(request, purchasing_tasks.submit, purchase_order_id=batched.pk)
