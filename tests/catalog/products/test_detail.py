import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.db import transaction

from catalog.models import (
    Brand,
    Category,
    Identifier,
    Image,
    Listing,
    Mode,
    Product,
    ProductCard,
    ProductDocument,
    ProductText,
    Spec,
    Variant,
)
from catalog.products import detail_query, shop
from catalog.search import card_index, index
from storefront.lib.money import Money
from tests.factories.catalog import (
    NOON,
    make_category,
    make_channel,
    make_image,
    make_listing,
    make_mode,
    make_product,
    make_spec,
    make_variant,
)

pytestmark = pytest.mark.django_db


def make_shown(*, slug="trail-lamp", category=None, family="headlamp"):
    product = make_product(slug=slug, category=category, family=family)
    make_spec(product)
    make_mode(product, position=1, name="Low", output_lm="20.50", runtime_min=2400)
    make_mode(product, position=0, name="High")
    black = make_variant(product, sku=f"{slug}-B", option_values=("Black",), position=0)
    red = make_variant(product, sku=f"{slug}-R", option_values=("Red", "XL"), position=1)
    make_listing(black, price_amount="29.99")
    make_listing(red, price_amount="19.99", available=0, ships_from={})
    return product


def show(slug="trail-lamp"):
    return detail_query.load_product(channel=make_channel(), slug=slug, now=NOON)


def test_a_product_page_has_all_its_data():
    product = make_shown()
    black, red = product.variants.order_by("position")
    product.variants.filter(pk=red.pk).update(color="Red")
    Identifier.objects.create(
        variant=black, scheme="gtin", value="04006381333931", raw="4006381333931"
    )
    Identifier.objects.create(variant=black, scheme="mpn", value="fara:h1b", raw="H1-B")
    make_image(product, stem="main", position=0)
    make_image(product, stem="", position=1)
    make_image(product, stem="red", variant=red, position=2)

    view = show()

    assert (view.title, view.brand, view.category.slug, view.option_names) == (
        "Fara H1 headlamp",
        "Fara",
        "headlamps",
        ("Color",),
    )
    assert (view.spec.output_lm, view.spec.features, view.spec.battery_energy_wh) == (
        400,
        ["motion_sensor", "red_light"],
        Decimal("4.44"),
    )
    assert [(mode.name, mode.output_lm) for mode in view.modes] == [
        ("High", Decimal("400.00")),
        ("Low", Decimal("20.50")),
    ]
    assert [picture.stem for picture in view.pictures] == ["main", "red"]
    assert [
        [picture.stem for picture in view.pictures_of(variant)] for variant in view.variants
    ] == [["main", "red"], ["red", "main"]]
    first, second = view.variants
    assert (first.sku, first.gtin, first.mpn, first.price) == (
        "trail-lamp-B",
        "04006381333931",
        "H1-B",
        Money(Decimal("29.99"), "EUR"),
    )
    assert (first.ships_from, first.available, first.cell_wh) == ({"CN": 20}, 20, Decimal("4.44"))
    assert (second.options_text, [picture.stem for picture in second.pictures]) == (
        "Red / XL",
        ["red"],
    )
    assert second.listing_id == Listing.objects.get(variant=red).pk


def test_the_default_variant_is_available():
    make_shown()

    view = show()

    assert view.price_from == Money(Decimal("19.99"), "EUR")
    assert view.has_more_prices
    assert view.default_variant(NOON).sku == "trail-lamp-B"
    assert view.is_available(NOON)
    assert not view.is_available(NOON + timedelta(hours=25))


def test_a_product_without_specifications_has_no_spec():
    make_listing(make_variant(make_product(slug="bare")))

    assert show("bare").spec is None


def show_values():
    """Return what a page shows; models by their values, not by their keys."""
    view = show()
    spec = view.spec and {**vars(view.spec), "_state": None}
    return replace(view, memo={}, spec=spec, category={**vars(view.category), "_state": None})


