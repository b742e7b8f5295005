"""Product images: fetch, validate, resize and store, then update the cards of their products.

Main images are fetched first. A file that is not a valid image is not stored.
"""

import hashlib
import io
import logging
import struct
import tempfile
import time
import warnings
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from catalog.models import Channel, Image
from catalog.models.products import WIDTHS_PX
from catalog.search import index
from storefront.lib.http.download import download
from storefront.lib.http.errors import PermanentError, TemporaryError

log = logging.getLogger(__name__)

MAX_BYTES = 8_000_000
MAX_URL = 500  # characters of ``Image.source_url``
MAX_IMAGES = 24  # that an import or a staff file states for a product
MAX_POSITION = 1000  # that staff enter
MAX_ALT_CHARS = 125  # screen readers cut longer texts
MAX_PIXELS = 40_000_000
MIN_SIDE_PX = 50
FORMATS = ("PNG", "JPEG", "WEBP")
PALETTES = frozenset({"1", "P", "PA"})
QUALITY = 82
WEBP_METHOD = 2  # level 4 makes files 6 % smaller and takes three times as long
MAX_TRIES = 8
FIRST_RETRY = timedelta(minutes=1)
SLOW_S = 3.0
# Errors that Pillow's decoders raise for invalid bytes.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    ArithmeticError,
    AttributeError,
    struct.error,
)


class InvalidImageError(ValueError):
    """Not an image that we store; the message says why."""


class StoredImage(NamedTuple):
    """A stored image in our sizes. ``stem`` is a hash of the content: equal images share files."""

    stem: str
    width_px: int
    height_px: int


def fetch_image(image: Image, now: datetime) -> bool:
    """Fetch one image and save the result, or the error and the next attempt.

    Return whether the host answered.
    """
    try:
        answer = download(image.source_url, headers={"accept": "image/*"}, max_bytes=MAX_BYTES)
        picture = store_resized(answer.content)
    except TemporaryError as error:
        _retry_later(image, str(error), now=now)
        return bool(error.code)
    except (PermanentError, InvalidImageError) as error:
        _mark_failed(image, str(error))
    except Exception as error:
        # An unexpected error or a full disk must not block the images behind it.
        log.exception("image %s could not be stored", image.pk)
        _retry_later(image, f"{type(error).__name__}: {error}", now=now)
    else:
        Image.objects.filter(pk=image.pk).update(
            **picture._asdict(),
            problem="",
            retry_at=None,
            tries=image.tries + 1,
        )
    return True


def _retry_later(image: Image, problem: str, *, now: datetime) -> None:
    tries = image.tries + 1
    if tries >= MAX_TRIES:
        _mark_failed(image, problem)
        return
    Image.objects.filter(pk=image.pk).update(
        tries=tries, problem=_clean_message(problem), retry_at=now + FIRST_RETRY * 2 ** (tries - 1)
    )


def _mark_failed(image: Image, problem: str) -> None:
    Image.objects.filter(pk=image.pk).update(
        tries=MAX_TRIES, problem=_clean_message(problem), retry_at=None
    )


def _clean_message(problem: str) -> str:
    return problem.replace("\0", "")[:200]


