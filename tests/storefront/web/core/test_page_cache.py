"""Page cache: pages that are equal for all visitors, and what makes them differ."""

from datetime import timedelta
from unittest.mock import Mock

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from redis.exceptions import ConnectionError as AwayError

from catalog.models import Listing
from catalog.search import card_index, filters, index
from orders.models import Cart
from storefront.web.core import page_cache
from suppliers.models import Supplier
from tests.factories.catalog import NOON, make_variant
from tests.factories.orders import make_sellable
from tests.storefront.web.conftest import make_light, shelve

pytestmark = pytest.mark.django_db
CACHED = ["/en/", "/en/c/headlamps/", "/en/search/?q=trail", "/en/p/trail-400/", "/en/info/terms/"]
PART = {"HTTP_HX_REQUEST": "true", "HTTP_HX_REQUEST_TYPE": "partial"}


@pytest.fixture(autouse=True)
def caching(settings):
    settings.PAGE_CACHE_S = 30


def test_second_visit_takes_no_query(client, light, django_assert_num_queries):
    for path in CACHED:
        first = client.get(path)
        with django_assert_num_queries(0):
            second = client.get(path)

        assert second.content == first.content
        assert second["Content-Security-Policy"] == first["Content-Security-Policy"]
        assert second["X-Frame-Options"] == "DENY"
        assert second["Content-Language"] == "en"
    path = "/en/c/headlamps/?"
    first = client.get(f"{path}sort=price&f=magnet")
    with django_assert_num_queries(0):
        second = client.get(f"{path}utm_source=x&f=magnet&sort=price&gclid=1")
    assert second.content == first.content, (
        "campaign parameters and the order of parameters do not matter"
    )


