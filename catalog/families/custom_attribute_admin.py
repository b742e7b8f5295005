"""Custom attribute admin: define attributes for imports, staff forms, product pages and the API."""

from functools import partial
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.custom_attributes import registry
from catalog.custom_attributes.values import find_built_in
from catalog.models import CustomAttribute, ProductFamily
from catalog.models.attributes import VALUE_COLUMNS
from catalog.models.families import family_choices
from catalog.products.tasks import refresh_titles
from catalog.search.index import drop_cached_pages
from catalog.search.tasks import reindex_attribute
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.language_fields import ChoiceRowsField, LanguageTextsField
from storefront.lib.tasks import enqueue

MAX_NAME = 60


class CustomAttributeForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    names = LanguageTextsField(max_length=MAX_NAME)
    choices = ChoiceRowsField(max_length=MAX_NAME, required=False)
    families = forms.MultipleChoiceField(
        choices=family_choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = CustomAttribute
        fields = (
            *("code", "names", "kind", "unit", "minimum", "maximum", "choices", "is_localized"),
            *("labels", "families", "is_required", "filter_display", "position"),
        )

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if code in VALUE_COLUMNS:
            raise forms.ValidationError(
                _("A built-in attribute has this code. Enter another code.")
            )
        if code.endswith(("_min", "_max")):  # the URL parameters of a number end so
            raise forms.ValidationError(_("Enter a code that does not end with _min or _max."))
        return code

    def clean_names(self) -> dict[str, str]:
        names: dict[str, str] = self.cleaned_data["names"]
        others = CustomAttribute.objects.exclude(pk=self.instance.pk)
        if taken := others.filter(names__en__iexact=names["en"]).first():
            message = _(
                "The attribute “%(code)s” has this name, and files name columns by it. Enter another name."
            )
            raise forms.ValidationError(message % {"code": taken.code})
        return names

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        labels = [cleaned.get("code", self.instance.code), *cleaned.get("names", {}).values()]
        if found := find_built_in([*labels, *(cleaned.get("labels") or [])]):
            message = _("Each product has “%(label)s” already: imports would no longer fill it.")
            raise forms.ValidationError(message % {"label": found})
        if self.instance.pk:  # Django does not check constraints on the type, which cannot change
            names = ("choices", "is_localized", "filter_display")
            kept = {name: cleaned[name] for name in names if name in cleaned}
            row = CustomAttribute(kind=self.instance.kind, **kept)
            row.validate_constraints(exclude={"code", "minimum", "maximum"})
        return cleaned


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
        Group(gettext_lazy("Products"), ("families", "is_required", "filter_display", "labels")),
    )
    list_display: ClassVar = [
        "code",
        english_name,
        "kind",
        "unit",
        columns.text("families", gettext_lazy("Product families")),
        "is_required",
        "filter_display",
    ]
    list_filter: ClassVar = ["kind", "is_required", "filter_display"]
    search_fields: ClassVar = ["code", "names"]
    ordering: ClassVar = ["position", "code"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        is_filter = bool(obj.filter_display) or "filter_display" in form.changed_data
        announce_attribute(obj, is_filter=is_filter)
        if {"choices", "is_localized"} & {*form.changed_data}:
            _refresh_titles_with(obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        announce_attribute(obj, is_filter=bool(obj.filter_display))
        _refresh_titles_with(obj)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[CustomAttribute]") -> None:
        for row in queryset:
            self.delete_model(request, row)


def announce_attribute(attribute: CustomAttribute, *, is_filter: bool) -> None:
    """Show the definition on pages, and filter by it, as it is now."""
    transaction.on_commit(registry.clear_cache)
    transaction.on_commit(drop_cached_pages)
    if is_filter:
        transaction.on_commit(partial(enqueue, reindex_attribute, code=attribute.code))


def _refresh_titles_with(attribute: CustomAttribute) -> None:
    """Make the titles again of the families whose templates name the attribute."""
    for code, templates in ProductFamily.objects.values_list("code", "title_templates"):
        if any(f"{{{attribute.code}}}" in text for text in templates.values()):
            transaction.on_commit(partial(enqueue, refresh_titles, family=code))
