"""Staff history: record the old and the new value of each changed field."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

MAX_VALUE_CHARS = 60


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
