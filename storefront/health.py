"""Health checks: report whether this process can sell, and whether the whole shop works."""

from collections.abc import Iterator
from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from storefront.workers import heartbeats

MAX_QUEUED = 500  # tasks in one queue; more wait only if workers are stuck or missing


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 if the database answers; the shop sells without Redis."""
    if not _reaches_database():
        return JsonResponse({"database": "unavailable"}, status=503, headers={"Retry-After": "5"})
    return JsonResponse({"database": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 if database, Redis, beat and all workers work, else 503 with the failing parts.

    For monitoring. A load balancer uses ``healthz``: the shop sells without Redis and workers.
    """
    parts = dict(_parts())
    is_ready = set(parts.values()) == {"ok"}
    headers = {} if is_ready else {"Retry-After": "5"}
    return JsonResponse(parts, status=200 if is_ready else 503, headers=headers)


def _parts() -> Iterator[tuple[str, str]]:
    yield "database", "ok" if _reaches_database() else "unavailable"
    queues = sorted({route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {"celery"})
    try:
        lengths = {queue: _broker().llen(queue) for queue in queues}
        missing = heartbeats.missing([heartbeats.BEAT, *queues])
    except (redis.RedisError, OSError):
        yield "redis", "unavailable"
        return
    yield "redis", "ok"
    yield heartbeats.BEAT, "silent" if heartbeats.BEAT in missing else "ok"
    for queue in queues:
        yield f"worker {queue}", "silent" if queue in missing else "ok"
        is_full = lengths[queue] > MAX_QUEUED
        yield f"queue {queue}", f"{lengths[queue]} tasks wait" if is_full else "ok"


def _reaches_database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


@cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5)
