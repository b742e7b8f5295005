"""Form fields: enter money, lines, countries, currencies; style forms, record their changes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from babel import Locale
from babel.numbers import get_territory_currencies
from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from storefront.lib.address import COUNTRIES

MAX_VALUE_CHARS = 60
YEARS = range(1900, 2101)
DATE_FIELDS = (forms.DateField, forms.DateTimeField, forms.SplitDateTimeField)
# Django's widget -> the admin's widget.
STAFF_WIDGETS: Mapping[type[forms.Widget], Any] = {
    forms.TextInput: UnfoldAdminTextInputWidget,
    forms.DateTimeInput: UnfoldAdminTextInputWidget,
    forms.Textarea: UnfoldAdminTextareaWidget,
    forms.NumberInput: UnfoldAdminDecimalFieldWidget,
    forms.Select: UnfoldAdminSelectWidget,
    forms.CheckboxInput: UnfoldBooleanSwitchWidget,
}


class LinesField(forms.CharField):
    """A list of texts, one per line."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != self.to_python(initial))


def check_one_per_line(texts: Iterable[str]) -> None:
    """Raise ValidationError if a text is a list of several, such as "Color, Size"."""
    for text in texts:
        if "," in text or ";" in text:
            message = _("“%(text)s” is one name. Enter each name in its own line.")
            raise forms.ValidationError(message % {"text": text})


def send_shown_values(form: forms.BaseForm) -> None:
    """Let the page of a form send back the values that it showed.

    A field is changed if staff changed what they saw. A value that an import wrote meanwhile stays.
    """
    names = [form[name].html_initial_name for name in form.fields]
    is_sent = not form.is_bound or any(name in form.data for name in names)
    for field in form.fields.values():
        field.show_hidden_initial = is_sent


def money_field(label: Any, **options: Any) -> forms.DecimalField:
    options = {"min_value": 0, "max_digits": 12, "decimal_places": 2, **options}
    return forms.DecimalField(label=label, **options)


def use_staff_widgets(form: forms.BaseForm) -> None:
    """Give the fields of a form the style of the admin."""
    style_fields(form.fields.values())


def style_fields(fields: Iterable[forms.Field]) -> None:
    """Give fields the style of the admin; dates must have a plausible year."""
    for field in fields:
        if isinstance(field, DATE_FIELDS) and check_year not in field.validators:
            field.validators.append(check_year)
        plain: Any = field.widget
        if widget_class := STAFF_WIDGETS.get(type(plain)):
            field.widget = widget_class(attrs=dict(plain.attrs))
            field.widget.is_required = plain.is_required
            if isinstance(plain, forms.Select):
                field.widget.choices = plain.choices


def check_year(day: date) -> None:
    """Raise ValidationError if the year is a typing error, such as 0226 or 20226."""
    if day.year not in YEARS:
        raise forms.ValidationError(_("Enter a year from 1900 to 2100."))


class _IgnoresInvalidIds:
    """Ignores a value that is not an id, for which Django's widgets raise ValueError."""

    field: Any

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        parent: Any = super()
        return parent.optgroups(name, [choice for choice in value if self._is_id(choice)], attr)

    def _is_id(self, value: str) -> bool:
        try:
            self.field.target_field.to_python(value)
        except ValidationError:
            return False
        return True


class RelatedRowSelect(_IgnoresInvalidIds, AutocompleteSelect):
    """Select for one related row.

    Shape:  ``known`` has the labels of rows by id that need not be read again
    """

    known: Mapping[str, str] = MappingProxyType({})

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        if len(value) == 1 and (label := self.known.get(value[0])):
            return [(None, [self.create_option(name, value[0], label, selected=True, index=0)], 0)]
        return super().optgroups(name, value, attr)


class RelatedRowsSelect(_IgnoresInvalidIds, AutocompleteSelectMultiple):
    """Select for several related rows."""


