"""In-stock lists contain exactly the cards that say "in stock", in every country."""

import random
import re
from collections import Counter

import pytest

from catalog.models import Brand, Category, Channel, Listing, Product, ProductCard, Variant
from catalog.search import product_list
from catalog.search.filters import ProductFilter
from shipping.availability.reach import load_reach
from shipping.rates import quotes
from storefront.web.core.visit import COUNTRY_COOKIE
from suppliers.inventory import publication
from suppliers.models import (
    PendingPublication,
    ShippingService,
    StockLevel,
    Supplier,
    SupplierOffer,
)
from tests.factories.catalog import (
    NOON,
    make_brand,
    make_channel,
    make_mode,
    make_price_rule,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.product_cards import make_card
from tests.factories.shipping import make_service
from tests.factories.suppliers import make_level, make_location, make_offer, make_supplier
from tests.storefront.api.schema_client import Caller
from tests.storefront.web.conftest import make_category, shelve
from tests.storefront.web.fronts import GONE, LOST, in_stock, shown_in, state
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db

COUNTRIES = ("DE", "FR", "CY")
SORTS = ("best", "price", "price_desc", "lumens", "beam", "runtime", "weight", "newest")
PLACES = (("near", "DE", "DE"), ("far", "CN", "CN"), ("far", "ES", "ES"))
LIST = "/en/c/headlamps/"


def seeds(count):
    """Return seeds of random supply; the first two run daily, the others in full runs."""
    return [pytest.param(seed, marks=() if seed < 2 else pytest.mark.full) for seed in range(count)]


def make_light(
    number, *, units=(9,), places=PLACES[:1], of_offer=(), restricted_countries=(), **variant
):
    """Make a light in stock at some locations, and publish it."""
    product = make_product(
        slug=f"light-{number}", title=f"Trail {number}", category=make_category(slug="headlamps")
    )
    Product.objects.filter(pk=product.pk).update(restricted_countries=list(restricted_countries))
    make_spec(product, output_lm=100 * number)
    make_mode(product)
    light = make_variant(product, **variant)
    for (code, place, country), many in zip(places, units, strict=True):
        supplier = make_supplier(code)
        offer = SupplierOffer.objects.filter(supplier=supplier, variant=light).first()
        offer = offer or make_offer(light, supplier, cost=f"{7 + number}.00")
        make_level(offer, many, make_location(supplier, place, country))
        SupplierOffer.objects.filter(pk=offer.pk).update(**dict(of_offer))
    publication.publish(variant_ids=[light.pk], now=NOON)
    return light


def make_route(code, place, country, **changes):
    where = make_location(make_supplier(code), place, country)
    return make_service(where, code=f"r{ShippingService.objects.count()}", **changes)


def make_random_catalog(dice):
    """Make random lights, locations and shipping services."""
    pick = dice.choice
    make_price_rule()
    Channel.objects.update(safety_stock=pick([0, 1]), countries=list(COUNTRIES))
    for place in PLACES:
        for _ in range(dice.randint(1, 2)):
            make_route(
                *place,
                countries=pick([[], ["DE"], ["FR"], ["DE", "FR"]]),
                max_weight_g=pick([300, 900, 9000]),
                accepts_cells_with_equipment=pick([True, False]),
                accepts_cells_in_equipment=pick([True, True, False]),
                max_cells=pick([None, 2]),
                currency=pick(["EUR", "EUR", "EUR", "USD"]),
                is_active=pick([True, True, False]),
            )
    for number in range(1, 9):
        make_light(
            number,
            units=[pick([0, 1, 5, 30]) for _ in PLACES],
            places=PLACES,
            of_offer={"min_order_units": pick([1, 1, 3]), "pack_size": pick([1, 1, 2])},
            lithium=pick(["none", "inside", "with"]),
            packed_weight_g=pick([None, 120, 700]),
            cell_count=pick([1, 3]),
            restricted_countries=pick([[], [], [], ["DE"], ["FR", "CY"]]),
        )


def lists_of(customer, country):
    """Return card texts by slug of the full list, and the slugs of the in-stock list in order.

    Asserts that list, search and API agree.
    """
    customer.cookies[COUNTRY_COOKIE] = country
    whole, narrow = (customer.get(path).content.decode() for path in (LIST, f"{LIST}?in_stock=1"))
    shown, kept = slugs(whole), slugs(narrow)
    search = customer.get("/en/search/?q=trail&in_stock=1").content.decode()
    asked = {"country": country, "category": "headlamps"}
    everything, filtered = (
        Caller().get("/api/v1/listings/", {**asked, **more}).json()
        for more in ({}, {"in_stock": "1"})
    )
    assert slugs(search) == [one["slug"] for one in filtered["results"]] == kept
    assert {in_stock(whole), in_stock(narrow), in_stock(search), filtered["total"]} == {len(kept)}
    assert everything["in_stock"] == filtered["in_stock"] == len(kept)
    card_texts = dict(zip(shown, map(state, shown_in(whole)), strict=True))
    assert [one["slug"] for one in everything["results"] if one["available"]] == kept
    return card_texts, kept


def slugs(text):
    return re.findall(r'class="card-title"><a href="/en/p/(.*?)/"', text)


@pytest.mark.parametrize("seed", seeds(6))
def test_in_stock_list_matches_the_cards(customer, seed):
    make_random_catalog(random.Random(seed))

    for country in COUNTRIES:
        card_texts, kept = lists_of(customer, country)
        assert len(card_texts) == 8
        assert kept == [slug for slug, words in card_texts.items() if words not in {GONE, LOST}]
        for sort in SORTS:
            page = customer.get(f"{LIST}?sort={sort}").content.decode()
            behind = [state(words) in {GONE, LOST} for words in shown_in(page)]
            assert behind == sorted(behind), sort
            assert set(slugs(page)) == set(card_texts)


def test_pages_across_the_end_of_available_products_are_complete(customer, monkeypatch):
    monkeypatch.setattr("catalog.search.product_list.PAGE_SIZE", 2)
    make_price_rule()
    make_route(*PLACES[0], countries=["DE"])
    make_route(*PLACES[1], countries=["FR"])
    for number in range(1, 8):
        make_light(number, places=[PLACES[number % 2]])

    for country, buyable in (("DE", 3), ("FR", 4)):
        customer.cookies[COUNTRY_COOKIE] = country
        pages = [customer.get(f"{LIST}?page={page}").content.decode() for page in range(1, 5)]
        assert [len(slugs(page)) for page in pages] == [2, 2, 2, 1]
        assert len({slug for page in pages for slug in slugs(page)}) == 7
        unreachable = [state(words) == LOST for page in pages for words in shown_in(page)]
        assert unreachable == [False] * buyable + [True] * (7 - buyable)


def move_to_restricted_category():
    """Move the light to a restricted category that takes over the slug of the list."""
    was = Category.objects.get(slug="headlamps")
    Category.objects.filter(pk=was.pk).update(slug="old")
    other = Category.objects.create(slug="headlamps", restricted_countries=["DE"])
    Product.objects.update(category=other)


def move_to_brand_without_responsible_person():
    brand = Brand.objects.create(key="lumen", name="Lumen", manufacturer_country="CN")
    Product.objects.update(brand=brand)


def changes():
    """Changes to everything that decides where products ship."""
    routes, variants = ShippingService.objects, Variant.objects
    return {
        "a route ends": lambda: routes.update(is_active=False),
        "a route is gone": lambda: routes.all().delete(),
        "a route serves another country": lambda: routes.update(countries=["FR"]),
        "a route carries less": lambda: routes.update(max_weight_g=50),
        "a route carries no cells": lambda: routes.update(accepts_cells_in_equipment=False),
        "the light is heavier": lambda: variants.update(packed_weight_g=9_999),
        "the cell is stronger": lambda: variants.update(cell_wh="99"),
        "the cell is loose": lambda: variants.update(lithium="alone"),
        "it is restricted": lambda: Product.objects.update(restricted_countries=["AT", "DE"]),
        "its category is restricted": lambda: Category.objects.update(restricted_countries=["DE"]),
        "the brand loses its responsible person": lambda: Brand.objects.update(
            manufacturer_country="CN"
        ),
        "a brand without responsible person": move_to_brand_without_responsible_person,
        "it moves to a restricted category": move_to_restricted_category,
    }


@pytest.mark.parametrize("name", changes())
def test_lists_follow_everything_that_decides_where_products_ship(customer, name):
    make_price_rule()
    make_route(*PLACES[0], countries=["DE"])
    make_light(1, lithium="inside", cell_wh="9.00", cell_count=1)
    PendingPublication.objects.all().delete()
    assert states_of(customer, f"{LIST}?in_stock=1") != []

    changes()[name]()
    publication.publish_pending(now=NOON)
    quotes.clear_cache()

    assert states_of(customer, LIST) == [LOST]
    assert states_of(customer, f"{LIST}?in_stock=1") == []


def states_of(customer, path):
    customer.cookies[COUNTRY_COOKIE] = "DE"
    return [state(words) for words in shown_in(customer.get(path).content.decode())]


def test_new_service_brings_products_to_more_countries(customer):
    make_price_rule()
    make_route(*PLACES[0], countries=["DE"])
    make_light(1)
    PendingPublication.objects.all().delete()
    ShippingService.objects.update(base_amount="9.90", min_days=1)
    assert not PendingPublication.objects.exists(), "a changed price needs no publication"

    make_route(*PLACES[0], countries=["FR"])
    publication.publish_pending(now=NOON)
    quotes.clear_cache()

    assert lists_of(customer, "FR")[1] == lists_of(customer, "DE")[1] == ["light-1"]


def test_restricted_product_is_listed_elsewhere_and_returns(customer):
    make_price_rule()
    make_route(*PLACES[0], countries=[])
    make_light(1, restricted_countries=["DE"])
    PendingPublication.objects.all().delete()

    assert [lists_of(customer, country)[1] for country in ("DE", "FR")] == [[], ["light-1"]]

    Product.objects.update(restricted_countries=[])
    publication.publish_pending(now=NOON)
    quotes.clear_cache()
    assert lists_of(customer, "DE")[1] == ["light-1"]


def test_paused_supplier_ships_nowhere_and_another_takes_over(customer):
    make_price_rule()
    make_route(*PLACES[0], countries=["DE"])
    make_route(*PLACES[2], countries=["FR"])
    light = make_light(1, units=(9, 9), places=(PLACES[0], PLACES[2]))
    assert lists_of(customer, "DE")[1] == lists_of(customer, "FR")[1] == ["light-1"]

    Supplier.objects.filter(code="near").update(status="paused")
    publication.publish(variant_ids=[light.pk], now=NOON)
    quotes.clear_cache()

    assert lists_of(customer, "DE") == ({"light-1": LOST}, [])
    assert lists_of(customer, "FR")[1] == ["light-1"]


def test_stock_at_a_location_without_a_service_is_unreachable(customer):
    """Units and origin of the listing stay the same; only the stock location differs."""
    make_price_rule()
    make_route(*PLACES[0], countries=["DE"])
    light = make_light(1, units=(9, 9), places=(PLACES[0], ("far", "DE2", "DE")))
    before = Listing.objects.values_list("available", "ships_from").get()

    StockLevel.objects.filter(location__code="DE").update(reported_quantity=0)
    publication.publish(variant_ids=[light.pk], now=NOON)
    quotes.clear_cache()

    assert Listing.objects.values_list("available", "ships_from").get() == before
    assert ProductCard.objects.get().area is None
    assert lists_of(customer, "DE") == ({"light-1": LOST}, [])


@pytest.mark.parametrize("seed", seeds(4))
def test_lists_by_origin_contain_what_ships_from_there(seed):
    make_random_catalog(random.Random(seed))
    channel = make_channel()
    shown = {card.variant_id: card for card in ProductCard.objects.select_related("variant")}

    for country in COUNTRIES:
        reached = load_reach(
            pieces={id_: card.variant for id_, card in shown.items()},
            listed={id_: card.available for id_, card in shown.items()},
            channel=channel,
            country=country,
            now=NOON,
        )
        ways = {(one.country, shown[one.variant_id].slug) for one in reached.reachable}
        asked = {"channel": channel, "country": country, "now": NOON}
        whole = product_list.load_page(query=ProductFilter(category="headlamps"), **asked)
        (origins,) = (facet.choices for facet in whole.facets if facet.code == "origin")
        assert {each.value: each.count for each in origins} == Counter(way[0] for way in ways)
        for origin in ("DE", "CN", "ES"):
            found = product_list.load_page(query=ProductFilter(origin=frozenset({origin})), **asked)
            assert {(origin, card.slug) for card in found.cards} == {
                way for way in ways if way[0] == origin
            }


def test_brand_color_and_origin_filters_have_chips_and_hints(customer):
    make_price_rule()
    for place in PLACES:
        make_route(*place)
    for number, (brand, color) in enumerate([("Ünal & Co", "Navy"), ("Nord", "Red")], start=1):
        light = make_light(number, places=PLACES[number - 1 : number], color=color)
        Product.objects.filter(pk=light.product_id).update(brand=make_brand(name=brand))
        shelve(light.product)
    asked = "?brand=%C3%9Cnal+%26+Co&color=blue&from=DE"

    page = Page(customer.get(f"{LIST}{asked}"))
    nothing = customer.get(f"{LIST}?brand=Nord&from=DE").content.decode()
    azerbaijani = Page(customer.get(f"/az/c/headlamps/{asked}"))

    assert page.faults == azerbaijani.faults == []
    assert slugs(page.text) == ["light-1"]
    for chip in ("Ünal &amp; Co", "Blue", "Ships from Germany"):
        assert f"</span>{chip} <svg" in page.text
    assert 'name="brand" value="Ünal &amp; Co" checked' in page.text
    assert "Göndərilir: Almaniya" in azerbaijani.text
    assert "Without the filter “Ships from”: 1" in nothing
    filtered = (
        Caller().get("/api/v1/listings/", {"brand": "Nord", "color": "red", "from": "CN"}).json()
    )
    assert [one["slug"] for one in filtered["results"]] == ["light-2"]
    facets = {each["parameter"]: each["choices"] for each in filtered["facets"]}
    assert facets["brand"] == [{"value": "Nord", "count": 1, "is_chosen": True}]


def test_brand_filter_needs_several_brands_and_scrolls_if_they_are_many(customer):
    make_card(brand="Brand 0")
    text = customer.get(LIST).content.decode()
    assert 'id="facet-brand"' not in text
    assert 'id="facet-origin"' not in text
    for number in range(1, 13):
        make_card(brand=f"Brand {number}")

    page = Page(customer.get(LIST))

    assert page.faults == []
    assert page.text.count('class="facet-long"') == 1
