"""Language fields: enter a text per language of the shop, and choices with a name per language."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info, gettext
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

CODE = re.compile(r"[a-z][a-z0-9_]*")
BLANK_ROWS = 4
MAX_ROWS = 200


def language_name(code: str) -> str:
    """Return the name of a language in the language of the page."""
    return str(get_language_info(code)["name_translated"]).capitalize()


class NamedGroup(forms.Field):
    """A field of several inputs, which its widget shows as a group with the field's label."""

    def get_bound_field(self, form: Any, field_name: str) -> Any:
        self.widget.group_label = self.label or ""
        return super().get_bound_field(form, field_name)


class LanguageTextsWidget(forms.MultiWidget):
    template_name = "staff/language_texts.html"
    group_label = ""

    def __init__(self, *, is_long: bool = False) -> None:
        part = UnfoldAdminTextareaWidget if is_long else UnfoldAdminTextInputWidget
        self.set_parts(part, attrs={"rows": 3} if is_long else None)

    def set_parts(self, part: Any, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({code: part(attrs=attrs) for code, _name in settings.LANGUAGES})

    def use_required_attribute(self, _initial: Any) -> bool:
        return False  # only English is required

    def decompress(self, value: Any) -> list[str]:
        texts = value if isinstance(value, dict) else {}
        return [str(texts.get(code, "")) for code, _name in settings.LANGUAGES]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        shown = context["widget"]
        shown["group_label"] = self.group_label
        for part, (code, _name) in zip(shown["subwidgets"], settings.LANGUAGES, strict=True):
            part["language"] = language_name(code)
        return context


class HiddenLanguageTexts(LanguageTextsWidget):
    """The texts that a page showed; the page sends them back with those that staff typed."""

    template_name = "django/forms/widgets/multiwidget.html"

    def __init__(self) -> None:
        self.set_parts(forms.HiddenInput)


class LanguageTextsField(NamedGroup, forms.MultiValueField):
    """Texts by language, without empty ones; English is required if the field is.

    ``is_long`` gives each language several lines; ``max_length`` limits each text.
    """

    hidden_widget = HiddenLanguageTexts

    def __init__(
        self, *, is_long: bool = False, max_length: int | None = None, **options: Any
    ) -> None:
        parts = [
            forms.CharField(required=False, max_length=max_length) for _each in settings.LANGUAGES
        ]
        widget = LanguageTextsWidget(is_long=is_long)
        super().__init__(parts, require_all_fields=False, widget=widget, **options)

    def compress(self, data_list: list[str]) -> dict[str, str]:
        texts = zip(settings.LANGUAGES, data_list, strict=False)
        return {code: text.replace("\r\n", "\n") for (code, _name), text in texts if text}

    def validate(self, value: Any) -> None:
        if self.required and "en" not in value:
            message = gettext("Enter the English name. It is used where a translation is missing.")
            raise forms.ValidationError(message, code="required")

    def clean(self, value: Any) -> dict[str, str]:
        """Return the texts. Raises: ValidationError  English is missing, a text is too long."""
        if not any(value or ()):
            self.validate({})
        texts: dict[str, str] = super().clean(value)
        return texts


class ChoiceRowsWidget(forms.Widget):
    template_name = "staff/choice_rows.html"
    group_label = ""
    use_fieldset = True

    def id_for_label(self, id_: str) -> str:  # noqa: ARG002 - there is no single input
        return ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        filled = [(str(place), *row) for place, row in enumerate(value or [], start=1)]
        blank: list[Any] = [("", "", {})] * BLANK_ROWS
        context["widget"] |= {
            "group_label": self.group_label,
            "rows": [self._row(f"{name}-{at}", *row) for at, row in enumerate([*filled, *blank])],
        }
        return context

    def _row(
        self, name: str, position: str, code: str, names: Mapping[str, str]
    ) -> list[dict[str, str]]:
        return [
            _part(f"{name}-code", gettext("Code"), code),
            *(
                _part(f"{name}-{language}", language_name(language), names.get(language, ""))
                for language, _name in settings.LANGUAGES
            ),
            _part(f"{name}-position", gettext("Position"), position, kind="number"),
        ]

    def value_from_datadict(self, data: Any, _files: Any, name: str) -> list[Any]:
        """Return the filled rows as pairs of code and names, by position; blank positions last."""
        rows = []
        for at in range(MAX_ROWS):
            if f"{name}-{at}-code" not in data:
                break
            code = data[f"{name}-{at}-code"].strip()
            texts = {
                language: data.get(f"{name}-{at}-{language}", "").strip()
                for language, _name in settings.LANGUAGES
            }
            names = {language: text for language, text in texts.items() if text}
            position = data.get(f"{name}-{at}-position", "")
            if code or names:
                place = int(position) if position.isdecimal() else MAX_ROWS
                rows.append((place, (code, names)))
        return [row for _place, row in sorted(rows, key=lambda each: each[0])]


def _part(name: str, label: str, value: str, *, kind: str = "text") -> dict[str, str]:
    return {"name": name, "label": label, "value": value, "type": kind}


class ChoiceRowsField(NamedGroup):
    """Choices as pairs of a code and its names by language, in the order of their positions."""

    widget = ChoiceRowsWidget

    def __init__(self, *, max_length: int, **options: Any) -> None:
        super().__init__(**options)
        self.max_length = max_length

    def clean(self, value: Any) -> list[tuple[str, dict[str, str]]]:
        """Return the pairs. Raises: ValidationError  a code or an English name is wrong."""
        rows: list[tuple[str, dict[str, str]]] = value
        codes = [code for code, _names in rows]
        for code, names in rows:
            if not CODE.fullmatch(code):
                message = gettext(
                    "“%(code)s” is not a code. Enter lower-case letters, digits and underscores."
                )
                raise forms.ValidationError(message % {"code": code or names.get("en", "")})
            if codes.count(code) > 1:
                message = gettext("Two choices have the code “%(code)s”.")
                raise forms.ValidationError(message % {"code": code})
            if "en" not in names:
                message = gettext("Enter an English name for the choice “%(code)s”.")
                raise forms.ValidationError(message % {"code": code})
            if any(len(text) > self.max_length for text in names.values()):
                message = gettext("A name of “%(code)s” is longer than %(most)d characters.")
                raise forms.ValidationError(message % {"code": code, "most": self.max_length})
        return rows

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [(code, dict(names)) for code, names in initial or []] != list(data or [])
