"""Page cache: pages that are equal for all visitors, and what makes them differ."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from redis.exceptions import ConnectionError as AwayError

from catalog.models import Listing
from catalog.search import cache as search_cache
from catalog.search import card_index, filters
from orders.models import Cart
from storefront.web.core import page_cache
from suppliers.models import Supplier
from tests.factories.catalog import NOON, make_variant
from tests.factories.orders import make_sellable
from tests.storefront.web.conftest import make_light, shelve

pytestmark = pytest.mark.django_db
KEPT = ["/en/", "/en/c/headlamps/", "/en/search/?q=trail", "/en/p/trail-400/", "/en/info/terms/"]


@pytest.fixture(autouse=True)
def caching(settings):
    settings.PAGE_CACHE_S = 30


@pytest.mark.parametrize("path", KEPT)
def test_second_visit_takes_no_query(client, light, path, django_assert_num_queries):
    first = client.get(path)

    with django_assert_num_queries(0):
        second = client.get(path)

    assert second.content == first.content
    assert second["Content-Security-Policy"] == first["Content-Security-Policy"]
    assert second["X-Frame-Options"] == "DENY"
    assert second["Content-Language"] == "en"


@pytest.mark.parametrize("path", KEPT)
def test_cached_page_has_no_personal_data(filled, light, path):
    filled.get("/en/cart/")

    response = filled.get(path)

    token = Cart.objects.get().token
    assert not response.cookies
    assert "nonce-" not in response["Content-Security-Policy"]
    assert token not in response.content.decode()
    assert "csrfmiddlewaretoken" not in response.content.decode()
    assert response["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "path", [*KEPT, "/en/search/?q=trail&sort=price", "/en/compare/?light=trail-400"]
)
@pytest.mark.parametrize(
    "part", [{}, {"HTTP_HX_REQUEST": "true", "HTTP_HX_REQUEST_TYPE": "partial"}]
)
def test_page_quotes_no_parameter_that_its_key_leaves_out(client, light, settings, path, part):
    settings.PAGE_CACHE_S = 0  # each page is rendered
    mark = "&" if "?" in path else "?"
    plain = client.get(path, **part).content

    told = client.get(f"{path}{mark}mail=erika%40example.org&session=SECRET123", **part).content

    assert told == plain


def test_order_of_parameters_does_not_matter(client, light, settings):
    settings.PAGE_CACHE_S = 0

    pages = [
        client.get("/en/search/?q=trail&in_stock=1").content,
        client.get("/en/search/?in_stock=1&q=trail").content,
    ]

    assert pages[0] == pages[1]
    assert b"/az/search/?in_stock=1&amp;q=trail" in pages[0]


def test_cart_page_is_never_cached(filled):
    response = filled.get("/en/cart/")

    assert "no-store" in response["Cache-Control"]
    assert "Trail 400" in response.content.decode()


def test_theme_country_language_and_part_have_their_own_pages(client, light):
    def body(path="/en/c/headlamps/", cookies=None, **headers):
        client.cookies.clear()
        for name, value in (cookies or {}).items():
            client.cookies[name] = value
        return client.get(path, **headers).content.decode()

    plain = body()

    assert 'data-theme="' not in plain
    assert 'data-theme="dark"' in body(cookies={"fara_theme": "dark"})
    assert body(cookies={"fara_theme": '"><script>'}) == plain
    assert '<option value="FR" selected>' in body(cookies={"fara_country": "FR"})
    assert body(cookies={"fara_country": "no"}) == plain
    assert "Başlıq fənərləri" in body("/az/c/headlamps/")
    part = body(HTTP_HX_REQUEST="true", HTTP_HX_REQUEST_TYPE="partial")
    assert part.startswith('<div id="results">')
    assert body() == plain


def test_page_of_another_hour_is_rendered_again(client, light):
    """A cut-off may have passed, and a list must not promise what the product page does not."""
    Supplier.objects.update(cut_off_hour=13)
    paths = ("/en/c/headlamps/", "/en/p/trail-400/")
    with time_machine.travel(NOON + timedelta(minutes=59, seconds=59), tick=False):
        before = [client.get(path).content.decode() for path in paths]
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        after = [client.get(path).content.decode() for path in paths]

    assert all("29 Nov\u2009–\u20092 Dec" in text for text in before)
    assert all("30 Nov\u2009–\u20093 Dec" in text for text in after)


def test_campaign_parameters_are_ignored(client, light, django_assert_num_queries):
    first = client.get("/en/c/headlamps/?sort=price&f=magnet")

    with django_assert_num_queries(0):
        second = client.get("/en/c/headlamps/?utm_source=x&f=magnet&sort=price&gclid=1")

    assert second.content == first.content


def test_supply_change_invalidates_pages(client, light, django_capture_on_commit_callbacks):
    client.get("/en/c/headlamps/")

    with django_capture_on_commit_callbacks(execute=True):
        other = make_light(title="Ridge", slug="ridge")
        shelve(other.variant.product)

    assert "Ridge" in client.get("/en/c/headlamps/").content.decode()


def test_page_is_not_kept_while_lists_follow_a_change(client, light, monkeypatch):
    search_cache.bump_version()
    monkeypatch.setattr(card_index, "REFRESH_AFTER_S", 60)

    client.get("/en/c/headlamps/")
    with CaptureQueriesContext(connection) as again:
        client.get("/en/c/headlamps/")

    assert len(again) > 0


def test_variant_change_not_on_cards_invalidates_pages(
    client, light, django_capture_on_commit_callbacks
):
    product = light.variant.product
    other = make_sellable(
        quantity=3, price="49.99", variant=make_variant(product), ships_from={"DE": 3}
    )
    shelve(product)
    path = f"/en/p/trail-400/?v={other.variant.sku}"
    assert "In stock: 3" in client.get(path).content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        Listing.objects.filter(pk=other.pk).update(available=0)
        shelve(product)

    assert "Out of stock." in client.get(path).content.decode()


def test_error_is_not_cached(client, light):
    client.get("/en/c/headlamps/?lm_min=abc")

    assert cache.get_many([page_cache.page_key(client.get("/en/p/none/").wsgi_request)]) == {}


def test_shop_works_while_redis_is_down(client, light, monkeypatch, caplog):
    def fail(*_args, **_kwargs):
        raise AwayError

    broken = type("Broken", (), {"get_many": fail, "set": fail})()
    monkeypatch.setattr(page_cache, "cache", broken)
    monkeypatch.setattr(search_cache, "cache", broken)

    assert client.get("/en/").status_code == 200
    assert client.get("/en/").status_code == 200
    search_cache.bump_version()

    assert "Redis is unavailable" in caplog.text


def test_very_long_url_is_answered_and_not_cached(client, light):
    path = f"/en/search/?q={'x' * 500}"

    assert client.get(path).status_code == 200
    assert page_cache.page_key(client.get(path).wsgi_request) == ""


@pytest.mark.parametrize(
    ("switch", "wanted", "value"),
    [("theme", "dark", "dark"), ("theme", "system", ""), ("country", "FR", "FR")],
)
def test_preference_sets_one_cookie_and_redirects_back(customer, light, switch, wanted, value):
    cookie = f"fara_{switch}"
    response = customer.post(f"/en/{switch}/", {switch: wanted, "next": "/en/c/headlamps/"})

    assert response.status_code == 303
    assert response["Location"] == "/en/c/headlamps/"
    assert list(response.cookies) == [cookie]
    assert response.cookies[cookie].value == value
    assert response.cookies[cookie]["samesite"] == "Lax"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1", "", "evil"],
)
def test_preference_never_redirects_to_another_site(customer, light, target):
    for path, data in (("theme", {"theme": "dark"}), ("country", {"country": "FR"})):
        response = customer.post(f"/en/{path}/", {**data, "next": target})
        assert response["Location"] == "/en/", path


@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        ("theme", {"theme": "neon"}, "Choose System, Light mode or Dark mode."),
        ("theme", {}, "Choose System, Light mode or Dark mode."),
        ("country", {"country": "XX"}, "We do not deliver to this country yet."),
    ],
)
def test_unknown_preference_has_a_message(customer, light, path, data, words):
    response = customer.post(f"/en/{path}/", data)

    assert response.status_code == 422
    assert words in response.content.decode()


def test_cart_cookie_is_hidden_from_scripts_and_the_count_is_not(customer, light):
    cookies = customer.post("/en/cart/add/", {"listing": light.pk}).cookies

    cart, count = cookies["fara_cart"], cookies["fara_cart_count"]
    assert (cart["httponly"], cart["samesite"]) == (True, "Lax")
    assert cart["max-age"] == 30 * 24 * 3600
    assert (count["httponly"], count.value) == ("", "1")
    assert Cart.objects.get().token in cart.value
    assert cart.value != Cart.objects.get().token


@pytest.mark.parametrize("kept_s", [0, 30])
def test_too_many_parameters_are_refused_without_a_traceback(client, settings, caplog, kept_s):
    settings.PAGE_CACHE_S = kept_s

    response = client.get("/en/search/?" + "&".join(["q=x"] * 201))

    assert response.status_code == 400
    assert "We could not read this request." in response.content.decode()
    assert [record.exc_info for record in caplog.records] == [None]


def test_new_facet_has_its_own_pages(rf, monkeypatch):
    monkeypatch.setattr(filters, "CHOICES", {**filters.CHOICES, "mount": ("mount", ("helmet",))})
    monkeypatch.setattr(filters, "RANGES", {**filters.RANGES, "drop": "drop"})

    keys = {
        page_cache.page_key(rf.get(f"/en/c/headlamps/?{query}"))
        for query in ("", "mount=helmet", "drop_min=1", "drop_max=2", "utm_source=news")
    }

    assert len(keys) == 4


def test_every_parameter_of_a_list_is_in_the_key():
    read = set()

    class Recording(dict):
        def getlist(self, name):
            read.add(name)
            return []

    filters.ProductFilter.from_params(Recording())

    assert read == filters.parameter_names()
