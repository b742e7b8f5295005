"""Profit report: show an order's profit and the source of each number, sum orders, export CSV."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.accounting import profit_report
from orders.accounting.profit import Profit, ProfitItem, ProfitPart, Source
from orders.models import Order
from storefront.dashboard import staff_page
from storefront.lib.clock import midnight
from storefront.lib.money import Money
from storefront.lib.staff.form_fields import check_year
from storefront.lib.staff.list_actions import csv_response
from suppliers.models import Supplier

PART_LABELS = {
    ProfitItem.GOODS: _("Items"),
    ProfitItem.DISCOUNT: _("Discount"),
    ProfitItem.DELIVERY: _("Delivery"),
    ProfitItem.TAX: _("Tax"),
    ProfitItem.REFUND: _("Refunded"),
    ProfitItem.CHARGED_BACK: _("Lost chargebacks"),
    ProfitItem.COST: _("Cost of goods sold"),
    ProfitItem.FREIGHT: _("Freight"),
    ProfitItem.SUPPLIER_FEE: _("Supplier fees"),
    ProfitItem.DUTY: _("Duty"),
    ProfitItem.HANDLING: _("Handling"),
    ProfitItem.PAYMENT_FEE: _("Payment fees"),
    ProfitItem.CHANNEL_FEE: _("Channel fees"),
    ProfitItem.SELLING: _("Freight, duty and fees"),
    ProfitItem.RETURN_LABEL: _("Return labels"),
    ProfitItem.CREDIT: _("Supplier credit"),
}
SOURCE_LABELS = {
    Source.ORDER: _("from the order"),
    Source.BOOK: _("from transactions"),
    Source.INVOICED: _("from the supplier invoice"),
    Source.CLAIM: _("from the supplier claim"),
    Source.GIVEN_BACK: _("from the return to the supplier"),
    Source.ACKNOWLEDGED: _("estimated from the supplier's confirmation"),
    Source.AGREED: _("estimated from the purchase order, not invoiced yet"),
    Source.TERMS: _("estimated from the selling cost settings"),
}

RIGHTS = ("orders.view_order", "orders.view_supplierinvoice")


# Pages

SHOWN_DAYS = timedelta(days=7)
# What a page computes in about a second; the CSV file has all orders.
MAX_ORDERS = 500
BY_ORDER, BY_DAY, BY_SUPPLIER = "order", "day", "supplier"


class PeriodForm(forms.Form):
    """Form for the orders to include, and how to group them."""

    since = forms.DateField(
        label=_("First day"),
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[check_year],
    )
    until = forms.DateField(
        label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}), validators=[check_year]
    )
    supplier = forms.ModelChoiceField(
        Supplier.objects.order_by("name"),
        label=_("Supplier"),
        required=False,
        to_field_name="code",
        empty_label=_("All suppliers"),
    )
    by = forms.ChoiceField(
        label=_("Group by"),
        choices=[(BY_ORDER, _("Order")), (BY_DAY, _("Day")), (BY_SUPPLIER, _("Supplier"))],
    )


@dataclass(slots=True, kw_only=True)
class Row:
    """Revenue and costs of one order, day or supplier, in one currency."""

    name: str
    currency: str
    order_id: int | None = None
    orders: int = 0
    net: Money
    costs: Money
    is_estimated: bool = False
    is_unknown: bool = False

    @property
    def profit(self) -> Money:
        return self.net + self.costs

    @property
    def percent(self) -> int | None:
        return round(100 * self.profit.amount / self.net.amount) if self.net.amount > 0 else None


def show(request: HttpRequest, order_id: int) -> HttpResponse:
    """Show the profit of one order: each number and its source."""
    staff_page.require(request, *RIGHTS)
    order = get_object_or_404(Order, pk=order_id)
    profit = profit_report.statement_of(order, now=timezone.now())
    parts = profit.parts()
    lines = [
        (
            line,
            [profit.sum(line.parts, what) for what in _used_parts(parts)],
            profit.sum(line.parts),
        )
        for line in profit.lines.values()
    ]
    return staff_page.render(
        request,
        "dashboard/reports/profit.html",
        title=gettext("Profit of %s") % order,
        order=order,
        profit=profit,
        rows=[
            (PART_LABELS[what], profit.sum(parts, what), _sources(parts, what))
            for what in _used_parts(parts)
        ],
        whats=[PART_LABELS[what] for what in _used_parts(parts)],
        lines=lines,
        unassigned=[profit.sum(profit.unassigned, what) for what in _used_parts(parts)],
        unassigned_total=profit.sum(profit.unassigned),
    )


def _used_parts(parts: list[ProfitPart]) -> list[ProfitItem]:
    used = {part.what for part in parts}
    return [what for what in ProfitItem if what in used]


def _sources(parts: list[ProfitPart], what: ProfitItem) -> str:
    sources = dict.fromkeys(part.source for part in parts if part.what == what)
    return ", ".join(str(SOURCE_LABELS[source]) for source in sources)


def list_profits(request: HttpRequest) -> HttpResponse:
    """List the profit of many orders, or export all of them as CSV."""
    staff_page.require(request, *RIGHTS)
    today = timezone.localdate()
    initial = {"since": today - SHOWN_DAYS, "until": today, "by": BY_ORDER}
    form = PeriodForm({**initial, **request.GET.dict()})
    orders = _orders(form.cleaned_data) if form.is_valid() else Order.objects.none()
    by = form.cleaned_data.get("by", BY_ORDER)
    code = getattr(form.cleaned_data.get("supplier"), "code", "")
    if "csv" in request.GET and form.is_valid():
        return csv_response(_line_rows(orders, code), "profits.csv")
    count = orders.count()
    rows = _rows(orders.order_by("-pk")[:MAX_ORDERS], by, code)
    return staff_page.render(
        request,
        "dashboard/reports/profits.html",
        title=gettext("Profit by order"),
        form=form,
        rows=rows,
        totals=_totals(rows),
        left_out=max(count - MAX_ORDERS, 0),
        file=f"?{request.GET.urlencode()}&csv=1",
    )


def _orders(period: Mapping[str, Any]) -> QuerySet[Order]:
    orders = Order.objects.filter(
        status__in=profit_report.PAID,
        placed_at__gte=midnight(period["since"]),
        placed_at__lt=midnight(period["until"] + timedelta(days=1)),
    )
    supplier = period["supplier"]
    sends = Q(lines__offer__supplier=supplier) | Q(purchase_orders__supplier=supplier)
    return orders.filter(sends).distinct() if supplier else orders


def _rows(orders: QuerySet[Order], by: str, code: str) -> list[Row]:
    """Sum profits by order, day or supplier; amounts without an order line have no supplier."""
    rows: dict[tuple[str, str], Row] = {}
    for order, profit in profit_report.statements(orders, now=timezone.now()):
        for name, parts in _shares(order, profit, by, code):
            key = (name, profit.currency)
            zero = Money.zero(profit.currency)
            row = rows.setdefault(
                key, Row(name=name, currency=profit.currency, net=zero, costs=zero)
            )
            row.order_id = order.pk if by == BY_ORDER else None
            row.orders += 1
            _add(row, profit, parts)
    return list(rows.values()) if by == BY_ORDER else sorted(rows.values(), key=attrgetter("name"))


def _shares(
    order: Order, profit: Profit, by: str, code: str
) -> Iterator[tuple[str, list[ProfitPart]]]:
    lines = [line for line in profit.lines.values() if not code or line.supplier == code]
    if by != BY_SUPPLIER:
        parts = [part for line in lines for part in line.parts]
        name = str(order) if by == BY_ORDER else timezone.localdate(order.placed_at).isoformat()
        yield name, parts if code else parts + profit.unassigned
        return
    for supplier in sorted({line.supplier for line in lines}):
        yield supplier, [part for line in lines if line.supplier == supplier for part in line.parts]
    if profit.unassigned and not code:
        yield gettext("not assigned to a line"), profit.unassigned


def _add(row: Row, profit: Profit, parts: list[ProfitPart]) -> None:
    net = profit.net_of(parts)
    row.net += net
    row.costs += profit.sum(parts) - net
    row.is_estimated = row.is_estimated or profit.is_estimated
    row.is_unknown = row.is_unknown or bool(profit.unknown)


def _totals(rows: list[Row]) -> list[Row]:
    sums: dict[str, Row] = {}
    for row in rows:
        zero = Money.zero(row.currency)
        total = sums.setdefault(
            row.currency, Row(name="", currency=row.currency, net=zero, costs=zero)
        )
        total.orders += row.orders
        total.net += row.net
        total.costs += row.costs
        total.is_estimated = total.is_estimated or row.is_estimated
        total.is_unknown = total.is_unknown or row.is_unknown
    return list(sums.values())


def _line_rows(orders: QuerySet[Order], code: str) -> Iterator[Iterable[object]]:
    """Yield a row for each order line, and one for the amounts without an order line."""
    heads = [_("Order"), _("Day"), _("Supplier"), _("SKU"), _("Quantity"), _("Currency")]
    ends = [_("Profit"), _("Estimated")]
    yield (*heads, *PART_LABELS.values(), *ends)
    for order, profit in profit_report.statements(orders.order_by("pk"), now=timezone.now()):
        lines = [line for line in profit.lines.values() if not code or line.supplier == code]
        rows = [(line.supplier, line.sku, line.sold, line.parts) for line in lines]
        if profit.unassigned and not code:
            rows.append(("", "", 0, profit.unassigned))
        for supplier, sku, sold, parts in rows:
            first = [str(order), timezone.localdate(order.placed_at).isoformat(), supplier, sku]
            amounts = [profit.sum(parts, what).amount for what in PART_LABELS]
            last = [profit.sum(parts).amount, "1" if profit.is_estimated else "0"]
            yield (*first, sold, profit.currency, *amounts, *last)
