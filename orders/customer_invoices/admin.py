"""Customer invoice admin: list and show invoices and credit notes, download PDF and XML."""

from typing import ClassVar

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from orders.customer_invoices import publication, ubl
from orders.models import CustomerInvoice, InvoiceSeries
from storefront.lib.db.indexed_search import IdSearch, starting_with
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action, permission_check
from storefront.lib.staff.fieldsets import section


@admin.register(CustomerInvoice)
class CustomerInvoiceAdmin(StaffAdmin):
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
    date_hierarchy = "issued_at"
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
    actions_detail: ClassVar = ["download", "download_xml"]
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

    @action(description=_("Download XML (UBL)"), icon="code", may="download")
    def download_xml(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return ubl.download(self.row(request, object_id))

    @action(description=_("Bookkeeping export"), icon="table", may="export")
    def export(self, _request: HttpRequest) -> HttpResponse:
        """Open the page that has all invoices of a month in the bookkeeper's file."""
        return HttpResponseRedirect(reverse("supply:bookkeeping"))


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(StaffAdmin):
    list_display: ClassVar = ["prefix", "year", "last_number"]
    list_filter: ClassVar = ["year"]
    search_fields: ClassVar = ["prefix"]
