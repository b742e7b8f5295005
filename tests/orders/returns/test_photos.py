"""Return photos: re-encode, store under random names, delete files without a row."""

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from PIL import Image, ImageOps

from catalog.products.images import InvalidImageError
from orders.models import ReturnAuthorization, ReturnPhoto
from orders.returns import authorizations, photos, requests
from orders.returns.eligibility import CannotReturnError
from orders.returns.photos import CannotAnswerError
from orders.returns.tasks import delete_orphaned_photos
from tests.factories.compliance import make_picture, png_of
from tests.factories.returns import declare, make_delivered, make_return_request
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
HIDDEN = b"Zwitschergasse 7"


def files():
    """List the private storage."""
    root = Path(storages["private"].location)
    return sorted(str(each.relative_to(root)) for each in root.rglob("*") if each.is_file())


def phone_picture(kind):
    """Return a phone picture: GPS position, comment and a rotation flag."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = HIDDEN.decode()
    exif.get_ifd(0x8825)[1] = "N"
    written, more = io.BytesIO(), {"comment": HIDDEN} if kind == "JPEG" else {}
    picture = Image.new("RGB", (80, 60), "navy")
    picture.save(written, kind, exif=exif, **more)
    return written.getvalue() + HIDDEN


def complain(order, encoded_photos, **said):
    given = make_return_request(order, 1, kind="defect", customer_message="Dead.", **said)
    given = requests.ReturnRequest(
        key=given.key,
        kind=given.kind,
        units=given.units,
        customer_message=given.customer_message,
        encoded_photos=encoded_photos,
    )
    return requests.submit(order=order, request=given, actor="customer", now=NOON)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_only_pixels_are_stored(kind):
    content = phone_picture(kind)
    assert HIDDEN in content

    kept = photos.reencode(content)

    assert HIDDEN not in kept
    opened = Image.open(io.BytesIO(kept))
    assert opened.format == "JPEG"
    assert opened.size == (60, 80), "the rotation flag is applied"
    assert not opened.getexif()
    assert {"comment", "icc_profile", "xmp"} & opened.info.keys() == set()


def test_a_large_picture_is_resized_and_transparency_becomes_white():
    written = io.BytesIO()
    Image.new("RGBA", (4000, 1000), (0, 0, 0, 0)).save(written, "PNG")

    kept = Image.open(io.BytesIO(photos.reencode(written.getvalue())))

    assert kept.size == (2000, 500)
    assert kept.getpixel((9, 9)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_decoding_makes_no_large_copies(monkeypatch, kind):
    """A decoded picture takes four bytes per pixel of a worker's memory."""
    shrunk, copied = [], []
    thumbnail, convert = Image.Image.thumbnail, Image.Image.convert
    transpose = ImageOps.exif_transpose

    def noting(where, act):
        return lambda self, *args, **more: (where.append(self.size), act(self, *args, **more))[1]

    monkeypatch.setattr(Image.Image, "thumbnail", noting(shrunk, thumbnail))
    monkeypatch.setattr(Image.Image, "convert", noting(copied, convert))
    monkeypatch.setattr(ImageOps, "exif_transpose", noting(copied, transpose))

    photos.reencode(make_picture(kind, (4400, 4200)))

    assert shrunk == [(2200, 2100) if kind == "JPEG" else (4400, 4200)]
    assert copied
    assert max(copied) <= (2000, 2000)


def test_two_threads_decode_one_after_the_other(monkeypatch):
    both = Barrier(2, timeout=0.3)
    met = []

    def opened(*_args, **_more):
        with suppress(BrokenBarrierError):
            both.wait()
            met.append("two at once")
        return Image.new("RGB", (60, 60))

    monkeypatch.setattr("catalog.products.images.decode", opened)

    with ThreadPoolExecutor(2) as threads:
        assert len(list(threads.map(photos.reencode, [b"", b""]))) == 2

    assert met == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00 a program",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        b"GIF89a" + b"\0" * 50,
        b"%PDF-1.7\n%%EOF",
        png_of(50_000, 50_000),
        png_of(7_000, 7_000),
        png_of(5_001, 5_000),
        make_picture("JPEG")[:200],
        make_picture("PNG", (10, 10)),
    ],
)
def test_an_unsupported_file_is_refused(content):
    with pytest.raises(InvalidImageError):
        photos.reencode(content)


def test_pictures_are_stored_under_random_names(settings):
    order = make_delivered(quantity=2)

    (made,) = complain(order, [b"one", b"two"])

    assert [photos.read(each) for each in made.pictures.order_by("place")] == [b"one", b"two"]
    names = list(made.pictures.values_list("file", flat=True))
    assert files() == sorted(names)
    assert all(len(name) == len("complaints/.jpg") + 32 for name in names)
    assert list(settings.MEDIA_ROOT.glob("**/*.jpg")) == []


def test_a_repeated_form_stores_one_set_and_the_database_enforces_the_maximum():
    order = make_delivered(quantity=2)

    first, again = (complain(order, [b"one"], key="k") for _ in range(2))

    assert first == again
    assert ReturnPhoto.objects.count() == len(files()) == 1
    for place in (0, 1, 13):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReturnPhoto.objects.create(
                authorization=first[0], place=place, file="complaints/x.jpg", added_at=NOON
            )


def test_a_refused_request_leaves_no_file():
    order = make_delivered(quantity=1)
    declare(order, 1)

    with pytest.raises(CannotReturnError):
        complain(order, [b"one"])

    assert files() == []


def test_a_failed_request_leaves_no_file(monkeypatch):
    order = make_delivered(quantity=1)

    def failing(*_args, **_more):
        raise RuntimeError("the mail")

    monkeypatch.setattr("orders.returns.events.record_request", failing)

    with pytest.raises(RuntimeError):
        complain(order, [b"one"])

    assert files() == []
    assert not ReturnAuthorization.objects.exists()


def test_an_answer_adds_pictures_up_to_the_maximum():
    (made,) = complain(make_delivered(quantity=1), [b"1", b"2", b"3", b"4"])
    for _ in range(2):
        authorizations.request_evidence(
            authorization=made, question="Another?", actor="ann", now=NOON
        )
        authorizations.add_answer(
            authorization=made, customer_message="Here.", encoded_photos=[b"x"] * 4, now=NOON
        )
    authorizations.request_evidence(authorization=made, question="Another?", actor="ann", now=NOON)

    with pytest.raises(CannotAnswerError, match="12 photos"):
        authorizations.add_answer(
            authorization=made, customer_message="Here.", encoded_photos=[b"x"], now=NOON
        )

    made.refresh_from_db()
    assert made.status == "needs_evidence"
    assert list(made.pictures.order_by("place").values_list("place", flat=True)) == [*range(1, 13)]
    assert len(files()) == 12


def test_old_files_without_a_row_are_deleted():
    (made,) = complain(make_delivered(quantity=1), [b"1"])
    left = storages["private"].save("complaints/left.jpg", io.BytesIO(b"its writer died"))
    evidence = storages["private"].save("evidence/paper.pdf", io.BytesIO(b"of a supplier"))
    then = storages["private"].get_modified_time(left)

    assert photos.delete_orphans(now=then + timedelta(hours=23)) == 0
    assert photos.delete_orphans(now=then + timedelta(hours=25)) == 1

    assert files() == sorted([made.pictures.get().file, evidence])


def test_a_sweep_without_files_does_nothing():
    delete_orphaned_photos()

    assert files() == []
