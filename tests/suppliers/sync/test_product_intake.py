from datetime import timedelta

import pytest

from catalog.models import Product, ProductCard
from storefront.dev.sandboxes import in_memory_supplier
from suppliers.models import SupplierOffer, SyncIssue
from tests.factories.feeds import NOON, make_feed_supplier, sync, usd
from tests.factories.product_records import make_product_record, make_variant_record

LATER = NOON + timedelta(hours=6)


def light(*, gtin="4006381333931", mpn="NB-H100-BLK", **words):
    """Return a product in black and red; only the black variant has a GTIN."""
    return make_product_record(
        variants=[
            make_variant_record(sku="BLK", option_values=("Black",), gtin=gtin, mpn=mpn),
            make_variant_record(
                sku="RED", option_values=("Red",), gtin="", mpn=mpn and "NB-H100-RED"
            ),
        ],
        picture_urls=(),
        model="NB-H100",
        **words,
    )


@pytest.fixture
def second(supplier):
    return make_feed_supplier(code="second", base_url="http://second.example")


@pytest.fixture
def second_world(world, second):
    return in_memory_supplier.data_at("http://second.example")


def put(world, record, cost="8.40"):
    world.put(record, stock={"DE": 20, "CN": 100}, cost=usd(cost))


def offers(supplier):
    found = SupplierOffer.objects.filter(supplier=supplier)
    return {each.supplier_sku: (each.variant_id, each.status) for each in found}


@pytest.mark.parametrize(
    "theirs",
    [
        light(gtin="", title="Headlamp sensor Northbeam H100", brand="NORTHBEAM"),
        light(gtin="", mpn=""),
    ],
    ids=["part numbers", "model and options"],
)
def test_one_model_of_two_suppliers_is_one_product(supplier, world, second, second_world, theirs):
    put(world, light())
    put(second_world, theirs, cost="5.10")

    sync(supplier)
    sync(second)

    assert ProductCard.objects.count() == Product.objects.count() == 1
    assert offers(supplier) == offers(second)
    assert {status for _, status in offers(second).values()} == {"active"}


def test_a_second_supplier_does_not_change_the_description(supplier, world, second, second_world):
    put(world, light())
    put(second_world, light(gtin="", title="Another name", claims={"Weight": "900 g"}))
    sync(supplier)

    sync(second)

    product = Product.objects.get()
    assert (product.title, product.spec.weight_g) == ("Sensor headlamp", 75)
    assert product.variants.count() == 2


def test_an_offer_that_contradicts_a_gtin_is_held_for_staff(supplier, world, second, second_world):
    put(world, light())
    put(second_world, light(gtin="4012345678901"))
    sync(supplier)

    sync(second)

    ours = offers(supplier)
    assert offers(second) == {"BLK": (None, "on_hold"), "RED": ours["RED"]}
    issue = SyncIssue.objects.get(supplier=second, resolved_at=None)
    assert (issue.code, issue.row) == ("gtin-contradicts-mpn", "BLK")
    assert Product.objects.count() == 1


def one_light(external_id, title):
    return make_product_record(
        external_id=external_id,
        title=title,
        variants=[make_variant_record(sku=external_id, gtin="", mpn="NB-X100")],
        picture_urls=(),
    )


HEADLAMP, BIKE_LIGHT = "Headlamp X", "Bike light Y"


@pytest.mark.parametrize(
    "titles",
    [([HEADLAMP, BIKE_LIGHT], [BIKE_LIGHT]), ([HEADLAMP], [HEADLAMP, HEADLAMP])],
    ids=["two of our products", "two of their products"],
)
def test_a_part_number_that_two_products_claim_links_neither(
    supplier, world, second, second_world, titles
):
    ours, theirs = titles
    for place, title in enumerate(ours):
        put(world, one_light(f"A-{place}", title))
    for place, title in enumerate(theirs):
        put(second_world, one_light(f"B-{place}", title))

    sync(supplier)
    sync(second)

    assert Product.objects.count() == len(ours) + len(theirs)
    for offer in SupplierOffer.objects.select_related("variant__product"):
        written = (ours if offer.supplier == supplier else theirs)[int(offer.supplier_sku[2:])]
        assert offer.variant.product.title == written
