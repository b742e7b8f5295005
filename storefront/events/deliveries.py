"""Deliveries: claim due events of one subscription, send them in order per object, retry, give up.

A worker claims deliveries by moving ``due_at`` ahead, commits, sends, and records the outcome. If
it dies in between, the deliveries become due again and are sent again with the same id.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult

import msgspec
from django.conf import settings
from django.db import connection

from storefront.events import subscriptions
from storefront.events.models import PublicEvent, WebhookDelivery, WebhookSubscription
from storefront.events.subscriptions import InvalidSubscriptionError
from storefront.lib.failpoints import failpoint
from storefront.lib.http.backoff import add_jitter
from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.http.responses import SUCCESS_STATUSES
from storefront.lib.http.retries import retry_after_s

# Before the 2nd, 3rd, … attempt. Source: the schedule that Standard Webhooks recommends.
DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MAX_ATTEMPTS = len(DELAYS) + 1
READ_S, TOTAL_S = 10.0, 15.0
LEASE = timedelta(minutes=2)  # longer than a batch takes: a worker that has not finished is dead
BATCH = 16
THREADS = 8
MAX_ANSWER_BYTES = 20_000
EXCERPT_CHARS = 300
DISABLED_AFTER = timedelta(days=5)  # of failures without a success
# After an outage of this length, the first success makes all waiting deliveries due.
OUTAGE = timedelta(minutes=15)
FAILED_LONG = "No event was delivered for five days. The last attempt: %s"
GONE = "The receiver answered 410 Gone: it no longer wants events."

# A later event of an object waits for the earlier ones. SKIP LOCKED: two workers never claim the
# same row, and neither waits.
CLAIM = """
UPDATE events_webhookdelivery AS d
SET due_at = %(lease)s, attempts = d.attempts + 1
FROM (
    SELECT w.id FROM events_webhookdelivery w
    WHERE w.subscription_id = %(subscription)s AND w.status = 'pending' AND w.due_at <= %(now)s
      AND NOT EXISTS (
          SELECT FROM events_webhookdelivery earlier
          WHERE earlier.subscription_id = w.subscription_id AND earlier.subject = w.subject
            AND earlier.status = 'pending' AND earlier.event_id < w.event_id
      )
    ORDER BY w.due_at, w.event_id LIMIT %(most)s FOR UPDATE SKIP LOCKED
) AS claimed
WHERE d.id = claimed.id
RETURNING d.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of one attempt; ``status`` is 0 without an answer."""

    status: int
    milliseconds: int
    text: str
    retry_after_s: float = 0.0

    @property
    def is_success(self) -> bool:
        return self.status in SUCCESS_STATUSES

    @property
    def summary(self) -> str:
        return f"HTTP {self.status}" if self.status else self.text

    def logged(self, at: datetime) -> dict[str, Any]:
        return {
            "at": at.isoformat(),
            "status": self.status or None,
            "ms": self.milliseconds,
            "answer": self.text,
        }


def deliver(*, subscription: WebhookSubscription, now: datetime) -> int:
    """Send the due deliveries of an active subscription once; return how many were sent.

    While the receiver fails, only one is tried at a time: it may hang.
    """
    is_active = subscription.status == WebhookSubscription.Status.ACTIVE
    if not is_active or subscription.has_ended_key(now):
        return 0
    claimed = _claim(subscription, now, most=1 if subscription.failing_since else BATCH)
    if not claimed:
        return 0
    failpoint("events.before_sending")
    outcomes = _send_all(subscription, claimed, now)
    failpoint("events.after_sending")
    for delivery, outcome in zip(claimed, outcomes, strict=True):
        _record(delivery, outcome, now)
    _record_on_subscription(subscription, outcomes, now)
    return len(claimed)


def _claim(subscription: WebhookSubscription, now: datetime, *, most: int) -> list[WebhookDelivery]:
    values: dict[str, int | datetime] = {
        "subscription": subscription.pk,
        "now": now,
        "lease": now + LEASE,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        ids = [row[0] for row in cursor.fetchall()]
    rows = WebhookDelivery.objects.select_related("event").filter(pk__in=ids)
    return list(rows.order_by("event"))


def body_of(event: PublicEvent) -> bytes:
    """Return the body of an event, which is the same at each attempt."""
    return msgspec.json.encode(envelope(event))


def envelope(event: PublicEvent) -> dict[str, Any]:
    """Return an event as receivers and the API show it."""
    return {
        "id": event.public_id,
        "type": event.type,
        "timestamp": event.occurred_at,
        "version": event.version,
        "subject": event.subject,
        "sequence": event.pk,
        "data": event.data,
    }


def _send_all(
    subscription: WebhookSubscription, claimed: Sequence[WebhookDelivery], now: datetime
) -> list[Outcome]:
    """Send the deliveries side by side: they are of different objects."""
    try:
        parts = subscriptions.check_address(subscription.url)
    except InvalidSubscriptionError as error:
        return [Outcome(status=0, milliseconds=0, text=str(error))] * len(claimed)
    messages = []
    for delivery in claimed:
        body = body_of(delivery.event)
        headers = subscriptions.signed_headers(
            subscription, message_id=delivery.event.public_id, body=body, now=now
        )
        messages.append((body, headers))
    client = ApiClient(
        f"{parts.scheme}://{parts.netloc}",
        headers={"user-agent": f"Fara-Webhooks ({settings.PUBLIC_URL})"},
        read_s=READ_S,
        total_s=TOTAL_S,
        max_answer_bytes=MAX_ANSWER_BYTES,
        reads_whole_answer=False,
        secrets=[part for part in parts.path.split("/") if part],
    )
    with client, ThreadPoolExecutor(max_workers=THREADS) as threads:
        return list(threads.map(lambda message: _send(client, parts, *message), messages))


def _send(client: ApiClient, parts: SplitResult, body: bytes, headers: dict[str, str]) -> Outcome:
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    started = time.monotonic()

    def passed_ms() -> int:
        return round((time.monotonic() - started) * 1000)

    try:
        answer = client.send("POST", path, body=body, headers=headers)
    except ExternalServiceError as error:
        return Outcome(status=0, milliseconds=passed_ms(), text=str(error)[:EXCERPT_CHARS])
    start = answer.content[: EXCERPT_CHARS * 4].decode("utf-8", "replace")
    text = "".join(letter if letter.isprintable() else " " for letter in start)
    return Outcome(
        status=answer.status,
        milliseconds=passed_ms(),
        text=text[:EXCERPT_CHARS],
        retry_after_s=retry_after_s(answer.headers, now=None) or 0.0,
    )


def _record(delivery: WebhookDelivery, outcome: Outcome, now: datetime) -> None:
    """Record an attempt; a failure only if no other worker has claimed the delivery since."""
    rows = WebhookDelivery.objects.filter(pk=delivery.pk, status=WebhookDelivery.Status.PENDING)
    log = [*delivery.log[-MAX_ATTEMPTS:], outcome.logged(now)]
    if outcome.is_success:
        rows.update(status=WebhookDelivery.Status.DELIVERED, log=log)
        return
    rows = rows.filter(attempts=delivery.attempts)
    if delivery.attempts >= MAX_ATTEMPTS or outcome.status == HTTPStatus.GONE:
        rows.update(status=WebhookDelivery.Status.FAILED, log=log)
        return
    delay = max(DELAYS[delivery.attempts - 1], timedelta(seconds=outcome.retry_after_s))
    rows.update(due_at=now + add_jitter(delay), log=log)


def _record_on_subscription(
    subscription: WebhookSubscription, outcomes: Sequence[Outcome], now: datetime
) -> None:
    """Record whether the receiver works; disable it after a long failure, or if it says so."""
    rows = WebhookSubscription.objects.filter(pk=subscription.pk)
    failures = [outcome for outcome in outcomes if not outcome.is_success]
    if any(outcome.status == HTTPStatus.GONE for outcome in failures):
        subscriptions.disable(subscription=subscription, problem=GONE, now=now)
    elif len(failures) < len(outcomes):
        _record_success(subscription, now)
    else:
        since = subscription.failing_since or now
        problem = failures[-1].summary
        rows.update(failing_since=since, problem=problem[:300])
        if since <= now - DISABLED_AFTER:
            subscriptions.disable(subscription=subscription, problem=FAILED_LONG % problem, now=now)


def _record_success(subscription: WebhookSubscription, now: datetime) -> None:
    since = subscription.failing_since
    if since is None:
        return
    WebhookSubscription.objects.filter(pk=subscription.pk).update(failing_since=None, problem="")
    if since <= now - OUTAGE:
        waiting = WebhookDelivery.objects.filter(subscription=subscription, status="pending")
        waiting.filter(due_at__gt=now).update(due_at=now)
