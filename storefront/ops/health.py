"""Health checks: report whether this process can sell, and whether the whole shop works."""

from collections.abc import Iterator

import redis
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from notifications.models import Message
from storefront.webhooks.models import InboundWebhook
from storefront.workers import heartbeats, queues

# More tasks in one queue, or a task or row that waits longer: workers are stuck or missing.
MAX_QUEUED = 500
MAX_AGE_S = 15 * 60


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
    states = dict(parts())
    is_ready = set(states.values()) == {"ok"}
    headers = {} if is_ready else {"Retry-After": "5"}
    return JsonResponse(states, status=200 if is_ready else 503, headers=headers)


def parts() -> Iterator[tuple[str, str]]:
    """Yield each part of the shop with its state, "ok" or what is wrong."""
    if not _reaches_database():
        yield "database", "unavailable"
    else:
        yield "database", "ok"
        yield "outbox", _age_state(oldest_message_s())
        yield "inbound webhooks", _age_state(oldest_webhook_s())
    try:
        waiting = queues.load()
        missing = heartbeats.missing([heartbeats.BEAT, *queues.NAMES])
    except (redis.RedisError, OSError):
        yield "redis", "unavailable"
        return
    yield "redis", "ok"
    yield heartbeats.BEAT, "silent" if heartbeats.BEAT in missing else "ok"
    for queue in waiting:
        yield f"worker {queue.name}", "silent" if queue.name in missing else "ok"
        is_full = queue.length > MAX_QUEUED
        yield (
            f"queue {queue.name}",
            f"{queue.length} tasks wait" if is_full else _age_state(queue.oldest_s),
        )


def oldest_message_s() -> float:
    """Return for how many seconds the message that is due longest has been due; 0 without one."""
    now = timezone.now()
    due_at = Message.objects.due(now).order_by("due_at").values_list("due_at", flat=True).first()
    return (now - due_at).total_seconds() if due_at else 0.0


def oldest_webhook_s() -> float:
    """Return for how many seconds the oldest due webhook has been due; 0 without one."""
    now = timezone.now()
    webhooks = InboundWebhook.objects.due(now).order_by("due_at")
    due_at = webhooks.values_list("due_at", flat=True).first()
    return (now - due_at).total_seconds() if due_at else 0.0


def _age_state(seconds: float) -> str:
    return f"oldest waits {seconds / 60:.0f} min" if seconds > MAX_AGE_S else "ok"


def _reaches_database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
