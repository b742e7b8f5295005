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
from orders.cancellation.admin import DECISIONS, StoppingActions, StrayActions
from orders.claims.admin import CLAIMS, ComplainActions
from orders.models import PurchaseLine, PurchaseMessage, PurchaseOrder
from orders.purchasing import submission, submission_lookup, tasks
from orders.purchasing.admin import GOES_AT, TALK, WORK, MovingActions, SendActions, supplier_page
from orders.purchasing.holds import admin as hold_admin
from orders.purchasing.holds import holds
from orders.purchasing.holds.admin import REASONS
from orders.returns.admin.supplier_returns import SendBackActions
from storefront.lib.staff import columns
from storefront.lib.staff.admin import action, start
from storefront.lib.staff.inlines import inline

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(
    ComplainActions, StrayActions, MovingActions, StoppingActions, SendActions, SendBackActions
):
    list_display: ClassVar = [
        "number",
        columns.link("order", _("Order")),
        columns.text("supplier__name", _("Supplier")),
        WORK,
        TALK,
        columns.money("charge_amount", _("Amount to capture")),
        "supplier_reference",
        "problem",
        GOES_AT,
        columns.age("request_status_since", _("Since")),
    ]
    list_select_related: ClassVar = ["order", "supplier"]
    list_filter: ClassVar = ["status", "request_status", "supplier"]
    search_fields: ClassVar = ["number", "supplier_reference", "order__number", "order__email"]
    ordering: ClassVar = ["-id"]
    fieldsets: ClassVar[list[tuple[Any, dict[str, list[Any]]]]] = [
        (
            None,
            {
                "fields": [
                    "number",
                    "order",
                    WORK,
                    TALK,
                    "stop_told_by",
                    GOES_AT,
                    *REASONS,
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
                    columns.money("charge_amount", _("Amount to capture")),
                    "attempts",
                    "failures",
                    "try_after",
                    "accepted_at",
                    "polled_at",
                    columns.moves,
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
            "is_live",
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
    refusals: ClassVar = (
        submission.OrderStoppedError,
        submission_lookup.StillCallingError,
        holds.NotHeldError,
        *ComplainActions.complain_refusals,
        *StrayActions.stray_refusals,
        *MovingActions.moving_refusals,
        *StoppingActions.stopping_refusals,
        *SendBackActions.send_back_refusals,
    )
    exclude: ClassVar = ["access_key"]  # it opens the supplier's page, so it is not shown
    actions_detail: ClassVar = [
        "release_hold",
        "send_now",
        "send_again",
        "look_up",
        "move_elsewhere",
        "accept_cancellation",
        "reject_cancellation",
        "renew_link",
        "complain",
        "send_back",
        "decide_stray",
    ]
    fits: ClassVar = {
        **ComplainActions.complain_fits,
        **StrayActions.stray_fits,
        **MovingActions.moving_fits,
        **StoppingActions.stopping_fits,
        **SendActions.send_fits,
        **SendBackActions.send_back_fits,
        "release_hold": lambda row: row.status == Status.ON_HOLD,
        "send_again": lambda row: (
            (row.status, row.request_status) == (Status.READY, Request.SUBMIT_FAILED)
        ),
        "look_up": lambda row: row.request_status not in PurchaseOrder.NEVER_SENT,
        "renew_link": lambda row: row.request_status != Request.UNSUBMITTED,
    }

    @action(description=_("Release hold"), icon="play_arrow")
    def release_hold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        held = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> bool:
            is_free = hold_admin.release(
                held=held, given=given, actor=str(request.user), now=timezone.now()
            )
            if is_free:
                self.wake(request, tasks.send, purchase_order_id=held.pk)
            return is_free

        sent = gettext("%s will be submitted.") % held
        stays = gettext("Saved. %s stays on hold for the other reasons.") % held
        sentences = " ".join(reason["sentence"] for reason in held.hold_reasons)
        return self.ask(
            request,
            held,
            title=gettext("Release hold"),
            explain=sentences or gettext("This purchase order is not on hold."),
            form_class=hold_admin.form_for(held),
            act=act,
            done=lambda is_free: sent if is_free else stays,
        )

    @action(description=_("Resend"), icon="send")
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        failed = self.row(request, object_id)

        def act(_given: object) -> None:
            submission.send_again(
                purchase_order=failed, actor=str(request.user), now=timezone.now()
            )
            self.wake(request, tasks.send, purchase_order_id=failed.pk)

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
            submission_lookup.insist_ended(purchase_order=unknown, now=timezone.now())
            start(tasks.look_up, purchase_order_id=unknown.pk)

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
