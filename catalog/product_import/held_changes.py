"""Held changes: find what a supplier changes in a live product, and keep it for a change request.

All that customers see of a live product waits for staff, first values of empty fields too: texts,
specifications, custom attributes, other lines, modes, images, options and weights.

Written at once:

- a difference that does not come from the supplier: it states the same text, which is read in
  another way now;
- stock, prices and identifiers: a late one sells what cannot be had, or sells at a loss;
- packed weight, lithium, HS code and origin: they decide the route, duty and freight of a parcel;
- new variants, with the first options of the product: stock and orders refer to them;
- the manufacturer and the EU responsible person of a brand that has none: the EU requires them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog.attributes.identifiers import brand_key
from catalog.attributes.normalization import UNBRANDED
from catalog.change_requests.recording import MORE, OPTIONS, encode
from catalog.custom_attributes.registry import CUSTOM
from catalog.models import Image, Mode, Spec
from catalog.models.attributes import DERIVED_COLUMN, EDITABLE_COLUMNS
from catalog.product_import.item import ImportItem
from catalog.products.image_edits import IMAGES, ImageChanges, ImageValues
from catalog.products.spec_edits import MODES

MODE_FIELDS = ("name", "kind", "output_lm", "runtime_min")
_JSON = frozenset({"sources", "custom_values", "more"})
_IMAGE_COLUMNS = ("id", "source_url", "variant_id", "role", "position")
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
        if code == old_code or name in item.row.overridden_fields or _is_split(item, name):
            written[name] = value
        elif name != "option_names":
            item.held[name] = {"value": code}
    return written


def _is_split(item: ImportItem, name: str) -> bool:
    """Return whether a product without options gets them together with new variants."""
    return name == "option_names" and not item.row.option_names and _has_new_variants(item)


def _has_new_variants(item: ImportItem) -> bool:
    return len(item.record.variants) > len(item.variants)


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
    if not item.holds_changes:
        return
    known = {
        variant.sku: stated[sku]
        for sku, variant in item.variants.items()
        if variant.pk and "option_values" not in variant.overridden_fields
    }
    ours = {variant.sku: variant.option_values for variant in item.variants.values()}
    if _has_new_variants(item) and not any(ours.values()):
        return
    has_new_names = (
        names != product.option_names and "option_names" not in product.overridden_fields
    )
    has_new_values = any(ours[sku] != values for sku, values in known.items())
    if has_new_names or (has_new_values and names == product.option_names):
        item.held[OPTIONS] = {"value": {"names": names, "values": known}}


def hold_spec_changes(item: ImportItem, spec: Spec, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a specification to write; add the others to ``item.held``.

    A held value keeps its source and its findings.
    """
    if not item.holds_changes:
        return dict(stated)
    written = {name: dict(value) if name in _JSON else value for name, value in stated.items()}
    custom, sources = written["custom_values"], written["sources"]
    wanted = {name: stated[name] for name in EDITABLE_COLUMNS if name in stated}
    present = {name: getattr(spec, name) for name in wanted}
    wanted |= {f"{CUSTOM}{code}": custom.get(code) for code in {**spec.custom_values, **custom}}
    present |= {f"{CUSTOM}{code}": value for code, value in spec.custom_values.items()}
    for name in _changed_names(present, wanted, spec, stated):
        item.held[name] = {"value": encode(wanted[name])}
        if name in sources:
            item.held[name]["source"] = sources.pop(name)
        if name in spec.sources:
            sources[name] = spec.sources[name]
        if not name.startswith(CUSTOM):
            del written[name]
            continue
        custom.pop(name.removeprefix(CUSTOM), None)
        if name in present:
            custom[name.removeprefix(CUSTOM)] = present[name]
    if "intensity_cd" in item.held:
        written.pop(DERIVED_COLUMN, None)
    _hold_lines(item, spec, stated, written["more"])
    written["warnings"] = [
        *(found for found in stated["warnings"] if found.get("column") not in item.held),
        *(found for found in spec.warnings if found.get("column") in item.held),
    ]
    return written


def _hold_lines(
    item: ImportItem, spec: Spec, stated: Mapping[str, Any], more: dict[str, Any]
) -> None:
    """Hold the changed lines that no attribute reads; ``more`` are those to write."""
    texts, known = _texts(stated["sources"], stated["more"]), _texts(spec.sources, spec.more)
    for label, old in spec.more.items():
        if old and old not in {more.get(label), texts.get(label)}:
            item.held[f"{MORE}{label}"] = {"value": more.get(label)}
            more[label] = old
    for label in [label for label in more if label not in spec.more]:
        if known.get(label) != more[label]:
            item.held[f"{MORE}{label}"] = {"value": more.pop(label)}


def _changed_names(
    present: Mapping[str, Any], wanted: Mapping[str, Any], spec: Spec, stated: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the values that differ because the supplier's text does.

    A value is compared by its own text; a first value by the text that the supplier states now.
    """
    texts, known = _texts(stated["sources"], stated["more"]), _texts(spec.sources, spec.more)
    for name, new in wanted.items():
        old = present.get(name)
        if encode(old) == encode(new) or (old in _EMPTY and new in _EMPTY):
            continue
        is_first = old in _EMPTY
        source = (stated["sources"] if is_first else spec.sources).get(name, {})
        other = known if is_first else texts
        if "raw" not in source or other.get(source["label"]) != source["raw"]:
            yield name


def _texts(sources: Mapping[str, Any], more: Mapping[str, str]) -> dict[Any, str]:
    """Map each label of the supplier to its text."""
    entries = (source.get("feed", source) for source in sources.values())
    return {**more, **{entry["label"]: entry["raw"] for entry in entries if "label" in entry}}


def hold_modes(item: ImportItem, present: list[Mode], wanted: list[Mapping[str, Any]]) -> bool:
    """Hold the modes if they differ from those of a live product; return whether they are held."""
    ours = [{name: getattr(mode, name) for name in MODE_FIELDS} for mode in present]
    if not item.holds_changes or ours == wanted:
        return False
    item.held[MODES] = {
        "value": [{name: encode(value) for name, value in mode.items()} for mode in wanted]
    }
    return True


def hold_images(item: ImportItem, present: Sequence[Image], wanted: ImageValues) -> bool:
    """Hold the images if they differ from those of a live product; return whether they are held."""
    if not item.holds_changes:
        return False
    copies = [Image(**{name: getattr(row, name) for name in _IMAGE_COLUMNS}) for row in present]
    if not ImageChanges().replace(item.row, copies, wanted):
        return False
    skus = {variant.pk: variant.sku for variant in item.variants.values()}
    item.held[IMAGES] = {
        "value": [
            {"url": url, "role": values["role"], "sku": skus.get(values["variant_id"], "")}
            for url, values in wanted.items()
        ]
    }
    return True
