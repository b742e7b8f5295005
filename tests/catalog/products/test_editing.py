import pytest
from django.db import transaction

from catalog.listings import publication
from catalog.models import (
    Brand,
    Identifier,
    Listing,
    Product,
    ProductCard,
    RepricingRequest,
    Variant,
)
from catalog.products import editing
from catalog.search import index
from tests.factories.catalog import (
    NOON,
    make_brand,
    make_category,
    make_channel,
    make_image,
    make_listing,
)
from tests.factories.product_records import make_product_record, make_variant_record, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def product():
    product = make_listing().variant.product
    make_image(product, stem="a1")
    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=make_channel())
    return product


def edit(product, **changes):
    with transaction.atomic():
        editing.apply_edit(product=product, changes=changes, now=NOON)
    product.refresh_from_db()


def test_an_edited_field_is_locked(product):
    edit(product, title="Mine")
    edit(product, summary="Mine too")

    assert product.overridden_fields == ["summary", "title"]
    assert ProductCard.objects.get().title == "Mine"


def test_a_field_can_be_unlocked(product):
    edit(product, title="Mine")

    with transaction.atomic():
        editing.return_product_field(product, field="title", now=NOON)
    product.refresh_from_db()

    assert (product.title, product.overridden_fields) == ("Mine", [])


def test_relisting_does_not_publish_an_incomplete_listing(product):
    listing = Listing.objects.get()
    publication.delist(listing=listing, now=NOON)
    Product.objects.update(status="draft")

    publication.relist(listing=listing, now=NOON)

    listing.refresh_from_db()
    assert (listing.is_delisted, listing.is_published) == (False, False)


def test_a_changed_category_requests_repricing(product):
    edit(product, title="Mine")
    assert not RepricingRequest.objects.exists()

    edit(product, category=make_category(slug="lanterns"))

    assert RepricingRequest.objects.get().variant.product == product


def test_a_changed_brand_requests_repricing(product):
    edit(product, brand=make_brand(name="Varrowick"))

    assert RepricingRequest.objects.get().variant.product == product
    assert ProductCard.objects.get().brand == "Varrowick"


def test_reordered_option_names_reorder_the_values_of_the_variants(product):
    edit(product, option_names=["Color", "Size"])
    variant = product.variants.get()
    Variant.objects.update(option_values=["Black", "M"])

    edit(product, option_names=["Size", "Color"])
    variant.refresh_from_db()
    assert variant.option_values == ["M", "Black"]

    edit(product, option_names=["Size", "Tint"])  # another option: staff enter its values
    variant.refresh_from_db()
    assert variant.option_values == ["M", "Black"]


def test_a_changed_brand_takes_its_part_numbers_along_and_imports_keep_it():
    first, second = (
        make_product_record(
            external_id=f"R{number}",
            brand=brand,
            variants=[make_variant_record(sku=f"S{number}", mpn="H-1", gtin="")],
        )
        for number, brand in ((1, "Unbranded"), (2, "Varrowick"))
    )
    take_in(first, second)
    product = Product.objects.get(brand__name="Unbranded")

    edit(product, brand=Brand.objects.get(name="Varrowick"))
    take_in(first, second)

    product.refresh_from_db()
    assert (product.brand.name, product.overridden_fields) == ("Varrowick", ["brand"])
    assert "Varrowick" in product.titles["az"]
    numbers = Identifier.objects.filter(scheme="mpn").order_by("pk")
    assert [*numbers.values_list("value", "state")] == [
        ("varrowick:h1", "conflict"),
        ("varrowick:h1", "asserted"),
    ]
