"""Bill admin: show what is due, record and void payments, settle overpayments, sum bills by age."""

import secrets
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from orders.accounting import bill_aging, bill_payments, three_way_match
from orders.accounting.bill_payments import BillStatus
from orders.models import SupplierInvoice, SupplierPayment
from storefront.lib.money import Money
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
)
from storefront.lib.staff.fieldsets import section
from storefront.lib.staff.form_fields import money_field
from storefront.lib.staff.inlines import inline
from storefront.lib.staff.list_actions import csv_response

OPEN = columns.money("open_amount", _("Amount due"))
PAID = columns.money("paid_amount", _("Paid"))
OPEN_BILLS = "open"
AMOUNT = columns.money("amount", _("Amount"), currency="invoice__currency")


@admin.display(description=_("Total"))
def invoice_total(invoice: SupplierInvoice) -> str:
    return columns.as_money(invoice.total)


@admin.display(description=_("Payment"), ordering="due_on")
def bill_status(invoice: SupplierInvoice) -> str:
    status = bill_payments.status_of(invoice, today=timezone.localdate())
    return columns.as_status(
        str(status.label),
        needs_action=status in {BillStatus.OVERDUE, BillStatus.OVERPAID},
        waiting=status == BillStatus.DUE,
        final=status in {BillStatus.PAID, BillStatus.WITHDRAWN},
    )


class BillStatusFilter(admin.SimpleListFilter):
    """Invoices by what is left to pay."""

    title = _("Payment")
    parameter_name = "payment"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, Any]]:
        return [(OPEN_BILLS, _("Unpaid or overdue")), *BillStatus.choices]

    def queryset(
        self, _request: HttpRequest, queryset: "QuerySet[SupplierInvoice]"
    ) -> "QuerySet[SupplierInvoice]":
        status = self.value()
        if status == OPEN_BILLS:
            return queryset.filter(bill_payments.OPEN_BILL)
        if status not in BillStatus.values:
            return queryset
        return queryset.filter(bill_payments.with_status(status, today=timezone.localdate()))


