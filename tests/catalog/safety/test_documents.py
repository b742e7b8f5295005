"""Documents: invalid and hostile uploads."""

import io

import pytest
from PIL import Image

from catalog.safety import documents
from tests.factories.compliance import PDF, make_picture, png_of

RED, *FRAMES = (Image.new("RGB", (80, 60), color) for color in ("red", "lime", "blue"))


def drawn(kind, **words):
    written = io.BytesIO()
    RED.save(written, kind, **words)
    return written.getvalue()


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


SCRIPT = b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    "content",
    [
        make_picture("PNG") + SCRIPT + PDF,
        drawn("JPEG", comment=SCRIPT),
        drawn("PNG", icc_profile=SCRIPT),
        drawn("PNG", save_all=True, append_images=FRAMES),
    ],
    ids=["polyglot", "comment", "color profile", "animation"],
)
def test_only_the_first_picture_of_an_image_is_stored(content):
    stored = documents.read(documents.store(content).name)

    picture = Image.open(io.BytesIO(stored))
    assert picture.size == (80, 60)
    assert getattr(picture, "n_frames", 1) == 1
    assert not {"comment", "icc_profile"} & picture.info.keys()
    assert b"<script>" not in stored
    assert b"%PDF" not in stored


def test_a_name_cannot_leave_the_folder():
    with pytest.raises(Exception, match=r"[Pp]ath|outside|detected"):
        documents.read("../../settings.py")
