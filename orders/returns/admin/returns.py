"""Return admin: show returns, approve, reject, refund, record what the customer reports."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import Order, ReturnAuthorization, ReturnLine, SupplierReturn
from orders.payments import tasks
from orders.returns import (
    authorizations,
    forms,
    inspection,
    refund_amounts,
    refunds,
    supplier_returns,
)
from orders.returns.admin.receiving import (
    PhotoAdmin,
    ReceivingActions,
    customer_photos,
    supplier_terms,
)
from orders.returns.eligibility import CannotReturnError
from orders.returns.photos import CannotAnswerError
from storefront.lib.db.indexed_search import IdSearch, equal_to, starting_with
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    StaffAdmin,
    acting,
    confirmed_action,
    register_read_only,
)
from storefront.lib.staff.fieldsets import section
from storefront.lib.staff.inlines import inline

# What the customer reports


class CustomerReportActions(StaffAdmin):
    """Actions that customers also have on the page of their order."""

    available_if: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        "record_answer": lambda row: row.status == Status.NEEDS_EVIDENCE,
        "record_shipment": lambda row: (
            not row.is_kept and row.status in authorizations.AWAITING_SHIPMENT | {Status.IN_TRANSIT}
        ),
        "cancel_return": lambda row: row.status in authorizations.NOT_SHIPPED,
    }

    @confirmed_action(
        description=_("Record customer reply"),
        icon="chat",
        explain=_(
            "The reply is added to the customer's message, and the return is up for review again."
        ),
        form_class=forms.CustomerAnswerForm,
        done=_("Changes saved"),
    )
    def record_answer(self, request: HttpRequest, row: ReturnAuthorization, data: FormData) -> None:
        authorizations.add_answer(authorization=row, **data, **acting(request))

    @confirmed_action(
        description=_("Mark as shipped by the customer"),
        icon="outbox",
        explain=_(
            "Enter the tracking number. It confirms the shipment, so that "
            "you can refund the return."
        ),
        form_class=forms.ShipmentForm,
        initial=lambda row: {"carrier": row.carrier, "tracking_number": row.tracking_number},
        done=_("Changes saved"),
    )
    def record_shipment(
        self, request: HttpRequest, row: ReturnAuthorization, data: FormData
    ) -> None:
        authorizations.mark_shipped(authorization=row, **data, **acting(request))

    @confirmed_action(
        description=_("Cancel return"),
        icon="cancel",
        explain=_("The customer keeps the items, and nothing is refunded."),
        done=_("%s is canceled."),
    )
    def cancel_return(self, request: HttpRequest, row: ReturnAuthorization, _data: object) -> None:
        authorizations.cancel(authorization=row, **acting(request))


Status = ReturnAuthorization.Status
STATUS_COLUMN = columns.status(
    "status",
    _("Status"),
    needs_action={"requested", "received", "inspected", "lost_in_transit"},
    waiting={"needs_evidence", "approved", "label_issued", "in_transit"},
    final={"rejected", "refunded", "exchanged", "refused", "expired", "canceled"},
)
REFUND_COLUMN = columns.money("refund_amount", _("Refunded"))
NOTIFIED = _("The customer is notified.")


def _describe_refund(row: ReturnAuthorization) -> str:
    due = refund_amounts.preview(row)
    text = gettext(
        "Items %(goods)s, deduction for use %(kept)s, delivery %(delivery)s, return label"
        " %(label)s: total %(total)s, of which %(earlier)s was refunded by item before."
        " Up to %(left)s of the payment can still be refunded, so %(given)s is refunded."
        " The refund is sent to the gateway and cannot be undone."
    )
    root = refund_amounts.root_return(row.order)
    if root:
        text = gettext(
            "This item was sent as a replacement. What was paid for the original item is"
            " refunded by return %(first)s. A refund cannot be undone."
        )
    amounts = {
        "goods": due.items,
        "kept": due.deduction,
        "delivery": due.delivery,
        "label": due.label,
        "total": due.total,
        "earlier": due.earlier,
        "left": due.refundable,
        "given": due.given,
    }
    return text % {
        "first": root,
        **{name: columns.as_money(money) for name, money in amounts.items()},
    }


def return_searches(text: str) -> list[IdSearch]:
    orders, returns = Order.objects.all(), ReturnAuthorization.objects.all()
    number = "".join(text.upper().split())
    return [
        *starting_with(returns, "number", number),
        *equal_to(returns.filter(tracking_number=number)),
        *starting_with(orders, "number", number, pk="returns"),
        *starting_with(orders, Lower("email"), text.lower(), pk="returns"),
    ]


class BaseReturnAdmin(CustomerReportActions, ReceivingActions, PhotoAdmin):
    list_display: ClassVar = [
        "number",
        columns.link("order", _("Order")),
        columns.text("purchase_order__supplier__name", _("Supplier")),
        STATUS_COLUMN,
        "kind",
        "destination",
        REFUND_COLUMN,
        columns.age("opened_at", _("Created")),
        columns.age("status_since", _("Status since")),
    ]
    list_filter: ClassVar = ["status", "kind", "destination", "purchase_order__supplier"]
    search_fields: ClassVar = ["number"]  # shows the search box
    search_help_text = _("Number, order, e-mail or tracking number")
    fieldsets: ClassVar = [
        section(
            None,
            "number",
            columns.link("order", _("Order")),
            columns.link("purchase_order", _("Purchase order")),
            STATUS_COLUMN,
            "kind",
            "customer_message",
            customer_photos,
            "answer",
        ),
        section(
            _("Return shipping"),
            "destination",
            "address",
            "label_payer",
            "ship_by",
            "label",
            "carrier",
            "tracking_number",
        ),
        section(
            _("Refund"),
            columns.money("due_amount", _("Refund due")),
            columns.money("delivery_amount", _("Including delivery")),
            columns.money("label_amount", _("Label deducted")),
            REFUND_COLUMN,
            columns.money("difference_amount", _("Price difference refunded")),
            columns.link("replacement", _("Replacement")),
            supplier_terms,
        ),
        section(_("Timeline"), "opened_at", "opened_by", columns.status_history),
    ]
    exclude: ClassVar = ["request_key", "currency"]
    inlines: ClassVar = [
        inline(
            ReturnLine,
            columns.text("order_line__sku", _("SKU")),
            columns.text("order_line__title", _("Title")),
            "quantity",
            "received_quantity",
            "accepted_quantity",
            "condition",
            columns.text("wanted__sku", _("Exchange for")),
            columns.money("paid_amount", _("Amount paid"), currency="authorization__currency"),
            columns.money("deduction_amount", _("Deduction"), currency="authorization__currency"),
            "deduction_reason",
            tab=False,
            related=("order_line", "authorization", "wanted"),
        ),
        inline(
            SupplierReturn,
            "number",
            columns.status("status", _("Status"), needs_action={"disputed"}),
            columns.money("expected_amount", _("Expected")),
            columns.money("credited_amount", _("Credited")),
            tab=False,
        ),
    ]
    user_errors: ClassVar[Errors] = (
        CannotAnswerError,
        CannotReturnError,
        supplier_returns.SupplierReturnError,
    )
    actions_detail: ClassVar = [
        "approve",
        "reject",
        "request_evidence",
        "refund_without_return",
        "label",
        "receive",
        "inspect",
        "refund",
        "refuse",
        "lose",
        "send_to_supplier",
        *CustomerReportActions.available_if,
    ]
    available_if: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        "approve": lambda row: row.status in authorizations.AWAITING_DECISION,
        "reject": lambda row: row.status in authorizations.AWAITING_DECISION,
        "request_evidence": lambda row: row.status == Status.REQUESTED,
        "refund_without_return": lambda row: row.status in authorizations.NOT_SHIPPED,
        "label": lambda row: row.status == Status.APPROVED and not row.is_kept,
        "receive": inspection.can_receive,
        "inspect": lambda row: row.status == Status.RECEIVED,
        "refund": lambda row: (
            row.status in {Status.INSPECTED, Status.IN_TRANSIT, Status.LOST_IN_TRANSIT}
            or refund_amounts.has_failed_replacement(row)
        ),
        "refuse": lambda row: (
            Status.REFUSED in ReturnAuthorization.TRANSITIONS[row.status]
            and not supplier_returns.is_open(row)
        ),
        "lose": lambda row: row.status == Status.IN_TRANSIT,
        "send_to_supplier": supplier_returns.can_open,
    }

    def searches(self, text: str) -> list[IdSearch]:
        return return_searches(text)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReturnAuthorization]:
        return ReturnAuthorization.objects.select_related(
            "order", "purchase_order__supplier", "replacement"
        )

    @confirmed_action(
        description=_("Approve"),
        icon="check",
        title=_("Approve return"),
        explain=_("The customer is told where to send the items, or that they can keep them."),
        form_class=forms.OptionalMessageForm,
        done=NOTIFIED,
    )
    def approve(self, request: HttpRequest, row: ReturnAuthorization, data: FormData) -> None:
        authorizations.approve(authorization=row, **data, **acting(request))

    @confirmed_action(
        description=_("Reject"),
        icon="block",
        title=_("Reject return"),
        explain=_(
            "The customer is told the reason. The items can be returned again in a new request."
        ),
        form_class=forms.MessageForm,
        done=NOTIFIED,
    )
    def reject(self, request: HttpRequest, row: ReturnAuthorization, data: FormData) -> None:
        authorizations.reject(authorization=row, **data, **acting(request))

    @confirmed_action(
        description=_("Request more information"),
        icon="help",
        explain=_("The customer replies on the order page."),
        form_class=forms.MessageForm,
        done=NOTIFIED,
    )
    def request_evidence(
        self, request: HttpRequest, row: ReturnAuthorization, data: FormData
    ) -> None:
        question = data["answer"]
        authorizations.request_evidence(authorization=row, question=question, **acting(request))

    @confirmed_action(
        description=_("Reject returned items"),
        icon="thumb_down",
        explain=_("Nothing is refunded, and the customer is told the reason."),
        form_class=forms.MessageForm,
        done=NOTIFIED,
    )
    def refuse(self, request: HttpRequest, row: ReturnAuthorization, data: FormData) -> None:
        refunds.reject_received(authorization=row, **data, **acting(request))

    @confirmed_action(
        description=_("Refund without return"),
        icon="redeem",
        explain=_describe_refund,
        done=_("Refund of %s requested."),
    )
    def refund_without_return(
        self, request: HttpRequest, row: ReturnAuthorization, _data: object
    ) -> None:
        refunds.refund_without_return(authorization=row, **acting(request))
        self.wake(request, tasks.execute_requests)

    @confirmed_action(
        description=_("Issue refund"),
        icon="undo",
        explain=_describe_refund,
        done=_("Refund of %s requested."),
    )
    def refund(self, request: HttpRequest, row: ReturnAuthorization, _data: object) -> None:
        refunds.refund(authorization=row, **acting(request))
        self.wake(request, tasks.execute_requests)


register_read_only(
    ReturnLine,
    list_display=[
        columns.link("authorization", _("Return")),
        columns.text("order_line__sku", _("SKU")),
        "quantity",
        "received_quantity",
        "accepted_quantity",
        "condition",
    ],
    list_display_links=["quantity"],
    list_select_related=["authorization", "order_line"],
    search_fields=["authorization__number", "order_line__sku"],
)
