"""Post what happened to the shop, signed, until the shop has thanked."""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPException

from standardwebhooks import Webhook

from orders.gateways.sandbox import moves
from orders.gateways.sandbox.ledger import Delivery, Event, Ledger
from orders.gateways.sandbox.posting import Mode, next_try_s
from orders.gateways.sandbox.showing import event_shown

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
IDLE_S = 5.0
WRONG_SECRET = "whsec_bm90LXRoZS1zZWNyZXQtdGhhdC10aGUtc2hvcC1rbm93cw=="  # noqa: S105 - to be refused


class Courier(threading.Thread):
    """The thread that posts webhooks, and lets happen what happens by itself."""

    def __init__(self, ledger: Ledger, *, secret: str) -> None:
        super().__init__(name="courier", daemon=True)
        self._ledger = ledger
        self._secret = secret
        self._stopping = threading.Event()
        # No proxy stands between us and the shop, and a redirect is no thanks.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())

    def stop(self) -> None:
        self._stopping.set()
        self._ledger.changed.set()
        self.join()

    def run(self) -> None:
        while not self._stopping.is_set():
            with self._ledger.writing():
                moves.run_clock(self._ledger, now=time.time())
            self._ledger.changed.clear()
            pause_s = self._round()
            self._ledger.changed.wait(pause_s)

    def _round(self) -> float:
        """Post what is due; return how long nothing will be."""
        moments = [time.time() + IDLE_S]
        if url := self._ledger.posting.url:
            for delivery in self._ledger.waiting():
                if self._stopping.is_set() or delivery.due_at > time.time():
                    break
                self._deliver(delivery, url)
            moments += [delivery.due_at for delivery in self._ledger.waiting()[:1]]
        if (next_due := self._ledger.next_due()) is not None:
            moments.append(next_due)
        return max(0.0, min(moments) - time.time())

    def _deliver(self, delivery: Delivery, url: str) -> None:
        event = self._ledger.event(delivery.event)
        if event is None:  # the book was cleared a moment ago
            return
        answer, is_thanked = self._post(event, url)
        now = time.time()
        pause_s = None if is_thanked else next_try_s(delivery.attempts + 1)
        log.info("%s %s -> %s", event.id, event.kind, answer)
        with self._ledger.writing():
            self._ledger.note_attempt(
                delivery,
                answer=answer,
                due_at=now + (pause_s or 0),
                done_at=now if pause_s is None else None,
            )

    def _post(self, event: Event, url: str) -> tuple[str, bool]:
        """Post one event; return what was answered, and whether that was a thanks."""
        body = json.dumps(envelope(event))
        is_bad_day = self._ledger.posting.mode is Mode.BAD_SIGNATURE
        secret = WRONG_SECRET if is_bad_day else self._secret
        request = urllib.request.Request(  # noqa: S310 - the address is our operator's
            url,
            data=body.encode(),
            headers={"content-type": "application/json", **signed(event.id, body, secret)},
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


def envelope(event: Event) -> dict[str, object]:
    shown = event_shown(event)
    return {
        "type": f"payment.{event.kind}",
        "timestamp": shown["occurred_at"],
        "data": shown,
    }


def signed(event_id: str, body: str, secret: str) -> dict[str, str]:
    """Sign by Standard Webhooks: the id stays over retries, the moment is new each time."""
    at = datetime.now(UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, at, body),
    }
