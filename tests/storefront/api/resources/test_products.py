from decimal import Decimal

import pytest
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from catalog.custom_attributes import registry
from catalog.models import CustomAttribute, Product, ProductDocument, Spec
from catalog.search import index
from catalog.search.filters import ProductFilter
from storefront.api.resources.products import KNOWN
from tests.factories.catalog import (
    make_category,
    make_channel,
    make_guarantee,
    make_image,
    make_mode,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.orders import make_sellable
from tests.factories.priced_shop import announce
from tests.factories.shipping import make_service
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db


def make_published(*, slug, title="Fara H1 headlamp", price="39.99", **spec):
    product = make_product(slug=slug, title=title)
    make_spec(product, **spec)
    make_mode(product)
    make_image(product, stem=f"{slug}-1")
    listing = make_sellable(quantity=20, price=price, variant=make_variant(product))
    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=make_channel())
    return listing


def slugs(answer):
    return [card["slug"] for card in answer.json()["results"]]


def test_list_shows_price_stock_and_specification(api):
    make_published(slug="h1", output_lm=400)
    make_service()

    answer = api.get("/api/v1/listings/").json()

    (card,) = answer["results"]
    facets = {facet["code"]: facet for facet in answer["facets"]}
    assert (card["slug"], card["output_lm"]) == ("h1", 400)
    assert card["price"] == {"amount": "39.99", "currency": "EUR"}
    assert card["picture"]["240"].endswith("/media/pictures/h1-1-240.webp")
    assert (card["is_available"], card["available"]) == (True, 14)  # 2 kg of 140 g
    assert card["delivery"]["arrives_to"] == "2026-12-02"
    splash = next(one for one in facets["water"]["choices"] if one["value"] == "splash")
    assert (splash["count"], splash["is_chosen"]) == (1, False)
    assert facets["price"]["low"] == "39.99"


def test_availability_is_for_the_requested_country(api):
    make_published(slug="h1")
    make_service(countries=["FR"])

    def summary_for(query):
        shelf, product = (
            api.get(path, query).json() for path in ("/api/v1/listings/", "/api/v1/listings/h1/")
        )
        assert shelf["country"] == product["country"]
        (card,), (variant,) = shelf["results"], product["variants"]
        names = ("is_available", "available", "delivery")
        assert [card[name] for name in names] == [variant[name] for name in names]
        return shelf["country"], card["is_available"], card["available"], bool(card["delivery"])

    assert summary_for({}) == ("DE", True, 0, False)
    assert summary_for({"country": "FR"}) == ("FR", True, 14, True)
    for code in ("AQ", ""):
        wrong = api.get("/api/v1/listings/", {"country": code})
        assert (wrong.status_code, kind_of(wrong)) == (422, "country-not-served")


def test_list_is_filtered_and_sorted_as_on_the_pages(api):
    make_published(slug="weak", output_lm=200, price="20.00")
    make_published(slug="strong", output_lm=1200, price="80.00")

    both = api.get("/api/v1/listings/", {"sort": "price_desc"})
    bright = api.get("/api/v1/listings/", {"lm_min": "1000", "category": "headlamps"})
    cheap = api.get("/api/v1/listings/", {"price_max": "50"})

    assert slugs(both) == ["strong", "weak"]
    assert slugs(bright) == ["strong"]
    assert slugs(cheap) == ["weak"]
    assert bright.json()["total"] == 1


def test_product_has_variants_modes_and_a_reduction_with_the_lowest_price_before_it(api):
    listing = make_published(slug="h1")

    product = api.get("/api/v1/listings/h1/").json()

    (variant,) = product["variants"]
    assert (product["category"], product["brand"]) == ("headlamps", "Fara")
    assert (variant["listing_id"], variant["price"]["amount"]) == (listing.pk, "39.99")
    assert product["spec"]["ip_rating"] == "IPX4"
    assert (product["spec"]["basis"], product["spec"]["bases"]["weight_g"]) == ("none", "none")
    assert product["modes"][0]["name"] == "High"
    assert variant["reduction"] is None
    now = timezone.now()
    announce(listing, was=Decimal("50.00"), now=now)
    reduction = api.get("/api/v1/listings/h1/").json()["variants"][0]["reduction"]
    assert reduction["percent"] == 20
    assert reduction["lowest_price_30_days"] == {"amount": "50.00", "currency": "EUR"}
    assert reduction["until"] > now.isoformat()


def test_category_names_are_translated(api):
    make_category(slug="headlamps", names={"en": "Headlamps", "az": "Alın fənərləri"})

    english = api.get("/api/v1/categories/", accept_language="en").json()
    azerbaijani = api.get("/api/v1/categories/", accept_language="az").json()

    assert english == [{"slug": "headlamps", "name": "Headlamps"}]
    assert azerbaijani == [{"slug": "headlamps", "name": "Alın fənərləri"}]


def test_unknown_parameter_is_named_and_an_unsold_product_not_found(api):
    make_published(slug="h1")

    for query in (
        "price_min=cheap",
        "price_max=NaN",
        "lm_min=-5",
        "lm_min=",
        "g_max=1e99",
        "power=plutonium",
        "f=magnet,rocket",
        "sort=price;DROP TABLE",
        "page=0",
        "page=two",
        "page=99999999999999999999",
        "in_stock=yes",
        "unknown=everything",
        "category=submarines",
        "colour=red",
        "filter[__class__]=1",
    ):
        answer = api.send("GET", f"/api/v1/listings/?{query}", b"")
        assert (answer.status_code, kind_of(answer)) == (400, "invalid-parameters"), query
        errors = answer.json()["errors"]
        assert [error["parameter"] for error in errors] == [query.partition("=")[0]]
    for slug in ("nothing", "h1'--", "x" * 300):
        answer = api.get(f"/api/v1/listings/{slug}/")
        assert (answer.status_code, kind_of(answer)) == (404, "not-found")


