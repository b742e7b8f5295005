"""Compliance document factories: submit a document, submit and verify a document."""

import io
import struct
import zlib
from datetime import date

from PIL import Image

from suppliers.compliance import vetting
from suppliers.compliance.vetting import DocumentSubmission
from suppliers.models import ComplianceDocument, Requirement
from tests.factories.suppliers import NOON, make_supplier

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def make_picture(kind="PNG", size=(80, 60)):
    drawn = io.BytesIO()
    Image.new("RGB", size, "navy").save(drawn, kind)
    return drawn.getvalue()


def png_of(width, height):
    """Return a PNG header that claims a size, in a few bytes."""

    def chunk(name, content):
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rows + chunk(b"IEND", b"")


def make_claim(
    criterion=Requirement.CE,
    *,
    kind=ComplianceDocument.Kind.DECLARATION,
    content=PDF,
    valid_until=date(2027, 11, 24),
    **known,
):
    return DocumentSubmission(
        criterion=criterion, kind=kind, content=content, valid_until=valid_until, **known
    )


def make_document(supplier=None, criterion=Requirement.CE, *, now=NOON, **known):
    return vetting.submit(
        supplier=supplier or make_supplier(),
        claim=make_claim(criterion, **known),
        actor="desk",
        now=now,
    )


def make_verified(supplier=None, criterion=Requirement.CE, *, now=NOON, **known):
    document = make_document(supplier, criterion, now=now, **known)
    vetting.verify(document=document, actor="boss", now=now)
    return document
