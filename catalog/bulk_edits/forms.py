"""Bulk edit forms: choose fields, enter what happens to each."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from catalog.attributes.text_cleaning import clean_html
from catalog.bulk_edits import fields as bulk_fields
from catalog.bulk_edits.fields import BrandField, BulkField, unknown_brand
from catalog.models import BulkEdit
from catalog.products.staff.spec_form import check_ip_rating
from catalog.products.staff.variant_form import check_packed_weight, parse_hs_code
from storefront.lib.staff.form_fields import use_staff_widgets

HOW, VALUE = "how-", "value-"  # prefixes of the two form fields of a field


class FieldsForm(forms.Form):
    """The fields to edit."""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = bulk_fields.fields_of(kind)
        choices = [(each.code, each.label) for each in known.values()]
        self.fields["field"] = forms.MultipleChoiceField(
            label=_("Fields"),
            choices=choices,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": _("Choose at least one field.")},
        )


class ValuesForm(forms.Form):
    """What happens to each chosen field: set, clear, or change its list."""

    def __init__(self, *args: Any, kind: str, codes: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = bulk_fields.fields_of(kind)
        self.chosen: Mapping[str, BulkField] = {
            code: known[code] for code in codes if code in known
        }
        for code, each in self.chosen.items():
            self.fields[f"{HOW}{code}"] = forms.ChoiceField(
                label=_("Change to %(field)s") % {"field": each.label},
                choices=list(_hows(each)),
                widget=UnfoldAdminSelectWidget,
            )
            value = copy(each.form_field)
            value.required = False
            value.label = _("Value of %(field)s") % {"field": each.label}
            self.fields[f"{VALUE}{code}"] = value
        use_staff_widgets(self)

    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "label": each.label,
                "how": self[f"{HOW}{code}"],
                "value": self[f"{VALUE}{code}"],
                "help": each.form_field.help_text,
            }
            for code, each in self.chosen.items()
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.operations: list[dict[str, Any]] = []
        for code, each in self.chosen.items():
            how, name = cleaned.get(f"{HOW}{code}"), f"{VALUE}{code}"
            if how is None or name not in cleaned:
                continue
            try:
                value = each.to_json(_clean_value(each, cleaned[name]))
            except forms.ValidationError as error:
                self.add_error(name, error)
                continue
            if how != "clear" and value == each.empty:
                self.add_error(name, _("Enter a value, or choose to clear the field."))
            self.operations.append(
                {"field": code, "how": how, "value": None if how == "clear" else value}
            )
        return cleaned


def clean_value(each: BulkField, value: Any) -> Any:
    """Return a value as the forms of products and variants clean it. Raises ValidationError."""
    each.check_range(value)
    if each.name == "description_html":
        return clean_html(value or "")
    if each.name == "hs_code":
        return parse_hs_code(value or "")
    if each.name == "packed_weight_g":
        return check_packed_weight(value)
    if each.name == "ip_rating":
        return check_ip_rating(value or "")
    return value


def _clean_value(each: BulkField, value: Any) -> Any:
    """Return a value as ``clean_value`` does; of a brand or an alias, the name of the brand."""
    if not isinstance(each, BrandField) or not value:
        return clean_value(each, value)
    brand = each.find(value)
    if brand is None:
        raise forms.ValidationError(unknown_brand(value))
    return brand.name


def _hows(each: BulkField) -> Iterator[tuple[str, str]]:
    yield "set", _("Set to")
    if each.is_list:
        yield "append", _("Add to the list")
        yield "remove", _("Remove from the list")
    if each.can_clear:
        yield "clear", _("Clear")


def initial_values(edit: BulkEdit) -> dict[str, Any]:
    """Return the initial values of ``ValuesForm`` from the operations of an edit."""
    initial: dict[str, Any] = {}
    for operation in edit.operations:
        initial[f"{HOW}{operation['field']}"] = operation["how"]
        initial[f"{VALUE}{operation['field']}"] = operation["value"]
    return initial