def test_empty_search_is_no_error(api):
    make_published(slug="h1")

    for words in ("' OR 1=1 --", "a" * 5000, "!&:*|()", "🔦", "%", "\u2067x"):
        assert api.get("/api/v1/listings/", {"q": words}).status_code == 200, words[:9]


def test_api_has_every_filter_of_the_shop():
    everything = QueryDict(
        "q=x&price_min=1&lm_min=1&h_min=1&g_min=1&lm=0-100&power=aa&water=jets&f=zoom"
        "&unknown=power&in_stock=1&sort=price&page=2"
    )

    names = {name for name, _ in ProductFilter.from_params(everything).to_params()}

    assert len(names) == 13
    assert names <= KNOWN


def test_custom_attributes_are_filters_of_the_api(api, monkeypatch):
    monkeypatch.setattr(registry, "_cached", None)
    names = {"names": {"en": "Switch"}, "filter_display": "shown"}
    choices = [["tail", {"en": "Tail"}], ["side", {"en": "Side"}]]
    CustomAttribute.objects.create(code="switch", kind="choice", choices=choices, **names)
    CustomAttribute.objects.create(code="hours", kind="number", **names)
    product = make_published(slug="h1").variant.product
    make_published(slug="h2")
    Spec.objects.filter(product=product).update(custom_values={"switch": "tail", "hours": "2"})
    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=make_channel())

    found = api.get("/api/v1/listings/", {"attr_switch": "tail", "attr_hours_min": "2"}).json()
    wrong = api.get("/api/v1/listings/", {"attr_switch": "crown", "attr_hours": "2"})

    assert [one["slug"] for one in found["results"]] == ["h1"]
    facet = next(one for one in found["facets"] if one["code"] == "attr_switch")
    assert facet["parameter"] == "attr_switch"
    assert facet["choices"][0] == {"value": "tail", "count": 1, "is_chosen": True}
    assert {one["parameter"] for one in wrong.json()["errors"]} == {"attr_switch", "attr_hours"}


def test_list_and_product_take_few_queries(api, django_assert_max_num_queries):
    for number in range(6):
        make_published(slug=f"h{number}")
    paths = {"/api/v1/listings/?category=headlamps": 8, "/api/v1/listings/h1/": 4}
    answers = []

    for path, most in paths.items():
        api.client.get(path)  # cards are kept in memory; routes and rules are cached for a minute
        with django_assert_max_num_queries(most):
            answers.append(api.client.get(path))

    assert answers[0].json()["total"] == 6
    assert answers[0].headers["cache-control"] == "public, max-age=30"


def test_shop_without_setup_answers_503(api):
    answer = api.get("/api/v1/listings/")

    assert (answer.status_code, kind_of(answer)) == (503, "unavailable")


def test_product_states_its_safety_information(api):
    listing = make_published(slug="h1")
    Product.objects.update(safety_warnings={"en": "Hot surface."})
    document = ProductDocument.objects.create(
        product=listing.variant.product, kind="manual", is_public=True, file="documents/none.pdf"
    )

    product = api.get("/api/v1/listings/h1/").json()

    assert product["family_name"] == "Headlamp"
    assert product["safety_warnings"] == ["Hot surface."]
    assert product["manufacturer"]["name"] == "Fara Works"
    url = f"/en/p/h1/documents/{document.pk}/"
    assert product["documents"] == [{"kind": "manual", "language": "", "url": url}]
    (variant,) = product["variants"]
    assert (variant["un_number"], variant["hs_code"]) == ("UN3481", "851310")


def test_product_states_its_guarantee_in_the_language_of_the_request(api):
    listing = make_published(slug="h1")
    assert api.get("/api/v1/listings/h1/").json()["guarantee"] is None
    make_guarantee(listing.variant.product)

    product = api.get("/api/v1/listings/h1/").json()
    translated = api.get("/api/v1/listings/h1/", accept_language="az").json()

    assert product["guarantee"] == {
        "kind": "producer",
        "months": 60,
        "brand": "Fara",
        "model": "TW-370",
        "guarantor": "Tindrel Lights OÜ",
        "address": "Sadama 1, Tallinn, Estonia",
        "territory": "European Union",
        "claim": "Write to the guarantor, who repairs or replaces it.",
        "terms_url": "/en/p/h1/guarantee/",
    }
    assert translated["guarantee"]["territory"] == "Avropa İttifaqı"


def test_a_localized_attribute_has_its_texts_by_language(api, monkeypatch):
    monkeypatch.setattr(registry, "_cached", None)
    make_published(slug="localized")
    CustomAttribute.objects.create(
        code="care", names={"en": "Care"}, kind="text", is_localized=True
    )
    values = {"care": "Wipe it.", "care:az": "Silin.", "switch": "tail"}
    Spec.objects.update(custom_values=values)

    spec = api.get("/api/v1/listings/localized/").json()["spec"]

    assert spec["custom_attributes"] == {
        "care": {"en": "Wipe it.", "az": "Silin."},
        "switch": "tail",
    }
