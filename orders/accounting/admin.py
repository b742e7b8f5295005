"""Invoice admin: list, enter and withdraw supplier invoices, preview and import a CSV list."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from orders.accounting import invoice_import, invoices, three_way_match
from orders.accounting.bills_admin import (
    OPEN,
    PAID,
    PAYMENTS,
    BillActions,
    BillStatusFilter,
    bill_status,
    invoice_total,
)
from orders.accounting.invoice_import import ImportRow
from orders.models import SupplierInvoice
from storefront.lib.money import Money
from storefront.lib.staff import columns
from storefront.lib.staff.admin import acting, action, confirmed_action
from storefront.lib.staff.csv_import import CsvUploadForm
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.form_fields import CurrencyField
from storefront.lib.staff.inlines import StaffInline
from suppliers.models import Supplier


class InvoiceListForm(CsvUploadForm):
    """A CSV list of invoices and, optionally, their supplier."""

    read = staticmethod(invoice_import.parse_rows)
    columns = _(
        "CSV file with the columns invoice, purchase order, currency and subtotal."
        " Optional: freight, date, due."
    )

    supplier = forms.ModelChoiceField(
        label=_("Supplier"),
        queryset=Supplier.objects.order_by("name"),
        required=False,
        empty_label=_("Supplier of the purchase order"),
        help_text=_(
            "Optional. If you choose a supplier, invoices for purchase orders of other"
            " suppliers are rejected."
        ),
        widget=UnfoldAdminSelectWidget(),
    )


INVOICE = (
    Group(_("Supplier invoice"), ("supplier", "reference", "number")),
    Group(_("Amounts"), ("currency", "subtotal_amount", "freight_amount", "invoiced_at")),
    Group(_("Payment"), ("due_on",), columns=(bill_status, invoice_total, PAID, OPEN)),
)


@admin.display(description=_("Three-way match"))
def three_way(invoice: SupplierInvoice) -> str | None:
    """Return the ordered, shipped and invoiced value of the purchase order."""
    if invoice.purchase_order is None:
        return None
    match = three_way_match.load_match(invoice.purchase_order)
    amounts = (match.ordered, match.shipped, match.invoiced)
    return " · ".join(
        "—" if amount is None else columns.as_money(Money(amount, match.currency))
        for amount in amounts
    )


MATCH = columns.status(
    "match",
    _("Match"),
    needs_action={"differs", "unknown"},
    waiting={"new", "waits"},
    final={"matched"},
)


class InvoiceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A new invoice; rejects a number that the supplier already used."""

    currency = CurrencyField(help_text=_("The currency of the amounts on the invoice."))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        for name in ("subtotal_amount", "freight_amount"):
            if values.get(name) is not None and values[name] < 0:
                self.add_error(name, gettext("Enter 0 or more."))
        supplier, reference = values.get("supplier"), values.get("reference")
        if supplier and reference and invoices.exists(supplier=supplier, reference=reference):
            self.add_error(
                "reference", gettext("This supplier already has an invoice with this number.")
            )
        return values


@admin.register(SupplierInvoice)
class SupplierInvoiceAdmin(BillActions):
    form = InvoiceForm
    may_add = True
    groups = INVOICE
    empty_text = _("No supplier invoices yet. Enter paper invoices here.")
    list_display: ClassVar = [
        "reference",
        columns.text("supplier__name", _("Supplier")),
        columns.link("purchase_order", _("Purchase order")),
        invoice_total,
        OPEN,
        bill_status,
        "due_on",
        MATCH,
        columns.age("invoiced_at", _("Invoiced")),
    ]
    list_select_related: ClassVar = ["supplier", "purchase_order"]
    list_filter: ClassVar = [
        BillStatusFilter,
        "match",
        "supplier",
        "currency",
        "due_on",
        "invoiced_at",
    ]
    search_fields: ClassVar = ["reference", "number", "purchase_order__number"]
    readonly_fields: ClassVar = [three_way, bill_status, invoice_total, PAID, OPEN]
    exclude: ClassVar = ["paid_amount", "open_amount"]  # shown by the columns above
    user_errors: ClassVar = (invoices.InvoiceRejectedError,)
    actions_list: ClassVar = ["aging", "import_invoices"]
    actions_detail: ClassVar = ["record_payment", "settle_overpayment", "withdraw"]
    available_if: ClassVar = {
        "withdraw": lambda invoice: bool(invoice.entered_by) and not invoice.withdrawn_at
    }

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        if obj is None:
            return [name for group in INVOICE for name in group.fields]
        return super().get_fields(request, obj)

    def get_inlines(
        self, _request: HttpRequest, obj: SupplierInvoice | None
    ) -> list[type[StaffInline]]:
        return [] if obj is None else [PAYMENTS]

    def save_model(
        self,
        request: HttpRequest,
        obj: SupplierInvoice,
        form: "forms.ModelForm[SupplierInvoice]",
        change: bool,
    ) -> None:
        invoices.enter(invoice=obj, **acting(request))

    @confirmed_action(
        description=_("Withdraw invoice"),
        icon="undo",
        explain=_(
            "Use this if the invoice was entered by mistake or replaced by another"
            " one. It stays visible and is no longer counted."
        ),
        done=_("%s is withdrawn."),
    )
    def withdraw(self, _request: HttpRequest, invoice: SupplierInvoice, _data: object) -> None:
        invoices.withdraw(invoice=invoice, now=timezone.now())

    @action(description=_("Import supplier invoices"), icon="upload_file")
    def import_invoices(self, request: HttpRequest) -> HttpResponse:
        form = InvoiceListForm(request.POST or None, request.FILES or None)
        listed: list[ImportRow] = []
        if form.is_valid():
            supplier = form.cleaned_data["supplier"]
            listed = invoice_import.validate(form.cleaned_data["rows"], supplier=supplier)
            if request.POST.get("step") == "enter":
                return self._enter(request, listed)
            initial = {"supplier": supplier and supplier.pk, "text": form.cleaned_data["text"]}
            form = InvoiceListForm(initial=initial)
        good = sum(row.is_valid_row for row in listed)
        return self.render_page(
            request,
            "orders/invoice_import.html",
            title=gettext("Import supplier invoices"),
            form=form,
            listed=listed,
            good=good,
            bad=sum(bool(row.problem) for row in listed),
            known=sum(row.is_known and not row.problem for row in listed),
        )

    def _enter(self, request: HttpRequest, listed: list[ImportRow]) -> HttpResponse:
        actor = str(request.user)
        failed = invoice_import.enter(listed, actor=actor, now=timezone.now())
        count = sum(row.is_valid_row for row in listed)
        template = ngettext(
            "%(count)d supplier invoice imported.", "%(count)d supplier invoices imported.", count
        )
        self.message_user(request, template % {"count": count}, messages.SUCCESS)
        for failed_row in failed:
            template = gettext("Row %(row)s: %(problem)s")
            text = template % {"row": failed_row.row.row_number, "problem": failed_row.problem}
            self.message_user(request, text, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:orders_supplierinvoice_changelist"))
