"""Markets: pages, cookies, cache and links of two markets of the shop."""

import re
from decimal import Decimal

import pytest
from django.test import Client

from catalog.models import Listing
from orders.links import order_url
from orders.models import Cart, Order
from tests.factories.accounts import make_shopper
from tests.factories.catalog import make_exchange_rate
from tests.factories.markets import list_on, make_second_market
from tests.factories.shipping import make_service
from tests.storefront.web.conftest import WHO, make_light, shelve

pytestmark = pytest.mark.django_db
AZ_HOME = {
    "email": "aysel@example.org",
    "name": "Aysel Məmmədova",
    "line1": "Nizami küçəsi 10",
    "postcode": "AZ1000",
    "city": "Bakı",
    "country": "AZ",
    "phone": "+994501234567",
}


@pytest.fixture
def market(monkeypatch, light):
    return make_second_market(monkeypatch)


@pytest.fixture
def fener(market, light):
    """The same headlamp, sold on both markets; each has its own delivery prices."""
    make_exchange_rate(base="EUR", quote="AZN", rate="1.9800")
    make_service(code="standard-azn", currency="AZN", base_amount="9.70")
    return list_on(market, light, price="75.00")


def test_each_market_shows_its_price_in_its_currency_and_language(client, fener):
    here = client.get("/en/p/trail-400/").content.decode()
    there = client.get("/az-market/az/p/trail-400/").content.decode()
    cards = client.get("/az-market/az/c/headlamps/").content.decode()

    assert "€39.99" in here
    assert "AZN\xa0" not in here
    assert "75,00\xa0AZN" in there
    assert '"priceCurrency":"AZN"' in there
    assert "€" not in there
    assert "75,00\xa0AZN" in cards
    assert 'href="/az-market/az/p/trail-400/"' in cards


def test_market_is_found_by_host_as_well(client, monkeypatch, light, settings):
    settings.ALLOWED_HOSTS = ["fara.az", "testserver"]
    list_on(make_second_market(monkeypatch, host="fara.az", path=""), light, price="75.00")

    page = client.get("/az/p/trail-400/", HTTP_HOST="fara.az").content.decode()

    assert "75,00\xa0AZN" in page
    assert '<link rel="canonical" href="http://fara.az:8000/az/p/trail-400/">' in page
    assert "€39.99" in client.get("/en/p/trail-400/").content.decode()


def test_page_cache_never_mixes_markets(client, fener, settings):
    settings.PAGE_CACHE_S = 30
    paths = ["/az/", "/az/c/headlamps/", "/az/search/?q=trail", "/az/p/trail-400/"]
    first = [client.get(path).content for path in paths]

    there = [client.get(f"/az-market{path}").content.decode() for path in paths]

    assert all("\xa0AZN" in page and "€" not in page for page in there)
    assert [client.get(path).content for path in paths] == first


def test_all_links_of_a_market_stay_on_it(client, fener):
    """Only links to the other market and to files leave it, whichever page was rendered first."""
    for path in ("az/", "az/c/headlamps/", "az/p/trail-400/", "az/cart/", "az/info/contact/"):
        client.get(f"/{path}")
        text = client.get(f"/az-market/{path}").content.decode()
        links = re.findall(r'(?:href|action)="(/[^"]*)"', text)

        outside = {
            link for link in links if not link.startswith(("/az-market/", "/static/", "/media/"))
        }
        assert outside == set(), path


def test_root_and_languages_lead_to_a_language_of_the_market(client, monkeypatch, light):
    make_second_market(monkeypatch, languages=["az"])

    assert client.get("/az-market")["Location"] == "/az-market/az/"
    assert client.get("/az-market/", HTTP_ACCEPT_LANGUAGE="en")["Location"] == "/az-market/az/"
    moved = client.get("/az-market/en/search/?q=trail")
    assert moved["Location"] == "/az-market/az/search/?q=trail"
    strange = client.get("/az-market/en/search/50%25%3Fq=1/")
    assert strange["Location"] == "/az-market/az/search/50%25%3Fq%3D1/"
    assert client.get("/", HTTP_ACCEPT_LANGUAGE="az-AZ,en;q=0.5")["Location"] == "/az/"
    assert client.get("/az-market/admin/").status_code == 404
    assert client.get("/az-market/healthz").status_code == 404


def test_carts_of_two_markets_are_separate(customer, light, fener):
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 2})
    customer.post("/az-market/az/cart/add/", {"listing": fener.pk, "quantity": 1})

    here, there = customer.get("/en/cart/"), customer.get("/az-market/az/cart/")

    assert "€79.98" in here.content.decode()
    assert "75,00\xa0AZN" in there.content.decode()
    assert {cart.channel.code for cart in Cart.objects.all()} == {"shop", "shop-az"}
    assert customer.cookies["fara_cart_count"].value == "2"
    assert customer.cookies["fara_cart_count_shop-az"].value == "1"


def test_listing_of_another_market_cannot_be_added(customer, light, fener):
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})

    wrong = customer.post("/en/cart/add/", {"listing": fener.pk, "quantity": 1})
    fresh = Client(HTTP_SEC_FETCH_SITE="same-origin")
    wrong_first = fresh.post("/en/cart/add/", {"listing": fener.pk, "quantity": 1})

    assert (wrong.status_code, wrong_first.status_code) == (404, 404)
    assert Cart.objects.get().lines.get().listing == light


