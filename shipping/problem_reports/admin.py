"""Problem report admin: show what customers report, refund, replace, reject, ask for more."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from orders.models import Order, PurchaseLine
from orders.payments.tasks import execute_requests
from orders.purchasing import tasks as purchasing_tasks
from orders.returns.admin.receiving import PhotoAdmin, customer_photos
from orders.returns.eligibility import CannotReturnError
from shipping.models import Parcel, ProblemPhoto, ProblemReport, ProblemReportLine
from shipping.problem_reports import decisions, eligibility, forms
from shipping.shipments import outcomes
from shipping.shipments.identities import tracking_link
from shipping.silence import promises
from storefront.lib.db.indexed_search import IdSearch, starting_with
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    acting,
    confirmed_action,
    permission_check,
    register_read_only,
)
from storefront.lib.staff.fieldsets import section
from storefront.lib.staff.inlines import inline

Status = ProblemReport.Status
STATUS_COLUMN = columns.status(
    "status",
    _("Status"),
    needs_action={"open"},
    waiting={"needs_information"},
    final={"refunded", "replaced", "rejected", "withdrawn", "arrived"},
)
NOTIFIED = _("The customer is notified.")


@admin.display(description=_("Customer paid"))
def customer_paid(report: ProblemReport) -> str:
    """Return what the customer paid for the reported units, which a refund pays back."""
    return columns.as_money(_paid(report))


@admin.display(description=_("Supplier cost"))
def supplier_cost(report: ProblemReport) -> str:
    """Return what the supplier gets for the reported units."""
    units = {line.order_line_id: line.quantity for line in report.lines.all()}
    purchase_order = report.parcel.shipment.purchase_order
    rows = PurchaseLine.objects.filter(purchase_order=purchase_order, order_line__in=units)
    costs: dict[str, Decimal] = {}
    for row in rows:
        cost = row.agreed_cost_amount * units[row.order_line_id]
        costs[row.cost_currency] = costs.get(row.cost_currency, Decimal(0)) + cost
    return ", ".join(columns.as_money(Money(cost, code)) for code, cost in costs.items())


@admin.display(description=_("Tracking page"))
def tracking_page(report: ProblemReport) -> str | None:
    parcel = report.parcel
    ship_to = parcel.shipment.purchase_order.order.ship_to
    url = tracking_link(parcel, ship_to=ship_to, language=get_language() or "en")
    return format_html('<a href="{0}" rel="noreferrer">{0}</a>', url) if url else None


@admin.display(description=_("Delivered"))
def delivered(report: ProblemReport) -> str | None:
    parcel = report.parcel
    if parcel.status != Parcel.Status.DELIVERED:
        return None
    return columns.as_age(eligibility.arrived_at(parcel))


@admin.display(description=_("Promised by"))
def promised(report: ProblemReport) -> Any:
    return promises.promised_by(report.parcel)


def _paid(report: ProblemReport) -> Money:
    # A refund of a parcel that never arrived refunds all that is in it.
    row = report.parcel if report.is_never_arrived else report
    return outcomes.paid_amount(row.lines.select_related("order_line__order"))


def _describe_refund(report: ProblemReport) -> str:
    if report.is_never_arrived and not report.parcel.lines.exists():
        return gettext("The contents of this parcel are not known. Change its contents first.")
    text = gettext(
        "The customer paid %(amount)s for these items and gets it back, with the delivery cost if"
        " nothing else of the order arrives. The customer keeps what arrived. A refund cannot be"
        " undone."
    )
    return text % {"amount": columns.as_money(_paid(report))}


def report_searches(text: str) -> list[IdSearch]:
    number = "".join(text.upper().split())
    orders = Order.objects.filter(purchase_orders__shipment__parcels__problem_reports__isnull=False)
    parcels = Parcel.objects.filter(problem_reports__isnull=False)
    return [
        *starting_with(
            orders, "number", number, pk="purchase_orders__shipment__parcels__problem_reports"
        ),
        *starting_with(parcels, "number", number, pk="problem_reports"),
    ]


@admin.register(ProblemReport)
class ProblemReportAdmin(PhotoAdmin):
    list_display: ClassVar = [
        columns.text("kind", _("Problem")),
        columns.link("parcel__shipment__purchase_order__order", _("Order")),
        columns.link("parcel", _("Parcel")),
        columns.text("parcel__shipment__purchase_order__supplier__name", _("Supplier")),
        STATUS_COLUMN,
        "wish",
        customer_paid,
        columns.age("opened_at", _("Reported")),
        columns.age("status_since", _("Status since")),
    ]
    list_filter: ClassVar = ["status", "kind", "wish"]
    search_fields: ClassVar = ["parcel__number"]  # shows the search box
    search_help_text = _("Order or tracking number")
    fieldsets: ClassVar = [
        section(
            None,
            columns.text("kind", _("Problem")),
            columns.link("parcel__shipment__purchase_order__order", _("Order")),
            STATUS_COLUMN,
            "wish",
            "customer_message",
            customer_photos,
            "answer",
        ),
        section(
            _("Parcel"),
            columns.link("parcel", _("Parcel")),
            columns.text("parcel__status", _("Status")),
            columns.text("parcel__carrier_status", _("Carrier status")),
            promised,
            delivered,
            tracking_page,
        ),
        section(
            _("Money"),
            customer_paid,
            columns.restricted(supplier_cost, VIEW_COSTS),
            columns.link("parcel__shipment__purchase_order", _("Purchase order")),
            columns.link("settlement", _("Refund or replacement")),
            columns.link("claim", _("Supplier claim")),
        ),
        section(_("Timeline"), "opened_at", columns.status_history),
    ]
    exclude: ClassVar = ["request_key"]
    inlines: ClassVar = [
        inline(
            ProblemReportLine,
            columns.text("order_line__sku", _("SKU")),
            columns.text("order_line__title", _("Title")),
            "quantity",
            tab=False,
            related=("order_line",),
        ),
    ]
    user_errors: ClassVar[Errors] = (
        CannotReturnError,
        decisions.CannotDecideError,
        outcomes.CannotResolveError,
    )
    actions_detail: ClassVar = ["refund", "replace", "reject", "request_information"]
    available_if: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        "refund": lambda row: row.is_undecided,
        "replace": lambda row: row.is_undecided,
        "reject": lambda row: row.is_undecided,
        "request_information": lambda row: row.status == Status.OPEN,
    }
    has_refund_permission = permission_check("orders.refund_order")
    has_return_permission = permission_check("orders.return_order")

    def searches(self, text: str) -> list[IdSearch]:
        return report_searches(text)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProblemReport]:
        rows = ProblemReport.objects.select_related(
            "parcel__shipment__purchase_order__order",
            "parcel__shipment__purchase_order__supplier",
            "settlement",
            "claim",
        )
        return rows.prefetch_related("lines")

    @confirmed_action(
        description=_("Refund items"),
        icon="payments",
        may="refund",
        explain=_describe_refund,
        form_class=lambda row: forms.answer_form(row, {}, is_required=False),
    )
    def refund(self, request: HttpRequest, row: ProblemReport, data: FormData) -> str:
        settlement = decisions.refund(report=row, answer=data["answer"], **acting(request))
        self.wake(request, execute_requests)
        return gettext("Refund requested: %s") % settlement

    @confirmed_action(
        description=_("Send replacement"),
        icon="swap_horiz",
        may="return",
        explain=_(
            "The same items are ordered again for the customer, free of charge, from "
            "the best available supplier. The purchase order has no revenue, so it "
            "stays on hold until you release it."
        ),
        form_class=lambda row: forms.answer_form(row, {}, is_required=False),
    )
    def replace(self, request: HttpRequest, row: ProblemReport, data: FormData) -> str:
        settlement = decisions.replace(report=row, answer=data["answer"], **acting(request))
        order_id = settlement.replacement_id
        self.wake(request, purchasing_tasks.create_purchase_orders, order_id=order_id)
        return gettext("Replacement created: %s") % settlement.replacement

    @confirmed_action(
        description=_("Reject"),
        icon="block",
        title=_("Reject report"),
        explain=_("Nothing is refunded or replaced, and the customer is told the reason."),
        form_class=lambda row: forms.answer_form(row, forms.REJECTIONS),
        done=NOTIFIED,
    )
    def reject(self, request: HttpRequest, row: ProblemReport, data: FormData) -> None:
        decisions.reject(report=row, answer=data["answer"], **acting(request))

    @confirmed_action(
        description=_("Request more information"),
        icon="help",
        explain=_("The customer replies on the order page, with pictures if needed."),
        form_class=lambda row: forms.answer_form(row, forms.QUESTIONS),
        done=NOTIFIED,
    )
    def request_information(self, request: HttpRequest, row: ProblemReport, data: FormData) -> None:
        decisions.ask(report=row, question=data["answer"], **acting(request))


register_read_only(
    ProblemReportLine,
    list_display=[
        columns.link("report", _("Problem report")),
        columns.text("order_line__sku", _("SKU")),
        "quantity",
    ],
    list_display_links=["quantity"],
    list_select_related=["report", "order_line"],
    search_fields=["order_line__sku"],
)
register_read_only(
    ProblemPhoto,
    list_display=[columns.link("report", _("Problem report")), "place", "added_at"],
    list_display_links=["place"],
    list_select_related=["report"],
    search_fields=["report__parcel__number"],
)
