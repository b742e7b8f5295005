"""Image edits by staff: add uploaded images, order, describe and delete images."""

from collections.abc import Sequence
from datetime import datetime

from catalog.listings.publication import lock_product, republish
from catalog.models import Image, Product
from storefront.lib.db.transactions import requires_transaction

IMAGES = "images"  # in ``Product.overridden_fields``: feeds change no image of the product


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
