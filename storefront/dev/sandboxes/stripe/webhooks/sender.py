"""Webhook sender: post signed webhooks to the shop, retry until it acknowledges them."""

from __future__ import annotations

import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException

from storefront.dev.sandboxes.stripe.database import Database, Delivery
from storefront.dev.sandboxes.stripe.webhook_schedule import Mode, retry_delay_s

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
IDLE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One webhook, ready to be posted."""

    title: str
    body: str
    headers: Mapping[str, str]


# Builds the webhook of an event, with a good or bad signature; None if the event was deleted.
type Writer = Callable[[str, bool], Webhook | None]
# Expires what is due; returns when something will be due next.
type Clock = Callable[[float], float | None]


class WebhookSender(threading.Thread):
    """The thread that posts webhooks, and runs the clock."""

    def __init__(self, database: Database, *, write: Writer, tick: Clock) -> None:
        super().__init__(name="sender", daemon=True)
        self._database = database
        self._write = write
        self._tick = tick
        self._stopping = threading.Event()
        # No proxy: the shop is on this machine. A redirect is no acknowledgement.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())

    def stop(self) -> None:
        self._stopping.set()
        self._database.changed.set()
        self.join()

    def run(self) -> None:
        while not self._stopping.is_set():
            with self._database.transaction():
                next_due = self._tick(time.time())
            self._database.changed.clear()
            pause_s = self._post_due(next_due)
            self._database.changed.wait(pause_s)

    def _post_due(self, next_due: float | None) -> float:
        """Post the due webhooks; return the seconds until the next one is due."""
        moments = [time.time() + IDLE_S]
        if url := self._database.webhooks.url:
            for delivery in self._database.pending():
                if self._stopping.is_set() or delivery.due_at > time.time():
                    break
                self._deliver(delivery, url)
            moments += [delivery.due_at for delivery in self._database.pending()[:1]]
        if next_due is not None:
            moments.append(next_due)
        return max(0.0, min(moments) - time.time())

    def _deliver(self, delivery: Delivery, url: str) -> None:
        webhook = self._write(delivery.event, self._database.webhooks.mode is Mode.BAD_SIGNATURE)
        if webhook is None:  # the database was cleared a moment ago
            return
        answer, is_acknowledged = self._post(webhook, url)
        now = time.time()
        pause_s = None if is_acknowledged else retry_delay_s(delivery.attempts + 1)
        log.info("%s -> %s", webhook.title, answer)
        with self._database.transaction():
            self._database.record_attempt(
                delivery,
                answer=answer,
                due_at=now + (pause_s or 0),
                done_at=now if pause_s is None else None,
            )

    def _post(self, webhook: Webhook, url: str) -> tuple[str, bool]:
        """Post one webhook; return the answer, and whether it is an acknowledgement."""
        request = urllib.request.Request(  # noqa: S310 - the developer's own address
            url,
            data=webhook.body.encode(),
            headers={"content-type": "application/json", **webhook.headers},
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return str(answer.status), HTTPStatus(answer.status).is_success
        except urllib.error.HTTPError as error:
            with error:
                return str(error.code), False
        except (OSError, HTTPException) as error:
            return type(error).__name__, False


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None
