"""File sources: keep versions of a feed mapping, activate one per file, store uploaded files.

Uploads are in a private folder without a URL.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from collections.abc import Mapping as Table
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from suppliers.connectors.feed.fetch import UPLOADS
from suppliers.connectors.feed.mapping.spec import Mapping
from suppliers.models import FeedMapping, FeedUpload, FileContent, Supplier

# The connection options that active mappings and the newest uploads fill.
MAPPING_OPTIONS = {
    FileContent.PRODUCTS: "mapping",
    FileContent.PRICES: "prices_mapping",
    FileContent.STOCK: "stock_mapping",
}
FILE_OPTIONS = {
    FileContent.PRODUCTS: "products_at",
    FileContent.PRICES: "prices_at",
    FileContent.STOCK: "stock_at",
}
FEED, BY_HAND = "feed", "upload"


@transaction.atomic(durable=True)
def save_mapping(
    *, supplier: Supplier, content: str, spec: dict[str, Any], actor: str, now: datetime
) -> FeedMapping:
    """Create and activate a mapping version.

    Locks: the supplier
    Raises: PermanentError  the spec is invalid; nothing is written
    """
    valid_spec = Mapping.read(spec).to_dict()
    Supplier.objects.select_for_update(of=["self"]).get(pk=supplier.pk)
    versions = FeedMapping.objects.filter(supplier=supplier, content=content)
    last = versions.aggregate(last=Max("version"))["last"] or 0
    versions.filter(is_active=True).update(is_active=False)
    return FeedMapping.objects.create(
        supplier=supplier,
        content=content,
        version=last + 1,
        spec=valid_spec,
        created_by=actor[:100],
        created_at=now,
        is_active=True,
    )


def restore_mapping(*, version: FeedMapping, actor: str, now: datetime) -> FeedMapping:
    """Activate an old version, as a copy with a new version number.

    Raises: PermanentError  the spec is no longer valid
    """
    return save_mapping(
        supplier=version.supplier, content=version.content, spec=version.spec, actor=actor, now=now
    )


def connection_options(supplier: Supplier, options: Table[str, Any]) -> dict[str, Any]:
    if supplier.adapter != FEED:
        return {}
    active = FeedMapping.objects.filter(supplier=supplier, is_active=True)
    filled: dict[str, Any] = {
        MAPPING_OPTIONS[FileContent(content)]: spec
        for content, spec in active.values_list("content", "spec")
    }
    if options.get("via") == BY_HAND:
        newest = FeedUpload.objects.filter(supplier=supplier).order_by("content", "-id")
        newest = newest.distinct("content")
        filled |= {
            FILE_OPTIONS[FileContent(content)]: name
            for content, name in newest.values_list("content", "storage_name")
        }
    return filled


MAX_BYTES = 200_000_000


class FileTooLargeError(Exception):
    """The file is longer than ``MAX_BYTES``. Nothing is stored."""


def supplier_folder(supplier: Supplier) -> Path:
    """Return the private folder of a supplier's files."""
    return Path(settings.FEEDS_ROOT) / supplier.code


def store_upload(  # noqa: PLR0913 - the file, its supplier and its uploader
    *,
    supplier: Supplier,
    content: str,
    name: str,
    chunks: Iterable[bytes],
    actor: str,
    now: datetime,
    made_at: datetime | None = None,
) -> FeedUpload:
    """Store an uploaded file under a generated name, with its uploader and date.

    The modification time of the file is set to ``made_at``, or to ``now`` if that is earlier.

    Raises: FileTooLargeError
    """
    dated_at = min(now, made_at or now)
    stored = store_file(
        supplier_folder(supplier) / UPLOADS, content=content, chunks=chunks, dated_at=dated_at
    )
    return record_upload(
        supplier=supplier,
        content=content,
        stored=stored,
        name=name,
        actor=actor,
        now=now,
        made_at=made_at,
    )


class StoredFile(NamedTuple):
    storage_name: str
    digest: str  # SHA-256
    size_bytes: int


def store_file(
    folder: Path, *, content: str, chunks: Iterable[bytes], dated_at: datetime
) -> StoredFile:
    """Store a file under a generated name. Raises FileTooLargeError."""
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, temporary_path = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as sink:
            for chunk in chunks:
                size += len(chunk)
                if size > MAX_BYTES:
                    raise FileTooLargeError(f"over {MAX_BYTES} bytes")
                digest.update(chunk)
                sink.write(chunk)
        os.utime(temporary_path, (dated_at.timestamp(), dated_at.timestamp()))
        storage_name = f"{content}-{digest.hexdigest()[:24]}.upload"
        Path(temporary_path).replace(folder / storage_name)
    finally:
        Path(temporary_path).unlink(missing_ok=True)
    return StoredFile(storage_name, digest.hexdigest(), size)


def record_upload(  # noqa: PLR0913 - the file, its supplier and its uploader
    *,
    supplier: Supplier,
    content: str,
    stored: StoredFile,
    name: str,
    actor: str,
    now: datetime,
    made_at: datetime | None = None,
) -> FeedUpload:
    """Make a stored file the newest upload, which the next sync reads."""
    return FeedUpload.objects.create(
        supplier=supplier,
        content=content,
        original_name=printable_name(name),
        **stored._asdict(),
        by=actor[:100],
        at=now,
        made_at=made_at,
    )


def printable_name(name: str) -> str:
    return "".join(character for character in name if character.isprintable())[-120:]
