"""Payment admin: show payments and their ledger, query the gateway, retry refused requests."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import Payment, PaymentEvent
from orders.payments import captures, tasks, updates
from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, confirmed_action
from storefront.lib.staff.inlines import inline


@admin.register(Payment)
class PaymentAdmin(LargeTable, StaffAdmin):
    list_display: ClassVar = [
        "key",
        columns.link("order", _("Order")),
        "gateway",
        columns.status(
            "status",
            _("Status"),
            waiting={"created", "requires_action"},
            final={"captured", "refunded", "voided", "declined", "failed", "expired"},
        ),
        columns.status(
            "dispute_status",
            _("Dispute"),
            needs_action={"charged_back"},
            final={"none", "won", "lost"},
        ),
        columns.money("authorized_amount", _("Authorized")),
        columns.money("captured_amount", _("Captured")),
        columns.money("voided_amount", _("Released")),
        columns.money("refunded_amount", _("Refunded")),
        columns.age("capture_before", _("Capture before")),
        columns.age("created_at", _("Opened")),
    ]
    list_select_related: ClassVar = ["order"]
    list_filter: ClassVar = ["status", "dispute_status", "gateway", "created_at"]
    search_fields: ClassVar = ["key", "reference", "order__number"]
    ordering: ClassVar = ["-id"]
    exclude: ClassVar = ["pay_url"]  # it opens the customer's payment
    readonly_fields: ClassVar = [columns.status_history]
    inlines: ClassVar = [
        inline(
            PaymentEvent,
            "kind",
            columns.money("amount", _("Amount"), currency="payment__currency"),
            "external_id",
            "reason",
            "occurred_at",
            "received_at",
            tab=False,
            related=("payment",),
            ordering=["-id"],
        )
    ]
    user_errors: ClassVar = (updates.TooEarlyError, updates.UnknownPaymentError)
    actions_detail: ClassVar = ["sync_from_gateway"]

    @confirmed_action(
        description=_("Sync from gateway"),
        icon="sync",
        explain=_("Reads all events of this payment from the gateway and applies the new ones."),
        done=_("Payment synced."),
    )
    def sync_from_gateway(
        self, _request: HttpRequest, payment: Payment, _cleaned_data: object
    ) -> None:
        updates.refresh(payment=payment, now=timezone.now())


@admin.register(PaymentEvent)
class PaymentEventAdmin(LargeTable, StaffAdmin):
    list_display: ClassVar = [
        columns.status("kind", _("Type"), needs_action={"refused"}),
        columns.money("amount", _("Amount"), currency="payment__currency"),
        columns.link("payment__order", _("Order")),
        "external_id",
        "reason",
        columns.age("occurred_at", _("When")),
    ]
    list_select_related: ClassVar = ["payment__order"]
    list_filter: ClassVar = ["kind", "gateway", "received_at"]
    search_fields: ClassVar = ["external_id", "payment__key", "payment__order__number"]
    ordering: ClassVar = ["-id"]
    user_errors: ClassVar = (captures.NotRefusedError, captures.AmountUnavailableError)
    actions_detail: ClassVar = ["retry_refused"]
    available_if: ClassVar = {
        "retry_refused": lambda event: event.kind == PaymentEvent.Kind.REFUSED
    }

    @confirmed_action(
        description=_("Retry"),
        icon="replay",
        explain=lambda refusal: (
            gettext(
                "The gateway rejected the request: %(reason)s A retry is sent with a"
                " new idempotency key. A request without an answer is never repeated"
                " with a new key."
            )
            % {"reason": refusal.reason}
        ),
        done=_("Retry started."),
    )
    def retry_refused(
        self, request: HttpRequest, refusal: PaymentEvent, _cleaned_data: object
    ) -> None:
        captures.retry_refused(request=refusal.answers or refusal, **acting(request))
        self.wake(request, tasks.execute_requests)
