import io
import struct
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image as Pillow

from catalog.models import Image
from catalog.products import images
from catalog.products.images import InvalidImageError
from tests.factories.catalog import NOON, make_image, make_product

BAD = Path(__file__).with_name("bad_images")


def picture(*, size=(1200, 800), mode="RGBA", kind="PNG", **options):
    content = io.BytesIO()
    color = (255, 200, 0, 0) if mode == "RGBA" else 200
    Pillow.new(mode, size, color).save(content, kind, **options)
    return content.getvalue()


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def bomb(width=60_000, height=60_000):
    """Return a PNG of a few bytes that claims enormous dimensions."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def kept(settings, stem):
    return {
        path.name: images.decode(path.read_bytes())
        for path in sorted((Path(settings.MEDIA_ROOT) / "pictures").glob(f"{stem}-*"))
    }


def test_an_image_is_stored_in_three_widths_with_transparency(settings):
    found = images.store_resized(picture())

    assert (found.width_px, found.height_px) == (1200, 800)
    files = kept(settings, found.stem)
    assert {name: file.size for name, file in files.items()} == {
        f"{found.stem}-240.webp": (240, 160),
        f"{found.stem}-480.webp": (480, 320),
        f"{found.stem}-900.webp": (900, 600),
    }
    assert {file.mode for file in files.values()} == {"RGBA"}
    assert files[f"{found.stem}-240.webp"].getpixel((5, 5))[3] == 0


def test_equal_images_are_stored_once(settings):
    first, second = images.store_resized(picture()), images.store_resized(picture())

    assert first == second
    assert len(list((Path(settings.MEDIA_ROOT) / "pictures").iterdir())) == 3


def test_a_small_image_is_not_enlarged(settings):
    found = images.store_resized(picture(size=(300, 200)))

    assert {file.size for file in kept(settings, found.stem).values()} == {(240, 160), (300, 200)}


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGB", "JPEG"), ("L", "PNG"), ("P", "PNG"), ("RGB", "WEBP")]
)
def test_every_usual_format_and_mode_is_accepted(settings, mode, kind):
    content = picture(mode=mode, kind=kind)

    assert images.decode(content).mode == "RGB"


def test_camera_metadata_is_dropped(settings):
    exif = Pillow.Exif()
    exif[0x0112] = 6  # rotated
    exif[0x010E] = "secret place"
    found = images.store_resized(picture(mode="RGB", kind="JPEG", size=(800, 400), exif=exif))

    assert (found.width_px, found.height_px) == (400, 800)
    folder = Path(settings.MEDIA_ROOT) / "pictures"
    assert not any(b"secret place" in path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the format is not PNG, JPEG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "not PNG"),
        (b"<html>not found</html>", "not PNG"),
        (picture(mode="RGB", kind="GIF"), "not PNG"),
        (picture(mode="RGB", kind="BMP"), "not PNG"),
        (picture(mode="RGB", kind="TIFF"), "not PNG"),
        (picture(mode="RGB", kind="JPEG")[:400], "broken"),
        (picture()[:200], "broken"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "broken|not PNG"),
        (bomb(), "far too many pixels"),
        (bomb(7000, 7000), "7000 x 7000 pixels are too many"),
        (picture(size=(20, 20)), "too few"),
    ],
)
def test_an_invalid_image_is_explained(settings, content, words):
    with pytest.raises(InvalidImageError, match=words):
        images.store_resized(content)

    assert not (Path(settings.MEDIA_ROOT) / "pictures").exists()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"MM\0*", b"garbage!"),
        (b"\x01\x0e\0\x02", b"\x01\0\0\x02"),  # a width of type word
        (b"\0\x01\0\x01\0\x02", b"\0\x01\0\0\0\x02"),  # a version of type word
    ],
)
def test_an_unreadable_header_does_not_reject_an_image(settings, kind, good, bad):
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010E] = 6, "a remark"
    exif.get_ifd(0x8825)[1] = "N"
    whole = exif.tobytes()
    assert good in whole

    found = images.store_resized(
        picture(mode="RGB", kind=kind, size=(80, 60), exif=whole.replace(good, bad))
    )

    assert {found.width_px, found.height_px} == {60, 80}
    assert len(kept(settings, found.stem)) == 3


@pytest.mark.parametrize("path", sorted(BAD.glob("refused-*")), ids=lambda path: path.name)
def test_an_invalid_file_is_not_stored(settings, path):
    with pytest.raises(InvalidImageError):
        images.store_resized(path.read_bytes())

    assert not (Path(settings.MEDIA_ROOT) / "pictures").exists()


@pytest.mark.parametrize("path", sorted(BAD.glob("cleaned-*")), ids=lambda path: path.name)
def test_other_content_of_a_file_is_dropped(settings, path):
    images.store_resized(path.read_bytes())

    for made in (Path(settings.MEDIA_ROOT) / "pictures").iterdir():
        content = made.read_bytes()
        assert b"<script>" not in content
        assert b"PK\x03\x04" not in content
        assert getattr(Pillow.open(io.BytesIO(content)), "n_frames", 1) == 1


@pytest.mark.django_db
def test_a_fetched_image_is_recorded(httpserver, settings):
    httpserver.expect_request("/1.png", query_string="v=2").respond_with_data(picture())
    image = make_image(make_product(), source_url=httpserver.url_for("/1.png?v=2"))

    images.fetch_image(image, NOON)

    image.refresh_from_db()
    assert (image.width_px, image.height_px, image.problem, image.tries) == (1200, 800, "", 1)
    assert len(kept(settings, image.stem)) == 3
    assert not Image.objects.waiting(NOON + timedelta(days=9)).exists()


@pytest.mark.django_db
def test_an_unavailable_server_is_retried_with_backoff_up_to_a_limit(httpserver):
    httpserver.expect_request("/1.png").respond_with_data("busy", status=503)
    image = make_image(make_product(), source_url=httpserver.url_for("/1.png"))
    waits = []
    now = NOON

    while Image.objects.waiting(now).exists():
        image.refresh_from_db()
        images.fetch_image(image, now)
        image.refresh_from_db()
        if image.retry_at:
            waits.append((image.retry_at - now).total_seconds() / 60)
            assert not Image.objects.waiting(now).exists()
            now = image.retry_at

    assert waits == [1, 2, 4, 8, 16, 32, 64]
    assert "503" in image.problem
    assert image.tries == images.MAX_TRIES


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (404, b"gone", "404"),
        (302, b"", "redirect without a valid address"),
        (200, b"<svg/>", "not PNG"),
        (200, b"x" * (images.MAX_BYTES + 1), "response larger than"),
    ],
)
def test_a_permanent_failure_is_recorded_with_its_reason(httpserver, status, body, words):
    httpserver.expect_request("/1.png").respond_with_data(body, status=status)
    image = make_image(make_product(), source_url=httpserver.url_for("/1.png"))

    images.fetch_image(image, NOON)

    image.refresh_from_db()
    assert words in image.problem
    assert image.stem == ""
    assert not Image.objects.waiting(NOON + timedelta(days=9)).exists()


@pytest.mark.django_db
def test_no_feed_can_reach_our_own_network(settings):
    settings.PRIVATE_NETWORKS_ALLOWED = []
    image = make_image(make_product(), source_url="http://127.0.0.1/admin.png")

    images.fetch_image(image, NOON)

    image.refresh_from_db()
    assert image.problem == "GET /admin.png: 127.0.0.1 is not in a public network"
    assert image.tries == images.MAX_TRIES


@pytest.mark.django_db
def test_a_redirected_image_is_followed(httpserver):
    httpserver.expect_request("/old.png").respond_with_data(
        status=301, headers={"Location": "/new.png"}
    )
    httpserver.expect_request("/new.png").respond_with_data(picture())
    image = make_image(make_product(), source_url=httpserver.url_for("/old.png"))

    images.fetch_image(image, NOON)

    image.refresh_from_db()
    assert (image.width_px, image.problem) == (1200, "")
