"""Creation forms: create a product with its first variant, or another variant of a product."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.attributes.colors import color_of
from catalog.attributes.identifiers import brand_key
from catalog.attributes.text_cleaning import clean_text
from catalog.models import Product, Variant
from catalog.models.products import MAX_PACKED_WEIGHT_G
from catalog.products.staff.variant_form import check_battery, check_lengths, check_options
from storefront.lib.staff.form_fields import LinesField, check_one_per_line, use_staff_widgets

VARIANT_FIELDS = ("packed_weight_g", "lithium", "cell_wh", "cell_count")
OPTION_HELP = gettext_lazy("One value per line.")


class _VariantFields(forms.Form):
    """The fields that shipping needs. The lithium class has no default: staff must choose it."""

    packed_weight_g = forms.IntegerField(
        label=gettext_lazy("Packed weight, g"),
        help_text=gettext_lazy("Including packaging. Determines the shipping services."),
        min_value=1,
        max_value=MAX_PACKED_WEIGHT_G,
        required=False,
    )
    lithium = forms.ChoiceField(
        label=gettext_lazy("Lithium"),
        help_text=gettext_lazy("How the battery is packed. Determines the shipping services."),
        choices=[("", "---------"), *Variant.Lithium.choices],
    )
    cell_wh = forms.DecimalField(
        label=gettext_lazy("Cell energy, Wh"),
        help_text=gettext_lazy("Energy of one cell: capacity in Ah times voltage."),
        min_value=Decimal("0.01"),
        max_digits=7,
        decimal_places=2,
        required=False,
    )
    cell_count = forms.IntegerField(
        label=gettext_lazy("Cells"),
        help_text=gettext_lazy("Cells in one parcel of this variant."),
        min_value=0,
        max_value=100,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        use_staff_widgets(self)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        check_battery(self)
        return cleaned

    def fill(self, variant: Variant, *, option_names: list[str]) -> Variant:
        """Set the entered fields of a new variant; the value of a color option is its color."""
        for name in VARIANT_FIELDS:
            setattr(variant, name, self.cleaned_data[name])
        variant.cell_count = self.cleaned_data["cell_count"] or 0
        variant.option_values = self.cleaned_data["option_values"]
        variant.color = color_of(option_names, variant.option_values)
        return variant


class ProductAddForm(_VariantFields, forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A new product: a draft with one variant."""

    brand_name = forms.CharField(
        label=gettext_lazy("Brand"),
        help_text=gettext_lazy(
            "An existing brand is found regardless of case and spacing. A new brand is created."
        ),
        max_length=80,
    )
    option_names = LinesField(
        label=gettext_lazy("Option names"),
        help_text=gettext_lazy(
            "The options in which the variants differ, one per line, such as Color."
        ),
        required=False,
    )
    option_values = LinesField(
        label=gettext_lazy("Options of the first variant"),
        help_text=OPTION_HELP,
        required=False,
    )
    field_order = (
        *("title", "brand_name", "category", "family", "option_names", "option_values"),
        *VARIANT_FIELDS,
    )

    class Meta:
        model = Product
        fields = ("title", "category", "family", "option_names")
        help_texts: ClassVar = {
            "family": gettext_lazy("Determines which attributes the product has.")
        }

    def clean_title(self) -> str:
        title = clean_text(self.cleaned_data["title"])
        if not title:
            raise forms.ValidationError(_("Enter a title."))
        return title

    def clean_option_names(self) -> list[str]:
        names: list[str] = self.cleaned_data["option_names"]
        check_one_per_line(names)
        return names

    def clean_brand_name(self) -> str:
        name = clean_text(self.cleaned_data["brand_name"])
        if not brand_key(name):
            raise forms.ValidationError(_("Enter letters and digits."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        names, values = cleaned.get("option_names"), cleaned.get("option_values", [])
        if names is not None and len(names) != len(values):
            message = _("Enter one value for each option name.")
            self.add_error("option_values", message)
        try:
            check_lengths(values)
        except forms.ValidationError as error:
            self.add_error("option_values", error)
        category, family = cleaned.get("category"), cleaned.get("family")
        if category and family and not category.has_family(family):
            self.add_error("category", _("This category does not show products of this family."))
        return cleaned


class VariantAddForm(_VariantFields, forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Another variant of a product."""

    option_values = LinesField(label=gettext_lazy("Options"), help_text=OPTION_HELP, required=False)
    field_order = ("product", "option_values", *VARIANT_FIELDS)

    class Meta:
        model = Variant
        fields = ("product", "option_values")
        help_texts: ClassVar = {
            "product": gettext_lazy("The product to which the variant is added.")
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        product, values = cleaned.get("product"), cleaned.get("option_values")
        if product is not None and values is not None:
            try:
                check_options(values, product=product)
            except forms.ValidationError as error:
                self.add_error("option_values", error)
        return cleaned
