"""Variant form: edit options, weights, batteries, customs code, status and successor."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from catalog.attributes.batteries import un_number
from catalog.attributes.colors import color_of
from catalog.models import Product, Variant
from catalog.models.products import MAX_PACKED_WEIGHT_G
from catalog.products.variant_edits import (
    LOCKABLE_FIELDS,
    OWN_FIELDS,
    SuccessorError,
    check_successor,
)
from storefront.lib.db.indexed_search import digits_of
from storefront.lib.staff.form_fields import CountryField, LinesField, send_shown_values

MAX_OPTION_CHARS = 60
HS_DIGITS = range(6, 11)
BATTERY_FIELDS = frozenset({"lithium", "cell_wh", "cell_count"})


class SkuField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for mypy only
    """A variant by its SKU, which may be typed in lower case."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except forms.ValidationError:
            return super().to_python(str(value).strip().upper())


class VariantForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """The fields of a variant that staff may change. Its SKU never changes."""

    option_values = LinesField(required=False, help_text=gettext_lazy("One value per line."))
    replaced_by = SkuField(
        Variant.objects.all(),
        to_field_name="sku",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        error_messages={
            "invalid_choice": gettext_lazy(
                "No variant has this SKU. Copy it from the variant’s page."
            )
        },
    )

    origin_country = CountryField(required=False, help_text=gettext_lazy("For customs."))

    class Meta:
        model = Variant
        fields = (*LOCKABLE_FIELDS, *OWN_FIELDS)
        help_texts: ClassVar = {
            "color": gettext_lazy("For the color filter and the images of this color."),
            "weight_g": gettext_lazy("The light as it is used, without its packaging."),
            "packed_weight_g": gettext_lazy(
                "Including packaging. Determines the shipping services."
            ),
            "lithium": gettext_lazy("How the battery is packed. Determines the shipping services."),
            "cell_wh": gettext_lazy("Energy of one cell: capacity in Ah times voltage."),
            "cell_count": gettext_lazy("Cells in one parcel of this variant."),
            "hs_code": gettext_lazy("6 to 10 digits, for customs."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["replaced_by"] = self.instance.replaced_by
        if "option_values" in self.fields and self.instance.product_id:
            names = ", ".join(map(str, self.instance.product.option_names))
            hint = _("One value per line, in this order: %(names)s") % {"names": names}
            if names:
                self.fields["option_values"].help_text = escape(hint)
        send_shown_values(self)

    def clean_option_values(self) -> list[str]:
        values: list[str] = self.cleaned_data["option_values"]
        return check_options(values, product=self.instance.product, own=self.instance)

    def clean_packed_weight_g(self) -> int | None:
        return check_packed_weight(self.cleaned_data["packed_weight_g"])

    def clean_hs_code(self) -> str:
        return parse_hs_code(self.cleaned_data["hs_code"])

    def clean_replaced_by(self) -> Variant | None:
        successor: Variant | None = self.cleaned_data["replaced_by"]
        try:
            check_successor(self.instance, successor)
        except SuccessorError as error:
            raise forms.ValidationError(str(error)) from error
        return successor

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if BATTERY_FIELDS & {*self.changed_data}:
            check_battery(self)
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return the changed fields; a changed color option changes the color."""
        entered = {name: self.cleaned_data[name] for name in self.changed_data}
        changes = {
            name: value for name, value in entered.items() if value != self.initial.get(name)
        }
        if "option_values" in changes and "color" not in changes:
            color = color_of(self.instance.product.option_names, changes["option_values"])
            if color:
                changes["color"] = color
        return changes


def check_packed_weight(weight_g: int | None) -> int | None:
    """Return the packed weight. Raises ValidationError: it is out of range."""
    if weight_g is not None and not 0 < weight_g <= MAX_PACKED_WEIGHT_G:
        message = _("Enter a weight from 1 to %(most)s g, or leave the field empty.")
        raise forms.ValidationError(message % {"most": MAX_PACKED_WEIGHT_G})
    return weight_g


def parse_hs_code(text: str) -> str:
    """Return the digits of a customs code. Raises ValidationError: too few or too many."""
    digits = digits_of(text)
    if text and len(digits) not in HS_DIGITS:
        raise forms.ValidationError(_("Enter 6 to 10 digits, such as 8513 10."))
    return digits


@admin.display(description=cast("str", gettext_lazy("UN number")))
def un_number_of(variant: Variant) -> str:
    """Return the UN number of the battery as shipped, from its packing and chemistry."""
    spec = getattr(variant.product, "spec", None)
    return un_number(lithium=variant.lithium, chemistry=spec.battery_chemistry if spec else "")


def check_battery(form: forms.BaseForm) -> None:
    """Add errors to the form if a lithium battery lacks its energy or its number of cells."""
    for name, message in {} if form.errors else find_battery_problems(form.cleaned_data).items():
        form.add_error(name, message)


def find_battery_problems(values: Mapping[str, Any]) -> dict[str, str]:
    """Return a message for each field that a lithium battery lacks."""
    problems: dict[str, str] = {}
    if values.get("lithium") in {None, "", Variant.Lithium.NONE}:
        return problems
    if not values.get("cell_wh"):
        problems["cell_wh"] = _(
            "Enter the watt-hours of one cell. Without them, no shipping service accepts the battery."
        )
    if not values.get("cell_count"):
        problems["cell_count"] = _("Enter how many cells are in the parcel.")
    return problems


def check_lengths(values: list[str]) -> None:
    """Check the length of option values. Raises ValidationError."""
    if too_long := next((value for value in values if len(value) > MAX_OPTION_CHARS), ""):
        message = _("%(value)s is longer than %(most)s characters.")
        raise forms.ValidationError(message % {"value": too_long[:80], "most": MAX_OPTION_CHARS})


def check_options(values: list[str], *, product: Product, own: Variant | None = None) -> list[str]:
    """Return the option values.

    Raises: ValidationError  too many, too few or too long, or another variant has the same
    """
    names = product.option_names
    if names and len(values) != len(names):
        message = _("Enter %(count)s lines: %(names)s.")
        values_of = {"count": len(names), "names": ", ".join(map(str, names))}
        raise forms.ValidationError(message % values_of)
    check_lengths(values)
    for other in product.variants.exclude(status=Variant.Status.DISCONTINUED):
        if other != own and other.option_values == values:
            message = _("Variant %(sku)s has the same options.")
            raise forms.ValidationError(message % {"sku": other.sku})
    return values
