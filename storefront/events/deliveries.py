"""Deliveries: claim due events of one subscription, send them in order per object, retry, give up.

A worker claims deliveries by moving ``due_at`` ahead, commits, sends, and records the outcome. If
it dies in between, the deliveries become due again and are sent again with the same id.
"""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.db import connection

from storefront.events import subscriptions
from storefront.events.models import PublicEvent, WebhookDelivery, WebhookSubscription
from storefront.lib.failpoints import failpoint
from storefront.lib.http.backoff import DELAYS, add_jitter
from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.http.responses import SUCCESS_STATUSES
from storefront.lib.http.retries import retry_after_s

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
Status = WebhookDelivery.Status
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
# The successes of a batch, in one commit. Another worker may have delivered one of them, too.
DELIVERED = """
UPDATE events_webhookdelivery AS d SET status = 'delivered', log = sent.log
FROM unnest(%s::bigint[], %s::jsonb[]) AS sent (id, log)
WHERE d.id = sent.id AND d.status = 'pending'
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


class Receiver:
    """Connections to the address of a subscription, kept while a worker delivers to it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.url = url
        self._path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        # The client checks the IP address of each connection.
        self._client = ApiClient(
            f"{parts.scheme}://{parts.netloc}",
            headers={"user-agent": f"Fara-Webhooks ({settings.PUBLIC_URL})"},
            read_s=READ_S,
            total_s=TOTAL_S,
            max_answer_bytes=MAX_ANSWER_BYTES,
            reads_whole_answer=False,
            secrets=[part for part in parts.path.split("/") if part],
        )
        self._threads = ThreadPoolExecutor(max_workers=THREADS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._threads.shutdown()
        self._client.close()

    def send_all(self, messages: Iterable[tuple[bytes, dict[str, str]]]) -> list[Outcome]:
        """Send bodies with their headers side by side: they are of different objects."""
        return list(self._threads.map(self._send, messages))

    def _send(self, message: tuple[bytes, dict[str, str]]) -> Outcome:
        body, headers = message
        started = time.monotonic()
        status, text, retry_s = 0, "", 0.0
        try:
            answer = self._client.send("POST", self._path, body=body, headers=headers)
        except ExternalServiceError as error:
            text = str(error)
        else:
            status, retry_s = answer.status, retry_after_s(answer.headers) or 0.0
            start = answer.content[: EXCERPT_CHARS * 4].decode("utf-8", "replace")
            text = "".join(letter if letter.isprintable() else " " for letter in start)
        return Outcome(
            status=status,
            milliseconds=round((time.monotonic() - started) * 1000),
            text=text[:EXCERPT_CHARS],
            retry_after_s=retry_s,
        )


def deliver(*, subscription: WebhookSubscription, receiver: Receiver, now: datetime) -> int:
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
    outcomes = receiver.send_all(_signed(subscription, each, now) for each in claimed)
    failpoint("events.after_sending")
    _record(claimed, outcomes, now)
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


def _signed(
    subscription: WebhookSubscription, delivery: WebhookDelivery, now: datetime
) -> tuple[bytes, dict[str, str]]:
    body = body_of(delivery.event)
    message_id = delivery.event.public_id
    return body, subscriptions.signed_headers(
        subscription, message_id=message_id, body=body, now=now
    )


def _record(claimed: Sequence[WebhookDelivery], outcomes: Sequence[Outcome], now: datetime) -> None:
    """Record the attempts; a failure only if no other worker has claimed the delivery since."""
    pending = WebhookDelivery.objects.filter(status=Status.PENDING)
    delivered: dict[int, str] = {}
    for delivery, outcome in zip(claimed, outcomes, strict=True):
        log = [*delivery.log[-MAX_ATTEMPTS:], outcome.logged(now)]
        row = pending.filter(pk=delivery.pk, attempts=delivery.attempts)
        if outcome.is_success:
            delivered[delivery.pk] = msgspec.json.encode(log).decode()
        elif delivery.attempts >= MAX_ATTEMPTS or outcome.status == HTTPStatus.GONE:
            row.update(status=Status.FAILED, log=log)
        else:
            delay = max(DELAYS[delivery.attempts - 1], timedelta(seconds=outcome.retry_after_s))
            row.update(due_at=now + add_jitter(delay), log=log)
    if delivered:
        with connection.cursor() as cursor:
            cursor.execute(DELIVERED, [list(delivered), list(delivered.values())])


def _record_on_subscription(
    subscription: WebhookSubscription, outcomes: Sequence[Outcome], now: datetime
) -> None:
    """Record whether the receiver works; disable it after a long failure, or if it says so.

    A subscription that was disabled meanwhile keeps its problem.
    """
    active = WebhookSubscription.objects.filter(pk=subscription.pk, status="active")
    failures = [outcome for outcome in outcomes if not outcome.is_success]
    if any(outcome.status == HTTPStatus.GONE for outcome in failures):
        subscriptions.disable(subscription=subscription, problem=GONE, now=now)
    elif len(failures) < len(outcomes):
        if subscription.failing_since is not None:
            active.update(failing_since=None, problem="")
            if subscription.failing_since <= now - OUTAGE:
                waiting = WebhookDelivery.objects.filter(subscription=subscription)
                waiting.filter(status=Status.PENDING, due_at__gt=now).update(due_at=now)
    else:
        since = subscription.failing_since or now
        problem = failures[-1].summary
        active.update(failing_since=since, problem=problem[:300])
        if since <= now - DISABLED_AFTER:
            subscriptions.disable(subscription=subscription, problem=FAILED_LONG % problem, now=now)
