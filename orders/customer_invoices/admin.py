"""Customer invoice admin: list and show invoices and credit notes, download PDF and CSV."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from orders.customer_invoices import publication
from orders.models import CustomerInvoice, InvoiceSeries
from storefront.lib.db.indexed_search import IdSearch, starting_with
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action, permission_check
from storefront.lib.staff.csv_export import csv_line
from storefront.lib.staff.fieldsets import section
from storefront.lib.staff.list_actions import FilteredActions

CSV_HEAD = (
    "number", "type", "date", "order", "corrects", "country", "currency",
    "rate", "net", "tax", "gross",
)  # fmt: skip


@admin.register(CustomerInvoice)
class CustomerInvoiceAdmin(FilteredActions):
    empty_text: ClassVar = _(
        "No invoices yet. An invoice is issued automatically when an order ships."
    )
    list_display: ClassVar = [
        "number",
        "kind",
        columns.link("order", _("Order")),
        "country",
        columns.money("net_amount", _("Net")),
        columns.money("tax_amount", _("Tax")),
        columns.money("gross_amount", _("Total")),
        columns.age("issued_at", _("Issued")),
    ]
    list_select_related: ClassVar = ["order"]
    date_hierarchy = "issued_at"  # a month or year to export
    list_filter: ClassVar = ["kind", "country", "currency"]
    search_fields: ClassVar = ["number"]  # shows the search box
    search_help_text = _("Number of the invoice, credit note or order")
    fieldsets: ClassVar = [
        section(
            None,
            "number",
            "kind",
            columns.link("order", _("Order")),
            columns.link("corrects", _("Corrects invoice")),
            columns.age("issued_at", _("Issued")),
        ),
        section(
            _("Amounts"),
            columns.money("net_amount", _("Net")),
            columns.money("tax_amount", _("Tax")),
            columns.money("gross_amount", _("Total")),
            "country",
            "locale",
        ),
    ]
    actions_list: ClassVar = ["export"]
    actions_detail: ClassVar = ["download"]
    available_if: ClassVar = {"download": lambda invoice: bool(invoice.file)}

    has_export_permission = permission_check("orders.export_customerinvoice")
    has_download_permission = permission_check("orders.view_customerinvoice")

    def searches(self, text: str) -> list[IdSearch]:
        invoices, number = CustomerInvoice.objects.all(), text.strip().upper()
        return [
            *starting_with(invoices, "number", number),
            *starting_with(invoices, "order__number", number),
        ]

    @action(description=_("Download PDF"), icon="download", may="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        try:
            return publication.download(self.row(request, object_id))
        except FileNotFoundError as error:
            raise Http404 from error

    @action(description=_("Export CSV"), icon="table", may="export")
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Send the listed invoices, one line for each tax rate; credit notes are negative."""
        return self.export_rows(request, _csv_lines, name="customer-invoices")


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(StaffAdmin):
    list_display: ClassVar = ["prefix", "year", "last_number"]
    list_filter: ClassVar = ["year"]
    search_fields: ClassVar = ["prefix"]


def _csv_lines(rows: QuerySet[CustomerInvoice]) -> Iterator[str]:
    yield csv_line(CSV_HEAD)
    selected = rows.select_related("order", "corrects").order_by("series", "sequence")
    for invoice in selected.iterator(chunk_size=500):
        for total in invoice.content["totals"]:
            yield csv_line(_cells(invoice, total))


def _cells(invoice: CustomerInvoice, total: dict[str, Any]) -> tuple[str, ...]:
    sign = "-" if invoice.corrects_id else ""
    return (
        invoice.number,
        invoice.kind,
        invoice.issued_at.date().isoformat(),
        invoice.order.number,
        invoice.corrects.number if invoice.corrects else "",
        invoice.country,
        invoice.currency,
        total["rate"],
        *(f"{sign}{total[name]}" for name in ("net", "tax", "gross")),
    )
