"""Staff pages of orders and of the carts they were made from."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldBooleanSwitchWidget

from orders import (
    access,
    bills_desk,
    cancellation_tasks,
    cancelling,
    claims_desk,
    differences_desk,
    forgetting_desk,
    holding,
    ledger,
    lines_desk,
    money_days_desk,
    money_desk,
    payment_tasks,
    purchasing,
    purchasing_desk,
    purchasing_tasks,
    readdressing_desk,
    refunding,
    resolving,
    returns_desk,
    rmas_desk,
    routing_desk,
    selling_desk,
    waiving,
    waiving_desk,
)
from orders.address_desk import AddressActions
from orders.column_words import COLUMNS, TABLES
from orders.complaining_desk import CLAIMS, ComplainActions
from orders.models import Order, OrderLine, Payment, PurchaseLine, PurchaseMessage, PurchaseOrder
from orders.moving_desk import MovingActions
from orders.opening_returns_desk import RETURNS, ReturnActions
from orders.order_facts import (
    address,
    address_check,
    goods,
    payment,
    routed_by,
    shopper_page,
)
from orders.purchase_columns import TALK, WORK, supplier_page
from orders.sending_back_desk import SendBackActions
from orders.sending_desk import GOES_AT, SendActions
from orders.stopping_desk import StoppingActions
from orders.strays_desk import DECISIONS, StrayActions
from orders.waiving_desk import REASONS
from storefront.lib import columns, naming
from storefront.lib.inlines import inline
from storefront.lib.money import Money
from storefront.lib.staff import ReasonForm, action, start

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
        columns.money("charge_amount", _("Charge")),
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
            _("Moments"),
            {
                "fields": [
                    columns.money("charge_amount", _("Charge")),
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
            columns.text("order_line__title", _("What")),
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
            columns.document("body", _("Word for word")),
            tab=False,
            ordering=["-id"],
        ),
    ]
    refusals: ClassVar = (
        purchasing.OrderStoppedError,
        resolving.StillCallingError,
        waiving.NotHeldError,
        *ComplainActions.complain_refusals,
        *StrayActions.stray_refusals,
        *MovingActions.moving_refusals,
        *StoppingActions.stopping_refusals,
        *SendBackActions.send_back_refusals,
    )
    exclude: ClassVar = ["access_key"]  # it opens the supplier's page: not to be read aloud
    actions_detail: ClassVar = [
        "release_hold",
        "send_now",
        "send_again",
        "look_up",
        "move_elsewhere",
        "he_stopped",
        "he_did_not",
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

    @action(description=_("Release the hold"), icon="play_arrow")
    def release_hold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        held = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> bool:
            is_free = waiving_desk.release(
                held=held, given=given, actor=str(request.user), now=timezone.now()
            )
            if is_free:
                self.wake(request, purchasing_tasks.send, purchase_order_id=held.pk)
            return is_free

        sent = gettext("%s will be sent all the same.") % held
        stays = gettext("It is written down; %s stays on hold for the rest.") % held
        sentences = " ".join(reason["sentence"] for reason in held.hold_reasons)
        return self.ask(
            request,
            held,
            title=gettext("Release the hold"),
            explain=sentences or gettext("This purchase order is not on hold."),
            form_class=waiving_desk.form_for(held),
            act=act,
            done=lambda is_free: sent if is_free else stays,
        )

    @action(description=_("Send again"), icon="send")
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        failed = self.row(request, object_id)

        def act(_given: object) -> None:
            purchasing.send_again(
                purchase_order=failed, actor=str(request.user), now=timezone.now()
            )
            self.wake(request, purchasing_tasks.send, purchase_order_id=failed.pk)

        return self.ask(
            request,
            failed,
            title=gettext("Send again"),
            explain=gettext(
                "Only what the supplier certainly does not have is sent again. What he may have"
                " is looked up first, and what he has is never sent twice."
            ),
            act=act,
            done=gettext("%s is tried now.") % failed,
        )

    @action(description=_("Look it up"), icon="search")
    def look_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        unknown = self.row(request, object_id)

        def act(_given: object) -> None:
            resolving.insist_ended(purchase_order=unknown, now=timezone.now())
            start(purchasing_tasks.look_up, purchase_order_id=unknown.pk)

        return self.ask(
            request,
            unknown,
            title=gettext("Look it up"),
            explain=gettext(
                "A worker asks the supplier for our number: if he has it, we adopt his answer; if"
                " not, it may be sent again."
            ),
            act=act,
            done=gettext("A worker asks the supplier: his answer appears on this page."),
        )

    @action(description=_("Make another link"), icon="link")
    def renew_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        sent = self.row(request, object_id)
        return self.ask(
            request,
            sent,
            title=gettext("Make another link"),
            explain=gettext(
                "The supplier's page gets another address, and the old one opens nothing any more."
                " Tell him the new one yourself: no mail is sent."
            ),
            act=lambda _given: access.renew_key(purchase_order=sent),
            done=gettext("%s has another link.") % sent,
        )


DESKS = (
    bills_desk, claims_desk, differences_desk, forgetting_desk, lines_desk, money_days_desk,
    money_desk, purchasing_desk, readdressing_desk, returns_desk, rmas_desk, routing_desk,
    selling_desk,
)  # fmt: skip

STATE = columns.state(
    "status",
    _("State"),
    calls={"on_hold"},
    waits={"pending_payment", "placed"},
    ended={"completed", "expired", "canceled"},
)


class RefundForm(ReasonForm):
    """How much goes back, and why; typed and then confirmed, for it cannot be undone."""

    amount = forms.DecimalField(
        label=_("Amount"),
        min_value=0,
        max_digits=12,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    is_sure = forms.BooleanField(label=_("Yes, pay it back"), widget=UnfoldBooleanSwitchWidget)
    field_order = ("amount", "reason", "is_sure")


@admin.register(Order)
class OrderAdmin(ReturnActions, AddressActions):
    list_display: ClassVar = [
        "number",
        STATE,
        payment,
        goods,
        columns.money("total_amount", _("Total")),
        "email",
        columns.age("placed_at", _("Placed")),
        columns.age("status_since", _("In this state")),
    ]
    list_select_related: ClassVar = ["channel"]
    list_filter: ClassVar = ["status", "channel", "locale", "placed_at"]
    search_fields: ClassVar = [
        "number",
        "email",
        "lines__sku",
        "purchase_orders__number",
        "purchase_orders__supplier_reference",
    ]
    ordering: ClassVar = ["-id"]
    fieldsets: ClassVar[list[tuple[Any, dict[str, list[Any]]]]] = [
        (
            None,
            {
                "fields": [
                    "number",
                    STATE,
                    "hold_reason",
                    payment,
                    goods,
                    shopper_page,
                ]
            },
        ),
        (_("Shopper"), {"fields": ["email", "locale", address, address_check]}),
        (
            _("Money"),
            {
                "fields": [
                    columns.money("goods_amount", _("Goods")),
                    columns.money("delivery_amount", _("Delivery")),
                    columns.money("discount_amount", _("Discount")),
                    columns.money("total_amount", _("Total")),
                    columns.money("tax_amount", _("Tax contained")),
                    columns.page("supply:profit", _("Earns"), _("What it earns after everything")),
                ]
            },
        ),
        (_("Where it comes from"), {"fields": [routed_by]}),
        (
            _("Moments"),
            {"fields": ["placed_at", "pay_before", "arrives_from", "arrives_to", columns.moves]},
        ),
    ]
    readonly_fields: ClassVar = [
        name for _title, options in fieldsets for name in options["fields"]
    ]
    inlines: ClassVar = [
        inline(
            OrderLine,
            "sku",
            "title",
            "quantity",
            columns.money("unit_amount", _("Unit"), currency="order__currency"),
            columns.money("line_amount", _("Line"), currency="order__currency"),
            columns.money("landed_amount", _("Landed cost"), currency="order__currency"),
            columns.money("fees_amount", _("Fees"), currency="order__currency"),
            "canceled_quantity",
            "shipped_quantity",
            "delivered_quantity",
            columns.page("supply:offers", _("Supply"), _("Offers side by side"), of="variant_id"),
            tab=False,
            related=("order",),
        ),
        inline(
            PurchaseOrder,
            "number",
            "supplier",
            "status",
            "request_status",
            columns.money("charge_amount", _("Charge")),
            "problem",
            tab=False,
            related=("supplier",),
        ),
        RETURNS,
        inline(
            Payment,
            "key",
            "status",
            columns.money("authorized_amount", _("Authorized")),
            columns.money("captured_amount", _("Captured")),
            columns.money("released_amount", _("Released")),
            columns.money("refunded_amount", _("Refunded")),
            "capture_before",
            tab=False,
        ),
    ]
    refusals: ClassVar = (
        cancelling.TooLateError,
        refunding.TooMuchError,
        refunding.NothingToRefundError,
        *AddressActions.address_refusals,
        *ReturnActions.return_refusals,
    )
    actions_detail: ClassVar = [
        "cancel",
        "refund",
        "open_return",
        "go_on",
        *AddressActions.address_actions,
    ]
    fits: ClassVar = {
        **AddressActions.address_fits,
        **ReturnActions.return_fits,
        "cancel": lambda order: Order.Status.CANCELED in Order.TRANSITIONS[order.status],
        "refund": lambda order: order.captured > 0 and bool(_left(order)),
        "go_on": lambda order: order.status == Order.Status.ON_HOLD,
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return Order.objects.with_progress()

    @action(description=_("Cancel"), icon="cancel")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> None:
            result = cancelling.cancel(
                order=order, reason=given["reason"], actor=str(request.user), now=timezone.now()
            )
            self.wake(request, cancellation_tasks.follow_cancellation, order_id=order.pk)
            for words, numbers in (
                (gettext("Stopped: %s"), result.stopped),
                (gettext("Goes on, for it is on its way: %s"), result.refused),
                (gettext("A worker asks the supplier; his answer stands there: %s"), result.open),
            ):
                if numbers:
                    self.message_user(request, words % ", ".join(numbers))

        return self.ask(
            request,
            order,
            title=gettext("Cancel the order"),
            explain=gettext(
                "What no supplier has is stopped at once; a worker asks a supplier who has it to"
                " stop."
                " Money that is not needed goes back, and the shopper is told."
            ),
            form_class=ReasonForm,
            act=act,
            done=gettext("The cancellation of %s is written down.") % order,
        )

    @action(description=_("Pay back"), icon="undo")
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> None:
            refunding.refund(
                order=order,
                amount=Money(given["amount"], order.currency),
                reason=given["reason"],
                actor=str(request.user),
                now=timezone.now(),
                key=given["key"] or secrets.token_hex(8),
            )
            self.wake(request, payment_tasks.settle_payments)

        left = _left(order)
        return self.ask(
            request,
            order,
            title=gettext("Pay back"),
            explain=gettext(
                "At most %(left)s can go back. A worker asks the gateway until it is done, and"
                " then the shopper is told. A refund cannot be taken back."
            )
            % {"left": columns.as_money(left)},
            form_class=RefundForm,
            initial={"amount": left.amount, "key": secrets.token_hex(8)},
            act=act,
            done=gettext("The refund of %s is on its way.") % order,
        )

    @action(description=_("Let it go on"), icon="play_arrow")
    def go_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> None:
            holding.go_on(
                order=order, reason=given["reason"], actor=str(request.user), now=timezone.now()
            )
            self.wake(request, purchasing_tasks.divide, order_id=order.pk)

        return self.ask(
            request,
            order,
            title=gettext("Let it go on"),
            explain=order.hold_reason or gettext("This order is not on hold."),
            form_class=ReasonForm,
            act=act,
            done=gettext("%s goes on.") % order,
        )


def _left(order: Order) -> Money:
    paid = order.payments.filter(captured_amount__gt=0).order_by("pk").first()
    return ledger.refundable(paid) if paid else Money.zero(order.currency)


naming.call("orders", tables=TABLES, columns=COLUMNS)
