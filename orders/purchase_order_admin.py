"""Purchase order admin: show purchase orders, release holds, resubmit, look up, renew links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders import links
from orders.cancellation.admin import DECISIONS, CanceledShipmentActions, CancellationAnswerActions
from orders.claims.admin import CLAIMS, ClaimActions
from orders.models import PurchaseLine, PurchaseMessage, PurchaseOrder
from orders.purchasing import submission, submission_lookup, tasks
from orders.purchasing.admin import (
    STATUS_COLUMN,
    SUBMISSION_COLUMN,
    SUBMIT_AT_COLUMN,
    ReassignActions,
    SubmitActions,
    supplier_page,
)
from orders.purchasing.holds import admin as hold_admin
from orders.purchasing.holds import holds
from orders.purchasing.holds.admin import HOLD_COLUMNS
from orders.returns.admin.supplier_returns import SupplierReturnActions
from storefront.lib.staff import columns
from storefront.lib.staff.admin import action, enqueue_or_fail
from storefront.lib.staff.inlines import inline

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission


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
        SUBMIT_AT_COLUMN,
        columns.age("submission_status_since", _("Since")),
    ]
    list_select_related: ClassVar = ["order", "supplier"]
    list_filter: ClassVar = ["status", "submission_status", "supplier"]
    search_fields: ClassVar = ["number", "supplier_reference", "order__number", "order__email"]
    ordering: ClassVar = ["-id"]
    fieldsets: ClassVar[list[tuple[Any, dict[str, list[Any]]]]] = [
        (
            None,
            {
                "fields": [
                    "number",
                    "order",
                    STATUS_COLUMN,
                    SUBMISSION_COLUMN,
                    "cancellation_channel",
                    SUBMIT_AT_COLUMN,
                    *HOLD_COLUMNS,
                    "problem",
                ]
            },
        ),
        (
            _("Supplier"),
            {
                "fields": [
                    "supplier",
                    "location",
                    "supplier_reference",
                    "carrier_service",
                    columns.money("freight_amount", _("Freight"), currency="freight_currency"),
                    supplier_page,
                ]
            },
        ),
        (
            _("Dates"),
            {
                "fields": [
                    columns.money("customer_charge_amount", _("Amount to capture")),
                    "attempts",
                    "failures",
                    "retry_at",
                    "accepted_at",
                    "polled_at",
                    columns.status_history,
                ]
            },
        ),
    ]
    readonly_fields: ClassVar = [
        name for _title, options in fieldsets for name in options["fields"]
    ]
    inlines: ClassVar = [
        inline(
            PurchaseLine,
            columns.text("order_line__sku", _("SKU")),
            columns.text("order_line__title", _("Item")),
            "quantity",
            columns.money("agreed_cost_amount", _("Agreed cost"), currency="cost_currency"),
            "acknowledgment",
            "is_active",
            tab=False,
            related=("order_line",),
        ),
        CLAIMS,
        DECISIONS,
        inline(
            PurchaseMessage,
            "at",
            "direction",
            "kind",
            columns.document("body", _("Payload")),
            tab=False,
            ordering=["-id"],
        ),
    ]
    user_errors: ClassVar = (
        submission.NotSubmittableError,
        submission_lookup.CallInProgressError,
        holds.NotHeldError,
        *ClaimActions.claim_refusals,
        *CanceledShipmentActions.canceled_shipment_refusals,
        *ReassignActions.reassign_errors,
        *CancellationAnswerActions.cancellation_refusals,
        *SupplierReturnActions.supplier_return_errors,
    )
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
        **ClaimActions.claim_fits,
        **CanceledShipmentActions.canceled_shipment_fits,
        **ReassignActions.reassign_conditions,
        **CancellationAnswerActions.cancellation_fits,
        **SubmitActions.submit_conditions,
        **SupplierReturnActions.supplier_return_conditions,
        "release_hold": lambda row: row.status == Status.ON_HOLD,
        "send_again": lambda row: (
            (row.status, row.submission_status) == (Status.READY, Submission.SUBMIT_FAILED)
        ),
        "look_up": lambda row: row.submission_status not in PurchaseOrder.UNSUBMITTED_STATES,
        "renew_link": lambda row: row.submission_status != Submission.UNSUBMITTED,
    }

    @action(description=_("Release hold"), icon="play_arrow")
    def release_hold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        held = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> bool:
            is_free = hold_admin.waive_selected(
                held=held, given=given, actor=str(request.user), now=timezone.now()
            )
            if is_free:
                self.wake(request, tasks.submit, purchase_order_id=held.pk)
            return is_free

        sent = gettext("%s will be submitted.") % held
        stays = gettext("Saved. %s stays on hold for the other reasons.") % held
        sentences = " ".join(reason["sentence"] for reason in held.hold_reasons)
        return self.ask(
            request,
            held,
            title=gettext("Release hold"),
            explain=sentences or gettext("This purchase order is not on hold."),
            form_class=hold_admin.waiver_form(held),
            act=act,
            done=lambda is_free: sent if is_free else stays,
        )

    @action(description=_("Resend"), icon="send")
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        failed = self.row(request, object_id)

        def act(_given: object) -> None:
            submission.resubmit(purchase_order=failed, actor=str(request.user), now=timezone.now())
            self.wake(request, tasks.submit, purchase_order_id=failed.pk)

        return self.ask(
            request,
            failed,
            title=gettext("Resend"),
            explain=gettext(
                "A purchase order is resent only if the supplier does not have it. If"
                " the supplier may have it, its status is checked first. It is never"
                " sent twice."
            ),
            act=act,
            done=gettext("%s is being submitted.") % failed,
        )

    @action(description=_("Check status with supplier"), icon="search")
    def look_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        unknown = self.row(request, object_id)

        def act(_given: object) -> None:
            submission_lookup.require_no_call_in_flight(purchase_order=unknown, now=timezone.now())
            enqueue_or_fail(tasks.look_up_for_staff, purchase_order_id=unknown.pk)

        return self.ask(
            request,
            unknown,
            title=gettext("Check status with supplier"),
            explain=gettext(
                "Looks up our order number at the supplier. If the supplier has it,"
                " its status is applied. If not, the purchase order can be resent."
            ),
            act=act,
            done=gettext("Status check started. The supplier's response will appear on this page."),
        )

    @action(description=_("Regenerate supplier link"), icon="link")
    def renew_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        sent = self.row(request, object_id)
        return self.ask(
            request,
            sent,
            title=gettext("Regenerate supplier link"),
            explain=gettext(
                "Creates a new address for the supplier page. The old link stops"
                " working. Send the new link to the supplier yourself: no e-mail is"
                " sent."
            ),
            act=lambda _given: links.renew_key(purchase_order=sent),
            done=gettext("%s has a new supplier link.") % sent,
        )