class PaymentForm(forms.Form):
    """Amount, date and reference of a payment that was made."""

    amount = money_field(_("Amount"), min_value=Decimal("0.01"))
    paid_on = forms.DateField(
        label=_("Paid on"), widget=UnfoldAdminTextInputWidget(attrs={"type": "date"})
    )
    reference = forms.CharField(
        label=_("Reference"),
        max_length=80,
        help_text=_("As on your bank statement, or the number of the supplier's credit note."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def clean_paid_on(self) -> Any:
        paid_on = self.cleaned_data["paid_on"]
        if paid_on > timezone.localdate():
            raise forms.ValidationError(
                gettext("This day is in the future. Record a payment once it is made.")
            )
        return paid_on


class OverpaymentForm(PaymentForm):
    """What the supplier paid back, or which invoice it pays with the credit."""

    pays = forms.CharField(
        label=_("Invoice paid with it"),
        max_length=60,
        required=False,
        help_text=_(
            "Number of an unpaid invoice of the same supplier that the credit pays. Leave empty if"
            " the money came back to your bank."
        ),
    )
    field_order = ("amount", "pays", "paid_on", "reference")


def _initial(amount: Money) -> dict[str, Any]:
    return {"amount": amount.amount, "paid_on": timezone.localdate(), "key": secrets.token_hex(8)}


def _explain(invoice: SupplierInvoice) -> str:
    text = gettext(
        "%(open)s of %(total)s is open. Fara moves no money: pay the supplier at your bank, then"
        " record the payment here."
    ) % {"open": columns.as_money(invoice.open), "total": columns.as_money(invoice.total)}
    if invoice.purchase_order is not None:
        match = three_way_match.load_match(invoice.purchase_order)
        text += " " + gettext(
            "Of its purchase order, items for %(ordered)s are ordered, for %(shipped)s shipped,"
            " and for %(invoiced)s invoiced."
        ) % {
            "ordered": columns.as_money(Money(match.ordered, match.currency)),
            "shipped": columns.as_money(Money(match.shipped, match.currency)),
            "invoiced": columns.as_money(Money(match.invoiced or Decimal(0), match.currency)),
        }
    if invoice.due_on is None:
        text += " " + gettext(
            "The supplier has no payment terms: it takes the money with the order. Record that"
            " payment here, so that no amount stays due."
        )
    if invoice.match in {SupplierInvoice.Match.DIFFERS, SupplierInvoice.Match.UNKNOWN}:
        text += " " + gettext(
            "The three-way match found a mismatch. Clear it with the supplier before you pay."
        )
    return text


def _explain_overpayment(invoice: SupplierInvoice) -> str:
    return gettext(
        "%(credit)s of this invoice is overpaid: the supplier owes it to you. Record it once the"
        " supplier has paid it back, or use it to pay another invoice of this supplier."
    ) % {"credit": columns.as_money(bill_payments.overpaid(invoice))}


PAYMENTS = inline(
    SupplierPayment,
    "reference",
    AMOUNT,
    "paid_on",
    "recorded_by",
    columns.age("voided_at", _("Voided")),
    tab=False,
    related=("invoice",),
)


class BillActions(StaffAdmin):
    """Actions to pay a supplier invoice, and to see what is due to all suppliers."""

    available_if: ClassVar = {
        "record_payment": bill_payments.can_pay,
        "settle_overpayment": lambda invoice: bool(bill_payments.overpaid(invoice)),
    }
    user_errors: ClassVar[Errors] = (bill_payments.PaymentRejectedError,)

    @confirmed_action(
        description=_("Record payment"),
        icon="payments",
        explain=_explain,
        form_class=PaymentForm,
        initial=lambda invoice: _initial(invoice.open),
        done=_("Payment of %s recorded."),
    )
    def record_payment(
        self, request: HttpRequest, invoice: SupplierInvoice, data: FormData
    ) -> None:
        bill_payments.record_payment(invoice=invoice, **data, **acting(request))

    @confirmed_action(
        description=_("Settle overpayment"),
        icon="currency_exchange",
        explain=_explain_overpayment,
        form_class=OverpaymentForm,
        initial=lambda invoice: _initial(bill_payments.overpaid(invoice)),
        done=_("Overpayment of %s settled."),
    )
    def settle_overpayment(
        self, request: HttpRequest, invoice: SupplierInvoice, data: FormData
    ) -> None:
        bill_payments.settle_overpayment(invoice=invoice, **data, **acting(request))

    @action(description=_("Aged payables"), icon="hourglass_bottom", may="view")
    def aging(self, request: HttpRequest) -> HttpResponse:
        """Show the open bills by supplier, currency and age; with ``?file=csv`` as a file."""
        rows = bill_aging.load(today=timezone.localdate())
        if request.GET.get("file") == "csv":
            return _csv(rows)
        return self.render_page(
            request,
            "orders/bill_aging.html",
            title=gettext("Aged payables"),
            buckets=[bucket.label for bucket in bill_aging.BUCKETS],
            rows=rows,
            totals=bill_aging.totals(rows),
        )


def _csv(rows: list[bill_aging.AgingRow]) -> HttpResponse:
    labels = [bucket.label for bucket in bill_aging.BUCKETS]
    heads = [_("Supplier"), _("Currency"), _("Invoices"), *labels, _("Overpaid"), _("Total")]
    lines: list[list[Any]] = [heads]
    for row in rows:
        amounts = (*row.parts, Money.zero(row.currency) - row.overpaid, row.total)
        lines.append([row.name, row.currency, row.count, *(money.amount for money in amounts)])
    return csv_response(lines, "open-bills.csv")


@admin.register(SupplierPayment)
class SupplierPaymentAdmin(StaffAdmin):
    empty_text: ClassVar = _("No payments yet. Record a payment on the page of an invoice.")
    list_display: ClassVar = [
        "reference",
        AMOUNT,
        columns.link("invoice", _("Supplier invoice")),
        columns.text("invoice__supplier__name", _("Supplier")),
        "paid_on",
        "recorded_by",
        columns.age("voided_at", _("Voided")),
    ]
    list_select_related: ClassVar = ["invoice__supplier"]
    list_filter: ClassVar = ["invoice__supplier", "invoice__currency", "paid_on"]
    search_fields: ClassVar = ["reference", "invoice__reference"]
    fieldsets: ClassVar = [
        section(
            None,
            columns.link("invoice", _("Supplier invoice")),
            AMOUNT,
            "paid_on",
            "reference",
            columns.link("credit", _("Paid by credit")),
            "recorded_by",
            "recorded_at",
        ),
        section(_("Voided"), "voided_at", "voided_by", "void_reason"),
    ]
    actions_detail: ClassVar = ["void"]
    available_if: ClassVar = {"void": lambda payment: payment.voided_at is None}
    user_errors: ClassVar = (bill_payments.PaymentRejectedError,)

    @confirmed_action(
        description=_("Void payment"),
        icon="undo",
        explain=_(
            "Use this if the payment was recorded by mistake or came back. It stays visible, and"
            " its amount is open again. A credit and the payment that used it are voided together."
        ),
        form_class=ReasonForm,
        done=_("Payment voided."),
    )
    def void(self, request: HttpRequest, payment: SupplierPayment, data: FormData) -> None:
        bill_payments.void_payment(payment=payment, **data, **acting(request))
