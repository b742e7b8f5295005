"""Order admin: show orders, cancel, hold and release, print, track requests to erase an address."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.staff_search.variants import find_variants
from notifications.deliverability.columns import reachability
from orders import privacy
from orders.address_changes.admin import AddressActions
from orders.admin_columns import (
    address,
    address_verification,
    customer,
    customer_page,
    fulfillment,
    payment,
    routing_decision,
)
from orders.cancellation import cancellation
from orders.cancellation import tasks as cancellation_tasks
from orders.cancellation.admin import ItemCancellationActions
from orders.customer_invoices import packing_list
from orders.draft_orders.admin import DraftActions
from orders.models import CustomerInvoice, ErasureRequest, Order, OrderLine, Payment, PurchaseOrder
from orders.models.order import CUSTOMER_NAME, PHONE
from orders.numbers import end_of_order_number, normalize_order_number
from orders.order_messages.admin import MessageActions
from orders.order_notes.admin import NoteActions, tags
from orders.payments.refund_admin import RefundActions
from orders.purchasing import tasks as purchasing_tasks
from orders.purchasing.holds import holds
from orders.returns.admin.receiving import ReturnActions
from storefront.lib.db.indexed_search import (
    IdSearch,
    digits_of,
    ending_with,
    equal_to,
    find,
    plain_letters,
    starting_with,
    with_words,
)
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
    permission_check,
)
from storefront.lib.staff.fieldsets import section
from storefront.lib.staff.inlines import inline
from storefront.lib.staff.pagination import count_limit, page_number


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


CHANNEL = columns.text("channel__name", _("Channel"))
STATE = columns.status(
    "status",
    _("Status"),
    needs_action={"on_hold"},
    waiting={"pending_payment", "placed"},
    final={"completed", "expired", "canceled"},
)


MIN_PHONE_DIGITS, COMPARED_PHONE_DIGITS = 5, 8  # a country code may be missing on either side


def order_searches(text: str) -> list[IdSearch]:
    """Return the searches by number, customer, item, purchase order and supplier's reference."""
    orders, purchase_orders = Order.objects.all(), PurchaseOrder.objects.all()
    number, phone = normalize_order_number(text), digits_of(text)
    searches = [
        *starting_with(orders, "number", number),
        *ending_with(orders, "number", end_of_order_number(text)),
        *starting_with(orders, Lower("email"), text.lower()),
        *with_words(orders, CUSTOMER_NAME, plain_letters(text)),
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
class OrderAdmin(
    ReturnActions,
    AddressActions,
    MessageActions,
    NoteActions,
    RefundActions,
    ItemCancellationActions,
    DraftActions,
):
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
        tags,
    ]
    list_select_related: ClassVar = ["channel"]
    list_filter: ClassVar = ["status", "channel", "locale", "placed_at", "tags__name"]
    search_fields: ClassVar = ["number"]  # shows the search box
    search_help_text = _("Number or its end, e-mail, name, phone, SKU or supplier's order number")
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
            tags,
        ),
        section(
            _("Customer"),
            "email",
            customer,
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
        ),
    ]
    inlines: ClassVar = [
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
    user_errors: ClassVar[Errors] = (cancellation.TooLateError,)
    change_form_outer_before_template = "dashboard/orders/items.html"
    change_form_outer_after_template = "dashboard/orders/timeline.html"
    actions_list: ClassVar = ["create_order"]
    actions_detail: ClassVar = [
        "edit_unpaid",
        "cancel",
        "cancel_items",
        "refund",
        "open_return",
        "hold",
        "release",
        "confirm_address",
        "correct_address",
        "messages",
        "write_to_customer",
        "close_messages",
        "add_note",
        "edit_tags",
        "packing_list",
    ]
    available_if: ClassVar = {
        "cancel": lambda order: Order.Status.CANCELED in Order.TRANSITIONS[order.status],
        "hold": lambda order: order.status in holds.HOLDABLE,
        "release": lambda order: order.status == Order.Status.ON_HOLD,
    }

    has_cancel_permission = permission_check("orders.cancel_order")
    has_messages_permission = permission_check("notifications.view_message")
    has_release_permission = permission_check("orders.release_order")

    def searches(self, text: str) -> list[IdSearch]:
        return order_searches(text)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Read only the newest orders of a search that many fit, unless filters leave some out."""
        text = search_term.strip()
        query: Any = queryset.query
        if not text or query.where or tuple(query.order_by[:1]) != ("-id",):
            return super().get_search_results(request, queryset, search_term)
        page = page_number(request.GET.get(PAGE_VAR, ""))
        newest = count_limit(page, self.list_per_page) + 1
        return queryset.filter(pk__in=find(self.searches(text)).all(newest=newest)), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return Order.objects.with_progress().prefetch_related("tags")

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
        description=_("Put on hold"),
        icon="pause",
        explain=_(
            "Nothing more is ordered from suppliers until the hold is released. A supplier that has"
            " a purchase order ships it."
        ),
        form_class=ReasonForm,
        done=_("%s is on hold."),
    )
    def hold(self, request: HttpRequest, order: Order, data: FormData) -> None:
        holds.hold_order(order=order, **data, **acting(request))

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

    @action(description=_("Packing list"), icon="print", may="view")
    def packing_list(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send the PDF of the order's items without prices."""
        return packing_list.download(self.row(request, object_id))
