"""Return forms: ask staff about returns, exchanges and supplier returns, read what they enter."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import OrderLine, ReturnAuthorization, ReturnLine, SupplierReturn
from orders.returns.eligibility import Returnable
from orders.returns.exchange_options import ExchangeOption
from orders.returns.inspection import InspectedLine
from orders.returns.requests import ReturnRequest
from storefront.lib.staff import columns
from storefront.lib.staff.admin import ReasonForm
from storefront.lib.staff.form_fields import money_field


def _text(label: Any, length: int, *, required: bool = False, help_text: Any = "") -> Any:
    return forms.CharField(label=label, required=required, max_length=length, help_text=help_text)


def _long_text(label: Any, length: int, *, required: bool = True, help_text: Any = "") -> Any:
    field = _text(label, length, required=required, help_text=help_text)
    field.widget = forms.Textarea(attrs={"rows": 3})
    return field


def _units(line: OrderLine, max_units: int, help_text: Any, **options: Any) -> Any:
    return forms.IntegerField(
        label=f"{line.sku}: {line.title}",
        help_text=help_text % {"most": max_units},
        min_value=0,
        max_value=max_units,
        **options,
    )


def variant_form(
    lines: Iterable[ReturnLine],
    options: Mapping[int, Sequence[ExchangeOption]],
    *,
    same: Promise | str,
) -> type[forms.Form]:
    """Return a form to choose the variant sent for each line; ``same`` labels no change."""
    fields: dict[str, Any] = {
        f"instead_{line.order_line_id}": forms.TypedChoiceField(
            label=f"{line.order_line.sku}: {line.order_line.title}",
            choices=[
                ("", same),
                *(_choice(option) for option in options.get(line.order_line_id, ())),
            ],
            coerce=int,
            empty_value=None,
            required=False,
            initial=line.wanted_id or "",
            help_text=_("Other variants and replacement products that are on sale now."),
        )
        for line in lines
    }
    return type("InsteadForm", (forms.Form,), fields)


def _choice(option: ExchangeOption) -> tuple[int, str]:
    text = _("%(title)s, %(price)s (costs more)") if option.is_dearer else _("%(title)s, %(price)s")
    return option.variant.pk, text % {
        "title": option.title,
        "price": columns.as_money(option.price),
    }


def exchange_form(
    lines: Iterable[ReturnLine], options: Mapping[int, Sequence[ExchangeOption]]
) -> type[forms.Form]:
    """Return the exchange form: the same variants or others."""
    is_free = forms.BooleanField(
        label=_("Send at no extra cost although it costs more"),
        required=False,
        help_text=_(
            "We pay the difference. Otherwise the customer returns the item and places a new order."
        ),
    )
    form = variant_form(lines, options, same=_("Same product"))
    return type("ExchangeForm", (form,), {"is_free": is_free})


def read_variants(
    cleaned_data: Mapping[str, Any], lines: Iterable[ReturnLine]
) -> dict[int, int | None]:
    """Return the chosen variants by order line; None: the same variant."""
    return {line.order_line_id: cleaned_data.get(f"instead_{line.order_line_id}") for line in lines}


# Returns and supplier returns

Condition = ReturnAuthorization.Condition


class MessageForm(forms.Form):
    """A message to the customer, for the e-mail and the order page."""

    answer = _long_text(
        _("Message to the customer"),
        500,
        help_text=_("Shown to the customer as written, in the e-mail and on the order page."),
    )


class OptionalMessageForm(MessageForm):
    """An optional message to the customer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"].required = False


class LabelForm(forms.Form):
    """The return address and label."""

    address = _text(
        _("Return to"),
        300,
        required=True,
        help_text=_("Set by the supplier's return policy. You can change it for this return."),
    )
    label = _long_text(
        _("Label"),
        500,
        required=False,
        help_text=_("A link that begins with https://, or the code to show at the drop-off point."),
    )
    carrier = _text(_("Carrier"), 60)
    tracking_number = _text(_("Tracking number"), 60)


class ShipmentForm(forms.Form):
    """The return parcel, as the customer reports it."""

    carrier = _text(_("Carrier"), 60)
    tracking_number = _text(_("Tracking number"), 60, required=True)


class CustomerAnswerForm(forms.Form):
    """The customer's answer by telephone."""

    customer_message = _long_text(_("Customer's message"), 800)


def received_form(lines: Iterable[ReturnLine]) -> type[forms.Form]:
    """Return the form that counts the received units."""
    help_text = _("The customer declared %(most)d. Enter that number or less.")
    fields: dict[str, Any] = {
        f"units_{line.pk}": _units(line.order_line, line.quantity, help_text, initial=line.quantity)
        for line in lines
    }
    return type("ReceivedForm", (forms.Form,), fields)


