import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError

from catalog.markets import registry
from catalog.markets.registry import find_market, market_of, url_of
from catalog.models import Channel
from storefront.urls import urlpatterns
from tests.factories.catalog import make_channel
from tests.factories.markets import make_second_market

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("host", "path", "code"),
    [
        ("fara.example", "/en/", "shop"),
        ("fara.example", "/az-market/az/", "by-path"),
        ("fara.example", "/az-market", "by-path"),
        ("fara.example", "/az-market2/az/", "shop"),
        ("fara.az", "/az/", "by-host"),
        ("fara.az", "/az-market/az/", "by-host"),
        ("fara.az", "/ru-market/az/", "by-both"),
        ("", "/ru-market/az/", "shop"),
    ],
)
def test_market_is_found_by_host_then_by_path(monkeypatch, host, path, code):
    make_second_market(monkeypatch, code="by-path")
    make_channel(code="by-host", host="fara.az", is_storefront=True)
    make_channel(code="by-both", host="fara.az", path="ru-market", is_storefront=True)
    make_channel(code="platform", is_storefront=False)

    assert find_market(host=host, path=path).code == code


def test_urls_begin_with_the_host_or_path_of_the_channels_market(monkeypatch, settings):
    settings.PUBLIC_URL = "https://fara.example:8443"
    by_path = make_second_market(monkeypatch)
    by_host = make_channel(code="by-host", host="fara.az", is_storefront=True)
    platform = make_channel(code="platform", is_storefront=False)

    assert url_of(by_path.pk) == "https://fara.example:8443/az-market"
    assert url_of(by_host.pk) == "https://fara.az:8443"
    assert url_of(platform.pk) == "https://fara.example:8443"
    assert market_of(platform.pk).is_main


def test_languages_begin_with_the_default_and_exclude_those_not_offered(monkeypatch):
    market = make_second_market(monkeypatch)
    only = make_channel(code="only", languages=["en"], host="fara.az", is_storefront=True)

    assert market_of(market.pk).languages == ("az", "en")
    assert market_of(only.pk).languages == ("en",)


def test_markets_are_kept_while_the_database_is_down(monkeypatch):
    make_second_market(monkeypatch)
    known = registry.load_markets()
    monkeypatch.setattr(registry, "_cached", (0.0, known))
    monkeypatch.setattr(Channel.objects, "filter", fail)

    assert registry.load_markets() == known
    monkeypatch.setattr(registry, "_cached", None)
    assert registry.load_markets() == ()


def fail(**_):
    raise DatabaseError


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"is_storefront": True}, "channel_one_per_host_and_path"),
        ({"is_storefront": False, "host": "fara.az"}, "channel_address_only_of_storefront"),
    ],
)
def test_each_market_has_its_own_address(changes, name):
    make_channel()

    with pytest.raises(IntegrityError, match=name):
        make_channel(code="other", **changes)


def test_no_market_may_take_a_path_of_the_whole_site():
    routes = [str(each.pattern).partition("/")[0].strip("^") for each in urlpatterns]
    taken = {first for first in routes if first and first.isalnum()}

    assert taken - dict(settings.LANGUAGES).keys() <= registry.RESERVED_PATHS
    assert "admin" in taken
