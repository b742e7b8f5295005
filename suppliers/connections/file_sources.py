"""File sources: keep versions of a feed mapping, activate one per file, store uploaded files.

Uploads are in a private folder without a URL.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from collections.abc import Mapping as Table
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from suppliers.connectors.feed.fetch import UPLOADS
from suppliers.connectors.feed.mapping.spec import Mapping
from suppliers.models import Content, FeedMapping, FeedUpload, Supplier

# The connection options that active mappings and the newest uploads fill.
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
    """Create and activate a mapping version.

    Locks: the supplier
    Raises: PermanentError  the spec is invalid; nothing is written
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
    """Activate an old version, as a copy with a new version number.

    Raises: PermanentError  the spec is no longer valid
    """
    return save(
        supplier=version.supplier, content=version.content, spec=version.spec, by=by, now=now
    )


def options_for(supplier: Supplier, options: Table[str, Any]) -> dict[str, Any]:
    """Return the active mappings and newest uploads, as options of a file connection."""
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


# Uploaded files

MOST_BYTES = 200_000_000


class TooLongError(Exception):
    """The file is longer than ``MOST_BYTES``. Nothing is stored."""


def folder_of(supplier: Supplier) -> Path:
    """Return the private folder of a supplier's files."""
    return Path(settings.FEEDS_ROOT) / supplier.code


def keep(  # noqa: PLR0913 - the file, its supplier and its uploader
    *,
    supplier: Supplier,
    content: str,
    name: str,
    chunks: Iterable[bytes],
    by: str,
    now: datetime,
    made_at: datetime | None = None,
) -> FeedUpload:
    """Store an uploaded file under a generated name, with its uploader and date.

    The file's modification time becomes its date: ``made_at`` if given, at most ``now``.

    Raises: TooLongError
    """
    folder = folder_of(supplier) / UPLOADS
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, written = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as sink:
            for chunk in chunks:
                size += len(chunk)
                if size > MOST_BYTES:
                    raise TooLongError(f"over {MOST_BYTES} bytes")
                digest.update(chunk)
                sink.write(chunk)
        told_at_s = min(now, made_at or now).timestamp()
        os.utime(written, (told_at_s, told_at_s))
        stored_as = f"{content}-{digest.hexdigest()[:24]}.upload"
        Path(written).replace(folder / stored_as)
    finally:
        Path(written).unlink(missing_ok=True)
    return FeedUpload.objects.create(
        supplier=supplier,
        content=content,
        stored_as=stored_as,
        given_name=_printable(name),
        digest=digest.hexdigest(),
        size_bytes=size,
        by=by[:100],
        at=now,
        made_at=made_at,
    )


def _printable(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable())[-120:]
