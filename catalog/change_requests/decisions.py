"""Change request decisions: accept changes of a supplier, or reject them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from catalog.attributes import plausibility
from catalog.attributes.colors import color_of
from catalog.brands.aliases import get_or_create_brand
from catalog.change_requests.recording import MORE, OPTIONS
from catalog.custom_attributes.registry import CUSTOM
from catalog.listings.publication import lock_listings_of, republish
from catalog.models import (
    Category,
    ChangeRequest,
    Image,
    Mode,
    Product,
    ProductFamily,
    Spec,
    Variant,
)
from catalog.models.products import UPLOAD_SCHEME
from catalog.pricing import repricing_queue
from catalog.products import spec_edits
from catalog.products.image_edits import IMAGES, ImageChanges
from catalog.products.spec_edits import MODES, ModeChanges
from storefront.lib.db.change_source import set_change_source
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import ConcurrentUpdateError

PRODUCT_FIELDS = frozenset({"title", "summary", "description_html", "brand", "category", "family"})


@dataclass(slots=True)
class _Locked:
    """The rows of one request, locked."""

    request: ChangeRequest
    product: Product
    spec: Spec
    variants: list[Variant]
    changed: set[str] = field(default_factory=set)


@requires_transaction
def accept(
    *,
    request: ChangeRequest,
    fields: Collection[str] | None,
    actor: str,
    now: datetime,
    seen: str | None = None,
) -> list[str]:
    """Write the changes of these fields, or of all, to the product; return the written fields.

    Feeds may change the fields again: nothing is locked. A field that staff have locked meanwhile
    keeps its value.
    Shape:  ``seen`` is the version that staff saw; None decides about the present one
    Raises: ConcurrentUpdateError  the supplier or staff have changed it meanwhile
    Locks:  the variants, then the listings of the product, each in id order, then the product
    """
    rows = _lock(request, actor=actor, seen=seen)
    if rows is None:
        return []
    taken = _chosen(rows.request, fields)
    for name, change in taken.items():
        if name not in rows.product.overridden_fields:
            _write(rows, name, change)
            rows.changed.add(name)
    _save(rows, now=now)
    _close(rows.request, taken, rejected={}, now=now)
    if rows.changed:
        if rows.changed & {"brand", "category"}:
            repricing_queue.enqueue_products(product_ids=[rows.product.pk], now=now)
        republish(rows.product.pk, now=now)
    return sorted(rows.changed)


@requires_transaction
def reject(
    *,
    request: ChangeRequest,
    fields: Collection[str] | None,
    actor: str,
    now: datetime,
    seen: str | None = None,
) -> list[str]:
    """Reject the changes of these fields, or of all, until the feed states another value.

    Shape, Raises and Locks:  as ``accept``
    """
    rows = _lock(request, actor=actor, seen=seen)
    if rows is None:
        return []
    taken = _chosen(rows.request, fields)
    rejected = {
        name: {"value": change["value"], "actor": actor, "at": now.isoformat()}
        for name, change in taken.items()
    }
    _close(rows.request, taken, rejected=rejected, now=now)
    return sorted(taken)


def version_of(request: ChangeRequest) -> str:
    """Return what identifies the present changes, for the page that shows them."""
    return request.updated_at.isoformat()


def _lock(request: ChangeRequest, *, actor: str, seen: str | None) -> _Locked | None:
    """Lock the rows; None if the request is gone."""
    variants = Variant.objects.filter(product=request.product_id).order_by("pk")
    locked = list(variants.select_for_update(of=["self"], no_key=True))
    lock_listings_of([request.product_id])
    product = Product.objects.select_for_update(of=["self"]).get(pk=request.product_id)
    row = ChangeRequest.objects.select_for_update(of=["self"]).filter(pk=request.pk).first()
    if row is None:
        return None
    if seen is not None and seen != version_of(row):
        raise ConcurrentUpdateError(
            gettext("The supplier has changed the values meanwhile. Look at them again.")
        )
    set_change_source(f"change-request:{row.supplier_code}", actor=actor)
    spec = Spec.objects.filter(product=product).first() or Spec(product=product)
    return _Locked(row, product, spec, locked)


def _chosen(request: ChangeRequest, fields: Collection[str] | None) -> dict[str, Any]:
    return {
        name: change for name, change in request.changes.items() if fields is None or name in fields
    }


def _write(rows: _Locked, name: str, change: Mapping[str, Any]) -> None:
    """Set one accepted value on the rows in memory; modes and images are saved at once."""
    value, spec = change["value"], rows.spec
    if name in PRODUCT_FIELDS:
        _set_product_field(rows.product, name, value)
    elif name == OPTIONS:
        _set_options(rows, value)
    elif name == MODES:
        _write_modes(rows.product, value)
    elif name == IMAGES:
        _write_images(rows, value)
    elif name.startswith(CUSTOM):
        _set_entry(spec.custom_values, name.removeprefix(CUSTOM), value)
        _set_entry(spec.sources, name, _source_of(rows.request, change))
    elif name.startswith(MORE):
        _set_entry(spec.more, name.removeprefix(MORE), value)
    else:
        _set_column(rows, name, value)
        _set_entry(spec.sources, name, _source_of(rows.request, change))


def _source_of(request: ChangeRequest, change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the source of an accepted value, with the date on which the supplier stated it."""
    source = change.get("source")
    return {**source, "on": request.opened_at.date().isoformat()} if source else {}