class RelatedSelects:
    """Gives the ``autocomplete_fields`` of an admin class selects that ignore invalid ids."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        return self._select("foreignkey", RelatedRowSelect, db_field, request, options)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        return self._select("manytomany", RelatedRowsSelect, db_field, request, options)

    def _select(
        self, kind: str, select: Any, db_field: Any, request: HttpRequest, options: dict[str, Any]
    ) -> Any:
        admin: Any = self
        if db_field.name in admin.get_autocomplete_fields(request):
            widget = select(db_field, admin.admin_site, using=options.get("using"))
            options.setdefault("widget", widget)
        return getattr(super(), f"formfield_for_{kind}")(db_field, request, **options)


def clean_country(text: str) -> str:
    """Return a country code in upper case, or "". Raises ValidationError."""
    code = text.upper()
    if code and code not in COUNTRIES:
        message = _("%(code)s is not a country code. Enter two letters, such as DE.")
        raise forms.ValidationError(message % {"code": code}, code="no_country")
    return code


class CodeField(forms.ChoiceField):
    """A code that staff select by its name, such as "Germany (DE)"."""

    widget = UnfoldAdminSelectWidget
    default_error_messages = {"invalid_choice": gettext_lazy("%(value)s is not an available code.")}

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).upper()


class CountryField(CodeField):
    """A country; ``codes`` are the countries to select from."""

    default_error_messages = {
        "invalid_choice": gettext_lazy(
            "%(value)s is not a country code. Enter two letters, such as DE."
        )
    }

    def __init__(self, *, codes: Collection[str] = COUNTRIES, **options: Any) -> None:
        known = frozenset(codes)
        super().__init__(choices=lambda: _by_name("territories", known), **options)


class CurrencyField(CodeField):
    """A currency that is legal tender in a country."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=lambda: _by_name("currencies", current_currencies()), **options)


@lru_cache(maxsize=1)
def current_currencies() -> frozenset[str]:
    return frozenset(code for country in COUNTRIES for code in get_territory_currencies(country))


def _by_name(kind: str, codes: frozenset[str]) -> list[tuple[str, str]]:
    return [("", "---------"), *_named(kind, codes, (get_language() or "en")[:2])]


@lru_cache(maxsize=16)
def _named(kind: str, codes: frozenset[str], language: str) -> list[tuple[str, str]]:
    names = getattr(Locale(language), kind)
    named = ((code, f"{names.get(code, code)} ({code})") for code in codes)
    return sorted(named, key=lambda each: each[1].casefold())


class CountriesField(forms.CharField):
    """Field of two-letter country codes, stored as a list in the given order."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        codes = str(value or "").replace(",", " ").split()
        return list(dict.fromkeys(map(clean_country, codes)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or []) != self.to_python(data))
        except forms.ValidationError:
            return True


def construct_message(form: forms.Form, formsets: Any, *, add: bool) -> list[dict[str, Any]]:
    """Return the message of an admin history entry, as Django stores it, with old and new values."""
    message: list[dict[str, Any]] = []
    if add:
        message.append({"added": {}})
    elif form.changed_data:
        message.append({"changed": {"fields": _changes(form)}})
    for formset in formsets or ():
        name = str(formset.model._meta.verbose_name)  # noqa: SLF001 - Django's model API
        message += [{"added": {"name": name, "object": str(row)}} for row in formset.new_objects]
        changed = [row for row, _names in formset.changed_objects]
        message += [
            {"changed": {"name": name, "object": str(one.instance), "fields": _changes(one)}}
            for one in formset.forms
            if any(row is one.instance for row in changed)
        ]
        message += [
            {"deleted": {"name": name, "object": str(row)}} for row in formset.deleted_objects
        ]
    return message


def _changes(form: Any) -> list[str]:
    return [
        _("%(field)s: %(old)s → %(new)s")
        % {
            "field": form.fields[name].label or name,
            "old": _text(form[name].initial),
            "new": _text(form.cleaned_data.get(name)),
        }
        for name in form.changed_data
    ]


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = "–" if value in (None, "") else str(value)
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]}…"
