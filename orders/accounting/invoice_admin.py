"""Staff pages of what suppliers charged: told by their API, or entered from paper."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.accounting import invoices, three_way_match
from orders.accounting.bill_lists_desk import BillListActions
from orders.models import SupplierBill
from storefront.lib.money import Money
from storefront.lib.staff import columns
from storefront.lib.staff.admin import action
from storefront.lib.staff.fieldsets import Field, Group

BILL = (
    Group(
        _("Bill"),
        {
            "supplier": Field(_("Supplier"), _("Who charges us.")),
            "reference": Field(_("His number of it"), _("As it stands on the bill, once.")),
            "number": Field(
                _("Our purchase order"),
                _("Its number, as he gives it. A bill for an unknown one becomes a difference."),
            ),
        },
    ),
    Group(
        _("What he charges"),
        {
            "currency": Field(_("Currency"), _("Three letters, such as EUR.")),
            "goods_amount": Field(_("Goods"), _("For the goods alone, without the way.")),
            "freight_amount": Field(
                _("Freight"), _("For the way. Empty: he does not say it by itself.")
            ),
            "billed_at": Field(_("Billed, UTC"), _("When he made the bill. Empty: unknown.")),
        },
    ),
)


@admin.display(description=_("Ordered, shipped, billed"))
def ways(bill: SupplierBill) -> str | None:
    """Set the goods of its purchase order side by side, three ways."""
    if bill.purchase_order is None:
        return None
    found = three_way_match.read(bill.purchase_order)
    sides = (found.ordered, found.shipped, found.billed)
    return " · ".join(
        "—" if side is None else columns.as_money(Money(side, found.currency)) for side in sides
    )


MATCH = columns.state(
    "match", _("Match"), calls={"differs", "unknown"}, waits={"new", "waits"}, ended={"matched"}
)


class BillForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A bill, refused in words where it stands already."""

    def clean_currency(self) -> str:
        code: str = self.cleaned_data["currency"].upper()
        if len(code) != len("EUR") or not code.isalpha():
            raise forms.ValidationError(gettext("Three letters, such as EUR."))
        return code

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for name in ("goods_amount", "freight_amount"):
            if given.get(name) is not None and given[name] < 0:
                self.add_error(name, gettext("It cannot be below 0."))
        supplier, reference = given.get("supplier"), given.get("reference")
        if supplier and reference and invoices.stands(supplier=supplier, reference=reference):
            self.add_error("reference", gettext("This bill of his is here already."))
        return given


@admin.register(SupplierBill)
class SupplierBillAdmin(BillListActions):
    form = BillForm
    may_add = True
    groups = BILL
    when_empty = _("Nothing was charged yet, as far as suppliers say. Enter what comes on paper.")
    list_display: ClassVar = [
        "reference",
        columns.text("supplier__name", _("Supplier")),
        columns.link("purchase_order", _("Purchase order")),
        columns.money("goods_amount", _("Goods")),
        columns.money("freight_amount", _("Freight")),
        MATCH,
        columns.age("billed_at", _("Billed")),
        "told_by",
        columns.age("withdrawn_at", _("Withdrawn")),
    ]
    list_select_related: ClassVar = ["supplier", "purchase_order"]
    list_filter: ClassVar = ["match", "supplier", "currency", "billed_at"]
    search_fields: ClassVar = ["reference", "number", "purchase_order__number"]
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [ways]
    refusals: ClassVar = (invoices.BillRefusedError,)
    actions_list: ClassVar = BillListActions.lists_actions
    actions_detail: ClassVar = ["withdraw"]
    fits: ClassVar = {"withdraw": lambda bill: bool(bill.told_by) and not bill.withdrawn_at}

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        if obj is None:
            return [name for group in BILL for name in group.fields]
        return super().get_fields(request, obj)

    def save_model(
        self,
        request: HttpRequest,
        obj: SupplierBill,
        form: forms.ModelForm[SupplierBill],
        change: bool,
    ) -> None:
        invoices.enter(bill=obj, actor=str(request.user), now=timezone.now())

    @action(description=_("Withdraw it"), icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        bill = self.row(request, object_id)
        return self.ask(
            request,
            bill,
            title=gettext("Withdraw it"),
            explain=gettext(
                "It was entered by mistake, or is corrected by another one. It stays readable, and"
                " counts no more."
            ),
            act=lambda _given: invoices.withdraw(bill=bill, now=timezone.now()),
            done=gettext("%s counts no more.") % bill,
        )
