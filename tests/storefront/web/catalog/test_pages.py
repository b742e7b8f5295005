import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Channel, Listing
from catalog.search import card_index
from storefront.web.content.pages import PAGES
from storefront.web.core.errors import server_error
from storefront.web.rendering import stylesheet
from tests.factories.catalog import make_channel, make_exchange_rate, make_variant
from tests.factories.orders import make_sellable
from tests.storefront.web.conftest import make_light, shelve
from tests.storefront.web.page_parser import Page, in_each_language, results

pytestmark = pytest.mark.django_db
PATHS = ["", "c/headlamps/", "search/?q=lamp", "p/trail-400/", "compare/?light=trail-400", "cart/"]
PATHS += ["orders/", "design/", *(f"info/{name}/" for name in PAGES)]
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_REQUEST_TYPE": "partial"}


@in_each_language
def test_page_is_valid(client, light, language):
    for path in PATHS:
        response = client.get(f"/{language}/{path}")
        page = Page(response)
        assert response.status_code == 200, path
        assert page.faults == [], path
        assert len(page.all("h1")) == 1
        assert len(page.ids) == len(set(page.ids))
        assert page.unlabeled() == []
        assert page.all("html", lang=language)
        assert all("alt" in image for image in page.all("img"))
        styled = [attrs for _tag, attrs in page.elements if {"style", "onclick"} & attrs.keys()]
        assert styled == [], path


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/en/", (3, 1)),
        ("/en/c/headlamps/", (3, 1)),
        ("/en/search/?q=trail", (3, 2)),
        ("/en/p/trail-400/", (4, 2)),
    ],
)
def test_page_takes_few_queries(client, light, path, queries, monkeypatch):
    """The number of queries does not depend on the number of cards; a repeated list takes fewer."""
    most, usual = queries
    client.get(path)
    monkeypatch.setattr(card_index, "REFRESH_AFTER_S", 60)
    Channel.objects.update(safety_stock=1)  # so that no supply is cached
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    for number in range(6):
        make_light(title=f"Trail {number}", slug=f"trail-{number}")
    monkeypatch.setattr(card_index, "_indexes", {})
    client.get(path)
    Channel.objects.update(safety_stock=2)

    with CaptureQueriesContext(connection) as many:
        assert client.get(path).status_code == 200
    with CaptureQueriesContext(connection) as again:
        client.get(path)

    assert len(many) == len(few) <= most
    assert len(again) == usual


def test_list_shows_its_count_and_filters_also_as_a_part(client, light):
    make_light(title="Ridge", slug="ridge", output_lm=1800)
    path = "/en/c/headlamps/?lm_max=500&power=usb_c"

    whole, part = client.get(path), client.get(path, **HTMX)
    nothing = client.get("/en/c/headlamps/?f=zoom").content.decode()
    misspelled = client.get("/en/search/?q=trial").content.decode()

    text = whole.content.decode()
    assert '<p role="status">1 light</p>' in text
    for words in ("Brightness up to 500 lm", "Clear all", "Trail 400", 'content="noindex,follow"'):
        assert words in text
    assert "Ridge" not in text
    assert results(part) == results(whole)
    assert "<html" not in part.content.decode()
    assert 'hx-target="#facets"' in part.content.decode()
    assert "Without the filter “Features”: 2" in nothing
    assert 'href="/en/c/headlamps/"' in nothing
    assert "No results for “trial”. Showing results for “trail”." in misspelled
    assert "Trail 400" in misspelled
    partly = client.get("/en/search/?q=trail+zzzzqqqq").content.decode()
    assert "Not found: zzzzqqqq. Showing results for the rest of your search." in partly
    unknown = client.get("/en/search/?q=trail+under+1+manat").content.decode()
    assert "1 AZN was not used as a filter, because we have no current exchange rate." in unknown
    assert "Trail 400" in unknown
    make_exchange_rate(base="AZN", quote="EUR", rate="0.5", as_of=timezone.now())
    priced = client.get("/en/search/?q=trail+under+900+manat").content.decode()
    assert "900 AZN was searched as €450.00, the currency of this shop." in priced
    assert "Trail 400" in partly
    # So that the customer can remove the filters of the text.
    filtered = client.get("/en/search/?q=usb-c+trail").content.decode()
    assert '<input type="hidden" name="q" value="trail">' in filtered


def test_invalid_url_gets_a_message(client, light):
    for query in ("lm_min=abc", "power=plutonium", "page=-1", "sort=random", "price_min=NaN"):
        response = client.get(f"/en/c/headlamps/?{query}")
        assert response.status_code == 400, query
        words = "We did not recognize this part of the address"
        assert words in response.content.decode()


def test_load_more_is_a_link_to_the_next_page(client, light, monkeypatch):
    monkeypatch.setattr("catalog.search.product_list.PAGE_SIZE", 1)
    make_light(title="Trail 1", slug="trail-1")
    path = "/en/c/headlamps/?page=2"

    first = client.get("/en/c/headlamps/").content.decode()
    second = client.get(path).content.decode()

    assert f'href="{path}" rel="next"' in first
    assert 'rel="prev"' in second
    assert f'href="http://127.0.0.1:8000{path}"' in second


