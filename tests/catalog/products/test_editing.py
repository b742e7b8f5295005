import pytest
from django.db import transaction

from catalog.listings import publication
from catalog.models import Listing, Product, ProductCard, RepricingRequest, Variant
from catalog.products import editing
from catalog.search import index
from tests.factories.catalog import NOON, make_category, make_channel, make_image, make_listing

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
