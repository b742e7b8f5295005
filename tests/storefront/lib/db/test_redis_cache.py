import redis
from django.conf import settings

from storefront.lib.db.redis_cache import RedisCache


def test_all_calls_use_one_client(monkeypatch):
    made = []
    make = redis.Redis.__init__
    monkeypatch.setattr(
        redis.Redis, "__init__", lambda self, *args, **more: made.append(make(self, *args, **more))
    )
    cache = RedisCache(settings.REDIS_URL, {"KEY_PREFIX": "test_redis_cache"})

    cache.set("word", "light", 5)

    assert cache.get_many(["word", "other"]) == {"word": "light"}
    assert len(made) == 1
