"""Supplier return admin: track items returned to suppliers, record credits, edit policies."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.claims import claims
from orders.claims import forms as claim_forms
from orders.models import PurchaseOrder, ReturnPolicy, SupplierReturn, SupplierReturnLine
from orders.returns import forms as return_forms
from orders.returns import supplier_returns
from storefront.lib.address import COUNTRIES
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    StaffAdmin,
    acting,
    confirmed_action,
    permission_check,
    register_read_only,
)
from storefront.lib.staff.fieldsets import Group, section
from storefront.lib.staff.inlines import inline

Status = SupplierReturn.Status
STATUS_COLUMN = columns.status(
    "status",
    _("Status"),
    needs_action={"draft", "disputed"},
    waiting={"requested", "authorized", "shipped", "received"},
    final={"denied", "credited", "written_off"},
)


@admin.register(SupplierReturn)
class SupplierReturnAdmin(StaffAdmin):
    list_display: ClassVar = [
        "number",
        columns.link("purchase_order", _("Purchase order")),
        columns.text("purchase_order__supplier__name", _("Supplier")),
        STATUS_COLUMN,
        columns.money("expected_amount", _("Expected")),
        columns.money("credited_amount", _("Credited")),
        columns.age("status_since", _("Status since")),
    ]
    list_filter: ClassVar = ["status", "purchase_order__supplier"]
    search_fields: ClassVar = ["number", "rma_number", "purchase_order__number"]
    fieldsets: ClassVar = [
        section(
            None,
            "number",
            "rma_number",
            columns.link("purchase_order", _("Purchase order")),
            columns.link("authorization", _("Return")),
            STATUS_COLUMN,
            columns.money("expected_amount", _("Expected")),
            columns.money("fee_amount", _("Restocking fee")),
            columns.money("credited_amount", _("Credited")),
            "recorded_by",
            "carrier",
            "tracking_number",
        ),
        section(_("Timeline"), "opened_at", "opened_by", columns.status_history),
    ]
    exclude: ClassVar = ["currency"]
    inlines: ClassVar = [
        inline(
            SupplierReturnLine,
            columns.text("purchase_line__order_line__sku", _("SKU")),
            "quantity",
            "ordered_quantity",
            columns.money("unit_amount", _("Unit cost"), currency="supplier_return__currency"),
            tab=False,
            related=("supplier_return", "purchase_line__order_line"),
        ),
    ]
    user_errors: ClassVar = (supplier_returns.SupplierReturnError,)
    actions_detail: ClassVar = ["step", "credit"]
    available_if: ClassVar = {
        "step": lambda row: row.status not in SupplierReturn.SETTLED,
        "credit": lambda row: Status.CREDITED in SupplierReturn.TRANSITIONS[row.status],
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[SupplierReturn]:
        return SupplierReturn.objects.select_related("purchase_order__supplier", "authorization")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show above the list what suppliers owe in total."""
        owed_by_currency = SupplierReturn.objects.owed()
        if owed_by_currency:
            amounts = [
                columns.as_money(Money(amount, code))
                for code, amount in sorted(owed_by_currency.items())
            ]
            message = gettext("Suppliers owe us %s for returned items.") % ", ".join(amounts)
            self.message_user(request, message, messages.INFO)
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    @confirmed_action(
        description=_("Update status"),
        icon="edit_note",
        explain=_("Supplier returns are handled by staff. Record the supplier's answer here."),
        form_class=return_forms.status_form,
        done=_("Changes saved"),
    )
    def step(self, request: HttpRequest, row: SupplierReturn, data: FormData) -> None:
        supplier_returns.record_status(
            supplier_return=row,
            to=Status(data["to"]),
            reason=data["reason"],
            **acting(request),
            rma_number=data["reference"] or row.rma_number,
            carrier=data["carrier"] or row.carrier,
            tracking_number=data["tracking_number"] or row.tracking_number,
        )

    @confirmed_action(
        description=_("Record credit"),
        icon="payments",
        explain=lambda row: (
            gettext(
                "Expected credit: %(expected)s. Enter the amount in %(currency)s. It "
                "cannot be changed later."
            )
            % {"expected": columns.as_money(row.expected), "currency": row.currency}
        ),
        form_class=return_forms.CreditForm,
        initial=lambda row: {"amount": row.expected_amount},
        done=_("Credit for %s recorded"),
    )
    def credit(self, request: HttpRequest, row: SupplierReturn, data: FormData) -> None:
        supplier_returns.record_credit(
            supplier_return=row,
            amount=Money(data["amount"], row.currency),
            reason=data["reason"],
            **acting(request),
        )


class ReturnPolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Validates what database constraints require, with messages."""

    def clean(self) -> dict[str, Any]:
        cleaned_data: dict[str, Any] = super().clean() or {}
        to_supplier = cleaned_data.get("destination") == ReturnPolicy.Destination.SUPPLIER
        if to_supplier and not cleaned_data.get("address"):
            self.add_error(
                "address", gettext("Enter the return address of the supplier's warehouse.")
            )
        label_parts = ("label_name", "label_street", "label_postcode", "label_city")
        is_started = cleaned_data.get("is_label_automatic") or any(
            cleaned_data.get(name) for name in (*label_parts, "label_country")
        )
        for name in (*label_parts, "label_country"):
            if is_started and name in cleaned_data and not cleaned_data[name]:
                self.add_error(name, gettext("A label needs the complete address."))
        default_policies = ReturnPolicy.objects.filter(supplier=None).exclude(pk=self.instance.pk)
        country = cleaned_data["label_country"] = cleaned_data.get("label_country", "").upper()
        if country and country not in COUNTRIES:
            self.add_error("label_country", gettext("Enter a country code, such as DE."))
        is_for_all = cleaned_data.get("supplier", self.instance.supplier) is None
        if is_for_all and default_policies.exists():
            self.add_error(
                None, gettext("A policy for all other suppliers already exists. Change that one.")
            )
        return cleaned_data


@admin.register(ReturnPolicy)
class ReturnPolicyAdmin(StaffAdmin):
    form = ReturnPolicyForm
    may_add = True
    may_delete = True
    groups = (
        Group(_("Supplier"), ("supplier",)),
        Group(
            _("Return shipping"),
            ("destination", "address", "returnless_below_amount", "label_payer"),
        ),
        Group(
            _("Return labels"),
            (
                "is_label_automatic",
                "label_name",
                "label_street",
                "label_postcode",
                "label_city",
                "label_country",
                "label_phone",
            ),
        ),
        Group(
            _("Supplier terms"),
            ("accepts_returns", "return_window_days", "warranty_months", "restocking_fee_percent"),
        ),
    )
    editable = (*groups[1].fields, *groups[2].fields, *groups[3].fields)
    list_display: ClassVar = ["__str__", "destination", "address", "label_payer", "accepts_returns"]
    list_select_related: ClassVar = ["supplier"]
    ordering: ClassVar = ["supplier"]


register_read_only(
    SupplierReturnLine,
    list_display=[
        columns.link("supplier_return", _("Supplier return")),
        columns.text("purchase_line__order_line__sku", _("SKU")),
        "quantity",
        "ordered_quantity",
        columns.money("unit_amount", _("Unit cost"), currency="supplier_return__currency"),
    ],
    list_display_links=["quantity"],
    list_select_related=["supplier_return", "purchase_line__order_line"],
    search_fields=["supplier_return__number", "purchase_line__order_line__sku"],
)


# Supplier returns without a customer's return


def _with_number(form_class: type[forms.Form]) -> type[forms.Form]:
    """Add the number as a hidden field, so that two clicks create one row."""
    number = forms.CharField(widget=forms.HiddenInput, max_length=30)
    return type("SendBackForm", (form_class,), {"number": number})


class SupplierReturnActions(StaffAdmin):
    """Open a supplier return from the page of a purchase order."""

    available_if: ClassVar = {"open_supplier_return": claims.has_shipped}
    user_errors: ClassVar[Errors] = (supplier_returns.SupplierReturnError,)

    has_costs_permission = permission_check("orders.change_purchaseorder", VIEW_COSTS)

    @confirmed_action(
        description=_("Create return to supplier"),
        icon="assignment_return",
        may="costs",  # the form shows what each unit cost
        explain=_(
            "For items without a customer return, such as a refused parcel. This records the "
            "expected credit. Contact the supplier yourself and record its answers."
        ),
        form_class=lambda row: _with_number(claim_forms.units_form(claims.claimable_units(row))),
        initial=lambda row: {"number": supplier_returns.new_number(row)},
    )
    def open_supplier_return(self, request: HttpRequest, row: PurchaseOrder, data: FormData) -> str:
        supplier_return = supplier_returns.open_without_return(
            purchase_order=row,
            units=claim_forms.read_units(data, claims.claimable_units(row)),
            number=data["number"],
            **acting(request),
        )
        return gettext("%s created. Contact the supplier.") % supplier_return
