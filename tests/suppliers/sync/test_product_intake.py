from dataclasses import replace
from datetime import timedelta

import pytest

from catalog.models import OtherStatement, Product, ProductCard
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


def test_what_a_second_supplier_states_is_kept_until_its_offers_are_unlinked(
    supplier, world, second, second_world
):
    put(world, light())
    put(second_world, light(claims={"Weight": "80 g", "Beam distance": "100 m"}))
    sync(supplier)
    sync(second)

    kept = OtherStatement.objects.get()
    weight = {"label": "Weight", "raw": "80 g", "value": 80}
    assert (kept.supplier_code, kept.values["weight_g"]) == ("second", weight)
    put(second_world, light(claims={"Weight": "80 g", "Beam distance": "100 m"}), cost="5.10")
    sync(second, now=LATER)
    again = OtherStatement.objects.get()
    assert (again.pk, again.stated_at) == (kept.pk, kept.stated_at)  # it states the same
    put(second_world, light(claims={"Weight": "90 g"}))
    sync(second, now=LATER + timedelta(hours=6))
    assert OtherStatement.objects.get().values.keys() >= {"weight_g"}
    assert OtherStatement.objects.get().values["weight_g"]["value"] == 90

    red, black = SupplierOffer.objects.filter(supplier=second).order_by("-supplier_sku")
    SupplierOffer.objects.filter(pk=red.pk).update(variant=None)
    assert OtherStatement.objects.exists()
    SupplierOffer.objects.filter(pk=black.pk).update(variant=None)
    assert not OtherStatement.objects.exists()


def colors(*values, option_names=("Color", "Battery"), **words):
    """Return a page whose SKUs have these option values, and part numbers only if black or red."""
    variants = [
        make_variant_record(
            sku="-".join(options),
            title="",
            option_values=options,
            gtin="",
            mpn=f"NB-X100-{options[0][:3]}" if {"Black", "Red"} & {*options} else "",
        )
        for options in values
    ]
    return make_product_record(
        variants=variants, option_names=option_names, picture_urls=(), **words
    )


def test_new_versions_of_a_second_supplier_join_the_product(supplier, world, second, second_world):
    put(world, colors(("Black", "18650"), ("Red", "18650")))
    put(second_world, colors(("Black", "18650"), ("Blue", "18650"), title="Bright sensor headlamp"))
    sync(supplier)

    sync(second)
    again = colors(
        *[("18650", "Green"), ("18650", "Blue"), ("18650", "Black")],
        option_names=("Battery", "Color"),
        title="New sensor headlamp",
    )
    put(second_world, replace(again, variants=_named(again)))
    second.products.update(list_digest="", detail_digest="")
    sync(second, now=LATER)

    product = Product.objects.get()
    assert (product.title, product.option_names) == ("Sensor headlamp", ["Color", "Battery"])
    made = product.variants.order_by("position").values_list("option_values", "color")
    assert list(made) == [
        (["Black", "18650"], "Black"),
        (["Red", "18650"], "Red"),
        (["Green", "18650"], "Green"),
        (["Blue", "18650"], "Blue"),
    ]
    assert {status for _, status in offers(second).values()} == {"active"}


def _named(page):
    """Return the variants with the SKUs that the other order of options had."""
    return tuple(
        replace(variant, sku="-".join(reversed(variant.option_values)), mpn="")
        for variant in page.variants
    )


@pytest.mark.parametrize(
    ("record", "code", "disputed"),
    [
        (colors(("Black", "18650"), ("Red ", "18650"), title=""), "match-doubtful", True),
        (colors(("Black",), ("Blue",), option_names=("Color",)), "sku-not-matched", False),
        (colors(("Black", "18650"), ("", "18650")), "sku-not-matched", False),
    ],
    ids=["options of a variant", "other options", "an option is missing"],
)
def test_a_version_that_may_be_known_stays_on_hold(
    *, supplier, world, second, second_world, record, code, disputed
):
    put(world, colors(("Black", "18650"), ("Red", "18650")))
    black, other = record.variants
    record = replace(record, title="Sensor headlamp", variants=(black, replace(other, mpn="")))
    put(second_world, record)
    sync(supplier)

    sync(second)

    assert Product.objects.get().variants.count() == 2
    offer = SupplierOffer.objects.get(supplier=second, supplier_sku=other.sku)
    assert (offer.variant, offer.status) == (None, "on_hold")
    assert (offer.disputed_variant is not None) == disputed
    issue = SyncIssue.objects.get(supplier=second, resolved_at=None)
    assert (issue.code, issue.row) == (code, other.sku)


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
