"""Visit counts: pages count for browsers, cached or not; nothing of a visitor is kept."""

from unittest.mock import Mock

import pytest
import redis
from django.core.cache import cache
from django.test import RequestFactory

from catalog.markets import visit_counters
from orders.models import Cart
from storefront.web.core import visit_counts
from tests.storefront.web.conftest import WHO

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_visits")]
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
AS_BROWSER = {"headers": {"user-agent": BROWSER}}


def counted():
    steps, searches = visit_counters.take()
    return {row.name: row.visits for row in (*steps, *searches)}


@pytest.mark.parametrize("cache_s", [0, 30])
def test_each_product_page_shown_counts_also_from_the_cache(client, light, settings, cache_s):
    settings.PAGE_CACHE_S = cache_s
    cache.clear()

    for _ in range(2):
        client.get("/en/p/trail-400/", **AS_BROWSER)
    client.head("/en/p/trail-400/", **AS_BROWSER)
    client.get("/en/p/none/", **AS_BROWSER)
    client.get("/en/", **AS_BROWSER)

    assert counted() == {"views": 2}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"user-agent": BOT},
        {"user-agent": "curl/8.5"},
        {"user-agent": BROWSER, "sec-purpose": "prefetch;prerender"},
        {"user-agent": BROWSER, "hx-request": "true", "hx-request-type": "partial"},
    ],
)
def test_bots_programs_prefetches_and_parts_of_pages_do_not_count(client, light, headers):
    client.get("/en/p/trail-400/", headers=headers)

    assert counted() == {}


@pytest.mark.parametrize("cache_s", [0, 30])
def test_search_by_words_alone_counts_if_nothing_matches(client, light, settings, cache_s):
    settings.PAGE_CACHE_S = cache_s
    cache.clear()

    for query in ("q=  Zeppelin ", "q=zeppelin", "q=zeppelin&f=magnet", "q=trail", "q="):
        client.get(f"/en/search/?{query}", **AS_BROWSER)

    assert counted() == {"zeppelin": 2}


@pytest.mark.parametrize("text", ["erika@example.org", "+49 30 1234567", "0151-23-45-678"])
def test_texts_that_may_be_personal_are_not_kept(text):
    assert visit_counts.empty_search(text).search == ""
    assert visit_counts.empty_search("xhp70 3000 lumen").search


def test_cart_and_checkout_count_once(customer, light, noon):
    def add():
        customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 1}, **AS_BROWSER)

    add()
    noon.shift(1)
    add()
    for _ in range(2):
        customer.post("/en/checkout/", WHO, **AS_BROWSER)

    assert Cart.objects.get().ship_to
    assert counted() == {"carts": 1, "checkouts": 1}


def test_pages_do_not_wait_for_redis(client, light, monkeypatch, caplog):
    send = Mock(side_effect=redis.ConnectionError)
    monkeypatch.setattr(redis.client.Pipeline, "execute", send)
    monkeypatch.setattr(visit_counters.Pause, "until", 0.0)

    assert [client.get("/en/p/trail-400/", **AS_BROWSER).status_code for _ in range(2)] == [
        200,
        200,
    ]
    assert send.call_count == 1
    assert "visits are not counted" in caplog.text


def test_request_without_market_counts_nothing(monkeypatch):
    monkeypatch.setattr(visit_counts, "request_market", lambda _request: None)

    visit_counts.count(RequestFactory().get("/"), visit_counts.PRODUCT_VIEW)

    assert counted() == {}
