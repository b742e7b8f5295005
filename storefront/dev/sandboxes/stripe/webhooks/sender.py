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

from storefront.dev.sandboxes.stripe.database import Book, Delivery
from storefront.dev.sandboxes.stripe.webhooks.schedule import Mode, next_try_s

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
IDLE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One webhook, ready to be posted."""

    title: str
    body: str
    headers: Mapping[str, str]


# Writes the letter about one event, signed well, or badly on a bad day; None if it is forgotten.
type Writer = Callable[[str, bool], Letter | None]
# Lets happen what happens by itself, and says when something will next.
type Clock = Callable[[float], float | None]


class Courier(threading.Thread):
    """The thread that posts webhooks, and lets happen what happens by itself."""

    def __init__(self, book: Book, *, write: Writer, tick: Clock) -> None:
        super().__init__(name="courier", daemon=True)
        self._book = book
        self._write = write
        self._tick = tick
        self._stopping = threading.Event()
        # No proxy stands between us and the shop, and a redirect is no thanks.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())

    def stop(self) -> None:
        self._stopping.set()
        self._book.changed.set()
        self.join()

    def run(self) -> None:
        while not self._stopping.is_set():
            with self._book.writing():
                next_due = self._tick(time.time())
            self._book.changed.clear()
            pause_s = self._round(next_due)
            self._book.changed.wait(pause_s)

    def _round(self, next_due: float | None) -> float:
        """Post what is due; return how long nothing will be."""
        moments = [time.time() + IDLE_S]
        if url := self._book.posting.url:
            for delivery in self._book.waiting():
                if self._stopping.is_set() or delivery.due_at > time.time():
                    break
                self._deliver(delivery, url)
            moments += [delivery.due_at for delivery in self._book.waiting()[:1]]
        if next_due is not None:
            moments.append(next_due)
        return max(0.0, min(moments) - time.time())

    def _deliver(self, delivery: Delivery, url: str) -> None:
        letter = self._write(delivery.event, self._book.posting.mode is Mode.BAD_SIGNATURE)
        if letter is None:  # the book was cleared a moment ago
            return
        answer, is_thanked = self._post(letter, url)
        now = time.time()
        pause_s = None if is_thanked else next_try_s(delivery.attempts + 1)
        log.info("%s -> %s", letter.title, answer)
        with self._book.writing():
            self._book.note_attempt(
                delivery,
                answer=answer,
                due_at=now + (pause_s or 0),
                done_at=now if pause_s is None else None,
            )

    def _post(self, letter: Letter, url: str) -> tuple[str, bool]:
        """Post one letter; return what was answered, and whether that was a thanks."""
        request = urllib.request.Request(  # noqa: S310 - the address is our operator's
            url,
            data=letter.body.encode(),
            headers={"content-type": "application/json", **letter.headers},
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
