"""Bookkeeping export: show the sums of a month, send its bookings as a file for the bookkeeper."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django import forms
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from orders.bookkeeping import bookings, datev
from orders.bookkeeping.bookings import Kind, KindSum, Month
from orders.models import BookingAccounts
from storefront.dashboard import staff_page
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff.columns import field_label
from storefront.lib.staff.form_fields import check_year

RIGHTS = (
    "orders.export_customerinvoice",
    "orders.view_payment",
    "orders.view_supplierinvoice",
    VIEW_COSTS,
)
LABELS = {
    Kind.INVOICE: _("Customer invoices"),
    Kind.CREDIT_NOTE: _("Credit notes"),
    Kind.PAYMENT: _("Captured payments"),
    Kind.REFUND: _("Refunds"),
    Kind.FAILED_REFUND: _("Failed refunds"),
    Kind.CHARGEBACK: _("Lost chargebacks"),
    Kind.BILL: _("Supplier invoices"),
    Kind.WITHDRAWN_BILL: _("Withdrawn supplier invoices of earlier months"),
    Kind.CLAIM_CREDIT: _("Supplier credits for claims"),
    Kind.RETURN_CREDIT: _("Supplier credits for returned items"),
    Kind.BILL_PAYMENT: _("Payments of supplier invoices"),
    Kind.VOIDED_BILL_PAYMENT: _("Voided payments of earlier months"),
}
ACCOUNTS = (
    *("receivables", "payables", "revenue", "untaxed_revenue", "tax"),
    *("payments", "bank", "goods", "freight"),
)


class MonthForm(forms.Form):
    """Form for the month; browsers without a month field take text such as 2026-11."""

    month = forms.DateField(
        label=_("Month"),
        input_formats=["%Y-%m"],
        validators=[check_year],
        widget=forms.DateInput(format="%Y-%m", attrs={"type": "month", "placeholder": "2026-11"}),
        error_messages={"invalid": _("Enter a month, such as 2026-11.")},
    )

    def clean_month(self) -> date:
        month: date = self.cleaned_data["month"]
        if month > timezone.now().date():
            raise forms.ValidationError(_("This month has not begun."))
        return month


@dataclass(frozen=True, slots=True, kw_only=True)
class SumRow:
    """The sums of one kind and currency, for the page."""

    label: str
    count: int
    total: Money
    tax: Money | None


def show(request: HttpRequest) -> HttpResponseBase:
    """Show the sums of a month; with ``file``, send its bookings."""
    staff_page.require(request, *RIGHTS)
    now = timezone.now()
    form = MonthForm({"month": str(_month_before(now)), **request.GET.dict()})
    books = bookings.accounts()
    month = None
    if form.is_valid():
        month = Month(year=form.cleaned_data["month"].year, month=form.cleaned_data["month"].month)
    if month and "file" in request.GET:
        return _file(month, books, now)
    rows = bookings.sums(month) if month else []
    return staff_page.render(
        request,
        "dashboard/reports/bookkeeping.html",
        title=_("Bookkeeping export"),
        form=form,
        month=month,
        is_over=month is not None and month.end <= now,
        rows=[_row(row) for row in rows],
        foreign=sorted({row.currency for row in rows} - {books.currency}),
        books=books,
        accounts=[(field_label(BookingAccounts, name), getattr(books, name)) for name in ACCOUNTS],
        may_change=request.user.has_perm("orders.change_bookingaccounts"),
    )


def _month_before(now: datetime) -> Month:
    last = now.replace(day=1) - timedelta(days=1)
    return Month(year=last.year, month=last.month)


def _row(row: KindSum) -> SumRow:
    return SumRow(
        label=str(LABELS[row.kind]),
        count=row.count,
        total=Money(row.total, row.currency),
        tax=None if row.tax is None else Money(row.tax, row.currency),
    )


def _file(month: Month, books: BookingAccounts, now: datetime) -> StreamingHttpResponse:
    found = bookings.of_month(month, books)
    language = get_language() or "en"
    lines = datev.lines(found, books, month=month, created_at=now, language=language)
    answer = StreamingHttpResponse(lines, content_type=f"text/csv; charset={datev.ENCODING}")
    answer["Content-Disposition"] = f'attachment; filename="{datev.file_name(month)}"'
    return answer
