"""Own columns: suggest the field of each column of a staff file, parse its cells."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from catalog.attributes import batteries, units
from catalog.attributes.identifiers import split_gtins
from catalog.attributes.numbers import UnreadableError, parse_decimal
from catalog.attributes.spec_table import SpecTable
from catalog.bulk_edits import fields as bulk_fields
from catalog.bulk_edits.fields import BulkField
from catalog.bulk_edits.forms import clean_value
from catalog.custom_attributes import values as custom_values
from catalog.models import Category, Identifier
from storefront.lib.text import fold
from suppliers.catalog_files import columns
from suppliers.connectors.feed.mapping.claim_labels import CLAIM_ALIASES, known_name
from suppliers.connectors.feed.mapping.fields import OPTION_ALIASES, OPTION_PREFIX, TARGETS

SKU = "sku"  # the column that names our SKU
EXPORTED = {
    "Shop SKU": SKU,
    "Shop title": "product.title",
    "Shop category": "product.category",
    "Description": "product.description_html",
    "Packed weight (g)": "variant.packed_weight_g",
    "HS code": "variant.hs_code",
    "IP rating": "spec.ip_rating",
    "Body material": "spec.material",
    "GTIN": "identifier.gtin",
    "MPN": "identifier.mpn",
    **{heading: f"spec.{column}" for heading, (_label, column) in columns.NUMBERS.items()},
}
# By folded heading: without its language, "TITLE (AZ)" would name the English title.
TEXTS = {
    fold(heading): f"{bulk_fields.TEXT}.{name}:{language}"
    for heading, (language, name) in columns.TEXTS.items()
}
# Not suggested: a column named Color usually states the option, which may be another word.
OF_OPTION = "variant.color"
HEADINGS = frozenset({*columns.BEFORE_OPTIONS, *columns.AFTER_OPTIONS})
LABELS = {column: label for label, column in columns.NUMBERS.values()}
SKU_NAMES = ("shop sku", "our sku", "variant sku", "sku")
_BARE = re.compile(r"[+-]?\d[\d.,' ]*")
_WORD = re.compile(r"[^\W_]+")
_EXPORTED_FEATURES = re.compile(r"Features:([^|]*)\|.*")  # other attributes may follow
_SEPARATOR = re.compile(r"\s*[,;|]\s*")
_YES = {"yes", "true", "1", "y", "included", "bəli", "ja", "da"}
_NO = {"no", "false", "0", "n", "not included", "xeyr", "nein"}


class CellError(ValueError):
    """A cell states no value of its field. The message is for staff."""


class OwnColumns:
    """The fields that staff files may state, and their values."""

    def __init__(self) -> None:
        self.fields = bulk_fields.all_fields()
        del self.fields[bulk_fields.STATUS]  # a column named Status states that of the variant

    @cached_property
    def _categories(self) -> dict[str, int]:
        """The id of each category by slug and by its name in each language."""
        return {
            fold(str(name)): category.pk
            for category in Category.objects.order_by("-pk")
            for name in (*category.names.values(), category.slug)
        }

    def choices(self) -> list[tuple[str, str]]:
        return [
            (SKU, _("Our SKU")),
            *((code, each.label) for code, each in self.fields.items()),
        ]

    def suggest(self, headings: Sequence[str]) -> dict[str, str]:
        """Return the likeliest field of each heading, each field once; staff review it."""
        found: dict[str, str] = {}
        for heading in headings:
            code = EXPORTED.get(heading) or TEXTS.get(fold(heading))
            code = code or self._names.get(fold(heading)) or self._names.get(_plain(heading), "")
            if code and code not in found.values():
                found[heading] = code
        if SKU not in found.values():
            plain = {_plain(heading): heading for heading in reversed(headings)}
            if name := next((name for name in SKU_NAMES if name in plain), ""):
                found[plain[name]] = SKU
        return found

    @cached_property
    def _names(self) -> dict[str, str]:
        """The code of each field by its names, folded."""
        names = dict.fromkeys(SKU_NAMES[:2], SKU)
        for code, each in self.fields.items():
            if code == OF_OPTION:
                continue
            if each.part == bulk_fields.TEXT:
                names.setdefault(_plain(each.label), code)  # its name alone is the English text
                continue
            if each.definition is not None and each.definition.language:
                names.setdefault(fold(each.label), code)  # "Care (az)"; "Care" is the English text
                continue
            known = [each.label, each.name.removeprefix("custom:").replace("_", " ")]
            if each.part == bulk_fields.IDENTIFIER:
                known += TARGETS[each.name].aliases
            elif each.definition is not None:
                known += [*dict(each.definition.names).values(), *each.definition.labels]
            elif label := LABELS.get(each.name):
                known += [label, *CLAIM_ALIASES.get(label, ())]
            for name in known:
                names.setdefault(_plain(name), code)
        return names

    def parse(self, code: str, text: str, *, heading: str, mark: str) -> Any:
        """Return the value of a cell as JSON. Raises CellError."""
        each = self.fields[code]
        try:
            value = self._parse(each, text.strip(), heading=heading, mark=mark)
            return each.to_json(clean_value(each, value))
        except UnreadableError as error:
            raise CellError(f"{each.label}: {error}") from error
        except forms.ValidationError as error:
            raise CellError(f"{each.label}: {' '.join(error.messages)}") from error

    def _parse(self, each: BulkField, text: str, *, heading: str, mark: str) -> Any:
        if each.definition is not None:
            stated = units.with_heading_unit(text, heading=heading)
            return custom_values.parse(stated, each.definition, mark=mark)
        if each.name == "category":
            return self._category(text)
        return _entered(each, text, heading=heading, mark=mark)

    def _category(self, text: str) -> int:
        pk = self._categories.get(fold(text))
        if pk is None:
            raise UnreadableError(_("no category is named %(text)s") % {"text": text[:60]})
        return pk


def _entered(each: BulkField, text: str, *, heading: str, mark: str) -> Any:
    """Return the value that the form field of staff pages would accept."""
    field = each.form_field
    if each.part == bulk_fields.IDENTIFIER:
        numbers = split_gtins(text) if each.name == Identifier.Scheme.GTIN else [text]
        return [field.clean(number) for number in numbers]
    if isinstance(field, forms.NullBooleanField):
        return _yes_or_no(text)
    if isinstance(field, forms.MultipleChoiceField):
        parts = filter(None, _SEPARATOR.split(_EXPORTED_FEATURES.sub(r"\1", text)))
        return list(dict.fromkeys(_choice(field, part) for part in parts))
    if isinstance(field, forms.ChoiceField):
        return _choice(field, text)
    if isinstance(field, forms.DecimalField | forms.IntegerField):
        return field.clean(_number(each, text, heading=heading, mark=mark))
    return field.clean(text)


def is_exported(heading: str) -> bool:
    """Return whether our exports have a column with this heading."""
    return heading in HEADINGS or heading in OPTION_ALIASES or heading.startswith(OPTION_PREFIX)


def _plain(heading: str) -> str:
    return known_name(heading) or fold(heading)


def _choice(field: Any, text: str) -> str:
    """Return the code that a text names, by code or label."""
    for code, label in field.choices:
        if code and _words(text) in {_words(str(code)), _words(str(label))}:
            return str(code)
    known = ", ".join(str(code) for code, _label in field.choices if code)
    message = _("%(text)s is none of: %(known)s")
    raise UnreadableError(message % {"text": text[:60], "known": known[:200]})


def _words(text: str) -> str:
    """Return the words of a text, so that ``USB-C`` is ``usb_c``."""
    return " ".join(_WORD.findall(fold(text)))


def _yes_or_no(text: str) -> bool:
    folded = fold(text)
    if folded not in _YES | _NO:
        raise UnreadableError(_("%(text)s is neither yes nor no") % {"text": text[:60]})
    return folded in _YES


def _number(each: BulkField, text: str, *, heading: str, mark: str) -> str:
    """Return a number in the unit of the field, as text; units of the cell or heading count."""
    label = LABELS.get(each.name) if each.part == bulk_fields.SPEC else None
    has_unit = not _BARE.fullmatch(text) or bool(units.heading_unit(heading))
    if label is None or not has_unit:
        if not _BARE.fullmatch(text):
            raise UnreadableError(_("%(text)s is not a number") % {"text": text[:60]})
        return f"{parse_decimal(text, mark=mark):f}"
    stated = units.with_heading_unit(text, heading=heading)
    table = SpecTable({label: stated}, mark=mark)
    found = table.numbers(battery=batteries.Battery()).get(each.name)
    if found is None:
        reason = table.unreadable[0][2] if table.unreadable else f"{text[:60]!r}"
        raise UnreadableError(str(reason))
    value = found[0]
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def read_cells(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the cells of a row as texts, without NUL, which PostgreSQL refuses."""
    return {
        heading: "" if value is None else str(value).replace("\0", "")
        for heading, value in row.items()
    }
