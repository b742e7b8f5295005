"""Product form: edit the texts, brand, category and family of a product."""

from typing import Any, ClassVar, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Brand
from storefront.lib.staff.form_fields import (
    CountriesField,
    LinesField,
    check_one_per_line,
    send_shown_values,
)
from storefront.lib.staff.language_fields import LanguageTextsField


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    option_names = LinesField(
        required=False,
        help_text=_("The options in which the variants differ, one per line, such as Color."),
    )
    restricted_countries = CountriesField(required=False)
    safety_warnings = LanguageTextsField(is_long=True, required=False)

    class Meta:
        help_texts: ClassVar = {
            "brand": _("Part numbers, titles and price rules follow it."),
            "family": _("Determines which attributes the product has."),
        }

    def clean_option_names(self) -> list[str]:
        names: list[str] = self.cleaned_data["option_names"]
        check_one_per_line(name for name in names if name not in self.initial["option_names"])
        return names

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        category, family = cleaned.get("category"), cleaned.get("family")
        if category and "family" in self.changed_data and not category.has_family(family or ""):
            self.add_error("family", _("This category does not show products of this family."))
        return cleaned

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if brand := cast("Any", self.fields.get("brand")):
            brand.queryset = Brand.objects.filter(merged_into=None)
            select = getattr(brand.widget, "widget", brand.widget)
            select.known = {str(self.instance.brand_id): str(self.instance.brand)}
        send_shown_values(self)
