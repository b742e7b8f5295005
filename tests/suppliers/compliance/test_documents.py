"""Compliance documents: invalid and hostile uploads."""

import io
import struct
import zlib

import pytest
from PIL import Image

from suppliers.compliance import documents
from tests.factories.compliance import PDF, make_picture


def png_of(width, height):
    """Return a PNG header that claims a size, in a few bytes."""

    def chunk(name, content):
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + rows + chunk(b"IEND", b"")


def animated():
    frames = [Image.new("RGB", (60, 60), color) for color in ("red", "lime", "blue")]
    drawn = io.BytesIO()
    frames[0].save(drawn, "PNG", save_all=True, append_images=frames[1:])
    return drawn.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a PDF"),
        (b"MZ\x90\x00 a program", "not a PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "not a PDF"),
        (b"<html>%PDF-1.7 %%EOF", "not a PDF"),
        (b"GIF89a" + b"\0" * 50, "not a PDF"),
        (b"PK\x03\x04 an archive", "not a PDF"),
        (b" " + PDF, "not a PDF"),
        (PDF[:-6], "incomplete"),
        (PDF + b"PK\x03\x04 and an archive behind it", "after its end"),
        (PDF + b"<script>alert(1)</script>", "after its end"),
        (b"%PDF-1.7" + b"0" * documents.MAX_BYTES + b"%%EOF", "larger"),
        (png_of(50_000, 50_000), "The image cannot be read"),
        (make_picture()[:60], "The image cannot be read"),
        (b"\xff\xd8\xff\xe0 not a picture", "The image cannot be read"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "The image cannot be read"),
    ],
)
def test_an_invalid_file_is_rejected_with_a_reason(content, why):
    with pytest.raises(documents.InvalidDocumentError, match=why):
        documents.validate(content)


@pytest.mark.parametrize(
    ("content", "suffix"),
    [(PDF, "pdf"), (make_picture("PNG"), "png"), (make_picture("JPEG"), "jpg")],
)
def test_a_document_is_stored_under_a_generated_name(content, suffix, settings):
    kept = documents.store(content)
    again = documents.store(content)

    assert kept.name != again.name
    assert kept.sha256 == again.sha256
    assert kept.name.startswith("documents/")
    assert kept.name.endswith(f".{suffix}")
    assert len(kept.name) == len(f"documents/.{suffix}") + 32
    assert documents.read(kept.name)
    assert list(settings.MEDIA_ROOT.glob("**/*")) == []


def test_content_hidden_in_an_image_is_dropped():
    polyglot = make_picture("PNG") + b"<script>alert(1)</script>" + PDF

    kept = documents.store(polyglot)

    stored = documents.read(kept.name)
    assert b"<script>" not in stored
    assert b"%PDF" not in stored
    assert Image.open(io.BytesIO(stored)).size == (80, 60)


@pytest.mark.parametrize(("kind", "where"), [("JPEG", "comment"), ("PNG", "icc_profile")])
def test_comments_and_color_profiles_are_dropped(kind, where):
    written = io.BytesIO()
    Image.new("RGB", (80, 60)).save(written, kind, **{where: b"<script>alert(1)</script>"})

    stored = Image.open(io.BytesIO(documents.read(documents.store(written.getvalue()).name)))

    assert where not in stored.info


def test_only_one_frame_of_an_animated_image_is_stored():
    stored = documents.read(documents.store(animated()).name)

    assert getattr(Image.open(io.BytesIO(stored)), "n_frames", 1) == 1


def test_a_name_cannot_leave_the_folder():
    with pytest.raises(Exception, match=r"[Pp]ath|outside|detected"):
        documents.read("../../settings.py")
