"""Return forms: validate which lines go back, how many and why, take answers and photos."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from orders.models import OrderLine, ReturnAuthorization
from orders.models.returns import MAX_MESSAGE_LENGTH
from orders.returns.eligibility import Returnable
from orders.returns.exchange_options import ExchangeOption
from orders.returns.requests import ReturnRequest
from shipping.models import ProblemReport
from storefront.lib.text import unify_line_breaks
from storefront.web.catalog.product_title import product_title, variant_title
from storefront.web.core import formats
from storefront.web.returns.photos import PicturesForm
from storefront.web.returns.status import REASON_TEXTS

# Returns

Kind = ReturnAuthorization.Kind
MAX_CHARS = 800  # of one message


class MultilineField(forms.CharField):
    """Multi-line text of a customer, limited as in the browser."""

    def __init__(self, **known: Any) -> None:
        text = gettext_lazy("This is too long. Shorten it.")
        super().__init__(max_length=MAX_CHARS, error_messages={"max_length": text}, **known)

    def to_python(self, value: Any) -> Any:
        return super().to_python(unify_line_breaks(value) if isinstance(value, str) else value)


class ReturnForm(forms.Form):
    """Form for the lines, quantities and reason of a return."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Reason for return"),
        error_messages={
            "required": gettext_lazy("Choose a reason."),
            "invalid_choice": gettext_lazy("Choose a reason."),
        },
    )
    customer_message = MultilineField(label=gettext_lazy("Details"), required=False)
    key = forms.CharField(required=False, max_length=40)

    def __init__(
        self,
        *args: Any,
        returnable: Returnable,
        exchanges: Mapping[int, Sequence[ExchangeOption]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lines: list[tuple[OrderLine, int]] = [
            (
                line,
                max(
                    returnable.withdrawal_units.get(line.pk, 0),
                    returnable.complaint_units.get(line.pk, 0),
                ),
            )
            for line in returnable.lines
        ]
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - declared above
        kind.choices = [
            (code, text)
            for code, text in REASON_TEXTS.items()
            if code != Kind.NOT_RECEIVED and returnable.of(code)
        ]
        for line, most in self.lines:
            self.fields[f"units_{line.pk}"] = units_field(line, most)
            others = [option for option in exchanges.get(line.pk, ()) if not option.is_dearer]
            # Kept even without options: a request for an exchange is refused, not ignored.
            self.fields[f"instead_{line.pk}"] = ExchangeField(others)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(self.units.values()):
            first = self.lines[0][0] if self.lines else None
            self.add_error(f"units_{first.pk}" if first else None, _("Choose at least one item."))
        is_complaint = cleaned.get("kind") not in {None, Kind.WITHDRAWAL}
        if (
            is_complaint
            and not cleaned.get("customer_message", "").strip()
            and "customer_message" not in self.errors
        ):
            self.add_error("customer_message", _("Describe the problem in a few words."))
        return cleaned

    @property
    def units(self) -> Mapping[int, int]:
        submitted = self.cleaned_data
        return {line.pk: submitted.get(f"units_{line.pk}") or 0 for line, _most in self.lines}

    @property
    def wanted(self) -> dict[int, int]:
        """Variants requested in exchange, by line."""
        submitted = self.cleaned_data
        requested = {
            line: submitted.get(f"instead_{line}") for line, many in self.units.items() if many
        }
        return {line: variant for line, variant in requested.items() if variant}

    def rows(self) -> list[tuple[OrderLine, int, forms.BoundField, forms.BoundField]]:
        return [
            (line, most, self[f"units_{line.pk}"], self[f"instead_{line.pk}"])
            for line, most in self.lines
        ]

    def named(self, line_id: int) -> str:
        """Return the name of the variant requested in exchange for a line, or ""."""
        field = self.fields.get(f"instead_{line_id}")
        if not isinstance(field, ExchangeField):
            return ""
        return field.named.get(self.wanted.get(line_id, 0), "")

    def declaration(self) -> ReturnRequest:
        submitted = self.cleaned_data
        key = submitted["key"] or secrets.token_hex(16)
        kind = Kind(submitted["kind"])
        return ReturnRequest(
            key=key,
            kind=kind,
            units=self.units,
            customer_message=submitted["customer_message"].strip(),
            wanted=self.wanted,
        )

    @property
    def is_confirmed(self) -> bool:
        return "confirm" in self.data and bool(self.cleaned_data["key"])


class ExchangeField(forms.TypedChoiceField):
    """Choice among other variants, or none."""

    def __init__(self, others: Sequence[ExchangeOption]) -> None:
        self.named = {
            option.variant.pk: f"{variant_title(option.variant)}, {_price(option)}"
            for option in others
        }
        super().__init__(
            label=_("Exchange for another item"),
            choices=[("", _("No exchange")), *self.named.items()],
            coerce=int,
            empty_value=None,
            required=False,
            error_messages={"invalid_choice": _("Choose an option from the list.")},
        )


def _price(option: ExchangeOption) -> str:
    return formats.money(option.price, get_language() or "en")


def units_field(line: OrderLine, most: int) -> forms.IntegerField:
    """Return the field for the number of units of an order line."""
    message = _("Enter a number from 0 to %(most)d.") % {"most": most}
    return forms.IntegerField(
        label=product_title(line),
        min_value=0,
        max_value=most,
        required=False,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), message),
    )


class AnswerForm(PicturesForm):
    """Form for the customer's answer; text is validated before pictures are decoded."""

    customer_message = MultilineField(label=gettext_lazy("Your answer"), required=False)
    field_order = ("customer_message", "pictures")

    def __init__(
        self, request: HttpRequest, *, to: ReturnAuthorization | ProblemReport, of: str
    ) -> None:
        super().__init__(request, of=of)
        self._room = MAX_MESSAGE_LENGTH - len(to.customer_message) - 1

    def clean_customer_message(self) -> str:
        text: str = self.cleaned_data["customer_message"]
        if len(text) > self._room:
            raise forms.ValidationError(_("This is too long. Shorten it."))
        return text
