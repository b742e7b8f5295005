"""Specification table: group all known values of a product, name the source of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalog.custom_attributes.registry import CUSTOM, Definition, in_language
from catalog.custom_attributes.values import shown_value
from catalog.models import Spec
from catalog.products.detail import ProductView, VariantView
from storefront.web.catalog.supplier_text import translated
from storefront.web.core import formats
from storefront.web.core.labels import ip, label_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row. ``supplier_text`` is the supplier's own wording of the value, if any.

    ``basis`` is a code of ``Spec.Basis`` if the value rests on more than others of the product.
    """

    name: str
    value: str
    supplier_text: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of rows."""

    name: str
    rows: tuple[Row, ...]


def spec_table(
    light: ProductView,
    chosen: VariantView,
    language: str,
    custom: Sequence[Definition] = (),
) -> list[Group]:
    """Return all groups of a product; rows without a value are left out.

    ``custom`` are the attributes that staff defined.
    """
    groups = [("", _names(light, chosen, language))]
    if spec := light.spec:
        builder = _RowBuilder(spec, language)
        groups = [
            (_("Light"), _light(builder)),
            (_("Power"), _power(spec, builder)),
            (_("Body"), _body(spec, chosen, builder)),
            (_("More details"), custom_rows(spec, custom, language)),
            (_("Supplier information, not checked"), _more(spec, language)),
            (_("Identifiers"), _names(light, chosen, language)),
        ]
    quoted: set[str] = set()
    return [
        Group(
            name=name, rows=tuple(_without_repeated_quote(row, quoted) for row in rows if row.value)
        )
        for name, rows in groups
        if any(row.value for row in rows)
    ]


def _without_repeated_quote(row: Row, quoted: set[str]) -> Row:
    """Drop the supplier's wording if an earlier row quotes the same sentence."""
    if row.supplier_text in quoted:
        return replace(row, supplier_text="")
    quoted.add(row.supplier_text)
    return row


class _RowBuilder:
    """Formats one column of a spec as a row."""

    def __init__(self, spec: Spec, language: str) -> None:
        self._spec, self._language = spec, language
        self._bases, self._weakest = spec.bases, spec.basis

    def number(self, name: str, column: str, unit: str) -> Row:
        value = getattr(self._spec, column)
        text = ""
        if value is not None:
            shown = value.normalize() if isinstance(value, Decimal) else value
            text = f"{formats.number(shown, self._language)} {unit}".strip()
        return self.row(name, column, text)

    def time(self, name: str, column: str) -> Row:
        minutes = getattr(self._spec, column)
        text = ""
        if minutes:
            number, unit = formats.duration(minutes, self._language)
            text = f"{number} {label_for(unit, 'time')}"
        return self.row(name, column, text)

    def codes(self, name: str, column: str, kind: str) -> Row:
        texts = [label_for(code, kind) for code in getattr(self._spec, column)]
        return self.row(name, column, ", ".join(texts))

    def row(self, name: str, column: str, text: str) -> Row:
        supplier_text = str(self._spec.sources.get(column, {}).get("raw", ""))
        basis = self._bases.get(column, self._weakest)
        return Row(
            name=name,
            value=text,
            supplier_text=supplier_text if text else "",
            basis="" if basis == self._weakest else basis,
        )


def _light(builder: _RowBuilder) -> list[Row]:
    return [
        builder.number(_("Output, brightest mode"), "output_lm", "lm"),
        builder.number(_("Output, lowest mode"), "output_min_lm", "lm"),
        builder.number(_("Peak intensity"), "intensity_cd", "cd"),
        builder.number(_("Beam distance (to 0.25 lx)"), "beam_m", "m"),
        builder.time(_("Run time on high"), "runtime_high_min"),
        builder.time(_("Longest run time"), "runtime_max_min"),
        builder.number(_("Color temperature"), "cct_k", "K"),
        builder.number(_("Color rendering"), "cri", "CRI"),
        builder.codes(_("Light colors"), "light_colors", "light_color"),
        builder.codes(_("Features"), "features", "features"),
    ]


