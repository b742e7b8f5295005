"""Title values: the values of a product that a title template can name, in a language."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import override

from catalog.attributes.normalization import UNBRANDED
from catalog.custom_attributes.registry import Definition, in_language
from catalog.custom_attributes.values import shown_value
from catalog.models import Product, Spec
from catalog.models.families import cached_families
from catalog.texts import titles
from catalog.texts.vocabulary import CHARGING
from storefront.lib.text import fold

_NUMBERS = (models.IntegerField, models.DecimalField)
NUMBER_COLUMNS = tuple(
    column.name
    for column in Spec._meta.concrete_fields  # noqa: SLF001 - Django's documented model API
    if isinstance(column, _NUMBERS) and not column.primary_key
)
SPEC_FIELDS = (*NUMBER_COLUMNS, "ip_rating", "battery_format", "charging")
_OWN_BATTERY = "built_in"
_LUMENS = re.compile(r"(?<![\w.,])(\d+\.\d+) ?(?:lm|lumens?)(?!\w)", re.IGNORECASE)


def attribute_codes(definitions: Sequence[Definition]) -> tuple[str, ...]:
    """Return the attributes that a template can name."""
    return (*SPEC_FIELDS, *(one.code for one in definitions if not one.language))


def title_values(
    product: Product, language: str, definitions: Sequence[Definition] = ()
) -> dict[str, str]:
    """Return the known values by field. Reads the product's brand and specification."""
    parts = titles.take_apart(product.title)
    brand = "" if product.brand.name == UNBRANDED else product.brand.name
    with override(language):
        kind = (
            titles.kind_in(parts.kind, language) if parts.kind else _family_name(product, language)
        )
        figures = (titles.figure_in(figure, language) for figure in parts.figures)
        values = {
            "brand": brand,
            "model": _without_brand(parts.name, brand),
            "kind": kind,
            "figures": ", ".join(figure for figure in figures if figure),
            "pack": titles.pack_in(parts.pack, language),
        }
        spec: Spec | None = getattr(product, "spec", None)
        if spec is not None:
            values |= _spec_values(spec, language)
            values |= _exact_lumens(product.title, spec, language)
            values |= _custom_values(spec.custom_values, language, definitions)
    return values


def _family_name(product: Product, language: str) -> str:
    name = cached_families().name_in(product.family, language)
    first = "i" if name[:1] == "İ" else name[:1].lower()
    return first + name[1:]


def _without_brand(name: str, brand: str) -> str:
    words, own = name.split(), fold(brand).split()
    if [fold(word) for word in words[: len(own)]] == own:
        words = words[len(own) :]
    return " ".join(words)


def _spec_values(spec: Spec, language: str) -> dict[str, str]:
    values = {
        name: _number(value, language)
        for name in NUMBER_COLUMNS
        if (value := getattr(spec, name)) is not None
    }
    battery = spec.battery_format
    return {
        **values,
        "ip_rating": spec.ip_rating,
        "battery_format": "" if battery == _OWN_BATTERY else battery,
        "charging": ", ".join(str(CHARGING[code]) for code in spec.charging if code in CHARGING),
    }


def _exact_lumens(title: str, spec: Spec, language: str) -> dict[str, str]:
    """Return the lumens of the stored title if they have decimals, which the column drops."""
    match = _LUMENS.search(title)
    if match is None or spec.output_lm is None or abs(Decimal(match[1]) - spec.output_lm) >= 1:
        return {}
    return {"output_lm": _number(Decimal(match[1]), language)}


def _number(value: int | Decimal, language: str) -> str:
    text = f"{Decimal(value).normalize():f}"
    return text.replace(".", ",") if language == "az" else text


def _custom_values(
    values: Mapping[str, Any], language: str, definitions: Sequence[Definition]
) -> dict[str, str]:
    texts = {}
    for definition in definitions:
        value = shown_value(values.get(definition.code), definition)
        if value is None or isinstance(value, bool) or definition.language:
            continue
        if definition.kind in {"choice", "choices"}:
            names = dict(definition.choices)
            codes = [value] if isinstance(value, str) else value
            shown = (in_language(names.get(code, ()), language) or code for code in codes)
            texts[definition.code] = ", ".join(shown)
        elif definition.kind == "number":
            texts[definition.code] = _number(Decimal(value), language)
        else:
            translation = definition.translation_in(values, language)
            texts[definition.code] = translation or str(value)
    return texts
