"""Supplier return admin: track goods returned to suppliers, record credits, edit policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.claims import claims
from orders.claims import forms as claim_forms
from orders.models import ReturnPolicy, SupplierRMA, SupplierRMALine
from orders.returns import forms as return_forms
from orders.returns import supplier_returns
from storefront.lib.money import Money
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action, show
from storefront.lib.staff.fieldsets import Field, Group
from storefront.lib.staff.inlines import inline

RETURN_POLICY = (
    Group(
        _("Whose goods"),
        {
            "supplier": Field(
                _("Supplier"), _("Empty: for each supplier who has no policy of his own.")
            ),
        },
    ),
    Group(
        _("The way back"),
        {
            "destination": Field(_("Goods go"), _("What the shopper is told once it is approved.")),
            "address": Field(
                _("Where returns go"),
                _("In one line, as it stands on a parcel. Read by the shopper."),
            ),
            "keep_below_amount": Field(
                _("Kept below"),
                _("Goods worth less stay with the shopper; in the order's money. 0: never."),
            ),
            "label_payer": Field(
                _("Who pays the way"),
                _("For a withdrawal. What is broken or wrong comes back at our cost anyway."),
            ),
        },
    ),
    Group(
        _("What he gives us"),
        {
            "takes_back": Field(
                _("Takes goods back"), _("Off: nobody is reminded to ask him for a credit.")
            ),
            "takes_back_days": Field(
                _("For so many days"), _("From the day on which the shopper opened the return.")
            ),
            "warranty_months": Field(
                _("His warranty, months"),
                _(
                    "So long after it arrived he owes us something for what is broken or wrong."
                    " Empty: as for all else that he takes back."
                ),
            ),
            "restocking_percent": Field(
                _("His fee in percent"), _("Of what the goods cost us. 0: none.")
            ),
        },
    ),
)


Status = SupplierRMA.Status
STATE = columns.state(
    "status",
    _("State"),
    calls={"draft", "disputed"},
    waits={"requested", "authorized", "shipped", "received"},
    ended={"denied", "credited", "written_off"},
)


@admin.register(SupplierRMA)
class SupplierRMAAdmin(StaffAdmin):
    list_display: ClassVar = [
        "number",
        columns.link("purchase_order", _("Purchase order")),
        columns.text("purchase_order__supplier__name", _("Supplier")),
        STATE,
        columns.money("expected_amount", _("Expected")),
        columns.money("credited_amount", _("Credited")),
        columns.age("status_since", _("Since")),
    ]
    list_filter: ClassVar = ["status", "purchase_order__supplier"]
    search_fields: ClassVar = ["number", "supplier_rma", "purchase_order__number"]
    ordering: ClassVar = ["-id"]
    fieldsets: ClassVar[list[tuple[Any, dict[str, list[Any]]]]] = [
        (
            None,
            {
                "fields": [
                    "number",
                    "supplier_rma",
                    columns.link("purchase_order", _("Purchase order")),
                    columns.link("authorization", _("Return")),
                    STATE,
                    columns.money("expected_amount", _("Expected")),
                    columns.money("fee_amount", _("His fee for taking it back")),
                    columns.money("credited_amount", _("Credited")),
                    "recorded_by",
                    "carrier",
                    "tracking_number",
                ]
            },
        ),
        (_("Moments"), {"fields": ["opened_at", "opened_by", columns.moves]}),
    ]
    readonly_fields: ClassVar = [
        name for _title, options in fieldsets for name in options["fields"]
    ]
    exclude: ClassVar = ["currency"]
    inlines: ClassVar = [
        inline(
            SupplierRMALine,
            columns.text("purchase_line__order_line__sku", _("SKU")),
            "quantity",
            "ordered_quantity",
            columns.money("unit_amount", _("Paid for one"), currency="rma__currency"),
            tab=False,
            related=("rma", "purchase_line__order_line"),
        ),
    ]
    refusals: ClassVar = (supplier_returns.CannotSendBackError,)
    actions_detail: ClassVar = ["step", "credit"]
    fits: ClassVar = {
        "step": lambda row: row.status not in SupplierRMA.SETTLED,
        "credit": lambda row: Status.CREDITED in SupplierRMA.TRANSITIONS[row.status],
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[SupplierRMA]:
        return SupplierRMA.objects.select_related("purchase_order__supplier", "authorization")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show above the list what suppliers owe in total."""
        owed = SupplierRMA.objects.owed()
        if owed:
            sums = [columns.as_money(Money(amount, code)) for code, amount in sorted(owed.items())]
            words = gettext("Suppliers owe us %s for what goes back.") % ", ".join(sums)
            self.message_user(request, words, messages.INFO)
        shown: HttpResponse = super().changelist_view(request, extra_context)
        return shown

    @action(description=_("Write down how it stands"), icon="edit_note")
    def step(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rma = self.row(request, object_id)

        def act(given: Mapping[str, Any]) -> None:
            said = {
                "supplier_rma": given["reference"] or rma.supplier_rma,
                "carrier": given["carrier"] or rma.carrier,
                "tracking_number": given["tracking_number"] or rma.tracking_number,
            }
            supplier_returns.go_on(
                rma=rma,
                to=Status(given["to"]),
                reason=given["reason"],
                actor=str(request.user),
                now=timezone.now(),
                **said,
            )

        return self.ask(
            request,
            rma,
            title=gettext("Write down how it stands"),
            explain=gettext("No program speaks with him of it: write down what you heard."),
            form_class=return_forms.step_form(rma),
            act=act,
            done=gettext("It is written down."),
        )

    @action(description=_("Money came"), icon="payments")
    def credit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rma = self.row(request, object_id)
        return self.ask(
            request,
            rma,
            title=gettext("Money came"),
            explain=gettext(
                "%(expected)s is expected; the amount is in %(currency)s. What is written down is"
                " final."
            )
            % {"expected": columns.as_money(rma.expected), "currency": rma.currency},
            form_class=return_forms.CreditForm,
            initial={"amount": rma.expected_amount},
            act=lambda given: supplier_returns.credit(
                rma=rma,
                amount=Money(given["amount"], rma.currency),
                reason=given["reason"],
                actor=str(request.user),
                now=timezone.now(),
            ),
            done=gettext("The credit of %s is written down.") % rma,
        )


class ReturnPolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Validates what database constraints require, with messages."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        is_his = given.get("destination") == ReturnPolicy.Destination.SUPPLIER
        if is_his and not given.get("address"):
            self.add_error("address", gettext("Say where his warehouse takes returns."))
        others = ReturnPolicy.objects.filter(supplier=None).exclude(pk=self.instance.pk)
        is_for_all = given.get("supplier", self.instance.supplier) is None
        if is_for_all and others.exists():
            self.add_error(None, gettext("There is one for all others already: change it."))
        return given


@admin.register(ReturnPolicy)
class ReturnPolicyAdmin(StaffAdmin):
    form = ReturnPolicyForm
    may_add = True
    may_delete = True
    editable = (
        "destination",
        "address",
        "keep_below_amount",
        "label_payer",
        "takes_back",
        "takes_back_days",
        "warranty_months",
        "restocking_percent",
    )
    groups = RETURN_POLICY
    list_display: ClassVar = ["__str__", "destination", "address", "label_payer", "takes_back"]
    list_select_related: ClassVar = ["supplier"]
    ordering: ClassVar = ["supplier"]


show(
    SupplierRMALine,
    list_display=[
        columns.link("rma", _("Goods to a supplier")),
        columns.text("purchase_line__order_line__sku", _("SKU")),
        "quantity",
        "ordered_quantity",
        columns.money("unit_amount", _("Paid for one"), currency="rma__currency"),
    ],
    list_display_links=["quantity"],
    list_select_related=["rma", "purchase_line__order_line"],
    search_fields=["rma__number", "purchase_line__order_line__sku"],
    ordering=["-id"],
)


# Supplier returns without a customer's return


def _once(form_class: type[forms.Form]) -> type[forms.Form]:
    """Add the number as a hidden field, so that two clicks create one row."""
    number = forms.CharField(widget=forms.HiddenInput, max_length=30)
    return type("SendBackForm", (form_class,), {"number": number})


class SendBackActions(StaffAdmin):
    """Open a supplier return from the page of a purchase order."""

    send_back_fits: ClassVar = {"send_back": claims.has_left}
    send_back_refusals: ClassVar = (supplier_returns.CannotSendBackError,)

    @action(description=_("Give goods back to the supplier"), icon="assignment_return")
    def send_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        purchase_order = self.row(request, object_id)
        claimable = claims.claimable(purchase_order)

        def act(given: Mapping[str, Any]) -> SupplierRMA:
            return supplier_returns.open_alone(
                purchase_order=purchase_order,
                units=claim_forms.units_of(given, claimable),
                number=given["number"],
                actor=str(request.user),
                now=timezone.now(),
            )

        return self.ask(
            request,
            purchase_order,
            title=gettext("Give goods back to the supplier"),
            explain=gettext(
                "Units that no return of a shopper is about, such as a refused parcel. What he owes"
                " for them is expected from now on: tell him, and write his answers down."
            ),
            form_class=_once(claim_forms.units_form(claimable)),
            initial={"number": supplier_returns.new_number(purchase_order)},
            act=act,
            done=lambda rma: gettext("%s is written down: ask the supplier.") % rma,
        )
