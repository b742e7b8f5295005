"""Image edits: replace the images of a supplier; add, order, describe and delete images by staff."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.listings.publication import lock_product, republish
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


@requires_transaction
def edit_images(
    *,
    product: Product,
    saved: Sequence[Image],
    removed: Sequence[Image],
    main: Image | None,
    now: datetime,
) -> None:
    """Save new and changed images, delete others, and lock all against feeds.

    Images are ordered by position; the main image comes first. ``main`` is the image that staff
    made the main one in this edit: an earlier main image becomes an other image.
    Locks:  the listings of the product in id order, then the product
    """
    lock_product(product.pk)
    row = Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    Image.objects.filter(pk__in=[image.pk for image in removed]).delete()
    for image in saved:
        image.product = row
        image.save()
    images = list(Image.objects.filter(product=row).order_by("position", "pk"))
    first = main or next((image for image in images if image.role == Image.Role.MAIN), None)
    images.sort(key=lambda image: image != first)
    for position, image in enumerate(images):
        image.position = position
        if image.role == Image.Role.MAIN and image != first:
            image.role = Image.Role.OTHER
    Image.objects.bulk_update(images, ["position", "role"])
    row.overridden_fields = sorted({*row.overridden_fields, IMAGES})
    row.updated_at = now
    row.save(update_fields=["overridden_fields", "updated_at"])
    republish(row.pk, now=now)
