"""Import images: write one row per product image, in the supplier's order.

``catalog.products.images`` fetches the files later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from catalog.models import Image
from catalog.product_import.item import Goods
from catalog.records import BadRow, ProductRecord
from storefront.lib.db import bulk
from storefront.lib.db.transactions import needs_transaction

MAX_PICTURES = 24
MAX_URL = 500
_ROLES = (Image.Role.MAIN, Image.Role.IN_USE, Image.Role.SIDE, Image.Role.SCALE)


@needs_transaction
def write_pictures(taken: Sequence[Goods]) -> None:
    """Write one row per image; delete rows that the supplier no longer states.

    An image that only variants of one color state belongs to the first of them. A record without
    images deletes nothing, since that is usually an error.
    """
    present: dict[int, dict[str, Image]] = {}
    for row in Image.objects.filter(product__in=[goods.row.pk for goods in taken]):
        present.setdefault(row.product_id, {})[row.source_url] = row
    new: list[Image] = []
    changed: dict[Image, list[str]] = {}
    stale: list[int] = []
    for goods in taken:
        wanted = _wanted(goods)
        rows_now = present.get(goods.row.pk, {})
        is_changed = False
        for url, values in wanted.items():
            if url not in rows_now:
                new.append(Image(product=goods.row, source_url=url, **values))
                is_changed = True
            elif names := bulk.differing(rows_now[url], values):
                changed[rows_now[url]] = [name.removesuffix("_id") for name in names]
                is_changed = True
        if wanted and (gone := [row.pk for url, row in rows_now.items() if url not in wanted]):
            stale += gone
            is_changed = True
        if is_changed:
            goods.mark_changed()
    if stale:
        Image.objects.filter(pk__in=stale).delete()
    Image.objects.bulk_create(new)
    bulk.update(Image, changed)


def _wanted(goods: Goods) -> dict[str, Mapping[str, Any]]:
    """Return URL → columns: the product's images first, then those of single variants."""
    wanted: dict[str, Mapping[str, Any]] = {}
    owners = _owners(goods)
    of_product = [url for url in dict.fromkeys(goods.record.picture_urls) if _is_good(url)]
    for place, url in enumerate(of_product[:MAX_PICTURES]):
        role = _ROLES[place] if place < len(_ROLES) else Image.Role.OTHER
        wanted[url] = {"variant_id": owners.get(url), "role": role, "position": place}
    for variant in goods.record.variants:
        for url in variant.picture_urls:
            if _is_good(url) and url not in wanted and len(wanted) < 2 * MAX_PICTURES:
                wanted[url] = {
                    "variant_id": owners.get(url),
                    "role": Image.Role.MAIN if not wanted else Image.Role.OTHER,
                    "position": len(wanted),
                }
    return wanted


def bad_address(record: ProductRecord) -> BadRow | None:
    """Return the first image URL that cannot be fetched, as an issue of its product."""
    said = [*record.picture_urls, *(url for each in record.variants for url in each.picture_urls)]
    bad = next((url for url in said if not _is_good(url)), None)
    if bad is None:
        return None
    message = f"{bad[:200]!r} is not an image URL; skipped."
    return BadRow(row=record.ref, code="picture-address", message=message, is_fatal=False)


def _owners(goods: Goods) -> dict[str, int]:
    """Map an image to the first variant that states it, unless several colors do."""
    colors: dict[str, set[str]] = {}
    first: dict[str, int] = {}
    for record in goods.record.variants:
        variant = goods.variants[record.sku]
        for url in record.picture_urls:
            colors.setdefault(url, set()).add(variant.color or variant.sku)
            first.setdefault(url, variant.pk)
    return {url: pk for url, pk in first.items() if len(colors[url]) == 1}


def _is_good(url: str) -> bool:
    if len(url) > MAX_URL or any(ord(character) <= ord(" ") for character in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
