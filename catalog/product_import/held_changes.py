"""Held changes: find what a supplier changes in a live product, and keep it for a change request.

A first value of an empty field is written at once, and so is a difference that does not come from
the supplier: it states the same text, which is read in another way now.
"""

from collections.abc import Mapping
from typing import Any

from catalog.attributes.identifiers import brand_key
from catalog.attributes.normalization import UNBRANDED
from catalog.change_requests.recording import MORE, OPTIONS, encode
from catalog.custom_attributes.registry import CUSTOM
from catalog.models import Mode, Spec
from catalog.models.attributes import DERIVED_COLUMN, EDITABLE_COLUMNS
from catalog.product_import.item import ImportItem
from catalog.products.spec_edits import MODES

MODE_FIELDS = ("name", "kind", "output_lm", "runtime_min")
_JSON = frozenset({"sources", "custom_values", "more"})
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def hold_product_changes(item: ImportItem, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of product columns to write; add the others to ``item.held``.

    The options are held with those of the variants (``hold_options``).
    """
    if not item.holds_changes:
        return dict(values)
    written = {}
    for name, value in values.items():
        old = getattr(item.row, name)
        code, old_code = _code(name, value), _code(name, old)
        if code == old_code or old_code in _EMPTY or name in item.row.overridden_fields:
            written[name] = value
        elif name != "option_names":
            item.held[name] = {"value": code}
    return written


def _code(name: str, value: Any) -> Any:
    """Return a value as a change request stores it: a brand by its name, a category by its slug."""
    if name == "brand":
        return "" if brand_key(value.name) == brand_key(UNBRANDED) else value.name
    return value.slug if name == "category" else encode(value)


def hold_options(item: ImportItem, stated: Mapping[str, list[str]]) -> None:
    """Hold changed option names, together with the option values of all stated variants.

    Shape:  ``stated`` maps the supplier's SKUs to option values
    """
    product = item.row
    names = list(item.enriched.option_names)
    if not item.holds_changes or not product.option_names:
        return
    known = {
        variant.sku: stated[sku]
        for sku, variant in item.variants.items()
        if variant.pk and "option_values" not in variant.overridden_fields
    }
    ours = {variant.sku: variant.option_values for variant in item.variants.values()}
    has_new_names = (
        names != product.option_names and "option_names" not in product.overridden_fields
    )
    has_new_values = any(ours[sku] and ours[sku] != values for sku, values in known.items())
    if has_new_names or (has_new_values and names == product.option_names):
        item.held[OPTIONS] = {"value": {"names": names, "values": known}}


def hold_spec_changes(item: ImportItem, spec: Spec, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a specification to write; add the others to ``item.held``.

    A held value keeps its source and its findings.
    """
    if not item.holds_changes:
        return dict(stated)
    written = {name: dict(value) if name in _JSON else value for name, value in stated.items()}
    texts = _stated_texts(stated)
    for name in EDITABLE_COLUMNS:
        if name in stated:
            old, new = getattr(spec, name), stated[name]
            if _is_changed(old, new, spec.sources.get(name), texts):
                _hold(item, name, new, spec, written["sources"])
                del written[name]
    if "intensity_cd" in item.held:
        written.pop(DERIVED_COLUMN, None)
    custom = written["custom_values"]
    for code, old in spec.custom_values.items():
        name = f"{CUSTOM}{code}"
        if _is_changed(old, custom.get(code), spec.sources.get(name), texts):
            _hold(item, name, custom.get(code), spec, written["sources"])
            custom[code] = old
    more = written["more"]
    for label, old in spec.more.items():
        if old and old not in {more.get(label), texts.get(label)}:
            item.held[f"{MORE}{label}"] = {"value": more.get(label)}
            more[label] = old
    written["warnings"] = [
        *(found for found in stated["warnings"] if found.get("column") not in item.held),
        *(found for found in spec.warnings if found.get("column") in item.held),
    ]
    return written


def _is_changed(
    old: Any, new: Any, source: Mapping[str, Any] | None, texts: Mapping[Any, str]
) -> bool:
    """Return whether the supplier changed a value: it differs, and so does the supplier's text."""
    if encode(old) == encode(new) or old in _EMPTY:
        return False
    return source is None or "raw" not in source or texts.get(source["label"]) != source["raw"]


def _stated_texts(stated: Mapping[str, Any]) -> dict[Any, str]:
    """Map each label of the supplier to its text."""
    entries = (source.get("feed", source) for source in stated["sources"].values())
    return {
        **stated["more"],
        **{entry["label"]: entry["raw"] for entry in entries if "label" in entry},
    }


def _hold(item: ImportItem, name: str, value: Any, spec: Spec, sources: dict[str, Any]) -> None:
    item.held[name] = {"value": encode(value)}
    if name in sources:
        item.held[name]["source"] = sources.pop(name)
    if name in spec.sources:
        sources[name] = spec.sources[name]


def hold_modes(item: ImportItem, present: list[Mode], wanted: list[Mapping[str, Any]]) -> bool:
    """Hold the modes if they differ from those of a live product; return whether they are held."""
    ours = [{name: getattr(mode, name) for name in MODE_FIELDS} for mode in present]
    if not item.holds_changes or not ours or ours == wanted:
        return False
    item.held[MODES] = {
        "value": [{name: encode(value) for name, value in mode.items()} for mode in wanted]
    }
    return True