def _set_options(rows: _Locked, value: Mapping[str, Any]) -> None:
    rows.product.option_names = value["names"]
    for variant in rows.variants:
        is_locked = "option_values" in variant.overridden_fields
        if variant.sku in value["values"] and not is_locked:
            variant.option_values = value["values"][variant.sku]
            variant.color = color_of(value["names"], variant.option_values)


def _set_column(rows: _Locked, name: str, value: Any) -> None:
    """Set a column of the specification, and what follows from it."""
    column: Any = Spec._meta.get_field(name)  # noqa: SLF001 - Django's documented model API
    setattr(rows.spec, name, column.to_python(value))
    if name == "intensity_cd":
        rows.spec.beam_m = None if value is None else plausibility.beam_m(value)
    elif name == "weight_g":
        for variant in rows.variants:
            if name not in variant.overridden_fields:
                variant.weight_g = value


def _set_product_field(product: Product, name: str, value: Any) -> None:
    if name == "brand":
        product.brand = get_or_create_brand(value)
    elif name == "category":
        product.category = Category.objects.filter(slug=value).first() or product.category
    elif name != "family" or ProductFamily.objects.filter(code=value).exists():
        setattr(product, name, value)


def _set_entry(values: dict[str, Any], name: str, value: Any) -> None:
    if value in (None, "", [], {}):
        values.pop(name, None)
    else:
        values[name] = value


def _write_modes(product: Product, stated: list[dict[str, Any]]) -> None:
    present = list(Mode.objects.filter(product=product).order_by("position"))
    column = Mode._meta.get_field("output_lm")  # noqa: SLF001 - Django's documented model API
    values = [{**mode, "output_lm": column.to_python(mode["output_lm"])} for mode in stated]
    changes = ModeChanges()
    changes.replace(product, present, values)
    changes.save()


def _write_images(rows: _Locked, stated: list[dict[str, str]]) -> None:
    present = Image.objects.filter(product=rows.product)
    variants = {variant.sku: variant.pk for variant in rows.variants}
    changes = ImageChanges()
    changes.replace(
        rows.product,
        present.exclude(source_url__startswith=UPLOAD_SCHEME),
        {
            one["url"]: {
                "variant_id": variants.get(one["sku"]),
                "role": one["role"],
                "position": position,
            }
            for position, one in enumerate(stated)
        },
    )
    changes.save()


def _save(rows: _Locked, *, now: datetime) -> None:
    if not rows.changed:
        return
    rows.product.updated_at = now
    rows.product.save()
    if rows.changed - PRODUCT_FIELDS - {OPTIONS, IMAGES}:
        spec_edits.check_again(rows.spec)
        rows.spec.save()
    if rows.changed & {OPTIONS, "weight_g"}:
        for variant in rows.variants:
            variant.save(update_fields=["option_values", "color", "weight_g"])


def _close(
    request: ChangeRequest,
    taken: Mapping[str, Any],
    *,
    rejected: Mapping[str, Any],
    now: datetime,
) -> None:
    """Remove the decided changes; a request without changes and rejected values is deleted."""
    request.changes = {
        name: change for name, change in request.changes.items() if name not in taken
    }
    request.rejected |= rejected
    request.updated_at = now
    if request.changes or request.rejected:
        request.save()
    else:
        request.delete()
