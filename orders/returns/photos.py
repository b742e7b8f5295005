"""Return photos: re-encode pictures of a complaint, store them privately, delete them.

No URL exposes a stored picture. Erasing the customer deletes pictures.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from threading import Lock
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import Error as DatabaseError
from django.db import transaction
from django.utils.translation import gettext
from PIL import Image as Pillow

from catalog.products import images
from orders.models import Order, ReturnAuthorization, ReturnPicture
from orders.models.returns import MOST_PICTURES
from orders.returns.eligibility import CannotReturnError
from storefront.lib.db.transactions import needs_transaction

MOST_AT_ONCE = 4
MAX_BYTES = images.MAX_BYTES
MOST_PIXELS = 25_000_000  # a phone photo; decoding takes 100 MB of memory
LONGEST_SIDE_PX = 2000
QUALITY = 85
FOLDER = "complaints"
MEDIA_TYPE = "image/jpeg"
# A file gets its row within one request; older files without a row are leftovers of killed ones.
LEFT_OVER_AFTER = timedelta(days=1)
AT_ONCE = 500
# Decoded pictures are large: one at a time per process.
_ONE_AT_ONCE = Lock()


def drawn(content: bytes) -> bytes:
    """Return the picture (JPEG, PNG or WebP) as an upright JPEG without any metadata.

    Locks:  other decoding in this process
    Raises: images.BadPictureError
    """
    with _ONE_AT_ONCE:
        picture = images.opened(content, most_pixels=MOST_PIXELS, within_px=LONGEST_SIDE_PX)
        # A new image: a copy would keep comments and the GPS position.
        sheet = Pillow.new("RGB", picture.size, "white")
        sheet.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
        written = io.BytesIO()
        sheet.save(written, "JPEG", quality=QUALITY)
        return written.getvalue()


@contextmanager
def written(drawings: Sequence[bytes]) -> Iterator[list[str]]:
    """Write pictures under random names; on exit delete those without a row.

    Wraps the transaction that creates the rows, so that a failure leaves no file.
    """
    names: list[str] = []
    try:
        for content in drawings:
            name = f"{FOLDER}/{uuid4().hex}.jpg"
            names.append(storages["private"].save(name, ContentFile(content)))
        yield names
    finally:
        if names:
            with suppress(DatabaseError):  # the sweep deletes them
                _delete(_unnamed(names))


@needs_transaction
def attach(authorization: ReturnAuthorization, names: Sequence[str], *, now: datetime) -> None:
    """Add pictures to a return.

    Locks:  the caller holds the order
    Raises: CannotReturnError  too many pictures
    """
    there = authorization.pictures.count()
    if there + len(names) > MOST_PICTURES:
        words = gettext("You can add up to %(most)d photos to a return.")
        raise CannotReturnError(words % {"most": MOST_PICTURES})
    ReturnPicture.objects.bulk_create(
        ReturnPicture(authorization=authorization, place=place, file=name, added_at=now)
        for place, name in enumerate(names, start=there + 1)
    )


def read(picture: ReturnPicture) -> bytes:
    """Return a stored picture as JPEG bytes.

    Raises: FileNotFoundError
    """
    with storages["private"].open(picture.file) as kept:
        content: bytes = kept.read()
        return content


@needs_transaction
def forget(order: Order) -> None:
    """Delete the pictures of all returns of an order; files go after the commit.

    Locks:  the caller holds the order
    """
    rows = ReturnPicture.objects.filter(authorization__order=order)
    names = set(rows.values_list("file", flat=True))
    rows.delete()
    if names:
        transaction.on_commit(partial(_delete, names))


def sweep(*, now: datetime) -> int:
    """Delete files without a row, left by killed processes; return their number."""
    with suppress(FileNotFoundError):
        _folders, files = storages["private"].listdir(FOLDER)
        count = 0
        for some in batched(files, AT_ONCE):
            unnamed = _unnamed([f"{FOLDER}/{one}" for one in some])
            left = [name for name in unnamed if _is_old(name, now)]
            _delete(left)
            count += len(left)
        return count
    return 0


def _unnamed(names: Sequence[str]) -> set[str]:
    known = ReturnPicture.objects.filter(file__in=names).values_list("file", flat=True)
    return {*names} - {*known}


def _is_old(name: str, now: datetime) -> bool:
    try:
        return storages["private"].get_modified_time(name) < now - LEFT_OVER_AFTER
    except FileNotFoundError:
        return False


def _delete(names: Sequence[str] | set[str]) -> None:
    for name in names:
        storages["private"].delete(name)
