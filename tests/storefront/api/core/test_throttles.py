import pytest
from redis.exceptions import ConnectionError as RedisAwayError

from storefront.api.core.throttles import ChangeThrottle, ReadThrottle
from tests.factories.catalog import make_channel
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def twice(monkeypatch):
    """Limit reads and changes to two a minute."""
    make_channel()
    for throttle in (ReadThrottle, ChangeThrottle):
        monkeypatch.setattr(throttle, "rate", "2/min")


def test_throttled_request_gets_retry_after(api, twice):
    answers = [api.get("/api/v1/categories/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert kind_of(answers[2]) == "rate-limited"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60


def test_reads_and_changes_are_limited_separately(api, twice):
    for _ in range(3):
        api.get("/api/v1/categories/")

    assert api.post("/api/v1/carts/", {}).status_code == 201


def test_forged_address_is_ignored(api, twice):
    answers = [
        api.get("/api/v1/categories/", x_forwarded_for=f"203.0.113.{number}") for number in range(3)
    ]

    assert answers[2].status_code == 429


def test_requests_pass_while_the_cache_is_down(api, twice, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RedisAwayError

    monkeypatch.setattr(ReadThrottle, "cache", type("Away", (), {"get": fail, "set": fail})())

    assert [api.get("/api/v1/categories/").status_code for _ in range(4)] == [200] * 4
