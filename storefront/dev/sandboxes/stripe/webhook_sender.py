"""Webhook sender: post signed webhooks to the shop, retry until it acknowledges them."""

import hashlib
import hmac
import json
import logging
import threading
import time

from storefront.dev.sandboxes.core.posting import post
from storefront.dev.sandboxes.stripe import operations
from storefront.dev.sandboxes.stripe.store import Delivery, Store
from storefront.dev.sandboxes.stripe.webhook_schedule import Mode, retry_delay_s

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
IDLE_S = 5.0


WRONG_SECRET = "whsec_not_the_secret_that_the_shop_knows"  # noqa: S105 - to be refused


class WebhookSender(threading.Thread):
    """The thread that posts webhooks, and runs the clock."""

    def __init__(self, store: Store, *, secret: str) -> None:
        super().__init__(name="sender", daemon=True)
        self._store = store
        self._secret = secret
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()
        self._store.changed.set()
        self.join()

    def run(self) -> None:
        while not self._stopping.is_set():
            with self._store.transaction():
                next_due = operations.run_clock(self._store, now=time.time())
            self._store.changed.clear()
            pause_s = self._post_due(next_due)
            self._store.changed.wait(pause_s)

    def _post_due(self, next_due: float | None) -> float:
        """Post the due webhooks; return the seconds until the next one is due."""
        moments = [time.time() + IDLE_S]
        if url := self._store.webhooks.url:
            for delivery in self._store.pending():
                if self._stopping.is_set() or delivery.due_at > time.time():
                    break
                self._deliver(delivery, url)
            moments += [delivery.due_at for delivery in self._store.pending()[:1]]
        if next_due is not None:
            moments.append(next_due)
        return max(0.0, min(moments) - time.time())

    def _deliver(self, delivery: Delivery, url: str) -> None:
        event = self._store.event(delivery.event)
        if event is None:  # the store was cleared a moment ago
            return
        is_badly_signed = self._store.webhooks.mode is Mode.BAD_SIGNATURE
        body = json.dumps(event)
        sign = signed(body, WRONG_SECRET if is_badly_signed else self._secret, at=int(time.time()))
        answer = post(url, body.encode(), {"stripe-signature": sign}, timeout_s=TIMEOUT_S)
        now = time.time()
        pause_s = None if answer.startswith("2") else retry_delay_s(delivery.attempts + 1)
        log.info("%s %s -> %s", event["id"], event["type"], answer)
        with self._store.transaction():
            self._store.record_attempt(
                delivery,
                answer=answer,
                due_at=now + (pause_s or 0),
                done_at=now if pause_s is None else None,
            )


def signed(body: str, secret: str, *, at: int) -> str:
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
