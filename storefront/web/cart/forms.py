"""Cart forms: validate the listing and quantity to add, and the new quantity of a line."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from orders.models.cart import MAX_QUANTITY

MAX_ID = 2**63 - 1

RANGE_ERROR = format_lazy(_("Enter a number from 0 to {most}."), most=MAX_QUANTITY)

QUANTITY_ERRORS = {
    "required": _("Enter a quantity."),
    "invalid": _("Enter the quantity as a whole number."),
    "min_value": RANGE_ERROR,
    "max_value": RANGE_ERROR,
}

WHICH_ERRORS = {
    name: _("This product does not exist.")
    for name in ("required", "invalid", "min_value", "max_value")
}


class AddForm(forms.Form):
    """Form that adds a listing to the cart."""

    listing = forms.IntegerField(min_value=1, max_value=MAX_ID, error_messages=WHICH_ERRORS)
    quantity = forms.IntegerField(
        min_value=1, max_value=MAX_QUANTITY, required=False, error_messages=QUANTITY_ERRORS
    )

    back = forms.CharField(required=False, max_length=200)

    def clean_quantity(self) -> int:
        return self.cleaned_data["quantity"] or 1


class ChangeForm(forms.Form):
    """Form for the quantity of a line; 0 removes it."""

    line = forms.IntegerField(min_value=1, max_value=MAX_ID, error_messages=WHICH_ERRORS)
    quantity = forms.IntegerField(
        min_value=0, max_value=MAX_QUANTITY, error_messages=QUANTITY_ERRORS
    )
