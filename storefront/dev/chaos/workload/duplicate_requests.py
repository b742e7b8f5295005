"""Duplicate request workload: send one order 50 times at once under one idempotency key.

One key has one effect, and all requests get the same answer.
"""

import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle
from typing import Any

from storefront.dev.bench.harness.buyers import HOME, TIER
from storefront.dev.bench.harness.checkout_script import field_in
from storefront.dev.chaos.instance.control import call
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations.history import RepeatedOrder
from storefront.dev.chaos.workload.goods import SellableProduct
from storefront.dev.runtime.ports import HOST

REPEATS = 50
RETRY_TIMEOUT_S = 60.0
FLOOD_S = 120.0  # for many orders, on a busy machine
PAUSE_S = 0.3
IN_PROGRESS = "idempotency-key-in-use"
CART = "/api/v1/cart/"
CHECKOUT = f"{CART}checkout/"


class ShopUnreachableError(Exception):
    """The shop did not answer for too long."""


@dataclass(slots=True, kw_only=True)
class RequestRepeater:
    """An API client that repeats requests, or orders without paying."""

    place: Instance
    goods: Sequence[SellableProduct]
    address: str = ""  # the client address that the proxy would report
    unpaid_order_statuses: list[int] = field(default_factory=list)
    repeated_orders: list[RepeatedOrder] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def repeat_order(self) -> None:
        """Start to send one order many times, in a thread."""
        thread = threading.Thread(target=self._repeat_order, daemon=True)
        self._threads.append(thread)
        thread.start()

    def flood(self, orders: int) -> None:
        """Start to order without paying, as a new customer each time, until an order is refused."""
        thread = threading.Thread(target=self._flood, args=(orders,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _flood(self, orders: int) -> None:
        until = time.monotonic() + FLOOD_S
        try:
            statuses = self.unpaid_order_statuses
            while len(statuses) < orders and HTTPStatus.CONFLICT not in statuses:
                token, form = self._cart(f"{secrets.token_hex(6)}@example.org", until)
                key = secrets.token_hex(12)
                status, body = self._ask("POST", CHECKOUT, form, token=token, key=key)
                if _is_final(status, body):
                    statuses.append(status)
        except Exception as error:  # noqa: BLE001 - our own mistakes are reported without a wait
            self.errors.append(f"ordering without payment failed: {error!r}")

    def finish(self) -> Sequence[threading.Thread]:
        return tuple(self._threads)

    def _repeat_order(self) -> None:
        email = f"{secrets.token_hex(6)}@example.org"
        deadline = time.monotonic() + RETRY_TIMEOUT_S
        try:
            token, form = self._cart(email, deadline)
            answers = self._all_at_once(token, form, deadline)
        except ShopUnreachableError as error:
            answers = ()
            self.errors.append(f"an order sent {REPEATS} times got no response: {error}")
        except Exception as error:  # noqa: BLE001 - our own mistakes are reported without a wait
            answers = ()
            self.errors.append(f"sending duplicates failed: {error!r}")
        self.repeated_orders.append(RepeatedOrder(email=email, answers=answers))

    def _cart(self, email: str, until: float) -> tuple[str, Mapping[str, Any]]:
        """Fill a cart; a product that cannot be shipped now is skipped."""
        for light in cycle(reversed(self.goods)):
            token, options = self._filled(light, until)
            for option in options:
                if option["delivery"] == TIER:
                    return token, _order_body(email, option)
            if time.monotonic() > until:
                raise ShopUnreachableError("nothing can be shipped")
            time.sleep(PAUSE_S)
        raise ShopUnreachableError("there is no cart to order")

    def _filled(
        self, light: SellableProduct, until: float
    ) -> tuple[str, Sequence[Mapping[str, Any]]]:
        page = self._request_until_success("GET", f"/en/p/{light.slug}/", None, until)
        listing = field_in(page.encode(), "listing")
        made = json.loads(self._request_until_success("POST", "/api/v1/carts/", {}, until))
        token: str = made["token"]
        line, where = {"listing_id": int(listing)}, f"{CART}delivery/?country={HOME.country}"
        self._request_until_success("POST", f"{CART}lines/", line, until, token=token)
        answer = json.loads(self._request_until_success("GET", where, None, until, token=token))
        return token, answer["options"]

    def _all_at_once(
        self, token: str, form: Mapping[str, Any], until: float
    ) -> tuple[tuple[int, str], ...]:
        """Repeat until one request has a final answer; return all final answers."""
        key, found = secrets.token_hex(12), list[tuple[int, str]]()
        while not found:
            if time.monotonic() > until:
                raise ShopUnreachableError(CHECKOUT)
            barrier = threading.Barrier(REPEATS)

            def once(barrier: threading.Barrier = barrier) -> None:
                barrier.wait()
                status, body = self._ask("POST", CHECKOUT, form, token=token, key=key)
                if _is_final(status, body):
                    found.append((status, _canonical(body)))

            threads = [threading.Thread(target=once, daemon=True) for _ in range(REPEATS)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            if not found:
                time.sleep(PAUSE_S)
        return tuple(found)

    def _request_until_success(
        self, method: str, path: str, body: Any, until: float, *, token: str = ""
    ) -> str:
        while True:
            status, answer = self._ask(method, path, body, token=token)
            if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
                return answer
            if time.monotonic() > until:
                raise ShopUnreachableError(f"{method} {path}: {status} {answer[:200]}")
            time.sleep(PAUSE_S)

    def _ask(
        self, method: str, path: str, body: Any, *, token: str = "", key: str = ""
    ) -> tuple[int, str]:
        url = f"http://{HOST}:{self.place.ports.web}{path}"
        headers = {"Idempotency-Key": key} if key else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if self.address:
            headers["X-Forwarded-For"] = self.address
        return call(url, body, headers, method=method)


def _order_body(email: str, option: Mapping[str, Any]) -> Mapping[str, Any]:
    ship_to = {
        name: getattr(HOME, name)
        for name in ("name", "line1", "postcode", "city", "country", "phone")
    }
    return {"email": email, "ship_to": ship_to, "delivery": TIER, "total": option["total"]}


def _canonical(body: str) -> str:
    """Return the JSON with sorted keys: a stored answer has another order."""
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except ValueError:
        return body


def _is_final(status: int, body: str) -> bool:
    """Return whether the answer is final, not an error or a request to wait."""
    is_answered = 0 < status < HTTPStatus.INTERNAL_SERVER_ERROR
    return is_answered and status != HTTPStatus.TOO_MANY_REQUESTS and IN_PROGRESS not in body
