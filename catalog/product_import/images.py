"""Import images: write one row per product image, in the supplier's order.

``catalog.products.images`` fetches the files later.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.models import Image
from catalog.models.products import UPLOAD_SCHEME
from catalog.product_import.held_changes import hold_images
from catalog.product_import.item import ImportItem
from catalog.products.image_edits import IMAGES, ImageChanges
from catalog.products.images import MAX_IMAGES, is_valid_url
from catalog.records import ImportIssue, ProductRecord
from storefront.lib.db.transactions import requires_transaction

_ROLES = (Image.Role.MAIN, Image.Role.IN_USE, Image.Role.SIDE, Image.Role.SCALE)


@requires_transaction
def write_images(items: Sequence[ImportItem]) -> None:
    """Write one row per image; delete the rows of images that the supplier no longer states.

    If staff edited the images of a product, all are kept (``products.image_edits``). Uploaded images
    are never deleted; our exports name them, so a record may, which changes nothing.
    An image that only variants of one color state belongs to the first of these variants. A record
    without images deletes nothing, since that is usually an error.
    """
    present: dict[int, list[Image]] = {}
    rows = Image.objects.filter(product__in=[item.row.pk for item in items])
    for row in rows.exclude(source_url__startswith=UPLOAD_SCHEME):
        present.setdefault(row.product_id, []).append(row)
    changes = ImageChanges()
    for item in items:
        if IMAGES in item.row.overridden_fields:
            continue
        rows_now, wanted = present.get(item.row.pk, []), _wanted(item)
        if hold_images(item, rows_now, wanted):
            continue
        if changes.replace(item.row, rows_now, wanted):
            item.mark_changed()
    changes.save()


def _wanted(item: ImportItem) -> dict[str, Mapping[str, Any]]:
    """Return URL → columns: the product's images first, then those of single variants."""
    wanted: dict[str, Mapping[str, Any]] = {}
    owners = _owners(item)
    of_product = [url for url in dict.fromkeys(item.record.picture_urls) if is_valid_url(url)]
    for position, url in enumerate(of_product[:MAX_IMAGES]):
        role = _ROLES[position] if position < len(_ROLES) else Image.Role.OTHER
        wanted[url] = {"variant_id": owners.get(url), "role": role, "position": position}
    for variant in item.record.variants:
        for url in variant.picture_urls:
            if is_valid_url(url) and url not in wanted and len(wanted) < 2 * MAX_IMAGES:
                wanted[url] = {
                    "variant_id": owners.get(url),
                    "role": Image.Role.MAIN if not wanted else Image.Role.OTHER,
                    "position": len(wanted),
                }
    return wanted


def first_invalid_url(record: ProductRecord) -> ImportIssue | None:
    urls = [
        *record.picture_urls,
        *(url for variant in record.variants for url in variant.picture_urls),
    ]
    stated = (url for url in urls if not url.startswith(UPLOAD_SCHEME))
    bad = next((url for url in stated if not is_valid_url(url)), None)
    if bad is None:
        return None
    message = f"{bad[:200]!r} is not an image URL; skipped."
    return ImportIssue(
        row=record.external_id,
        code="picture-address",
        message=message,
        is_fatal=False,
        raw={"picture": bad[:200]},
    )


def _owners(item: ImportItem) -> dict[str, int]:
    """Map each image of a single color to the first variant that states it."""
    colors: dict[str, set[str]] = {}
    first: dict[str, int] = {}
    for record in item.record.variants:
        variant = item.variants[record.sku]
        for url in record.picture_urls:
            colors.setdefault(url, set()).add(variant.color or variant.sku)
            first.setdefault(url, variant.pk)
    return {url: pk for url, pk in first.items() if len(colors[url]) == 1}