def _power(spec: Spec, builder: _RowBuilder) -> list[Row]:
    cell = label_for(spec.battery_format, "power") if spec.battery_format else ""
    if cell and (spec.battery_count or 1) > 1:
        cell = f"{spec.battery_count} × {cell}"
    included = {True: _("yes"), False: _("no"), None: ""}[spec.battery_included]
    return [
        builder.codes(_("Power source"), "power_sources", "power"),
        builder.row(_("Battery"), "battery_format", cell),
        builder.row(_("Battery included"), "battery_included", included),
        builder.row(
            _("Chemistry"),
            "battery_chemistry",
            label_for(spec.battery_chemistry, "chemistry") if spec.battery_chemistry else "",
        ),
        builder.number(_("Capacity"), "battery_capacity_mah", "mAh"),
        builder.number(_("Voltage"), "battery_voltage", "V"),
        builder.number(_("Energy"), "battery_energy_wh", "Wh"),
        builder.codes(_("Charging"), "charging", "power"),
    ]


def _body(spec: Spec, chosen: VariantView, builder: _RowBuilder) -> list[Row]:
    packed = f"{chosen.packed_weight_g} {_('g')}" if chosen.packed_weight_g else ""
    return [
        builder.number(_("Weight with battery"), "weight_g", _("g")),
        Row(name=_("Packed weight"), value=packed),
        builder.number(_("Length"), "length_mm", "mm"),
        builder.number(_("Head diameter"), "head_mm", "mm"),
        builder.row(_("Water and dust"), "ip_rating", ip(spec.ip_rating)),
        builder.number(_("Drop resistance"), "impact_m", "m"),
        builder.row(_("Material"), "material", translated(spec.material, "value")),
    ]


def custom_rows(spec: Spec, custom: Sequence[Definition], language: str) -> list[Row]:
    rows = []
    for definition in custom:
        value = shown_value(spec.custom_values.get(definition.code), definition)
        text = definition.translation_in(spec.custom_values, language)
        if definition.language or (value is None and not text):
            continue
        source = spec.sources.get(f"{CUSTOM}{definition.code}", {})
        is_quoted = definition.kind != "text"  # a text is the supplier's wording
        rows.append(
            Row(
                name=definition.name_in(language),
                value=text or _custom_value(value, definition, language),
                supplier_text=str(source.get("raw", "")) if is_quoted else "",
            )
        )
    return rows


def _custom_value(value: Any, definition: Definition, language: str) -> str:
    match definition.kind:
        case "number":
            number = formats.number(Decimal(value).normalize(), language)
            return f"{number} {definition.unit}".strip()
        case "yes_no":
            return _("yes") if value else _("no")
        case "choice" | "choices":
            codes = [value] if isinstance(value, str) else value
            names = dict(definition.choices)
            texts = (in_language(names.get(code, ()), language) or code for code in codes)
            return ", ".join(texts)
    return translated(str(value), "value")


def _more(spec: Spec, language: str) -> list[Row]:
    return [
        Row(name=translated(name, "label"), value=_more_value(name, str(text), language))
        for name, text in spec.more.items()
    ]


def _more_value(name: str, text: str, language: str) -> str:
    if name.casefold() == "country of origin":
        return formats.country(text, language)
    return translated(text, "value")


def _names(light: ProductView, chosen: VariantView, language: str) -> list[Row]:
    origin = chosen.origin_country
    return [
        Row(name=_("Manufacturer"), value=light.brand),
        Row(name=_("SKU"), value=chosen.sku),
        Row(name=_("MPN"), value=chosen.mpn),
        Row(name="GTIN", value=chosen.gtin.lstrip("0")),
        Row(name=_("Country of origin"), value=formats.country(origin, language) if origin else ""),
    ]