def test_product_page_has_price_delivery_and_evidence(client, light):
    text = client.get("/en/p/trail-400/").content.decode()

    for words in ("€39.99", "incl. VAT, duty paid", "In stock: 5", "checked 1 second ago"):
        assert words in text
    for words in ("from Germany", "0.25 lx"):
        assert words in text


def test_every_variant_has_a_url_and_sold_out_ones_are_shown(client, light):
    product = light.variant.product
    sold_out = make_variant(product, sku="HL-RED", option_values=("Red",), position=1)
    make_sellable(quantity=0, price="41.99", variant=sold_out)
    shelve(product)

    text = client.get("/en/p/trail-400/?v=HL-RED").content.decode()

    assert "Out of stock." in text
    assert "€41.99" in text
    assert "out of stock" in text
    assert 'id="v-HL-RED" name="listing"' in text


def test_any_beam_is_drawn_unless_its_values_are_missing(client, light):
    for candela, lumens in ((40, 450), (1, 1), (250_000, 1000), (2, 90_000)):
        slug = f"odd-{candela}"
        make_light(title="Odd", slug=slug, intensity_cd=candela, output_lm=lumens)
        text = client.get(f"/en/p/{slug}/").content.decode()
        assert "Beam from above" in text
        assert "0.25 lx</text>" in text
    numbers = ("output_lm", "intensity_cd", "beam_m", "runtime_high_min", "runtime_max_min")
    bare = dict.fromkeys((*numbers, "weight_g")) | {"ip_rating": ""}
    make_light(title="Bare", slug="bare", **bare)

    text = client.get("/en/p/bare/").content.decode()

    assert "beam not stated" in text
    assert text.count("not stated") >= 5
    assert "Beam from above" not in text


def test_not_found_page_is_shown(client, light):
    nowhere = [f"/en/{folder}nowhere/" for folder in ("", "c/", "p/", "info/")]
    beams = [f"/beam/{name}.png" for name in ("0-1", "99999999-1", "1-1")]

    for path in (*nowhere, *beams, "/media/../settings.py", "/media/none.webp"):
        response = client.get(path)
        text = response.content.decode()
        assert response.status_code == 404, path
        assert "Page not found." in text
        assert '<form class="top-search" action="/en/search/"' in text
        assert '<li><a href="/en/c/headlamps/"' in text


def test_error_page_needs_no_database(rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = server_error(rf.get("/en/"))

    text = response.content.decode()
    assert response.status_code == 500
    assert "Something went wrong on our side." in text
    assert '<form class="top-search" action="/en/search/"' in text
    for link in ("/en/", "/en/search/", "/en/orders/", "/en/info/contact/", "/en/cart/"):
        assert f'href="{link}"' in text


def test_robots_and_sitemap_and_a_product_that_is_discontinued(client, light):
    rules = client.get("/robots.txt").content.decode()
    places = client.get("/sitemap.xml").content.decode()

    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in rules
    assert "Disallow: /en/checkout/" in rules
    assert "<loc>http://127.0.0.1:8000/az/p/trail-400/</loc>" in places
    Listing.objects.update(is_published=False)
    light.variant.product.variants.update(status="discontinued")
    assert client.get("/en/p/trail-400/").status_code == 410


def test_beam_picture_is_served_and_its_query_uses_an_index(client, light):
    response = client.get("/beam/2500-400.png")
    assert response["Content-Type"] == "image/png"
    assert response.content.startswith(b"\x89PNG")

    with CaptureQueriesContext(connection) as asked:
        assert client.get("/beam/2500-401.png").status_code == 404

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        (sql,) = [each["sql"] for each in asked if "catalog_spec" in each["sql"]]
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "spec_by_beam" in plan


def test_a_page_loads_one_stylesheet_within_its_budget(customer, light):
    page = customer.get("/en/p/trail-400/").content.decode()

    (name,) = re.findall(r'rel="stylesheet" href="/static/([^"]+)"', page)
    style = Path(finders.find(name)).read_text()

    assert len(gzip.compress(style.encode(), 9)) <= 12_000
    assert {path.stem for path in stylesheet.SOURCES.glob("*.css")} == set(
        stylesheet.STYLESHEETS[name]
    )


def test_development_pages_are_closed_in_production(client, light, settings):
    settings.ENVIRONMENT = "staging"

    for path in ("/en/design/", "/dev/mailbox/"):
        assert client.get(path).status_code == 404


def assert_closed(answer):
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "unavailable for a moment" in answer.text


def test_shop_without_a_channel_is_closed_with_a_message(client):
    for path in ("/en/", "/en/c/headlamps/", "/en/p/trail-400/", "/en/cart/"):
        assert_closed(client.get(path))


def test_get_of_a_form_url_has_a_message(client):
    make_channel()

    for path in ("/en/cart/add/", "/en/checkout/place/", "/az/country/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
        assert "<h1>" in answer.text


def test_error_outside_a_view_shows_the_closed_page_while_the_database_is_down():
    """Both pages list the categories, which are read from the database."""
    make_channel()

    def fail(*_):
        raise OperationalError("the connection is closed")

    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    with connection.execute_wrapper(fail):
        assert_closed(browser.get("/en/nowhere/"))
        assert_closed(browser.post("/en/checkout/place/"))
