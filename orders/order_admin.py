"""Order admin: show orders, cancel, refund, release holds, track requests to erase an address."""

import secrets
from typing import ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.staff_search.variants import find_variants
from notifications.deliverability.columns import reachability
from orders import ledger, privacy
from orders.address_changes.admin import AddressActions
from orders.admin_columns import (
    address,
    address_verification,
    customer_page,
    fulfillment,
    payment,
    routing_decision,
)
from orders.cancellation import cancellation
from orders.cancellation import tasks as cancellation_tasks
from orders.cancellation.admin import ItemCancellationActions
from orders.models import CustomerInvoice, ErasureRequest, Order, OrderLine, Payment, PurchaseOrder
from orders.models.order import CUSTOMER_NAME, PHONE
from orders.order_line_admin import FEES, LANDED
from orders.order_messages.admin import MESSAGE_INLINE, MessageActions
from orders.payments import refunds
from orders.payments import tasks as payment_tasks
from orders.purchasing import tasks as purchasing_tasks
from orders.purchasing.holds import holds
from orders.returns.admin.receiving import RETURN_INLINE, ReturnActions
from storefront.lib.db.indexed_search import (
    IdSearch,
    digits_of,
    ending_with,
    equal_to,
    starting_with,
    with_words,
)
from storefront.lib.money import Money
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
from storefront.lib.staff.fieldsets import section
from storefront.lib.staff.form_fields import money_field
from storefront.lib.staff.inlines import inline


@admin.register(ErasureRequest)
class ErasureRequestAdmin(StaffAdmin):
    """Erasure requests to suppliers; staff record that they sent them."""

    list_display: ClassVar = [
        columns.link("purchase_order", _("Purchase order")),
        columns.text("purchase_order__supplier__name", _("Supplier")),
        columns.age("since", _("Erased in the shop")),
        columns.age("sent_at", _("Sent to supplier")),
        "sent_by",
    ]
    list_select_related: ClassVar = ["purchase_order__supplier"]
    search_fields: ClassVar = ["purchase_order__number"]
    actions: ClassVar = ["mark_sent"]

    @action(description=_("Mark as sent"))
    def mark_sent(self, request: HttpRequest, rows: QuerySet[ErasureRequest]) -> None:
        now, actor = timezone.now(), str(request.user)
        self.apply_to_each(
            request, rows, lambda row: privacy.record_sent(row=row, actor=actor, now=now)
        )


CHANNEL = columns.text("channel__code", _("Channel"))
STATE = columns.status(
    "status",
    _("Status"),
    needs_action={"on_hold"},
    waiting={"pending_payment", "placed"},
    final={"completed", "expired", "canceled"},
)


class RefundForm(ReasonForm):
    """Amount and reason, with a confirmation, as a refund cannot be undone."""

    amount = money_field(_("Amount"))
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    is_sure = forms.BooleanField(label=_("Confirm refund"))
    field_order = ("amount", "reason", "is_sure")


MIN_PHONE_DIGITS, COMPARED_PHONE_DIGITS = 5, 8  # a country code may be missing on either side


def order_searches(text: str) -> list[IdSearch]:
    """Return the searches by number, customer, item, purchase order and supplier's reference."""
    orders, purchase_orders = Order.objects.all(), PurchaseOrder.objects.all()
    number, phone = text.upper(), digits_of(text)
    searches = [
        *starting_with(orders, "number", number),
        *starting_with(orders, Lower("email"), text.lower()),
        *with_words(orders, CUSTOMER_NAME, text),
        *starting_with(purchase_orders, "number", number, pk="order"),
        *starting_with(purchase_orders, "supplier_reference", text, pk="order"),
    ]
    if len(phone) >= MIN_PHONE_DIGITS and not any(map(str.isalpha, text)):
        searches += ending_with(orders, PHONE, phone[-COMPARED_PHONE_DIGITS:])
    if variants := find_variants(text):
        lines = OrderLine.objects.filter(variant__in=variants.all())
        searches += equal_to(lines, pk="order")
    return searches


