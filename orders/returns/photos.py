"""Return photos: re-encode pictures of a complaint, store them privately, delete them.

Other tables of pictures (``PhotoTable``) use the same checks, storage and answers.
No URL exposes a stored picture. Erasing the customer deletes pictures.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from threading import Lock
from typing import Any, Protocol
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import Error as DatabaseError
from django.db import models, transaction
from django.utils.translation import gettext
from PIL import Image as Pillow

from catalog.products import images
from orders.models import Order, ReturnPhoto
from orders.models.returns import MAX_MESSAGE_LENGTH, MAX_PHOTOS
from storefront.lib.db.transactions import requires_transaction

MAX_PER_REQUEST = 4
MAX_BYTES = images.MAX_BYTES
MAX_PIXELS = 25_000_000  # a phone photo; decoding takes 100 MB of memory
MAX_SIDE_PX = 2000
QUALITY = 85
MEDIA_TYPE = "image/jpeg"
# A file gets its row within one request: an older file without a row is of a killed request.
ORPHAN_AGE = timedelta(days=1)
BATCH_SIZE = 500
# Decoded pictures are large: one at a time per process.
_DECODE_LOCK = Lock()


class CannotAnswerError(Exception):
    """The message says why; nothing is changed."""


@dataclass(frozen=True, slots=True)
class PhotoTable:
    """A table with the column ``file``, and the folder of its files in private storage."""

    model: type[models.Model]
    folder: str


class StoredPhoto(Protocol):
    """A row of a ``PhotoTable``."""

    file: Any


RETURN_PHOTOS = PhotoTable(ReturnPhoto, "complaints")


def reencode(content: bytes) -> bytes:
    """Return the picture (JPEG, PNG or WebP) as an upright JPEG without any metadata.

    Locks:  other decoding in this process
    Raises: images.InvalidImageError
    """
    with _DECODE_LOCK:
        picture = images.decode(content, most_pixels=MAX_PIXELS, within_px=MAX_SIDE_PX)
        # A new image: a copy would keep comments and the GPS position.
        upright = Pillow.new("RGB", picture.size, "white")
        upright.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
        output = io.BytesIO()
        upright.save(output, "JPEG", quality=QUALITY)
        return output.getvalue()


@contextmanager
def store(
    encoded_photos: Sequence[bytes], table: PhotoTable = RETURN_PHOTOS
) -> Iterator[list[str]]:
    """Write pictures under random names; on exit delete those without a row.

    Wraps the transaction that creates the rows, so that a failure leaves no file.
    """
    names: list[str] = []
    try:
        for content in encoded_photos:
            name = f"{table.folder}/{uuid4().hex}.jpg"
            names.append(storages["private"].save(name, ContentFile(content)))
        yield names
    finally:
        if names:
            with suppress(DatabaseError):  # the sweep deletes them
                _delete(_find_orphans(names, table))


@requires_transaction
def attach(row: Any, names: Sequence[str], *, now: datetime) -> None:
    """Add pictures to a return or report.

    Locks:  the caller holds the order
    Raises: CannotAnswerError  too many pictures
    """
    existing_count = row.pictures.count()
    if existing_count + len(names) > MAX_PHOTOS:
        message = gettext("You can add up to %(most)d photos in total.")
        raise CannotAnswerError(message % {"most": MAX_PHOTOS})
    for place, name in enumerate(names, start=existing_count + 1):
        row.pictures.create(place=place, file=name, added_at=now)


@requires_transaction
def add_answer(  # noqa: PLR0913 - the parts of one answer
    row: Any, to: str, text: str, names: Sequence[str], *, actor: str, now: datetime
) -> None:
    """Add an answer with its pictures to a return or report, which becomes ``to``.

    Locks:  the caller holds the order
    Raises: CannotAnswerError, InvalidTransitionError
    """
    full_text = f"{row.customer_message}\n{text}".strip()
    if len(full_text) > MAX_MESSAGE_LENGTH:
        raise CannotAnswerError(gettext("This text is too long. Shorten it."))
    row.move(to, at=now, actor=actor, customer_message=full_text)
    attach(row, names, now=now)


def is_last_answer(row: Any, *, customer_message: str, pictures: int) -> bool:
    """Return whether a return or report ends with this text, and as many new pictures.

    Shape:  ``row`` has ``customer_message``, ``status_since`` and ``pictures``
    """
    is_last = (
        f"\n{row.customer_message}".endswith(f"\n{customer_message}")
        if customer_message
        else bool(pictures)
    )
    return is_last and row.pictures.filter(added_at=row.status_since).count() == pictures


def read(picture: StoredPhoto) -> bytes:
    """Return a stored picture as JPEG bytes. Raises FileNotFoundError."""
    with storages["private"].open(picture.file) as file:
        content: bytes = file.read()
        return content


@requires_transaction
def delete_of_order(order: Order) -> None:
    """Delete the pictures of all returns of an order; files go after the commit.

    Locks:  the caller holds the order
    """
    delete_with_files(ReturnPhoto.objects.filter(authorization__order=order))


@requires_transaction
def delete_with_files(rows: models.QuerySet[Any]) -> None:
    """Delete rows of a ``PhotoTable``; their files go after the commit."""
    names = set(rows.values_list("file", flat=True))
    rows.delete()
    if names:
        transaction.on_commit(partial(_delete, names))


def delete_orphans(*, now: datetime, table: PhotoTable = RETURN_PHOTOS) -> int:
    """Delete old files without a row, left by killed processes; return their number."""
    with suppress(FileNotFoundError):
        _folders, files = storages["private"].listdir(table.folder)
        count = 0
        for batch in batched(files, BATCH_SIZE):
            orphans = _find_orphans([f"{table.folder}/{file}" for file in batch], table)
            expired = [name for name in orphans if _is_old(name, now)]
            _delete(expired)
            count += len(expired)
        return count
    return 0


def _find_orphans(names: Sequence[str], table: PhotoTable) -> set[str]:
    rows = table.model._default_manager.filter(file__in=names)  # noqa: SLF001 - Django's documented model API
    stored = rows.values_list("file", flat=True)
    return {*names} - {*stored}


def _is_old(name: str, now: datetime) -> bool:
    try:
        return storages["private"].get_modified_time(name) < now - ORPHAN_AGE
    except FileNotFoundError:
        return False


def _delete(names: Sequence[str] | set[str]) -> None:
    for name in names:
        storages["private"].delete(name)
