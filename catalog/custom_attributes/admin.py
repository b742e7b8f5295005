"""Custom attribute admin: define attributes for imports, staff forms, product pages and the API."""

import re
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.custom_attributes.values import find_built_in
from catalog.models import CustomAttribute
from catalog.models.families import family_choices
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Group
from storefront.lib.text import is_storable

CODE = re.compile(r"[a-z][a-z0-9_]*")


class CustomAttributeForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    families = forms.MultipleChoiceField(
        choices=family_choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = CustomAttribute
        fields = (
            *("code", "names", "kind", "unit", "minimum", "maximum", "choices", "is_localized"),
            *("labels", "families", "is_required", "position"),
        )

    def clean_names(self) -> dict[str, str]:
        return check_names(self.cleaned_data["names"])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["choices"] = dict(self.instance.choices)

    def clean_choices(self) -> list[tuple[str, dict[str, str]]]:
        """Return pairs in the entered order, which a JSON object would lose in the database."""
        choices = self.cleaned_data["choices"] or {}
        if not isinstance(choices, dict) or not all(map(CODE.fullmatch, choices)):
            raise forms.ValidationError(
                _('Enter codes with names, such as {"tail": {"en": "at the tail"}}.')
            )
        return [(code, check_names(names)) for code, names in choices.items()]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        names = [cleaned.get("code", self.instance.code), *cleaned.get("names", {}).values()]
        if found := find_built_in([*names, *(cleaned.get("labels") or [])]):
            message = _("Each product has “%(label)s” already: imports would no longer fill it.")
            raise forms.ValidationError(message % {"label": found})
        return cleaned


def check_names(names: Any) -> dict[str, str]:
    """Return names by language without outer spaces. Raises: ValidationError  English is missing."""
    languages = dict(settings.LANGUAGES)
    if (
        not isinstance(names, dict)
        or not names.keys() <= languages.keys()
        or not all(
            isinstance(name, str) and name.strip() and is_storable(name) for name in names.values()
        )
        or "en" not in names
    ):
        message = _('Enter names by language, English at least: {"en": "Switch"}. Languages: %s.')
        raise forms.ValidationError(message % ", ".join(languages))
    return {language: name.strip()[:60] for language, name in names.items()}


@admin.display(description=cast("str", gettext_lazy("Name")))
def english_name(row: Any) -> str:
    return str(row)


@admin.register(CustomAttribute)
class CustomAttributeAdmin(StaffAdmin):
    empty_text: ClassVar = gettext_lazy(
        "Define attributes that suppliers or staff state, such as the position of the switch."
        " `manage.py create_attributes` adds common attributes of lights."
    )
    form = add_form = CustomAttributeForm
    editable = tuple(
        name for name in CustomAttributeForm.Meta.fields if name not in {"code", "kind"}
    )
    may_add = may_delete = True
    groups = (
        Group(gettext_lazy("Attribute"), ("code", "names", "kind", "position")),
        Group(gettext_lazy("Values"), ("unit", "minimum", "maximum", "choices", "is_localized")),
        Group(gettext_lazy("Products"), ("families", "is_required", "labels")),
    )
    list_display: ClassVar = [
        "code",
        english_name,
        "kind",
        "unit",
        columns.text("families", gettext_lazy("Product families")),
        "is_required",
    ]
    list_filter: ClassVar = ["kind", "is_required"]
    search_fields: ClassVar = ["code", "names"]
    ordering: ClassVar = ["position", "code"]