def read_units(cleaned_data: Mapping[str, Any], rows: Iterable[Any]) -> dict[int, int]:
    return {row.pk: cleaned_data.get(f"units_{row.pk}") or 0 for row in rows}


def inspected_form(lines: Iterable[ReturnLine], *, is_withdrawal: bool) -> type[forms.Form]:
    """Return the inspection form; only a withdrawal has deductions for use."""
    fields: dict[str, Any] = {}
    help_text = _("%(most)d were received. Enter how many you accept, at most that number.")
    for line in lines:
        max_units = line.received_quantity
        fields[f"units_{line.pk}"] = _units(
            line.order_line, max_units, help_text, initial=max_units
        )
        fields[f"state_{line.pk}"] = forms.ChoiceField(
            label=_("Condition"), choices=Condition.choices
        )
        if is_withdrawal:
            fields[f"kept_{line.pk}"] = money_field(
                _("Deduction for use"),
                initial=0,
                help_text=_(
                    "Only the loss in value from use beyond a normal try-out. In "
                    "the currency of the order."
                ),
            )
            fields[f"why_{line.pk}"] = _text(_("Reason for the deduction"), 200)
    return type("InspectedForm", (forms.Form,), fields)


def read_inspections(
    cleaned_data: Mapping[str, Any], lines: Iterable[ReturnLine]
) -> dict[int, InspectedLine]:
    return {
        line.pk: InspectedLine(
            accepted=cleaned_data[f"units_{line.pk}"],
            condition=Condition(cleaned_data[f"state_{line.pk}"]),
            deduction=cleaned_data.get(f"kept_{line.pk}") or Decimal(0),
            reason=cleaned_data.get(f"why_{line.pk}", ""),
        )
        for line in lines
    }


class OpenReturnForm(forms.Form):
    """A return opened for a customer; line fields are added before these."""

    kind = forms.ChoiceField(label=_("Return reason"), choices=ReturnAuthorization.Kind.choices)
    customer_message = _long_text(
        _("Customer's message"),
        800,
        required=False,
        help_text=_("Included as written in the customer's confirmation."),
    )
    ignore_deadlines = forms.BooleanField(
        label=_("Accept although the return period is over"),
        required=False,
        help_text=_(
            "After 14 days for a withdrawal or two years for a defect. Also for a defect "
            "when no carrier confirmed the delivery."
        ),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)


def open_form(returnable: Returnable) -> type[forms.Form]:
    """Return the form for the returnable lines of one order."""
    max_units = {
        line.pk: max(
            returnable.withdrawal_units.get(line.pk, 0), returnable.complaint_units.get(line.pk, 0)
        )
        for line in returnable.lines
    }
    help_text = _("At most %(most)d can be returned.")
    fields: dict[str, Any] = {
        f"units_{line.pk}": _units(line, max_units[line.pk], help_text, initial=0, required=False)
        for line in returnable.lines
    }
    order = [*fields, *OpenReturnForm.base_fields]
    return type("OrderReturnForm", (OpenReturnForm,), {**fields, "field_order": order})


def read_request(cleaned_data: Mapping[str, Any], lines: Iterable[OrderLine]) -> ReturnRequest:
    return ReturnRequest(
        key=cleaned_data["key"],
        kind=ReturnAuthorization.Kind(cleaned_data["kind"]),
        units=read_units(cleaned_data, lines),
        customer_message=cleaned_data["customer_message"],
    )


class StatusForm(ReasonForm):
    """The status of a supplier return as the supplier reported it."""

    to = forms.ChoiceField(label=_("Status"))
    reference = _text(_("Supplier RMA number"), 60)
    carrier = _text(_("Carrier"), 60)
    tracking_number = _text(_("Tracking number"), 60)
    field_order = ("to", "reference", "carrier", "tracking_number", "reason")


def status_form(supplier_return: SupplierReturn) -> type[forms.Form]:
    """Return a form with the possible next states; a credit has its own form."""
    next_states = SupplierReturn.TRANSITIONS[SupplierReturn.Status(supplier_return.status)]
    choices = [
        (status.value, status.label)
        for status in SupplierReturn.Status
        if status in next_states and status != SupplierReturn.Status.CREDITED
    ]
    status = forms.ChoiceField(label=_("Status"), choices=choices)
    return type("RmaStepForm", (StatusForm,), {"to": status})


class CreditForm(ReasonForm):
    """The credited amount."""

    amount = money_field(_("Credited amount"))
    field_order = ("amount", "reason")
