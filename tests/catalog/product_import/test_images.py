import pytest

from catalog.models import Image
from catalog.product_import import importer
from tests.factories.catalog import NOON
from tests.factories.product_records import make_product_record, make_variant_record

pytestmark = pytest.mark.django_db


def take_in(*records, known=None):
    return importer.import_products(records=records, variant_ids=known or {}, source="cj", now=NOON)


def two_variants(**changes):
    return make_product_record(
        variants=[
            make_variant_record(sku="A-BLK", option_values=("Black",), gtin="", mpn="H1-B"),
            make_variant_record(sku="A-RED", option_values=("Red",), gtin="", mpn="H1-R"),
        ],
        **changes,
    )


def test_images_follow_the_record_but_an_empty_list_removes_none():
    take_in(two_variants(picture_urls=["http://x/1.png", "http://x/2.png"]))
    Image.objects.filter(source_url="http://x/1.png").update(stem="kept")

    take_in(two_variants(picture_urls=["http://x/3.png", "http://x/1.png"]))
    take_in(two_variants(picture_urls=[]))

    images = Image.objects.order_by("position").values_list("source_url", "role", "stem")
    assert list(images) == [("http://x/3.png", "main", ""), ("http://x/1.png", "in_use", "kept")]


def test_an_image_of_one_color_belongs_to_its_first_variant():
    black = ("http://x/all.png", "http://x/black.png")
    taken = take_in(
        make_product_record(
            picture_urls=["http://x/all.png", "http://x/red.png", "http://x/side.png"],
            option_names=("Color", "Battery"),
            variants=[
                make_variant_record(
                    sku=sku, option_values=options, gtin="", mpn="", picture_urls=urls
                )
                for sku, options, urls in (
                    ("B1", ("Black", "With"), black),
                    ("B0", ("Black", "Without"), black),
                    ("R1", ("Red", "With"), ("http://x/all.png", "http://x/red.png")),
                )
            ],
        )
    )

    images = dict(Image.objects.values_list("source_url", "variant_id"))
    assert images == {
        "http://x/all.png": None,
        "http://x/side.png": None,
        "http://x/black.png": taken.variants["B1"],
        "http://x/red.png": taken.variants["R1"],
    }


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "file:///etc/passwd", "//x/1.png", "http://x/a b.png", "http://["],
)
def test_an_invalid_image_url_is_skipped_and_reported(url):
    taken = take_in(two_variants(picture_urls=[url]))

    assert [issue.code for issue in taken.issues] == ["picture-address"]
    assert not Image.objects.exists()
