"""Import products: write products, brands, specifications and modes, keep what staff locked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from catalog.attributes.contacts import Contact
from catalog.attributes.families import SHELVES
from catalog.attributes.identifiers import brand_key
from catalog.attributes.normalization import UNBRANDED
from catalog.attributes.plausibility import ModeClaim
from catalog.models import Brand, Category, Mode, Product, Spec
from catalog.pricing import repricing_queue
from catalog.product_import import identifiers
from catalog.product_import.item import Goods
from storefront.lib.db import bulk
from storefront.lib.db.transactions import needs_transaction

SCOPES = frozenset({"brand", "category"})  # changed fields that price rules match on
# Columns that are emptied once the supplier no longer states them.
_STATED: Mapping[str, Callable[[], Any]] = {
    column.name: column.get_default
    for column in Spec._meta.concrete_fields  # noqa: SLF001
    if column.name not in {"id", "product", "basis", "more", "sources", "warnings"}
}


@needs_transaction
def write_products(taken: Sequence[Goods], *, source: str, now: datetime) -> None:
    """Create new products and update changed fields that staff have not locked."""
    brands = _brands({goods.enriched.brand for goods in taken})
    _write_contacts(taken, brands)
    shelves = _categories()
    new = [goods for goods in taken if goods.product is None]
    titles = {goods.record.ref: goods.enriched.title for goods in new}
    slugs = identifiers.slugs(titles, source=source)
    changed: dict[Product, list[str]] = {}
    for goods in taken:
        enriched = goods.enriched
        values: dict[str, Any] = {
            "brand": brands[brand_key(enriched.brand)[:80]],
            "category": shelves[enriched.category],
            "family": enriched.family,
            "title": enriched.title,
            "summary": enriched.summary,
            "description_html": enriched.description_html,
            "option_names": list(enriched.option_names),
        }
        if goods.product is None:
            slug = slugs[goods.record.ref]
            goods.product = Product(slug=slug, status=Product.Status.ACTIVE, **values)
            goods.mark_changed()
        elif names := _differing(goods.product, values):
            goods.product.updated_at = now
            changed[goods.product] = [*names, "updated_at"]
            goods.mark_changed()
    Product.objects.bulk_create([goods.row for goods in new])
    bulk.update(Product, changed)
    moved = [product.pk for product, names in changed.items() if SCOPES & {*names}]
    if moved:
        repricing_queue.follow_shelf(product_ids=moved, now=now)


def _differing(product: Product, values: Mapping[str, Any]) -> list[str]:
    """Set the changed, unlocked fields; foreign keys are compared by id."""
    free = {name: value for name, value in values.items() if name not in product.locked_fields}
    names = []
    for name, value in free.items():
        column = f"{name}_id" if name in {"brand", "category"} else name
        if getattr(product, column) != getattr(value, "pk", value):
            setattr(product, name, value)
            names.append(name)
    return names


def _brands(names: Iterable[str]) -> dict[str, Brand]:
    wanted = {brand_key(name)[:80]: name for name in sorted(names, reverse=True)}
    found = {brand.key: brand for brand in Brand.objects.filter(key__in=wanted)}
    missing = [Brand(key=key, name=name) for key, name in wanted.items() if key not in found]
    if missing:
        Brand.objects.bulk_create(missing, ignore_conflicts=True)
        found = {brand.key: brand for brand in Brand.objects.filter(key__in=wanted)}
    return found


def _write_contacts(taken: Sequence[Goods], brands: Mapping[str, Brand]) -> None:
    """Fill in unknown manufacturers and responsible persons. Known ones stay.

    A responsible person that staff removed stays removed: the products are not sold to the EU.
    Unbranded products have many manufacturers, so none is stored.
    Locks:  the brands that change, in id order
    """
    empty: dict[tuple[int, str], Contact] = {}
    for goods in taken:
        brand = brands[brand_key(goods.enriched.brand)[:80]]
        if brand.name == UNBRANDED:
            continue
        if (maker := goods.enriched.maker) and not brand.maker_name:
            empty.setdefault((brand.pk, "maker"), maker)
        is_open = not (brand.responsible_name or brand.is_responsible_locked)
        if (person := goods.enriched.responsible_person) and is_open:
            empty.setdefault((brand.pk, "responsible"), person)
    for (pk, role), contact in sorted(empty.items(), key=lambda each: each[0]):
        unknown: dict[str, str | bool] = {f"{role}_name": ""}
        if role == "responsible":
            unknown["is_responsible_locked"] = False
        Brand.objects.filter(pk=pk, **unknown).update(
            **{f"{role}_{part}": value for part, value in asdict(contact).items()}
        )


def _categories() -> dict[str, Category]:
    found = {category.slug: category for category in Category.objects.all()}
    missing = [
        Category(slug=slug, names={"en": slug.replace("-", " ").capitalize()})
        for slug in dict.fromkeys(SHELVES.values())
        if slug not in found
    ]
    if missing:
        Category.objects.bulk_create(missing, ignore_conflicts=True)
        found = {category.slug: category for category in Category.objects.all()}
    return found


@needs_transaction
def write_specs(taken: Sequence[Goods]) -> None:
    """Write the specifications with their sources; a value no longer stated is emptied."""
    found = {
        spec.product_id: spec
        for spec in Spec.objects.filter(product__in=[goods.row.pk for goods in taken])
    }
    new: list[Spec] = []
    changed: dict[Spec, list[str]] = {}
    for goods in taken:
        values = _spec_values(goods)
        spec = found.get(goods.row.pk)
        if spec is None:
            new.append(Spec(product=goods.row, **values))
            found[goods.row.pk] = new[-1]
            goods.mark_changed()
            continue
        locked = goods.row.locked_fields
        free = {name: value for name, value in values.items() if name not in locked}
        if names := bulk.differing(spec, free):
            changed[spec] = names
            goods.mark_changed()
    Spec.objects.bulk_create(new)
    bulk.update(Spec, changed)


def _spec_values(goods: Goods) -> dict[str, Any]:
    enriched = goods.enriched
    empty = {name: default() for name, default in _STATED.items()}
    stated = {name: bulk.fitted(Spec, name, value) for name, value in enriched.spec.items()}
    return {
        **empty,
        **stated,
        "basis": Spec.Basis.SUPPLIER_CLAIM if enriched.sources else Spec.Basis.NONE,
        "more": dict(enriched.more),
        "sources": {name: dict(said) for name, said in enriched.sources.items()},
        "warnings": [dict(warning) for warning in enriched.warnings],
    }


@needs_transaction
def write_modes(taken: Sequence[Goods]) -> None:
    """Write the mode tables; a table with any change is replaced."""
    found: dict[int, list[Mode]] = {}
    for mode in Mode.objects.filter(product__in=[goods.row.pk for goods in taken]).order_by(
        "product", "position"
    ):
        found.setdefault(mode.product_id, []).append(mode)
    new: list[Mode] = []
    stale: list[int] = []
    for goods in taken:
        if "modes" in goods.row.locked_fields:
            continue
        wanted = [
            _mode(goods.row, place, claim) for place, claim in enumerate(goods.enriched.modes)
        ]
        present = found.get(goods.row.pk, [])
        if [_told(mode) for mode in present] != [_told(mode) for mode in wanted]:
            stale += [mode.pk for mode in present]
            new += wanted
            goods.mark_changed()
    if stale:
        Mode.objects.filter(pk__in=stale).delete()
    Mode.objects.bulk_create(new)


def _mode(product: Product, position: int, claim: ModeClaim) -> Mode:
    return Mode(
        product=product,
        position=position,
        name=claim.name,
        kind=claim.kind,
        output_lm=bulk.fitted(Mode, "output_lm", claim.output_lm),
        runtime_min=claim.runtime_min,
    )


def _told(mode: Mode) -> tuple[Any, ...]:
    return (mode.position, mode.name, mode.kind, mode.output_lm, mode.runtime_min)
