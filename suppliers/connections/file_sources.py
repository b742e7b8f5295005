"""Keep the versions of how a supplier's files are read, one of them active for each file."""

from __future__ import annotations

from collections.abc import Mapping as Table
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from suppliers.connectors.feed.mapping.spec import Mapping
from suppliers.models import Content, FeedMapping, FeedUpload, Supplier

# The connection's options that the active versions and the newest uploads fill in.
SPECS = {
    Content.PRODUCTS: "mapping",
    Content.PRICES: "prices_mapping",
    Content.STOCK: "stock_mapping",
}
PLACES = {
    Content.PRODUCTS: "products_at",
    Content.PRICES: "prices_at",
    Content.STOCK: "stock_at",
}
FEED, BY_HAND = "feed", "upload"


@transaction.atomic(durable=True)
def save(
    *, supplier: Supplier, content: str, spec: dict[str, Any], by: str, now: datetime
) -> FeedMapping:
    """Make a version, and read by it from now on.

    Locks:  the supplier
    Raises: PermanentError  no file can be read by it; nothing is written
    """
    written = Mapping.read(spec).written()
    Supplier.objects.select_for_update(of=["self"]).get(pk=supplier.pk)
    mine = FeedMapping.objects.filter(supplier=supplier, content=content)
    last = mine.aggregate(last=Max("version"))["last"] or 0
    mine.filter(is_active=True).update(is_active=False)
    return FeedMapping.objects.create(
        supplier=supplier,
        content=content,
        version=last + 1,
        spec=written,
        made_by=by[:100],
        made_at=now,
        is_active=True,
    )


def take_back(*, version: FeedMapping, by: str, now: datetime) -> FeedMapping:
    """Read by an old version again: it becomes the newest.

    Raises: PermanentError  no file can be read by it any more
    """
    return save(
        supplier=version.supplier, content=version.content, spec=version.spec, by=by, now=now
    )


def options_for(supplier: Supplier, options: Table[str, Any]) -> dict[str, Any]:
    """Return what staff built and handed in, as options of the connection to a feed."""
    if supplier.adapter != FEED:
        return {}
    active = FeedMapping.objects.filter(supplier=supplier, is_active=True)
    found: dict[str, Any] = {
        SPECS[Content(content)]: spec for content, spec in active.values_list("content", "spec")
    }
    if options.get("via") == BY_HAND:
        newest = FeedUpload.objects.filter(supplier=supplier).order_by("content", "-id")
        newest = newest.distinct("content")
        found |= {
            PLACES[Content(content)]: name
            for content, name in newest.values_list("content", "stored_as")
        }
    return found
