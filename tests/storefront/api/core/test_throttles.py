import pytest
from redis.exceptions import ConnectionError as RedisAwayError

from storefront.api.core.throttles import ChangeThrottle, ReadThrottle
from tests.factories.catalog import make_channel
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_per_minute(monkeypatch):
    """Limit reads and changes to two a minute."""
    make_channel()
    for throttle in (ReadThrottle, ChangeThrottle):
        monkeypatch.setattr(throttle, "rate", "2/min")


def test_throttled_request_gets_retry_after(api, two_per_minute):
    forged = ({"x_forwarded_for": f"203.0.113.{number}"} for number in range(3))
    answers = [api.get("/api/v1/categories/", **headers) for headers in forged]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert kind_of(answers[2]) == "rate-limited"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert api.post("/api/v1/carts/", {}).status_code == 201, "changes have their own limit"


def test_requests_pass_while_the_cache_is_down(api, two_per_minute, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RedisAwayError

    monkeypatch.setattr(ReadThrottle, "cache", type("Away", (), {"get": fail, "set": fail})())

    assert [api.get("/api/v1/categories/").status_code for _ in range(4)] == [200] * 4