def test_cookie_of_another_market_opens_no_cart(customer, light, fener):
    customer.post("/az-market/az/cart/add/", {"listing": fener.pk, "quantity": 1})
    customer.cookies["fara_cart"] = customer.cookies["fara_cart_shop-az"].value

    assert "AZN\xa0" not in customer.get("/en/cart/").content.decode()
    assert customer.get("/en/checkout/")["Location"] == "/en/cart/"


def test_account_has_one_cart_on_each_market(customer, light, fener):
    customer.force_login(make_shopper())
    for path, listing in (("/en", light), ("/az-market/az", fener)):
        customer.post(f"{path}/cart/add/", {"listing": listing.pk, "quantity": 1})
    for name in ("fara_cart", "fara_cart_shop-az"):
        del customer.cookies[name]

    assert "€39.99" in customer.get("/en/cart/").content.decode()
    assert "75,00\xa0AZN" in customer.get("/az-market/az/cart/").content.decode()


def test_order_is_placed_and_paid_in_the_currency_of_its_market(customer, fener):
    customer.post("/az-market/az/cart/add/", {"listing": fener.pk, "quantity": 1})
    asked = customer.post("/az-market/az/checkout/", AZ_HOME)
    assert asked["Location"] == "/az-market/az/checkout/delivery/", asked.content.decode()
    customer.post("/az-market/az/checkout/delivery/", {"tier": "economy"})
    review = customer.get("/az-market/az/checkout/review/").content.decode()
    agreed = re.search(r'name="agreed" value="([^"]+)"', review)[1]
    customer.post("/az-market/az/checkout/place/", {"agreed": agreed})

    order = Order.objects.get()
    assert (order.channel.code, order.currency) == ("shop-az", "AZN")
    assert str(order.total_amount) == "84.70"
    assert order.lines.get().tax_rate == Decimal("0.18")
    assert order.payments.get().currency == "AZN"
    assert order_url(order).startswith("http://127.0.0.1:8000/az-market/az/orders/FL-")
    page = customer.get(order_url(order).removeprefix("http://127.0.0.1:8000"))
    assert "84,70\xa0AZN" in page.content.decode()


def test_product_of_another_market_is_linked_from_the_page_where_it_is_missing(
    client, market, fener
):
    Listing.objects.filter(pk=fener.pk).update(is_published=False)
    other = make_light("Beam 900", "beam-900")
    list_on(market, other, price="99.00")
    Listing.objects.filter(pk=other.pk).update(is_published=False)
    shelve(other.variant.product)

    page = client.get("/az/p/beam-900/")

    assert page.status_code == 404
    assert "http://127.0.0.1:8000/az-market/az/p/beam-900/" in page.content.decode()


def test_search_engines_find_each_page_in_all_markets_that_have_it(client, fener):
    page = client.get("/en/p/trail-400/").content.decode()
    alternates = dict(re.findall(r'hreflang="([\w-]+)" href="(http[^"]+)"', page))
    only = make_light("Beam 900", "beam-900")

    site = "http://127.0.0.1:8000"
    assert alternates == {
        "en": f"{site}/en/p/trail-400/",
        "az": f"{site}/az/p/trail-400/",
        "az-AZ": f"{site}/az-market/az/p/trail-400/",
        "en-AZ": f"{site}/az-market/en/p/trail-400/",
        "x-default": f"{site}/en/p/trail-400/",
    }
    assert "az-AZ" not in client.get(f"/en/p/{only.variant.product.slug}/").content.decode()


def test_sitemap_and_robots_know_the_markets_of_the_host(client, fener):
    make_light("Beam 900", "beam-900")
    robots = client.get("/robots.txt").content.decode()
    there = client.get("/az-market/sitemap.xml").content.decode()

    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in robots
    assert "Sitemap: http://127.0.0.1:8000/az-market/sitemap.xml" in robots
    assert "Disallow: /az-market/en/cart/" in robots
    assert "http://127.0.0.1:8000/az-market/az/p/trail-400/" in there
    assert "beam-900" not in there


def test_pages_link_to_the_same_page_of_the_other_market(client, fener):
    page = client.get("/en/c/headlamps/").content.decode()
    back = client.get("/az-market/en/cart/").content.decode()

    assert 'href="http://127.0.0.1:8000/az-market/en/c/headlamps/">Azerbaijan, AZN' in page
    assert 'href="http://127.0.0.1:8000/en/">Germany, EUR' in back, "carts differ"


def test_api_sells_on_the_market_of_its_path(client, light, fener):
    here = client.get("/api/v1/listings/trail-400/").json()
    there = client.get("/az-market/api/v1/listings/trail-400/").json()
    cart = client.post(
        "/az-market/api/v1/carts/", {"country": "AZ"}, content_type="application/json"
    )

    assert here["variants"][0]["price"] == {"amount": "39.99", "currency": "EUR"}
    assert there["variants"][0]["price"] == {"amount": "75.00", "currency": "AZN"}
    assert (cart.status_code, Cart.objects.get().channel.code) == (201, "shop-az")


def test_country_of_one_market_does_not_change_another(customer, fener):
    customer.post("/en/country/", {"country": "FR", "next": "/en/"})

    refused = customer.post("/az-market/az/country/", {"country": WHO["country"], "next": "/"})

    assert refused.status_code == 422, "no delivery to Germany"
    assert "Azərbaycan" in customer.get("/az-market/az/p/trail-400/").content.decode()
