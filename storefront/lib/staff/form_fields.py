"""Form fields: define a field for amounts of money, give forms the widgets of the admin."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

# Django's widget -> the admin's widget.
STAFF_WIDGETS: Mapping[type[forms.Widget], Any] = {
    forms.TextInput: UnfoldAdminTextInputWidget,
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


def send_shown_values(form: forms.BaseForm) -> None:
    """Let the page of a form send back the values that it showed.

    A field is changed if staff changed what they saw. A value that an import wrote meanwhile stays.
    """
    names = [form[name].html_initial_name for name in form.fields]
    is_sent = not form.is_bound or any(name in form.data for name in names)
    for field in form.fields.values():
        field.show_hidden_initial = is_sent


def money_field(label: Any, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=0, max_digits=12, decimal_places=2, **options)


def use_staff_widgets(form: forms.BaseForm) -> None:
    """Give the fields of a form the style of the admin."""
    style_fields(form.fields.values())


def style_fields(fields: Iterable[forms.Field]) -> None:
    for field in fields:
        plain: Any = field.widget
        if widget_class := STAFF_WIDGETS.get(type(plain)):
            field.widget = widget_class(attrs=dict(plain.attrs))
            field.widget.is_required = plain.is_required
            if isinstance(plain, forms.Select):
                field.widget.choices = plain.choices
