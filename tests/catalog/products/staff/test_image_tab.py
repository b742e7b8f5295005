"""Images on the product page: upload, order, describe, delete."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import Image, Product, ProductCard
from tests.factories.catalog import make_image, make_listing
from tests.factories.compliance import make_picture
from tests.factories.product_records import make_product_record, take_in
from tests.support.admin_forms import filled_form, row_page

pytestmark = pytest.mark.django_db
admin.autodiscover()
URLS = ("https://lumen.example/1.png", "https://lumen.example/2.png")


@pytest.fixture
def product():
    product = make_listing().variant.product
    for position, role in enumerate(("main", "side")):
        stem = f"{position}" * 32
        make_image(product, source_url=URLS[position], stem=stem, role=role, position=position)
    return product


def edit(staff, product, **changes):
    values = filled_form(staff.get(row_page(product)))
    return staff.post(row_page(product), values | changes)


def upload(content=None, name="light.png"):
    content = make_picture(size=(300, 200)) if content is None else content
    return {"images-2-upload": SimpleUploadedFile(name, content, "image/png")}


def stored(product):
    return list(product.images.order_by("position").values_list("role", "source_url"))


def test_an_uploaded_picture_is_stored_described_and_shown(staff, product, client, settings):
    variant = product.variants.get()
    row = {"role": "main", "variant": str(variant.pk), "alt_en": "In the rain", "alt_az": "Yağışda"}

    saved = edit(staff, product, **upload(), **{f"images-2-{name}": row[name] for name in row})

    assert saved.status_code == 302
    assert "Added image" in LogEntry.objects.get().get_change_message()
    image = Image.objects.get(source_url__startswith="upload:")
    assert (image.width_px, image.height_px, image.variant) == (300, 200, variant)
    assert [role for role, _url in stored(product)] == ["main", "other", "side"]
    assert ProductCard.objects.get().picture == image.stem
    assert 'alt="In the rain"' in client.get(f"/en/p/{product.slug}/").content.decode()
    assert 'alt="Yağışda"' in client.get(f"/az/p/{product.slug}/").content.decode()
    assert (settings.MEDIA_ROOT / "pictures" / f"{image.stem}-240.webp").exists()


def test_the_page_sends_files_although_the_product_has_images(staff, product):
    assert 'enctype="multipart/form-data"' in staff.get(row_page(product)).content.decode()


def test_pictures_are_ordered_and_deleted(staff, product):
    edit(staff, product, **{"images-0-position": "5", "images-1-role": "main"})
    assert stored(product) == [("main", URLS[1]), ("other", URLS[0])]

    edit(staff, product, **{"images-0-DELETE": "on"})

    assert stored(product) == [("other", URLS[0])]


def test_a_form_that_was_not_changed_locks_no_picture(staff, product):
    assert edit(staff, product).status_code == 302

    assert Product.objects.get().overridden_fields == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no picture", "the format is not PNG, JPEG or WebP"),
        (make_picture(size=(20, 20)), "are too few"),
        (b"x" * 8_000_001, "larger than 8 MB"),
    ],
)
def test_an_unusable_file_is_explained_beside_its_field(staff, product, content, words):
    answer = edit(staff, product, **upload(content))

    form = answer.context["inline_admin_formsets"][3].formset.forms[2]
    assert words in str(form.errors["upload"])
    assert product.images.count() == 2


def test_an_upload_is_kept_while_another_field_is_corrected(staff, product):
    refused = edit(staff, product, title="", **upload())
    again = filled_form(refused)

    saved = staff.post(row_page(product), again | {"title": "Corrected"})

    assert (refused.status_code, saved.status_code) == (200, 302)
    assert product.images.filter(source_url__startswith="upload:").count() == 1


def test_a_picture_is_not_uploaded_twice(staff, product):
    edit(staff, product, **upload())
    file = {"images-3-upload": upload()["images-2-upload"]}

    answer = edit(staff, product, **file)

    assert "This product already has this image." in answer.content.decode()


def test_a_made_up_name_of_a_file_is_refused(staff, product):
    answer = edit(staff, product, **{"images-2-stored": "../../secret:1:1"})

    assert "Choose a PNG, JPEG or WebP file." in answer.content.decode()


def test_an_import_neither_removes_nor_reorders_pictures_of_staff(staff):
    taken = take_in(make_product_record(picture_urls=URLS))
    product = Product.objects.get()
    edit(staff, product, **upload(), **{"images-2-role": "main", "images-1-DELETE": "on"})
    before = stored(product)

    changed = make_product_record(picture_urls=(URLS[1], "https://lumen.example/3.png"))
    take_in(changed, known=taken.variants)
    locked = stored(product)
    staff.post(row_page(product, "return"), {"field": "images"})
    take_in(changed, known=taken.variants)

    assert before == locked
    urls = {url for _role, url in stored(product)}
    assert urls > {URLS[1], "https://lumen.example/3.png"}
    assert any(url.startswith("upload:") for url in urls)
