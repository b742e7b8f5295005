"""Purchase order admin: show purchase orders, release holds, resubmit, look up, renew links."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders import links
from orders.cancellation.admin import DECISIONS, CanceledShipmentActions, CancellationAnswerActions
from orders.claims.admin import CLAIMS, ClaimActions
from orders.models import Order, PurchaseOrder
from orders.numbers import normalize_order_number
from orders.purchasing import submission, submission_lookup, tasks
from orders.purchasing.admin import (
    DOCUMENTS,
    STATUS_COLUMN,
    SUBMISSION_COLUMN,
    ReassignActions,
    SubmitActions,
    submission_time,
    supplier_page,
)
from orders.purchasing.holds import admin as hold_admin
from orders.purchasing.holds import holds
from orders.purchasing.holds.admin import HOLD_COLUMNS
from orders.returns.admin.supplier_returns import SupplierReturnActions
from storefront.lib.db.indexed_search import IdSearch, starting_with
from storefront.lib.staff import columns
from storefront.lib.staff.admin import FormData, acting, confirmed_action, enqueue_or_fail
from storefront.lib.staff.fieldsets import section

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission


def purchase_order_searches(text: str) -> list[IdSearch]:
    """Return the searches by number, which starts with the order's, supplier's number, e-mail."""
    rows = PurchaseOrder.objects.all()
    return [
        *starting_with(rows, "number", normalize_order_number(text)),
        *starting_with(rows, "supplier_reference", text),
        *starting_with(Order.objects.all(), Lower("email"), text.lower(), pk="purchase_orders"),
    ]


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(
    ClaimActions,
    CanceledShipmentActions,
    ReassignActions,
    CancellationAnswerActions,
    SubmitActions,
    SupplierReturnActions,
):
    list_display: ClassVar = [
        "number",
        columns.link("order", _("Order")),
        columns.text("supplier__name", _("Supplier")),
        STATUS_COLUMN,
        SUBMISSION_COLUMN,
        columns.money("customer_charge_amount", _("Amount to capture")),
        "supplier_reference",
        "problem",
        submission_time,
        columns.age("submission_status_since", _("Since")),
    ]
    list_select_related: ClassVar = ["order", "supplier", "location__supplier"]
    list_filter: ClassVar = ["status", "submission_status", "supplier"]
    search_fields: ClassVar = ["number"]  # shows the search box
    search_help_text = _("Number, supplier's order number, e-mail of the customer")
    fieldsets: ClassVar = [
        section(
            None,
            "number",
            "order",
            STATUS_COLUMN,
            SUBMISSION_COLUMN,
            "cancellation_channel",
            submission_time,
            *HOLD_COLUMNS,
            "problem",
        ),
        section(
            _("Supplier"),
            "supplier",
            "location",
            "supplier_reference",
            "carrier_service",
            columns.money("freight_amount", _("Freight"), currency="freight_currency"),
            supplier_page,
        ),
        section(
            _("Dates"),
            columns.money("customer_charge_amount", _("Amount to capture")),
            "attempts",
            "failures",
            "retry_at",
            "accepted_at",
            "polled_at",
        ),
    ]
    inlines: ClassVar = [
        DOCUMENTS,
        CLAIMS,
        DECISIONS,
    ]
    user_errors: ClassVar = (
        submission.NotSubmittableError,
        submission_lookup.CallInProgressError,
        holds.NotHeldError,
    )
    change_form_outer_before_template = "dashboard/orders/purchase_order.html"
    change_form_outer_after_template = "dashboard/orders/timeline.html"
    exclude: ClassVar = ["access_key"]  # it opens the supplier's page, so it is not shown
    actions_detail: ClassVar = [
        "release_hold",
        "submit_now",
        "send_again",
        "look_up",
        "reassign_supplier",
        "accept_cancellation",
        "reject_cancellation",
        "renew_link",
        "open_claim",
        "open_supplier_return",
        "decide_canceled_shipment",
    ]
    available_if: ClassVar = {
        "release_hold": lambda row: row.status == Status.ON_HOLD,
        "send_again": lambda row: (
            (row.status, row.submission_status) == (Status.READY, Submission.SUBMIT_FAILED)
        ),
        "look_up": lambda row: row.submission_status not in PurchaseOrder.UNSUBMITTED_STATES,
        "renew_link": lambda row: row.submission_status != Submission.UNSUBMITTED,
    }

    def searches(self, text: str) -> list[IdSearch]:
        return purchase_order_searches(text)

    def get_inlines(self, request: HttpRequest, obj: PurchaseOrder | None) -> list[Any]:
        """Leave out the decisions of an order that is not canceled: it has none."""
        offered: list[Any] = super().get_inlines(request, obj)
        is_canceled = obj is not None and obj.status == Status.CANCELED
        return [each for each in offered if each is not DECISIONS or is_canceled]

    @confirmed_action(
        description=_("Release hold"),
        icon="play_arrow",
        may="costs",
        explain=lambda held: (
            " ".join(reason["sentence"] for reason in held.hold_reasons)
            or gettext("This purchase order is not on hold.")
        ),
        form_class=hold_admin.waiver_form,
        done=_("%s will be submitted."),
    )
    def release_hold(self, request: HttpRequest, held: PurchaseOrder, data: FormData) -> str | None:
        is_free = hold_admin.waive_selected(held=held, cleaned_data=data, **acting(request))
        if not is_free:
            return gettext("Saved. %s stays on hold for the other reasons.") % held
        self.wake(request, tasks.submit, purchase_order_id=held.pk)
        return None

    @confirmed_action(
        description=_("Resend"),
        icon="send",
        explain=_(
            "A purchase order is resent only if the supplier does not have it. If the supplier may"
            " have it, its status is checked first. It is never sent twice."
        ),
        done=_("%s is being submitted."),
    )
    def send_again(self, request: HttpRequest, failed: PurchaseOrder, _data: object) -> None:
        submission.resubmit(purchase_order=failed, **acting(request))
        self.wake(request, tasks.submit, purchase_order_id=failed.pk)

    @confirmed_action(
        description=_("Check status with supplier"),
        icon="search",
        explain=_(
            "Looks up our order number at the supplier. If the supplier has it,"
            " its status is applied. If not, the purchase order can be resent."
        ),
        done=_("Status check started. The supplier's response will appear on this page."),
    )
    def look_up(self, _request: HttpRequest, unknown: PurchaseOrder, _data: object) -> None:
        submission_lookup.require_no_call_in_flight(purchase_order=unknown, now=timezone.now())
        enqueue_or_fail(tasks.look_up_for_staff, purchase_order_id=unknown.pk)

    @confirmed_action(
        description=_("Regenerate supplier link"),
        icon="link",
        explain=_(
            "Creates a new address for the supplier page. The old link stops working. Send the new"
            " link to the supplier yourself: no e-mail is sent."
        ),
        done=_("%s has a new supplier link."),
    )
    def renew_link(self, _request: HttpRequest, sent: PurchaseOrder, _data: object) -> None:
        links.renew_key(purchase_order=sent)
