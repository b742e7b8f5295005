"""Own columns: suggest the field of each column of a staff file, parse its cells, write them.

Beside the fields of ``bulk_edits.file_fields`` a column may hold our SKU, the URL handle of the product,
an option or its translation (each named as the column), or a part of the images, such as
``images.product.alt:az``.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import override

from catalog.attributes import batteries, units
from catalog.attributes.identifiers import MAX_BRAND_KEY, brand_key, split_gtins, stored_brand_key
from catalog.attributes.numbers import UnreadableError, parse_decimal
from catalog.attributes.spec_table import SpecTable
from catalog.attributes.text_cleaning import clean_text
from catalog.brands.aliases import load_aliases
from catalog.bulk_edits import fields as bulk_fields
from catalog.bulk_edits import file_fields, identifiers
from catalog.bulk_edits.cells import document_lists, guarantee_fields, image_lists, mode_texts
from catalog.bulk_edits.cells.values import read_choice, read_yes_no
from catalog.bulk_edits.fields import BRAND, BulkField
from catalog.bulk_edits.file_fields import (
    DOCUMENTS_CODE,
    GUARANTEE_CODE,
    MODES,
    OPTION_NAME,
    OPTION_TEXT,
    PRODUCT_IMAGES,
    VARIANT_IMAGES,
)
from catalog.bulk_edits.forms import clean_value
from catalog.custom_attributes import values as custom_values
from catalog.models import Brand, Category, Identifier
from catalog.models.texts import TRANSLATED_LANGUAGES
from storefront.lib.staff.form_fields import clean_country
from storefront.lib.text import fold
from suppliers.catalog_files import columns
from suppliers.connectors.feed.mapping.claim_labels import CLAIM_ALIASES, known_name
from suppliers.connectors.feed.mapping.fields import OPTION_ALIASES, OPTION_PREFIX, TARGETS

SKU = "sku"  # the column that names our SKU
HANDLE = "handle"  # the URL handle of the product; rows with the same one belong together
REASON = "reason"  # why the unlikely values of the row are right
OPTION = "option"  # the value of an option, which the heading names
OPTION_HEADINGS = ("Color", "Size", "Pattern")  # others have a prefix
OPTION_NAME_PREFIX = "Option name: "  # of columns with the translations of an option's name
EXPORT_CODES = {
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
FILTER_COLOR = "variant.color"
HEADINGS = frozenset({*columns.BEFORE_OPTIONS, *columns.AFTER_OPTIONS})
LABELS = {column: label for label, column in columns.NUMBERS.values()}
SUPPLIER_EXPORT_MARK = "Shop SKU"  # a heading that only exports for suppliers have
SKU_NAMES = ("shop sku", "our sku", "variant sku", "sku")
HANDLE_NAMES = ("url handle", "handle", "product handle")
_TRANSLATED = re.compile(
    r"(.+?) ?\((" + "|".join(code for code, _name in TRANSLATED_LANGUAGES) + r")\)"
)
_BARE = re.compile(r"[+-]?\d[\d.,' ]*")
_EXPORTED_FEATURES = re.compile(r"Features:([^|]*)\|.*")  # other attributes may follow
_SEPARATOR = re.compile(r"\s*[,;|]\s*")


# Fields whose value is in several columns -> the module that parses and writes these columns.
MULTI_COLUMN: dict[str, Any] = {
    **dict.fromkeys((PRODUCT_IMAGES, VARIANT_IMAGES), image_lists),
    DOCUMENTS_CODE: document_lists,
    GUARANTEE_CODE: guarantee_fields,
}


class CellError(ValueError):
    """A cell states no value of its field. The message is for staff."""


class OwnColumns:
    """The fields that staff files may state, and their values."""

    def __init__(self) -> None:
        known = file_fields.all_fields()
        status = known[bulk_fields.STATUS]  # a column named Status states that of the variant
        known[bulk_fields.STATUS] = replace(status, label=_("Product status"))
        known[FILTER_COLOR] = replace(known[FILTER_COLOR], label=_("Filter color"))
        labels = Counter(each.label for each in known.values())
        for code, each in known.items():
            if each.part == bulk_fields.VARIANT and labels[each.label] > 1:
                label = _("%(field)s of the variant") % {"field": each.label}
                known[code] = replace(each, label=label)
        self.fields = known

    @cached_property
    def _categories(self) -> dict[str, int]:
        """The id of each category by slug and by its name in each language."""
        return {
            fold(str(name)): category.pk
            for category in Category.objects.order_by("-pk")
            for name in (*category.names.values(), category.slug)
        }

    @cached_property
    def categories(self) -> dict[int, Category]:
        return Category.objects.in_bulk()

    @cached_property
    def _brands(self) -> dict[str, str]:
        """The name of each brand by the keys of its spellings."""
        return dict(Brand.objects.values_list("key", "name")) | dict(load_aliases())

    @cached_property
    def _own_export_codes(self) -> dict[str, str]:
        return own_export_codes()

    @cached_property
    def labels(self) -> dict[str, str]:
        """The label of each field that a column may have, by code; the SKU first."""
        fields = {
            code: each.label
            for code, each in self.fields.items()
            if each.part not in {OPTION_TEXT, OPTION_NAME}
            and code not in {*MULTI_COLUMN, file_fields.OPTION_NAMES, file_fields.OPTION_VALUES}
        }
        option = _("Option, named as the column")
        translated = {
            f"{part}:{code}": f"{label} ({code})"
            for part, label in ((OPTION_TEXT, option), (OPTION_NAME, _("Name of an option")))
            for code, _name in TRANSLATED_LANGUAGES
        }
        known = {SKU: _("Our SKU"), HANDLE: _("URL handle"), OPTION: option}
        parts = self._multi_column_labels
        return known | translated | fields | parts | {REASON: _("Reason for unlikely values")}

    @cached_property
    def _multi_column_labels(self) -> dict[str, str]:
        """The labels of fields whose value is in several columns."""
        found = {}
        for code, module in MULTI_COLUMN.items():
            label = self.fields[code].label
            for part, name in module.labels().items():
                found[f"{code}.{part}"] = f"{label}: {name}" if name else label
        return found

    def choices(self) -> list[tuple[str, str]]:
        return list(self.labels.items())

    def suggest(self, headings: Sequence[str]) -> dict[str, str]:
        """Return the likeliest field of each heading, each field once; staff review it."""
        found: dict[str, str] = {}
        # A column SKU of an export for suppliers has the supplier's SKU.
        own = {} if SUPPLIER_EXPORT_MARK in headings else self._own_export_codes
        for heading in headings:
            code = own.get(heading) or EXPORT_CODES.get(heading) or TEXTS.get(fold(heading))
            code = code or _option_code(heading) or self._names.get(fold(heading))
            code = code or self._names.get(_plain(heading), "")
            if code and (may_repeat(code) or code not in found.values()):
                found[heading] = code
        if SKU not in found.values():
            plain = {_plain(heading): heading for heading in reversed(headings)}
            if name := next((name for name in SKU_NAMES if name in plain), ""):
                found[plain[name]] = SKU
        return found

    @cached_property
    def _names(self) -> dict[str, str]:
        """The code of each field by its names, folded."""
        names = dict.fromkeys(SKU_NAMES[:2], SKU) | dict.fromkeys(HANDLE_NAMES, HANDLE)
        names |= dict.fromkeys(("reason", _plain(self.labels[REASON])), REASON)
        for code in self.labels:
            each = self.fields.get(code)
            if each is None or code == FILTER_COLOR:
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

    def stated_numbers(
        self, cells: Mapping[str, str], mapped: Mapping[str, str], *, mark: str, brand: str
    ) -> Iterator[str]:
        """Yield the stored values of the identifiers that a row states."""
        for heading, code in mapped.items():
            each, text = self.fields.get(code), cells.get(heading, "").strip()
            if each is None or each.part != bulk_fields.IDENTIFIER or not text:
                continue
            with suppress(CellError, identifiers.IdentifierError):
                for raw in self.parse(code, text, heading=heading, mark=mark):
                    yield identifiers.stored_value_of(each.name, raw, brand=brand)

    def _parse(self, each: BulkField, text: str, *, heading: str, mark: str) -> Any:
        if each.definition is not None:
            stated = units.with_heading_unit(text, heading=heading)
            return custom_values.parse(stated, each.definition, mark=mark)
        if each.name == "category":
            return self._category(text)
        if each.code == BRAND:
            return self._brand(text)
        if each.part == MODES:
            return mode_texts.parse_cell(text, mark=mark)
        if each.name == "origin_country":
            return clean_country(text)
        # The headings of exports name the unit of the field.
        with_unit = "" if self._own_export_codes.get(heading) == each.code else heading
        return _entered(each, text, heading=with_unit, mark=mark)

    def _category(self, text: str) -> int:
        pk = self._categories.get(fold(text))
        if pk is None:
            raise UnreadableError(_("no category is named %(text)s") % {"text": text[:60]})
        return pk

    def _brand(self, text: str) -> str:
        name = clean_text(text)
        if not brand_key(name) or len(name) > MAX_BRAND_KEY:
            message = _(
                "%(text)s is not a brand name: write letters or digits, at most %(most)s characters"
            )
            raise UnreadableError(message % {"text": text[:60], "most": MAX_BRAND_KEY})
        return self._brands.setdefault(stored_brand_key(name), name)

    def write(self, each: BulkField, stored: Any) -> str:  # noqa: PLR0911 - one per kind
        """Return the text of a stored value, from which ``parse`` reads the same value."""
        if stored in bulk_fields.EMPTY:
            return ""
        if isinstance(stored, bool):
            return "yes" if stored else "no"
        if each.name == "category":
            return self.categories[stored].slug
        if each.part == MODES:
            return mode_texts.SEPARATOR.join(stored)
        if each.name == "description_html":
            return columns.on_few_lines(stored)
        if isinstance(stored, list):
            separator = "; " if each.part == bulk_fields.IDENTIFIER else ", "
            return separator.join(map(str, stored))
        return str(stored)


def may_repeat(code: str) -> bool:
    """Return whether several columns of a file may have a field: one for each option."""
    return code == OPTION or code.partition(":")[0] in {OPTION_TEXT, OPTION_NAME}


def option_name(heading: str) -> str:
    """Return the option that a heading names: ``Tint`` of ``Option: Tint`` and ``Tint (az)``."""
    translated = _TRANSLATED.fullmatch(heading.strip())
    plain = translated[1] if translated else heading
    return plain.removeprefix(OPTION_NAME_PREFIX).removeprefix(OPTION_PREFIX).strip()


def option_heading(name: str, language: str = "", *, of_name: bool = False) -> str:
    """Return the heading of the values of an option, or of the translations of its name."""
    suffix = f" ({language})" if language else ""
    if of_name:
        return f"{OPTION_NAME_PREFIX}{name}{suffix}"
    return f"{'' if name in OPTION_HEADINGS else OPTION_PREFIX}{name}{suffix}"


def _option_code(heading: str) -> str:
    """Return the code of a column that names an option; empty for other columns."""
    translated = _TRANSLATED.fullmatch(heading.strip())
    if heading.startswith(OPTION_NAME_PREFIX):
        return f"{OPTION_NAME}:{translated[2]}" if translated else ""
    if not heading.startswith(OPTION_PREFIX) and option_name(heading) not in OPTION_HEADINGS:
        return ""
    return f"{OPTION_TEXT}:{translated[2]}" if translated else OPTION


def own_export_codes() -> dict[str, str]:
    """Return the code of each heading of an export of our own products, except of options."""
    with override("en"):
        labels = {**OwnColumns().labels, SKU: "SKU"}
        return {label: code for code, label in labels.items() if not may_repeat(code)}


def _entered(each: BulkField, text: str, *, heading: str, mark: str) -> Any:
    """Return the value that the form field of staff pages would accept."""
    field = each.form_field
    if each.part == bulk_fields.IDENTIFIER:
        numbers = split_gtins(text) if each.name == Identifier.Scheme.GTIN else [text]
        return [field.clean(number) for number in numbers]
    if isinstance(field, forms.NullBooleanField):
        return read_yes_no(text)
    if isinstance(field, forms.MultipleChoiceField):
        parts = filter(None, _SEPARATOR.split(_EXPORTED_FEATURES.sub(r"\1", text)))
        return list(dict.fromkeys(read_choice(part, field.choices) for part in parts))
    if isinstance(field, forms.ChoiceField):
        return read_choice(text, field.choices)
    if isinstance(field, forms.DecimalField | forms.IntegerField):
        return field.clean(_number(each, text, heading=heading, mark=mark))
    return field.clean(text)


def is_export_heading(heading: str) -> bool:
    """Return whether the exports for suppliers have a column with this heading."""
    return heading in HEADINGS or heading in OPTION_ALIASES or heading.startswith(OPTION_PREFIX)


def _plain(heading: str) -> str:
    return known_name(heading) or fold(heading)


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


def is_number(each: BulkField) -> bool:
    """Return whether a spreadsheet may store the values of a field as numbers."""
    return isinstance(each.form_field, forms.DecimalField | forms.IntegerField)


def read_cells(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the cells of a row as texts, without NUL, which PostgreSQL refuses."""
    return {
        heading: "" if value is None else str(value).replace("\0", "")
        for heading, value in row.items()
    }
