"""Own options: read the options and their translations from a row of a staff file, check them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from catalog.attributes.colors import color_of
from catalog.attributes.text_cleaning import clean_text
from catalog.bulk_edits.fields import Target
from catalog.bulk_edits.file_fields import (
    MAX_OPTIONS,
    OPTION_NAME,
    OPTION_NAMES,
    OPTION_TEXT,
    OPTION_VALUES,
    OptionTextField,
)
from catalog.products.staff.variant_form import MAX_OPTION_CHARS
from suppliers.catalog_files.own_columns import OPTION, option_name


def read_options(
    cells: Mapping[str, str], target: Target, *, mapped: Mapping[str, str]
) -> dict[str, Any]:
    """Return the stated options and translations by code.

    The names are those that the row states. The values follow the names of the product, or those of
    the row if the product is new.
    """
    wanted: dict[str, Any] = {}
    stated = {
        option_name(heading): clean_text(cells.get(heading, ""))
        for heading, code in mapped.items()
        if code == OPTION
    }
    filled = {name: text for name, text in stated.items() if text}
    names = [str(name) for name in target.product.option_names] or list(filled)
    present = values_of(target)
    if filled:
        by_name = dict(zip(names, present, strict=False)) | filled
        wanted[OPTION_NAMES] = list(filled)
        wanted[OPTION_VALUES] = [by_name.get(name, "") for name in names]
    for heading, code in mapped.items():
        part, _colon, language = code.partition(":")
        text, name = clean_text(cells.get(heading, "")), option_name(heading)
        if part in {OPTION_TEXT, OPTION_NAME} and text and name in names[:MAX_OPTIONS]:
            wanted[f"{part}.{names.index(name)}:{language}"] = text
    return wanted


def values_of(target: Target) -> list[str]:
    return [str(value) for value in target.variant.option_values] if target.variant else []


def find_source(wanted: Mapping[str, Any], target: Target, each: OptionTextField) -> str:
    """Return the option value or name of which a field is the translation."""
    names = target.product.option_names or wanted.get(OPTION_NAMES, [])
    return each.find_source(names, wanted.get(OPTION_VALUES) or values_of(target))


@dataclass(slots=True)
class OptionChecks:
    """The options that earlier rows state, by product."""

    _taken: dict[Any, dict[tuple[str, ...], str]] = field(default_factory=dict)

    def check(
        self,
        sku: str,
        wanted: Mapping[str, Any],
        target: Target,
        *,
        key: Any,
        siblings: Mapping[str, Sequence[str]],
    ) -> Iterator[str]:
        """Yield what is wrong with the options of a row; set those of a new product and variant.

        Shape:  ``key`` identifies the product; ``siblings`` maps the SKUs of its variants to options
        """
        product, variant = target.product, target.variant
        stated = wanted.get(OPTION_NAMES, [])
        values = wanted.get(OPTION_VALUES, [])
        if variant is None or (variant.pk and (not stated or values == values_of(target))):
            return
        if product.pk is None and not product.option_names and not self._taken.get(key):
            product.option_names = list(stated)
        names = [str(name) for name in product.option_names]
        if unknown := [name for name in stated if name not in names]:
            message = _("The product has no option %(unknown)s. Its options: %(names)s.")
            known = {"unknown": ", ".join(unknown), "names": ", ".join(names) or "–"}
            yield message % known
            return
        missing = [name for name, value in zip(names, values or names, strict=False) if not value]
        if missing or (names and not values):
            lacking = ", ".join(missing or names)
            yield _("State the options of the variant: %(names)s.") % {"names": lacking}
            return
        for value in values:
            if len(value) > MAX_OPTION_CHARS:
                message = _("%(value)s is longer than %(most)s characters.")
                yield message % {"value": value[:80], "most": MAX_OPTION_CHARS}
        taken = self._taken.setdefault(key, {})
        others = {tuple(map(str, of_other)): other for other, of_other in siblings.items()} | taken
        other = others.get(tuple(values), sku)
        if other != sku:
            yield _("Variant %(sku)s has the same options.") % {"sku": other}
        taken.setdefault(tuple(values), sku)
        if variant.pk is None:
            variant.option_values = list(values)
            variant.color = color_of(names, values)
