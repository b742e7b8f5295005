"""Import products: write products, brands, specifications and modes; keep locked fields."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from catalog.attributes.contacts import Contact
from catalog.attributes.identifiers import stored_brand_key
from catalog.attributes.normalization import UNBRANDED
from catalog.attributes.plausibility import StatedMode
from catalog.custom_attributes.registry import CUSTOM
from catalog.models import Brand, Category, Mode, Product, Spec
from catalog.models.attributes import VALUE_COLUMNS
from catalog.pricing import repricing_queue
from catalog.product_import.held_changes import (
    hold_modes,
    hold_product_changes,
    hold_spec_changes,
)
from catalog.product_import.item import ImportItem, ImportPolicy
from catalog.products.creation import make_slugs
from catalog.products.spec_edits import MODES, ModeChanges, keep_edits
from storefront.lib.db import bulk
from storefront.lib.db.transactions import requires_transaction

RULE_SCOPES = frozenset({"brand", "category"})  # changed fields that price rules match on
# Columns that are emptied once the supplier no longer states them.
_STATED_COLUMNS: Mapping[str, Callable[[], Any]] = {
    column.name: column.get_default
    for column in Spec._meta.concrete_fields  # noqa: SLF001
    if column.name in VALUE_COLUMNS
}


_FIRST_STATED = frozenset({"on", "run"})  # in an entry of ``Spec.sources``


@requires_transaction
def write_products(
    items: Sequence[ImportItem], *, source: str, policy: ImportPolicy, now: datetime
) -> None:
    """Create new products and update changed fields that staff have not locked."""
    brands = _brands({item.enriched.brand for item in items})
    _write_contacts(items, brands)
    categories = _categories({item.enriched.category for item in items})
    new = [item for item in items if item.product is None]
    titles = {item.record.external_id: item.enriched.title for item in new}
    slugs = make_slugs(titles, source=source)
    changed: dict[Product, list[str]] = {}
    for item in items:
        enriched = item.enriched
        is_live = item.product is not None and item.product.status == Product.Status.LIVE
        item.holds_changes = is_live and policy.holds_changes
        values: dict[str, Any] = {
            "brand": brands[stored_brand_key(enriched.brand)],
            "category": categories[enriched.category],
            "family": enriched.family,
            "title": enriched.title,
            "summary": enriched.summary,
            "description_html": enriched.description_html,
            "option_names": list(enriched.option_names),
        }
        if item.product is None:
            slug = slugs[item.record.external_id]
            item.product = Product(slug=slug, status=policy.new_status, **values)
            item.mark_changed()
        elif names := _differing(item.product, hold_product_changes(item, values)):
            item.product.updated_at = now
            changed[item.product] = [*names, "updated_at"]
            item.mark_changed()
    Product.objects.bulk_create([item.row for item in new])
    bulk.update(Product, changed)
    moved = [product.pk for product, names in changed.items() if RULE_SCOPES & {*names}]
    if moved:
        repricing_queue.enqueue_products(product_ids=moved, now=now)


def _differing(product: Product, values: Mapping[str, Any]) -> list[str]:
    """Set the changed, unlocked fields; foreign keys are compared by id."""
    locked = product.overridden_fields
    unlocked = {name: value for name, value in values.items() if name not in locked}
    names = []
    for name, value in unlocked.items():
        column = f"{name}_id" if name in {"brand", "category"} else name
        if getattr(product, column) != getattr(value, "pk", value):
            setattr(product, name, value)
            names.append(name)
    return names


def _brands(names: Iterable[str]) -> dict[str, Brand]:
    wanted = {stored_brand_key(name): name for name in sorted(names, reverse=True)}
    brands = {brand.key: brand for brand in Brand.objects.filter(key__in=wanted)}
    missing = [Brand(key=key, name=name) for key, name in wanted.items() if key not in brands]
    if missing:
        Brand.objects.bulk_create(missing, ignore_conflicts=True)
        brands = {brand.key: brand for brand in Brand.objects.filter(key__in=wanted)}
    return brands


def _write_contacts(items: Sequence[ImportItem], brands: Mapping[str, Brand]) -> None:
    """Fill in unknown manufacturers and responsible persons. Known ones stay.

    A responsible person that staff removed stays removed: the products are not sold to the EU.
    Unbranded products have many manufacturers, so none is stored.
    Locks:  the brands that change, in id order
    """
    empty: dict[tuple[int, str], Contact] = {}
    for item in items:
        brand = brands[stored_brand_key(item.enriched.brand)]
        if brand.name == UNBRANDED:
            continue
        if (manufacturer := item.enriched.manufacturer) and not brand.manufacturer_name:
            empty.setdefault((brand.pk, "manufacturer"), manufacturer)
        is_open = not (brand.responsible_name or brand.is_responsible_locked)
        if (person := item.enriched.responsible_person) and is_open:
            empty.setdefault((brand.pk, "responsible"), person)
    for (pk, role), contact in sorted(empty.items(), key=lambda entry: entry[0]):
        unknown: dict[str, str | bool] = {f"{role}_name": ""}
        if role == "responsible":
            unknown["is_responsible_locked"] = False
        Brand.objects.filter(pk=pk, **unknown).update(
            **{f"{role}_{part}": value for part, value in asdict(contact).items()}
        )


def _categories(slugs: Iterable[str]) -> dict[str, Category]:
    categories = {category.slug: category for category in Category.objects.all()}
    missing = [
        Category(slug=slug, names={"en": slug.replace("-", " ").capitalize()})
        for slug in sorted(slugs)
        if slug not in categories
    ]
    if missing:
        Category.objects.bulk_create(missing, ignore_conflicts=True)
        categories = {category.slug: category for category in Category.objects.all()}
    return categories


@requires_transaction
def write_specs(
    items: Sequence[ImportItem], *, source: str, run: int | None, now: datetime
) -> None:
    """Write the specifications with their sources; a value no longer stated is emptied."""
    first_stated = {"on": now.date().isoformat(), **({"run": run} if run else {})}
    specs = {
        spec.product_id: spec
        for spec in Spec.objects.filter(product__in=[item.row.pk for item in items])
    }
    new: list[Spec] = []
    changed: dict[Spec, list[str]] = {}
    for item in items:
        values = _spec_values(item)
        spec = specs.get(item.row.pk)
        _add_custom_values(item, values, spec, source=source)
        if spec is None:
            values["sources"] = _dated(values["sources"], {}, first_stated)
            new.append(Spec(product=item.row, **values))
            specs[item.row.pk] = new[-1]
            item.mark_changed()
            continue
        unlocked = keep_edits(
            spec, values, locked=item.row.overridden_fields, modes=item.enriched.modes
        )
        written = hold_spec_changes(item, spec, unlocked)
        written["sources"] = _dated(written["sources"], spec.sources, first_stated)
        if names := bulk.set_changed(spec, written):
            changed[spec] = names
            item.mark_changed()
    Spec.objects.bulk_create(new)
    bulk.update(Spec, changed)


def _dated(
    sources: Mapping[str, Any], before: Mapping[str, Any], first_stated: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the sources, each text of the supplier with the date and run that first stated it."""
    dated: dict[str, Any] = {}
    for name, entry in sources.items():
        known = before.get(name, {})
        known = known.get("feed", known)
        if "actor" in entry:
            feed = entry["feed"] and _with_date(entry["feed"], known, first_stated)
            dated[name] = {**entry, "feed": feed}
        else:
            dated[name] = _with_date(entry, known, first_stated)
    return dated


