import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import RequestFactory

from storefront.lib.security.proxy_check import MIN_RUN, ProxyCheckMiddleware, shared_address


@pytest.fixture
def visit():
    cache.clear()
    middleware = ProxyCheckMiddleware(lambda _request: HttpResponse())

    def send(times, *, direct="172.18.0.1", path="/", **headers):
        for _ in range(times):
            middleware(RequestFactory().get(path, REMOTE_ADDR=direct, headers=headers))

    return send


@pytest.mark.parametrize(
    ("proxies", "forwarded"),
    [
        (0, {"x-forwarded-for": "8.8.8.8"}),  # no trusted proxy
        (1, {"x-forwarded-for": "8.8.8.8, 172.18.0.1"}),  # one too few trusted
        (2, {"x-forwarded-for": "8.8.8.8"}),  # one too many trusted
        (1, {"x-forwarded-proto": "https"}),  # the proxy does not name the visitor
    ],
)
def test_private_address_shared_by_all_visitors_is_recorded(settings, visit, proxies, forwarded):
    settings.TRUSTED_PROXIES = proxies

    visit(MIN_RUN - 1, **forwarded)
    assert shared_address() == ""
    visit(1, **forwarded)
    assert shared_address() == "172.18.0.1"


@pytest.mark.parametrize(
    ("path", "forwarded"),
    [
        ("/", {"x-forwarded-for": "8.8.8.8"}),  # one busy visitor
        ("/", {}),  # the demo: no proxy
        ("/readyz", {"x-forwarded-for": "127.0.0.1"}),  # monitoring
    ],
)
def test_distinct_visitors_are_not_recorded(settings, visit, path, forwarded):
    settings.TRUSTED_PROXIES = 1

    visit(2 * MIN_RUN, path=path, **forwarded)

    assert shared_address() == ""


def test_another_address_ends_the_run(settings, visit):
    settings.TRUSTED_PROXIES = 1

    for times, address in (
        (MIN_RUN - 1, "192.168.1.7"),
        (1, "8.8.8.8"),
        (MIN_RUN - 1, "192.168.1.7"),
    ):
        visit(times, **{"x-forwarded-for": address})

    assert shared_address() == ""


def test_requests_are_answered_while_redis_is_down(settings, visit):
    away = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        "default": {"BACKEND": "storefront.lib.db.redis_cache.RedisCache", "LOCATION": away}
    }
    settings.TRUSTED_PROXIES = 0

    visit(MIN_RUN, **{"x-forwarded-for": "8.8.8.8"})

    assert shared_address() == ""
