"""Feed mapping form: show a mapping as fields, validate the input, build a mapping from it."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from suppliers.connectors.feed.mapping.claim_labels import CLAIM_ALIASES
from suppliers.connectors.feed.mapping.fields import TARGETS, CellKind
from suppliers.connectors.feed.mapping.spec import (
    EmptyCellMeans,
    Format,
    FormatOverrides,
    Mapping,
    Source,
    Warehouse,
)
from suppliers.connectors.feed.rows.numbers import GRAMS, MILLIMETERS
from suppliers.connectors.records import MissingRowMeans
from suppliers.feed_mapping import source_syntax
from suppliers.feed_mapping.source_syntax import InvalidLineError

READING_FIELDS = ("format", "encoding", "delimiter", "decimal", "item_path", "sheet", "header_row")
LIST_FIELDS = ("images", "options", "claims", "warehouses")
MISSING_VALUE_FIELDS = (
    "currency",
    "location",
    "country",
    "omitted_products",
    "omitted_stock",
    "blank",
    "stale_after_h",
)
TAB = "tab"  # a tab cannot be typed in the field
UNITS = {CellKind.WEIGHT: GRAMS, CellKind.LENGTH: MILLIMETERS}
VALUE_MAPPED_KINDS = (CellKind.STOCK, CellKind.FLAG)


def initial_values(mapping: Mapping) -> dict[str, Any]:
    values: dict[str, Any] = {
        "images": "\n".join(map(source_syntax.format_source, mapping.images)),
        "options": _lines(mapping.options),
        "claims": _lines(mapping.claims),
        "warehouses": source_syntax.format_pairs(
            (
                f"{warehouse.location} {warehouse.country}".strip(),
                source_syntax.format_source(warehouse.source),
            )
            for warehouse in mapping.warehouses
        ),
        **{name: getattr(mapping.reading, name) for name in READING_FIELDS},
        "delimiter": mapping.reading.delimiter.replace("\t", TAB),
        **{
            name: getattr(mapping, name)
            for name in ("currency", "location", "country", "stale_after_h")
        },
        "omitted_products": mapping.omitted_products.value,
        "omitted_stock": mapping.omitted_stock.value,
        "blank": mapping.blank.value,
    }
    for name, source in mapping.fields.items():
        kind = TARGETS[name].kind
        bare = msgspec.structs.replace(source, separator="")
        key = "column" if source.column else "else"
        values[f"{key}_{name}"] = source.column or source_syntax.format_source(bare)
        if kind in UNITS:
            values[f"how_{name}"] = source.unit
        elif kind is CellKind.WORDS:
            values[f"how_{name}"] = source.separator
        elif kind in VALUE_MAPPED_KINDS:
            values[f"how_{name}"] = source_syntax.format_pairs(source.value_map.items())
    return values


def _lines(table: dict[str, Source]) -> str:
    return source_syntax.format_pairs(
        (name, source_syntax.format_source(source)) for name, source in table.items()
    )


def _choice_field(label: str, choices: Sequence[tuple[Any, Any]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, required=False, widget=UnfoldAdminSelectWidget()
    )


def _text_field(label: str, longest: int, *, shown: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=longest,
        required=False,
        strip=longest > 3,  # noqa: PLR2004 - a delimiter may be a tab or a space
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": shown} if shown else {}),
    )


def _lines_field(label: Any, longest: int, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=longest,
        help_text=help_text,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


MISSING_ROW_LABELS = {
    MissingRowMeans.DISCONTINUED: gettext_lazy("Discontinued"),
    MissingRowMeans.OUT_OF_STOCK: gettext_lazy("Out of stock"),
    MissingRowMeans.UNCHANGED: gettext_lazy("Unchanged"),
}
BLANK_CELL_LABELS = {
    EmptyCellMeans.ZERO: gettext_lazy("Out of stock"),
    EmptyCellMeans.NONE: gettext_lazy("Out of stock, and record an issue"),
    EmptyCellMeans.UNCHANGED: gettext_lazy("Unchanged"),
}
INVALID_LINE = gettext_lazy("This line cannot be read: %(line)s")


class MappingForm(forms.Form):
    """One row per field: its column or another source; and what missing values mean.

    ``base`` is the initial mapping; parts of it that have no form field are kept.
    """

    images = _lines_field(
        gettext_lazy("Images"),
        4000,
        gettext_lazy("One column per line. If a cell holds several addresses: IMAGES split at |"),
    )
    options = _lines_field(
        gettext_lazy("Product options"), 4000, gettext_lazy("One per line: Color = colour")
    )
    claims = _lines_field(gettext_lazy("Specification"), 8000)
    warehouses = _lines_field(
        gettext_lazy("Warehouses with their own stock column"),
        4000,
        gettext_lazy("One per line, with its country: EU1 DE = Stock EU"),
    )

    def __init__(self, *args: Any, headers: Sequence[str], base: Mapping, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._base = base
        self.fields["claims"].help_text = _(
            "One per line: Light output = Lumens. If the column states no unit, add it to the"
            " label: Run time (h) = Runtime, Peak intensity (lux@1m) = Lux. These labels become"
            " attributes: %(labels)s. Other labels are shown as the supplier wrote them."
        ) % {"labels": ", ".join(CLAIM_ALIASES)}
        self.initial = {**initial_values(base), **(self.initial or {})}
        for name, target in TARGETS.items():
            self._add_target(name, target.label, target.kind, headers)
        self._add_file_fields()

    def _add_target(self, name: str, label: str, kind: CellKind, headers: Sequence[str]) -> None:
        column = self._base.fields[name].column if name in self._base.fields else ""
        known = [(header, header) for header in headers]
        if column and column not in headers:
            known.append((column, _("%(column)s (not in this file)") % {"column": column}))
        self.fields[f"column_{name}"] = _choice_field(
            _("Column for %(field)s") % {"field": label}, [("", "—"), *known]
        )
        self.fields[f"else_{name}"] = _text_field(
            _("Other source for %(field)s") % {"field": label}, 500, shown="fixed: …, json: …"
        )
        if kind in UNITS:
            units = [("", _("As in the file")), *((unit, unit) for unit in UNITS[kind])]
            self.fields[f"how_{name}"] = _choice_field(
                _("Unit of %(field)s") % {"field": label}, units
            )
        elif kind is CellKind.WORDS:
            separator_label = _("%(field)s separator") % {"field": label}
            self.fields[f"how_{name}"] = _text_field(separator_label, 3)
        elif kind in VALUE_MAPPED_KINDS:
            self.fields[f"how_{name}"] = forms.CharField(
                label=_("Value mapping for %(field)s") % {"field": label},
                required=False,
                max_length=2000,
                widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "placeholder": "ja = 10"}),
            )

    def _add_file_fields(self) -> None:
        as_detected = _("automatic")
        formats = [
            ("", as_detected),
            *((file_format.value, file_format.value.upper()) for file_format in Format),
        ]
        marks = [("", as_detected), (".", "1234.50"), (",", "1234,50")]
        self.fields |= {
            "format": _choice_field(_("Format"), formats),
            "encoding": _text_field(_("Encoding"), 30),
            "delimiter": _text_field(_("Delimiter"), 3),
            "decimal": _choice_field(_("Decimal separator"), marks),
            "item_path": _text_field(_("Path to the rows"), 200),
            "sheet": _text_field(_("Sheet"), 80),
            "header_row": forms.IntegerField(
                label=_("Header row (0 = automatic)"),
                min_value=0,
                max_value=1_000,
                required=False,
                widget=UnfoldAdminIntegerFieldWidget(),
            ),
            "currency": _text_field(_("Default currency"), 3),
            "location": _text_field(_("Default warehouse"), 30),
            "country": _text_field(_("Country of the default warehouse, such as DE"), 2),
            "omitted_products": _choice_field(
                _("Products missing from the file"), list(MISSING_ROW_LABELS.items())
            ),
            "omitted_stock": _choice_field(
                _("Stock missing from the file"), list(MISSING_ROW_LABELS.items())
            ),
            "blank": _choice_field(
                _("Empty stock or price cells"), list(BLANK_CELL_LABELS.items())
            ),
            "stale_after_h": forms.IntegerField(
                label=_("Reject files older than (hours, 0 = never)"),
                min_value=0,
                max_value=10_000,
                required=False,
                widget=UnfoldAdminIntegerFieldWidget(),
            ),
        }

    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "label": target.label,
                "column": self[f"column_{name}"],
                "otherwise": self[f"else_{name}"],
                "how": self[f"how_{name}"] if f"how_{name}" in self.fields else None,
            }
            for name, target in TARGETS.items()
        ]

    def lists(self) -> list[forms.BoundField]:
        return [self[name] for name in LIST_FIELDS]

    def reading_and_missing_values(self) -> list[forms.BoundField]:
        return [self[name] for name in (*READING_FIELDS, *MISSING_VALUE_FIELDS)]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        sources = {name: self._target(name) for name in TARGETS}
        self.mapping = Mapping(
            fields={name: source for name, source in sources.items() if source is not None},
            images=tuple(self._listed("images", self._images)),
            options=dict(self._listed("options", self._pairs("options", self._base.options))),
            claims=dict(self._listed("claims", self._pairs("claims", self._base.claims))),
            warehouses=tuple(self._listed("warehouses", self._warehouses)),
            reading=self._reading(),
            currency=self._text_value("currency").upper(),
            location=self._text_value("location") or "main",
            country=self._text_value("country").upper(),
            omitted_products=MissingRowMeans(
                self._text_value("omitted_products") or MissingRowMeans.DISCONTINUED
            ),
            omitted_stock=MissingRowMeans(
                self._text_value("omitted_stock") or MissingRowMeans.OUT_OF_STOCK
            ),
            blank=EmptyCellMeans(self._text_value("blank") or EmptyCellMeans.ZERO),
            stale_after_h=self.cleaned_data.get("stale_after_h") or 0,
        )
        if "sku" not in self.mapping.fields and not self.errors:
            self.add_error("column_sku", _("Choose the column that holds the supplier's SKU."))
        for error in [] if self.errors else self.mapping.validation_errors():
            self.add_error(None, error)
        return cleaned

    def _text_value(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")

    def _reading(self) -> FormatOverrides:
        values: dict[str, Any] = {name: self._text_value(name) for name in READING_FIELDS}
        values["delimiter"] = values["delimiter"].replace(TAB, "\t")
        values["header_row"] = self.cleaned_data.get("header_row") or 0
        return FormatOverrides(**values)

    def _target(self, name: str) -> Source | None:
        column, otherwise = self._text_value(f"column_{name}"), self._text_value(f"else_{name}")
        if column and otherwise:
            self.add_error(f"else_{name}", _("Choose a column or enter another source, not both."))
        if not column and not otherwise:
            return None
        source = Source(column=column) if column else source_syntax.parse_source(otherwise)
        kind, how = TARGETS[name].kind, self._text_value(f"how_{name}")
        before = self._base.fields.get(name, Source())
        if kind in UNITS:
            return msgspec.structs.replace(source, unit=how, value_map=before.value_map)
        if kind is CellKind.WORDS:
            return msgspec.structs.replace(source, separator=how, value_map=before.value_map)
        value_map = before.value_map
        if kind in VALUE_MAPPED_KINDS:
            value_map = dict(
                self._listed(f"how_{name}", lambda text: source_syntax.parse_pairs(text).items())
            )
        return msgspec.structs.replace(source, unit=before.unit, value_map=value_map)

    def _listed(self, name: str, reader: Callable[[str], Any]) -> Any:
        try:
            return list(reader(self._text_value(name)))
        except InvalidLineError as error:
            self.add_error(name, INVALID_LINE % {"line": str(error)[:80]})
            return []

    def _images(self, text: str) -> list[Source]:
        return [
            _unchanged_or_parsed(line, self._base.images)
            for line in source_syntax.split_lines(text)
        ]

    @staticmethod
    def _pairs(_name: str, before: dict[str, Source]) -> Callable[[str], list[tuple[str, Source]]]:
        def reader(text: str) -> list[tuple[str, Source]]:
            pairs = source_syntax.parse_pairs(text)
            return [
                (name, _unchanged_or_parsed(source_text, before.values()))
                for name, source_text in pairs.items()
            ]

        return reader

    def _warehouses(self, text: str) -> list[Warehouse]:
        before = [warehouse.source for warehouse in self._base.warehouses]
        warehouses = []
        for key, source_text in source_syntax.parse_pairs(text).items():
            location, _space, country = key.partition(" ")
            warehouses.append(
                Warehouse(
                    source=_unchanged_or_parsed(source_text, before),
                    location=location,
                    country=country.strip().upper(),
                )
            )
        return warehouses


def _unchanged_or_parsed(text: str, before: Any) -> Source:
    """Return the old source if its text is unchanged, so that all its parts stay; else parse it."""
    return next(
        (source for source in before if source_syntax.format_source(source) == text), None
    ) or (source_syntax.parse_source(text))