CHANGES = {
    "product": lambda: Product.objects.update(guarantee_months=36),
    "brand": lambda: Brand.objects.update(manufacturer_email="new@fara.example"),
    "category": lambda: Category.objects.update(names={"en": "Lamps"}),
    "specification": lambda: Spec.objects.update(output_lm=401),
    "no specification": lambda: Spec.objects.all().delete(),
    "mode": lambda: Mode.objects.filter(name="Low").update(runtime_min=1),
    "new mode": lambda: make_mode(Product.objects.get(), position=2, name="Eco"),
    "no mode": lambda: Mode.objects.filter(name="Low").delete(),
    "image": lambda: Image.objects.update(alt_texts={"en": "On a tree"}),
    "order of images": lambda: Image.objects.filter(stem="main").update(position=9),
    "new image": lambda: make_image(Product.objects.get(), stem="new", position=2),
    "text": lambda: ProductText.objects.update(summary="Yeni"),
    "no text": lambda: ProductText.objects.all().delete(),
    "document": lambda: ProductDocument.objects.update(language="az"),
    "hidden document": lambda: ProductDocument.objects.update(is_public=False),
    "expired document": lambda: ProductDocument.objects.update(
        valid_until=NOON.date() - timedelta(days=1)
    ),
    "variant": lambda: Variant.objects.update(origin_country="VN"),
    "identifier": lambda: Identifier.objects.update(raw="H1-C"),
    "disputed identifier": lambda: Identifier.objects.update(state="conflict"),
    "price": lambda: Listing.objects.update(price_amount=99),
    "stock": lambda: Listing.objects.update(available=3),
    "unpublished variant": lambda: Listing.objects.filter(available=0).update(is_published=False),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_row_shows_at_once(change):
    """The rows of a page are kept in memory for each of their versions."""
    product = make_shown()
    Identifier.objects.create(
        variant=product.variants.first(), scheme="mpn", value="fara:h1b", raw="H1-B"
    )
    make_image(product, stem="main", position=0)
    make_image(product, stem="second", position=1)
    ProductText.objects.create(product=product, language="az", summary="Fənər")
    ProductDocument.objects.create(product=product, kind="manual", language="en", is_public=True)
    before = show_values()
    assert show_values() == before

    change()

    after = show_values()
    assert after != before
    detail_query._content.cache_clear()
    assert after == show_values()


def test_each_table_of_a_page_has_its_versions_in_the_first_query():
    tables = set(re.findall(r"catalog_\w+", detail_query._PRODUCT + detail_query._VARIANTS))

    assert tables == {
        "catalog_brand",
        "catalog_category",
        "catalog_identifier",
        "catalog_image",
        "catalog_listing",
        "catalog_mode",
        "catalog_product",
        "catalog_productdocument",
        "catalog_producttext",
        "catalog_spec",
        "catalog_variant",
    }, "test the new table in CHANGES, too"
    assert tables <= set(re.findall(r"catalog_\w+", detail_query._LISTINGS))


@pytest.mark.parametrize("slug", ["nothing", "a\0b", "x" * 5000, "'; --"])
def test_an_unknown_slug_has_no_page(slug):
    make_shown()

    assert show(slug) is None


def test_an_archived_or_unpublished_product_has_no_page():
    product = make_shown()
    Listing.objects.update(is_published=False)
    assert show() is None

    Listing.objects.update(is_published=True)
    product.status = "archived"
    product.save()
    assert show() is None


def test_a_variant_that_is_phased_out_is_shown_while_in_stock():
    product = make_shown()
    product.variants.update(status="phasing_out")

    assert [variant.sku for variant in show().variants] == ["trail-lamp-B"]


def test_pages_need_the_same_few_queries_for_more_products(django_assert_num_queries):
    channel, product = make_channel(), make_shown(slug="lamp")
    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=channel)

    def load_home():
        shop.load_home(channel=channel, categories=[product.category], country="DE", now=NOON)

    make_shown()
    for more in range(2):
        for place in range(8 * more):
            make_shown(slug=f"more-{place}")
        Product.objects.filter(slug="trail-lamp").update(title=f"Lamp {more}")
        for queries in (3, 1):  # rows are read only if their version is new
            with django_assert_num_queries(queries):
                assert detail_query.load_product(channel=channel, slug="trail-lamp", now=NOON)
        load_home()
        with patch.object(card_index, "REFRESH_AFTER_S", 60):
            with django_assert_num_queries(0):
                load_home()
            card_index.refreshed_index(channel.pk)._rows.clear()
            with django_assert_num_queries(1):
                load_home()


def test_the_home_page_shows_the_best_available_card_of_each_category():
    lanterns = make_category(slug="lanterns", position=1)
    products = [make_shown(slug=f"lamp-{place}") for place in range(8)]
    products.append(make_shown(slug="lantern", category=lanterns, family="lantern"))
    with transaction.atomic():
        index.reindex(product_ids=[each.pk for each in products], channel=make_channel())
    best = products[3].pk
    ProductCard.objects.filter(product=best).update(score=9_000_000)
    ProductCard.objects.filter(product=products[4]).update(score=9_500_000, available=0)

    home = shop.load_home(
        channel=make_channel(),
        categories=Category.objects.order_by("position"),
        country="DE",
        now=NOON,
    )

    assert list(home.picks) == ["headlamp", "lantern"]
    assert len(home.picks["headlamp"]) == shop.PICKS_PER_CATEGORY
    assert home.picks["headlamp"][0].product_id == best
    assert [(category.slug, count) for category, count in home.categories] == [
        ("headlamps", 8),
        ("lanterns", 1),
    ]


def test_the_channel_and_categories_are_kept_for_a_second(django_assert_num_queries, monkeypatch):
    make_category(slug="lanterns")
    make_channel()
    monkeypatch.setattr(shop, "SHOP_CACHE_TTL_S", 60)
    assert shop.load_channel("nowhere") is None

    with django_assert_num_queries(1):
        first, again = shop.load_channel("shop"), shop.load_channel("shop")
    Category.objects.update(slug="lamps")
    monkeypatch.setattr(shop, "_shops", {"shop": (0.0, first)})  # expired

    assert first is again
    assert [category.slug for category in shop.load_channel("shop")[1]] == ["lamps"]
