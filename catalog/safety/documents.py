"""Documents: validate a PDF or image by its content, store it privately, read, download, delete it.

The stored name is generated; the sender's file name is ignored.
"""

import hashlib
import io
import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _
from PIL import Image as Pillow

from catalog.models import ProductDocument, ProductGuarantee
from catalog.products import images
from storefront.lib.security import downloads

MAX_BYTES = 10_000_000
FOLDER = "documents"
MEDIA_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}
_PDF = re.compile(rb"%PDF-[12]\.\d")
_PDF_END = re.compile(rb"%%EOF\s*\Z")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_MAX_TRAILER_BYTES = 1_024
_NAME = re.compile(rf"{FOLDER}/[0-9a-f]{{32}}\.(?:pdf|png|jpg)")
# Checks that other apps add, because catalog does not import them: stored name -> whether they have it.
IN_USE_CHECKS: list[Callable[[str], bool]] = []


class InvalidDocumentError(ValueError):
    """The file is not an accepted document; the message says why."""


class StoredDocument(NamedTuple):
    """A stored document: its name in private storage, and the digest of its content."""

    name: str
    sha256: str


def store(content: bytes) -> StoredDocument:
    """Store a PDF, PNG or JPEG. Raises InvalidDocumentError."""
    suffix, sound = validate(content)
    name = storages["private"].save(f"{FOLDER}/{uuid4().hex}.{suffix}", ContentFile(sound))
    return StoredDocument(name=name, sha256=hashlib.sha256(sound).hexdigest())


def validate(content: bytes) -> tuple[str, bytes]:
    """Return the file type, and the content to store.

    An image is re-encoded, which drops hidden content. A PDF is not parsed: it must start and
    end as a PDF.

    Raises: InvalidDocumentError
    """
    if len(content) > MAX_BYTES:
        raise InvalidDocumentError(
            _("The file is larger than %(most)d MB.") % {"most": MAX_BYTES // 1_000_000}
        )
    if _PDF.match(content):
        if not _PDF_END.search(content[-_MAX_TRAILER_BYTES:]):
            raise InvalidDocumentError(_("The PDF is incomplete, or has data after its end."))
        return "pdf", content
    if content.startswith(_PNG):
        return "png", _reencoded(content, "PNG")
    if content.startswith(_JPEG):
        return "jpg", _reencoded(content, "JPEG")
    raise InvalidDocumentError(_("The file is not a PDF, PNG or JPEG. Upload one of these types."))


def _reencoded(content: bytes, picture_format: str) -> bytes:
    try:
        picture = images.decode(content)
    except images.InvalidImageError as error:
        raise InvalidDocumentError(
            _("The image cannot be read: %(why)s.") % {"why": error}
        ) from error
    # Onto a new image: a copy would keep comments and color profiles.
    sheet = Pillow.new("RGB" if picture_format == "JPEG" else picture.mode, picture.size)
    sheet.paste(picture)
    drawn = io.BytesIO()
    sheet.save(drawn, picture_format, **({"quality": 92} if picture_format == "JPEG" else {}))
    return drawn.getvalue()


def read(name: str) -> bytes:
    """Return the content of a stored document. Raises FileNotFoundError."""
    with storages["private"].open(name) as file:
        content: bytes = file.read()
        return content


def is_stored(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and storages["private"].exists(name)


def digest_of(name: str) -> str:
    """Return the SHA-256 of a stored document. Raises FileNotFoundError."""
    return hashlib.sha256(read(name)).hexdigest()


def delete_unused(name: str) -> None:
    """Delete a stored document after the commit, unless it is in use.

    A product, a guarantee or another app may have it, as ``IN_USE_CHECKS`` says.
    """
    transaction.on_commit(partial(_delete_unused, name), robust=True)


def _delete_unused(name: str) -> None:
    if name and not _is_used(name):
        storages["private"].delete(name)


def _is_used(name: str) -> bool:
    guarantees = ProductGuarantee.objects.filter(Q(terms_file=name) | Q(evidence_file=name))
    return (
        ProductDocument.objects.filter(file=name).exists()
        or guarantees.exists()
        or any(has_document(name) for has_document in IN_USE_CHECKS)
    )


def media_type_of(name: str) -> str:
    return MEDIA_TYPES[name.rpartition(".")[2]]


def download(name: str, *, stem: str, cache_control: str = "private, no-store") -> HttpResponse:
    """Return a stored document, which the browser saves and never displays.

    Raises: FileNotFoundError
    """
    saved_as = f"{stem}.{name.rpartition('.')[2]}"
    return downloads.download(
        read(name), saved_as, media_type_of(name), cache_control=cache_control
    )
