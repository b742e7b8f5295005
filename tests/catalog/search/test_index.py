from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.models import Channel, Listing, Product, ProductCard
from catalog.search import index
from storefront.lib.db.transactions import TransactionRequiredError
from tests.factories.catalog import (
    NOON,
    make_channel,
    make_image,
    make_listing,
    make_product,
    make_spec,
    make_variant,
)
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db


def rebuild(*products):
    with transaction.atomic():
        index.reindex(product_ids=[product.pk for product in products], channel=make_channel())


def make_lamp(**spec):
    product = make_product()
    make_spec(product, **spec)
    return product


def test_a_card_holds_what_a_list_shows():
    product = make_lamp(cri=95)
    make_listing(make_variant(product), price_amount="29.99", available=3)
    shown = make_listing(
        make_variant(product, packed_weight_g=200, lithium="none", cell_wh=None, cell_count=0),
        price_amount="19.99",
        available=4,
        ships_from={"DE": 4, "CN": 1},
    )
    make_image(product, role="side", stem="side", position=1)
    make_image(product, role="main", stem="main", position=0)

    rebuild(product)

    card = ProductCard.objects.get()
    assert (card.title, card.brand, card.family, card.picture) == (
        product.title,
        "Fara",
        "headlamp",
        "main",
    )
    assert (card.price_amount, card.has_more_prices, card.variant_count, card.available) == (
        Decimal("19.99"),
        True,
        2,
        4,
    )
    assert (card.packed_weight_g, card.lithium, card.cell_wh, card.cell_count) == (
        200,
        "none",
        None,
        0,
    )
    assert card.variant_id == shown.variant_id
    assert card.ships_from == ["CN", "DE"]
    assert (card.output_lm, card.beam_m, card.runtime_min, card.weight_g, card.water) == (
        400,
        100,
        180,
        75,
        1,
    )
    assert card.power == ["built_in", "usb_c"]
    assert card.features == ["high_cri", "motion_sensor", "red_light"]


def test_ip_ratings_are_ranked():
    water = {
        "": None, "none": 0, "IPX2": 0, "IPX4": 1, "IP54": 1, "IPX5": 2, "IP66": 2, "IP69": 2,
        "IP69K": 2, "IP69K/8": 4, "IPX7": 3, "IP68": 3, "IP66/8": 4,
    }  # fmt: skip
    lamps = [make_lamp(ip_rating=rating) for rating in water]
    for lamp in lamps:
        make_listing(make_variant(lamp))

    rebuild(*lamps)

    found = ProductCard.objects.values_list("product__spec__ip_rating", "water")
    assert dict(found) == water


@pytest.mark.parametrize(
    ("spec", "power"),
    [
        ({"power_sources": ("replaceable_cell",), "battery_format": "18650"}, ["18650", "usb_c"]),
        (
            {"power_sources": ("replaceable_cell",), "battery_format": "AAA", "charging": ()},
            ["aaa"],
        ),
        (
            {"power_sources": ("replaceable_cell",), "battery_format": "C", "charging": ()},
            ["other_cell"],
        ),
        ({"power_sources": ("built_in", "solar"), "charging": ()}, ["built_in", "solar"]),
        ({"power_sources": (), "battery_format": "", "charging": ()}, []),
    ],
)
def test_power_sources_become_facet_values(spec, power):
    product = make_lamp(**spec)
    make_listing(make_variant(product))

    rebuild(product)

    assert ProductCard.objects.get().power == power


def test_the_price_shown_is_that_of_an_available_variant():
    product = make_lamp()
    make_listing(make_variant(product), price_amount="9.99", available=0)
    make_listing(make_variant(product), price_amount="29.99", available=1)

    rebuild(product)

    assert ProductCard.objects.get().price_amount == Decimal("29.99")


def test_a_sold_out_product_keeps_its_card_and_ranks_last():
    sold_out, buyable = make_lamp(), make_lamp()
    make_listing(make_variant(sold_out), available=0)
    make_listing(make_variant(buyable), available=1)

    rebuild(sold_out, buyable)

    best = ProductCard.objects.order_by("-score").values_list("product", "available")
    assert list(best) == [(buyable.pk, 1), (sold_out.pk, 0)]


@pytest.mark.parametrize(
    "hide",
    [
        lambda _: Listing.objects.update(is_published=False),
        lambda _: Product.objects.update(status="archived"),
        lambda _: Listing.objects.all().delete(),
        lambda product: (
            product.variants.update(status="phasing_out") and Listing.objects.update(available=0)
        ),
    ],
)
def test_an_unpublished_product_loses_its_card(hide):
    product = make_lamp()
    make_listing(make_variant(product))
    rebuild(product)
    assert ProductCard.objects.count() == 1

    hide(product)
    rebuild(product)

    assert not ProductCard.objects.exists()


def test_the_database_refuses_a_card_without_its_variant():
    product = make_lamp()
    make_listing(make_variant(product))
    rebuild(product)

    with pytest.raises(IntegrityError):
        ProductCard.objects.update(variant=None)


def test_only_the_given_products_are_rebuilt():
    one, other = make_lamp(), make_lamp()
    for product in (one, other):
        make_listing(make_variant(product))
    rebuild(one, other)
    Product.objects.update(title="New title", created_at=NOON - timedelta(days=1))

    rebuild(one)

    assert dict(ProductCard.objects.values_list("product", "title")) == {
        one.pk: "New title",
        other.pk: "Fara H1 headlamp",
    }


def test_an_unchanged_card_is_not_written():
    product = make_lamp()
    make_listing(make_variant(product))
    rebuild(product)

    def row_versions():
        with connection.cursor() as cursor:
            cursor.execute("SELECT xmin::text, ctid::text FROM catalog_productcard")
            return cursor.fetchall()

    before = row_versions()
    rebuild(product)

    assert row_versions() == before


def test_a_rebuild_requires_a_transaction():
    with pytest.raises(TransactionRequiredError):
        index.reindex(product_ids=[1], channel=make_channel())


@pytest.mark.parametrize(
    ("variants", "found"),
    [
        ([("Navy", 3), ("Petrol", 2)], ["blue"]),
        ([("Black / Red", 3), ("GREY", 0)], ["black", "red"]),
        ([("Graphite", 0), ("Qırmızı", 0)], ["gray", "red"]),
        ([("Digital camo", 1), ("", 4)], ["other"]),
        ([("", 4)], []),
    ],
)
def test_a_card_has_the_colors_of_available_variants(variants, found):
    product = make_lamp()
    for color, available in variants:
        make_listing(make_variant(product, color=color), available=available)

    rebuild(product)

    assert ProductCard.objects.get().colors == found


@pytest.mark.django_db(transaction=True)
def test_a_fetched_image_never_restores_old_stock():
    channel, product = make_channel(), make_product()
    make_spec(product)
    listing = make_listing(make_variant(product), available=20)
    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=channel)
    make_image(product, stem="arrived")

    @transaction.atomic
    def show_picture():
        index.reindex(product_ids=[product.pk], channel=Channel.objects.get(pk=channel.pk))

    other = Rival(show_picture)
    with transaction.atomic():
        Listing.objects.filter(pk=listing.pk).update(available=0)
        index.reindex(product_ids=[product.pk], channel=channel)
        other.begin()  # it waits for our lock, or has read the old stock
    other.finish()

    card = ProductCard.objects.get()
    assert (card.available, card.picture) == (0, "arrived")
