"""Image edits: replace the images of a supplier; add, order, describe and delete images by staff."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.listings.publication import lock_listings_of, republish_products
from catalog.models import Image, Product
from storefront.lib.db import bulk
from storefront.lib.db.transactions import requires_transaction

IMAGES = "images"  # in ``Product.overridden_fields``: feeds change no image of the product
type ImageValues = Mapping[str, Mapping[str, Any]]  # URL -> columns


@dataclass(slots=True)
class ImageChanges:
    """Collects the rows to write for many products."""

    _new: list[Image] = field(default_factory=list)
    _changed: dict[Image, list[str]] = field(default_factory=dict)
    _stale: list[int] = field(default_factory=list)

    def replace(self, product: Product, present: Iterable[Image], wanted: ImageValues) -> bool:
        """Return whether the images of a product differ; ``present`` are those of suppliers.

        Nothing wanted deletes nothing: a record without images is usually an error.
        """
        rows = {row.source_url: row for row in present}
        is_changed = False
        for url, values in wanted.items():
            if url not in rows:
                self._new.append(Image(product=product, source_url=url, **values))
                is_changed = True
            elif names := bulk.set_changed(rows[url], values):
                self._changed[rows[url]] = [name.removesuffix("_id") for name in names]
                is_changed = True
        stale = [row.pk for url, row in rows.items() if url not in wanted] if wanted else []
        self._stale += stale
        return is_changed or bool(stale)

    def save(self) -> None:
        if self._stale:
            Image.objects.filter(pk__in=self._stale).delete()
        Image.objects.bulk_create(self._new)
        bulk.update(Image, self._changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageEdit:
    """The images of one product that are saved and removed.

    ``main`` is the image that staff made the main one in this edit: an earlier main image becomes
    an other image. ``keeps_positions``: only the main image gets another position, 0; else all images
    are numbered.
    """

    product_id: int
    saved: Sequence[Image]
    removed: Sequence[Image]
    main: Image | None
    keeps_positions: bool = False


@requires_transaction
def edit_images(
    *,
    product: Product,
    saved: Sequence[Image],
    removed: Sequence[Image],
    main: Image | None,
    now: datetime,
) -> None:
    """Save the images of one product, as ``edit_images_of_products`` does."""
    edit = ImageEdit(product_id=product.pk, saved=saved, removed=removed, main=main)
    edit_images_of_products([edit], now=now)


@requires_transaction
def edit_images_of_products(edits: Sequence[ImageEdit], *, now: datetime) -> None:
    """Save new and changed images, delete others, and lock all against feeds.

    Images are ordered by position; the main image comes first.
    Locks:  the listings of the products, then the products, each in id order
    """
    ids = [edit.product_id for edit in edits]
    lock_listings_of(ids)
    products = Product.objects.filter(pk__in=ids).select_for_update(of=["self"])
    rows = products.order_by("pk").in_bulk()
    if removed := [image.pk for edit in edits for image in edit.removed]:
        Image.objects.filter(pk__in=removed).delete()
    new: list[Image] = []
    for edit in edits:
        for image in edit.saved:
            image.product = rows[edit.product_id]
            if image.pk is None:
                new.append(image)
            else:
                image.save()
    Image.objects.bulk_create(new)
    images: dict[int, list[Image]] = {pk: [] for pk in ids}
    for image in Image.objects.filter(product__in=ids).order_by("position", "pk"):
        images[image.product_id].append(image)
    changed: dict[Image, list[str]] = {}
    for edit in edits:
        changed |= _set_order(
            images[edit.product_id], main=edit.main, keeps_positions=edit.keeps_positions
        )
    bulk.update(Image, changed)
    for row in rows.values():
        row.overridden_fields = sorted({*row.overridden_fields, IMAGES})
        row.updated_at = now
    bulk.update(Product, dict.fromkeys(rows.values(), ("overridden_fields", "updated_at")))
    republish_products(ids, now=now)


def _set_order(
    images: list[Image], *, main: Image | None, keeps_positions: bool
) -> dict[Image, list[str]]:
    """Set the positions of the images of a product, the main one first; return what changed."""
    first = main or next((image for image in images if image.role == Image.Role.MAIN), None)
    images.sort(key=lambda image: image != first)
    changed: dict[Image, list[str]] = {}
    for number, image in enumerate(images):
        position = number
        if keeps_positions and image != first:
            position = max(image.position, 1 if first else 0)
        is_second_main = image.role == Image.Role.MAIN and image != first
        role = Image.Role.OTHER if is_second_main else image.role
        if names := bulk.set_changed(image, {"position": position, "role": role}):
            changed[image] = names
    return changed