def _with_date(
    entry: Mapping[str, Any], known: Mapping[str, Any], first_stated: Mapping[str, Any]
) -> dict[str, Any]:
    stated = {name: value for name, value in entry.items() if name not in _FIRST_STATED}
    before = {name: value for name, value in known.items() if name not in _FIRST_STATED}
    return dict(known) if stated == before else {**stated, **first_stated}


def _add_custom_values(
    item: ImportItem, values: dict[str, Any], spec: Spec | None, *, source: str
) -> None:
    """Add the values of custom attributes with their sources; locked values stay."""
    locked = {name.removeprefix(CUSTOM) for name in item.row.overridden_fields}
    before = spec.custom_values if spec else {}
    values["custom_values"] = {
        **{code: value for code, value in item.custom.values.items() if code not in locked},
        **{code: value for code, value in before.items() if code in locked},
    }
    values["warnings"] += [
        problem.as_warning
        for problem in item.custom.problems
        if problem.is_out_of_range and problem.attribute not in locked
    ]
    values["sources"] |= {
        f"{CUSTOM}{code}": {"supplier": source, **stated}
        for code, stated in item.custom.sources.items()
    }


def _spec_values(item: ImportItem) -> dict[str, Any]:
    enriched = item.enriched
    empty = {name: default() for name, default in _STATED_COLUMNS.items()}
    stated = {name: bulk.quantized(Spec, name, value) for name, value in enriched.spec.items()}
    return {
        **empty,
        **stated,
        "more": dict(enriched.more),
        "sources": {name: dict(source) for name, source in enriched.sources.items()},
        "check_inputs": dict(enriched.check_inputs),
        "warnings": [dict(warning) for warning in enriched.warnings],
    }


@requires_transaction
def write_modes(items: Sequence[ImportItem]) -> None:
    """Write the mode tables that differ, unless staff edited them."""
    modes: dict[int, list[Mode]] = {}
    for mode in Mode.objects.filter(product__in=[item.row.pk for item in items]).order_by(
        "product", "position"
    ):
        modes.setdefault(mode.product_id, []).append(mode)
    changes = ModeChanges()
    for item in items:
        if MODES in item.row.overridden_fields:
            continue
        present = modes.get(item.row.pk, [])
        wanted: list[Mapping[str, Any]] = [_mode(claim) for claim in item.enriched.modes]
        if hold_modes(item, present, wanted):
            continue
        if changes.replace(item.row, present, wanted):
            item.mark_changed()
    changes.save()


def _mode(claim: StatedMode) -> dict[str, Any]:
    return {
        "name": claim.name,
        "kind": claim.kind,
        "output_lm": bulk.quantized(Mode, "output_lm", claim.output_lm),
        "runtime_min": claim.runtime_min,
    }