def test_cached_page_has_no_personal_data(filled, light):
    filled.get("/en/cart/")
    token = Cart.objects.get().token

    for path in CACHED:
        response = filled.get(path)
        text = response.content.decode()
        assert not response.cookies
        assert "nonce-" not in response["Content-Security-Policy"]
        assert token not in text
        assert "csrfmiddlewaretoken" not in text
        assert response["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("part", [{}, PART], ids=["page", "part"])
def test_page_contains_no_parameter_outside_its_cache_key(client, light, settings, part):
    settings.PAGE_CACHE_S = 0  # each page is rendered

    more = ["/en/search/?q=trail&sort=price", "/en/compare/?light=trail-400"]
    for path in [*CACHED, *more]:
        plain = client.get(path, **part).content
        mark = "&" if "?" in path else "?"
        with_parameters = client.get(
            f"{path}{mark}mail=erika%40example.org&session=SECRET123", **part
        )
        assert with_parameters.content == plain, path


def test_order_of_parameters_does_not_matter(client, light, settings):
    settings.PAGE_CACHE_S = 0

    first, second = (
        client.get(f"/en/search/?{query}").content
        for query in ("q=trail&in_stock=1", "in_stock=1&q=trail")
    )

    assert first == second
    assert b"/az/search/?in_stock=1&amp;q=trail" in first


def test_cart_page_is_never_cached(filled):
    response = filled.get("/en/cart/")

    assert "no-store" in response["Cache-Control"]
    assert "Trail 400" in response.content.decode()


def test_theme_country_language_and_part_have_their_own_pages(client, light):
    def body(path="/en/c/headlamps/", headers=(), **cookies):
        client.cookies.clear()
        for name, value in cookies.items():
            client.cookies[name] = value
        return client.get(path, **dict(headers)).content.decode()

    plain = body()

    assert 'data-theme="' not in plain
    assert 'data-theme="dark"' in body(fara_theme="dark")
    assert '<option value="FR" selected>' in body(fara_country="FR")
    assert "Başlıq fənərləri" in body("/az/c/headlamps/")
    assert body(headers=PART).startswith('<div id="results">')
    assert body() == body(fara_country="no") == body(fara_theme='"><script>') == plain


def test_page_of_another_hour_is_rendered_again(client, light):
    """A cut-off may have passed, and lists must promise the same dates as the product page."""
    Supplier.objects.update(cut_off_hour=13)
    paths = ("/en/c/headlamps/", "/en/p/trail-400/")
    with time_machine.travel(NOON + timedelta(minutes=59, seconds=59), tick=False):
        before = [client.get(path).content.decode() for path in paths]
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        after = [client.get(path).content.decode() for path in paths]

    assert all("29 Nov\u2009–\u20092 Dec" in text for text in before)
    assert all("30 Nov\u2009–\u20093 Dec" in text for text in after)


def test_page_is_not_cached_while_the_card_index_is_stale(client, light, monkeypatch):
    index.drop_cached_pages()
    monkeypatch.setattr(card_index, "REFRESH_AFTER_S", 60)

    client.get("/en/c/headlamps/")
    with CaptureQueriesContext(connection) as again:
        client.get("/en/c/headlamps/")

    assert len(again) > 0


def test_supply_change_invalidates_pages_also_of_variants_not_on_cards(
    client, light, django_capture_on_commit_callbacks
):
    product = light.variant.product
    variant = make_variant(product)
    other = make_sellable(quantity=3, price="49.99", variant=variant, ships_from={"DE": 3})
    shelve(product)
    path = f"/en/p/trail-400/?v={variant.sku}"
    assert "In stock: 3" in client.get(path).content.decode()
    client.get("/en/c/headlamps/")

    with django_capture_on_commit_callbacks(execute=True):
        make_light(title="Ridge", slug="ridge")
        Listing.objects.filter(pk=other.pk).update(available=0)
        shelve(product)

    assert "Ridge" in client.get("/en/c/headlamps/").content.decode()
    assert "Out of stock." in client.get(path).content.decode()


def test_error_and_very_long_url_are_not_cached(client, light):
    long = client.get(f"/en/search/?q={'x' * 500}")
    assert (long.status_code, page_cache.page_key(long.wsgi_request)) == (200, "")
    client.get("/en/c/headlamps/?lm_min=abc")

    assert cache.get_many([page_cache.page_key(client.get("/en/p/none/").wsgi_request)]) == {}


def test_shop_works_while_redis_is_down(client, light, monkeypatch, caplog):
    fail = Mock(side_effect=AwayError)
    broken = Mock(get_many=fail, set=fail)
    monkeypatch.setattr(page_cache, "cache", broken)
    monkeypatch.setattr(index, "cache", broken)

    assert [client.get("/en/").status_code for _ in range(2)] == [200, 200]
    index.drop_cached_pages()

    assert "Redis is unavailable" in caplog.text


def test_preference_sets_one_cookie_and_redirects_back(customer, light):
    for switch, wanted, value in (
        ("theme", "dark", "dark"),
        ("theme", "system", ""),
        ("country", "FR", "FR"),
    ):
        there = {"next": "/en/c/headlamps/"}
        response = customer.post(f"/en/{switch}/", {switch: wanted, **there})
        assert (response.status_code, response["Location"]) == (303, "/en/c/headlamps/")
        assert list(response.cookies) == [f"fara_{switch}"]
        assert response.cookies[f"fara_{switch}"].value == value
        assert response.cookies[f"fara_{switch}"]["samesite"] == "Lax"


def test_preference_never_redirects_to_another_site(customer, light):
    evil = ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1"]

    for target in (*evil, "", "evil"):
        for path, wanted in (("theme", "dark"), ("country", "FR")):
            response = customer.post(f"/en/{path}/", {path: wanted, "next": target})
            assert response["Location"] == "/en/", (path, target)


def test_unknown_preference_has_a_message(customer, light):
    themes = "Choose System, Light mode or Dark mode."

    for path, data, words in (
        ("theme", {"theme": "neon"}, themes),
        ("theme", {}, themes),
        ("country", {"country": "XX"}, "We do not deliver to this country yet."),
    ):
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

    response = client.get(
        "/en/search/?" + "&".join(["q=x"] * (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))
    )

    assert response.status_code == 400
    assert "We could not read this request." in response.content.decode()
    assert [record.exc_info for record in caplog.records] == [None]


def test_new_facet_has_its_own_pages(rf, monkeypatch):
    monkeypatch.setitem(filters.CHOICES, "mount", ("mount", ("helmet",)))
    monkeypatch.setitem(filters.RANGES, "drop", "drop")

    keys = {
        page_cache.page_key(rf.get(f"/en/c/headlamps/?{query}"))
        for query in ("", "mount=helmet", "drop_min=1", "drop_max=2", "utm_source=news")
    }

    assert len(keys) == 4


def test_every_parameter_of_a_list_is_in_the_key():
    read = set()

    class Recording(dict):
        def __contains__(self, name):
            read.add(name)
            return False

    filters.ProductFilter.from_params(Recording())

    assert read == filters.parameter_names()