@admin.register(Order)
class OrderAdmin(ReturnActions, AddressActions, MessageActions, ItemCancellationActions):
    list_display: ClassVar = [
        "number",
        STATE,
        payment,
        fulfillment,
        columns.money("total_amount", _("Total")),
        CHANNEL,
        "email",
        columns.age("placed_at", _("Placed")),
        columns.age("status_since", _("Status since")),
    ]
    list_select_related: ClassVar = ["channel"]
    list_filter: ClassVar = ["status", "channel", "locale", "placed_at"]
    search_fields: ClassVar = ["number"]  # shows the search box
    search_help_text = _("Number, e-mail, name, phone, SKU or supplier's order number")
    fieldsets: ClassVar = [
        section(
            None,
            "number",
            STATE,
            "hold_reason",
            payment,
            fulfillment,
            "external_reference",
            customer_page,
        ),
        section(
            _("Customer"),
            "email",
            reachability("email"),
            "locale",
            address,
            address_verification,
        ),
        section(
            _("Payment"),
            columns.money("subtotal_amount", _("Subtotal")),
            columns.money("delivery_amount", _("Delivery")),
            columns.money("discount_amount", _("Discount")),
            columns.money("total_amount", _("Total")),
            columns.money("tax_amount", _("Tax included")),
            columns.page(
                "supply:profit",
                _("Profit"),
                _("Profit breakdown"),
                right="orders.view_supplierinvoice",
            ),
        ),
        section(_("Fulfillment"), routing_decision),
        section(
            _("Dates"),
            "placed_at",
            "payment_due_at",
            "arrives_from",
            "arrives_to",
            columns.status_history,
        ),
    ]
    inlines: ClassVar = [
        inline(
            OrderLine,
            "sku",
            "title",
            "quantity",
            columns.money("unit_amount", _("Unit price"), currency="order__currency"),
            columns.money("line_amount", _("Line total"), currency="order__currency"),
            LANDED,
            FEES,
            "canceled_quantity",
            "shipped_quantity",
            "delivered_quantity",
            columns.page(
                "supply:offers",
                _("Availability"),
                _("Offer comparison"),
                right="suppliers.view_supplieroffer",
                of="variant_id",
            ),
            tab=False,
            related=("order",),
        ),
        inline(
            PurchaseOrder,
            "number",
            "supplier",
            "status",
            "submission_status",
            columns.money("customer_charge_amount", _("Amount to capture")),
            "problem",
            tab=False,
            related=("supplier",),
        ),
        RETURN_INLINE,
        MESSAGE_INLINE,
        inline(
            Payment,
            "key",
            "status",
            columns.money("authorized_amount", _("Authorized")),
            columns.money("captured_amount", _("Captured")),
            columns.money("voided_amount", _("Released")),
            columns.money("refunded_amount", _("Refunded")),
            "capture_before",
            tab=False,
        ),
        inline(
            CustomerInvoice,
            "number",
            "kind",
            columns.money("gross_amount", _("Total")),
            "issued_at",
            tab=False,
        ),
    ]
    user_errors: ClassVar = (
        cancellation.TooLateError,
        refunds.RefundTooLargeError,
        refunds.NothingToRefundError,
    )
    actions_detail: ClassVar = [
        "cancel",
        "cancel_items",
        "refund",
        "open_return",
        "release",
        "confirm_address",
        "correct_address",
        "messages",
        "write_to_customer",
        "close_messages",
    ]
    available_if: ClassVar = {
        "cancel": lambda order: Order.Status.CANCELED in Order.TRANSITIONS[order.status],
        "refund": lambda order: order.captured > 0 and bool(_refundable(order)),
        "release": lambda order: order.status == Order.Status.ON_HOLD,
    }

    has_cancel_permission = permission_check("orders.cancel_order")
    has_refund_permission = permission_check("orders.refund_order")
    has_messages_permission = permission_check("notifications.view_message")
    has_release_permission = permission_check("orders.release_order")

    def searches(self, text: str) -> list[IdSearch]:
        return order_searches(text)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return Order.objects.with_progress()

    @confirmed_action(
        description=_("Cancel"),
        icon="cancel",
        may="cancel",
        title=_("Cancel order"),
        explain=_(
            "Items that no supplier has yet are canceled at once. For the others, the supplier is"
            " asked to cancel. The customer is refunded for canceled items and gets an e-mail."
        ),
        form_class=ReasonForm,
        done=_("Cancellation of %s requested."),
    )
    def cancel(self, request: HttpRequest, order: Order, data: FormData) -> str:
        result = cancellation.cancel(order=order, **data, **acting(request))
        self.wake(request, cancellation_tasks.process_cancellation, order_id=order.pk)
        outcomes = (
            (gettext("Canceled: %s"), result.stopped),
            (gettext("Not canceled, already shipped: %s"), result.refused),
            (
                gettext(
                    "Cancellation requested from the supplier. See the response on"
                    " the purchase order: %s"
                ),
                result.open,
            ),
        )
        return ". ".join(text % ", ".join(numbers) for text, numbers in outcomes if numbers)

    @confirmed_action(
        description=_("Refund"),
        icon="undo",
        may="refund",
        explain=lambda order: (
            gettext(
                "You can refund up to %(left)s. The refund is sent to the gateway, and the"
                " customer gets an e-mail when it is done. A refund cannot be undone."
            )
            % {"left": columns.as_money(_refundable(order))}
        ),
        form_class=RefundForm,
        initial=lambda order: {"amount": _refundable(order).amount, "key": secrets.token_hex(8)},
        done=_("Refund of %s requested."),
    )
    def refund(self, request: HttpRequest, order: Order, data: FormData) -> None:
        refunds.refund(
            order=order,
            amount=Money(data["amount"], order.currency),
            reason=data["reason"],
            **acting(request),
            key=data["key"] or secrets.token_hex(8),
        )
        self.wake(request, payment_tasks.execute_requests)

    @confirmed_action(
        description=_("Release hold"),
        icon="play_arrow",
        may="release",
        explain=lambda order: order.hold_reason or gettext("This order is not on hold."),
        form_class=ReasonForm,
        done=_("%s will be shipped."),
    )
    def release(self, request: HttpRequest, order: Order, data: FormData) -> None:
        holds.release_order(order=order, **data, **acting(request))
        self.wake(request, purchasing_tasks.create_purchase_orders, order_id=order.pk)

    @action(description=_("Messages"), icon="mail", may="messages")
    def messages(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open the list of the order's messages: preview, test and resend are on their pages."""
        order = self.row(request, object_id)
        page = reverse("admin:notifications_message_changelist")
        return HttpResponseRedirect(f"{page}?{urlencode({'q': order.number})}")


def _refundable(order: Order) -> Money:
    paid = order.payments.filter(captured_amount__gt=0).order_by("pk").first()
    return ledger.refundable_amount(paid) if paid else Money.zero(order.currency)