def is_valid_url(url: str) -> bool:
    """Return whether an image may be fetched from an address."""
    if len(url) > MAX_URL or any(ord(character) <= ord(" ") for character in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    has_user = "@" in parts.netloc  # no download sends one
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not has_user


def path_of(stem: str, width_px: int) -> Path:
    """Return the file of a stored image in one of ``WIDTHS_PX``."""
    return Path(settings.MEDIA_ROOT) / "pictures" / f"{stem}-{width_px}.webp"


def url_of(stem: str, width_px: int) -> str:
    """Return the URL of a stored image in one of ``WIDTHS_PX``, without the host."""
    return f"{settings.MEDIA_URL}pictures/{stem}-{width_px}.webp"


def store_resized(content: bytes) -> StoredImage:
    """Store an image in our widths, with transparency and without metadata.

    Raises: InvalidImageError  not an image, or not one that we store
    """
    picture = decode(content)
    stem = hashlib.blake2b(content, digest_size=16).hexdigest()
    for width in WIDTHS_PX:
        target = path_of(stem, width)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            _write(_resized(picture, width), target)
    return StoredImage(stem, *picture.size)


def decode(
    content: bytes, *, most_pixels: int = MAX_PIXELS, within_px: int | None = None
) -> Pillow.Image:
    """Decode an image upright as RGB or RGBA, shrunk to fit a square of ``within_px`` if given.

    Raises: InvalidImageError  too many pixels, another format, truncated, or no image
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            picture = Pillow.open(io.BytesIO(content), formats=FORMATS)
            _count_pixels(picture, most_pixels)
            if within_px:  # a JPEG can be decoded at a reduced size
                picture.draft("RGB", (within_px, within_px))
            picture.load()
        return _normalize(picture, within_px)
    except UnidentifiedImageError as error:
        raise InvalidImageError("the format is not PNG, JPEG or WebP") from error
    except (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError) as error:
        raise InvalidImageError("far too many pixels") from error
    except InvalidImageError:
        raise
    except _DECODER_ERRORS as error:
        raise InvalidImageError(f"broken: {error}") from error


def _normalize(picture: Pillow.Image, within_px: int | None) -> Pillow.Image:
    """Shrink before any conversion: decoded pixels take four bytes each."""
    has_alpha = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
    mode = "RGBA" if has_alpha else "RGB"
    if picture.mode in PALETTES:  # palette colors cannot be interpolated
        picture = _convert(mode, picture)
    if within_px:
        picture.thumbnail((within_px, within_px))
    with suppress(*_DECODER_ERRORS):  # an unreadable EXIF header: keep the orientation
        ImageOps.exif_transpose(picture, in_place=True)
    return _convert(mode, picture)


def _convert(mode: str, picture: Pillow.Image) -> Pillow.Image:
    return picture if picture.mode == mode else picture.convert(mode)


def _count_pixels(picture: Pillow.Image, most: int) -> None:
    """Check the dimensions in the header before pixels use memory."""
    size = f"{picture.width} x {picture.height} pixels"
    if picture.width * picture.height > most:
        raise InvalidImageError(f"{size} are too many")
    if min(picture.size) < MIN_SIDE_PX:
        raise InvalidImageError(f"{size} are too few")


def _resized(picture: Pillow.Image, width: int) -> Pillow.Image:
    """Shrink to a width; a smaller image is not enlarged."""
    if picture.width <= width:
        return picture
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Pillow.Resampling.LANCZOS)


def _write(picture: Pillow.Image, target: Path) -> None:
    """Write to a temporary file and rename it, so that no partial file is ever read."""
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as partial:
        picture.save(partial, "WEBP", quality=QUALITY, method=WEBP_METHOD)
    Path(partial.name).chmod(0o644)
    Path(partial.name).replace(target)


LOCK_TTL = timedelta(minutes=10)


def fetch_due(*, size: int, now: datetime, main_only: bool = False) -> int:
    """Fetch a batch of due images and update their cards; return how many were tried.

    Concurrent calls never fetch the same image. A host that does not answer, or answers slowly, is
    called once per batch, so that it delays no other host. The other images of a slow host are due
    again after ``FIRST_RETRY``, not only after the lease.
    Locks:  the images, only while the lease is written; after a crash they are due again when the
            lease (``LOCK_TTL``) ends
    """
    waiting = _lock_due(size=size, now=now, main_only=main_only)
    unreachable: set[str] = set()
    slow: set[str] = set()
    later: list[int] = []
    for image in waiting:
        host = _host(image.source_url)
        if host in slow:
            later.append(image.pk)
        if host in unreachable | slow:
            continue
        began = time.monotonic()
        if not fetch_image(image, now):
            unreachable.add(host)
        elif time.monotonic() - began > SLOW_S:
            slow.add(host)
    Image.objects.filter(pk__in=later).update(retry_at=now + FIRST_RETRY)
    arrived = set(
        Image.objects.filter(pk__in=[image.pk for image in waiting])
        .exclude(stem="")
        .values_list("product_id", flat=True)
    )
    for channel in Channel.objects.all():
        with transaction.atomic(durable=True):
            index.reindex(product_ids=arrived, channel=channel)
    return len(waiting)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return url  # an invalid URL counts as its own host


@transaction.atomic(durable=True)
def _lock_due(*, size: int, now: datetime, main_only: bool) -> list[Image]:
    due = Image.objects.waiting(now)
    if main_only:
        due = due.filter(role=Image.Role.MAIN)
    waiting = list(
        due.order_by("position", "pk").select_for_update(skip_locked=True, of=["self"])[:size]
    )
    Image.objects.filter(pk__in=[image.pk for image in waiting]).update(retry_at=now + LOCK_TTL)
    return waiting
