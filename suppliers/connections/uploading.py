"""Keep a file that staff hand in for a supplier, where nobody else can read it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings

from suppliers.connectors.feed.fetch import UPLOADS
from suppliers.models import FeedUpload, Supplier

MOST_BYTES = 200_000_000


class TooLongError(Exception):
    """No supplier has a file this long. Nothing was kept."""


def folder_of(supplier: Supplier) -> Path:
    """Where all files of a supplier lie; no address of ours leads there."""
    return Path(settings.VAR_DIR) / "feeds" / supplier.code


def keep(  # noqa: PLR0913 - what, whose, and who handed it in
    *,
    supplier: Supplier,
    content: str,
    name: str,
    chunks: Iterable[bytes],
    by: str,
    now: datetime,
    made_at: datetime | None = None,
) -> FeedUpload:
    """Store a file under a name of our own, and note who handed it in.

    What it tells is as old as the file: ``made_at`` if that is known, the moment of the upload
    at most. The stored file bears that time, for who reads it.

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
