"""Customer workload: buy as guests, repeat each request that gets no answer."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from storefront.dev.bench.harness.checkout_script import CSRF_FIELD, NUMBER, WHO, Shop, field_in
from storefront.dev.bench.harness.load import BadAnswerError
from storefront.dev.bench.harness.scripted_load import Answer, Ask, ask_once
from storefront.dev.chaos.observations.history import CustomerPurchase, ResponseCounts
from storefront.dev.chaos.plan import PaymentOutcome

CARD, DECLINED = "4242424242424242", "4000000000000002"
RETRY_TIMEOUT_S = 60.0
PAUSE_S = 0.25


class NoUsableResponseError(Exception):
    """No usable answer for too long."""


@dataclass(slots=True)
class Customer:
    """A guest with one purchase."""

    shop: Shop
    tally: ResponseCounts
    purchase: CustomerPurchase
    cookies: dict[str, str] = field(default_factory=dict)
    deadline: float = 0.0

    def buy(self, *slugs: str) -> CustomerPurchase:
        """Put products into one cart, check out, and pay or not, as planned."""
        started = time.monotonic()
        self.deadline = started + RETRY_TIMEOUT_S
        try:
            if pay_url := self._order(slugs):
                self._pay(pay_url)
        except NoUsableResponseError as error:
            self.purchase.words = str(error)
        self.purchase.seconds = time.monotonic() - started
        return self.purchase

    def _order(self, slugs: Sequence[str]) -> str:
        """Place the order; return its payment URL, empty if the shop refused."""
        for slug in slugs:
            listing = field_in(self._ask(f"/en/p/{slug}/").body, "listing")
            if not listing:
                return self._refused("not for sale")
            added = self._ask("/en/cart/add/", {"listing": listing, "quantity": "1"})
            if added.status == HTTPStatus.CONFLICT:  # sold out: the customer buys nothing else
                return self._refused(f"not added: {slug}")
        page = self._ask("/en/checkout/")
        email = f"{secrets.token_hex(6)}@example.org"
        who = {**WHO, "email": email, "phone": _mobile_number(), "wants_sms": "on"}
        self._ask("/en/checkout/", {**who, **self._token(page)})
        page = self._ask("/en/checkout/delivery/")
        self._ask("/en/checkout/delivery/", {"tier": "economy", **self._token(page)})
        page = self._ask("/en/checkout/review/")
        agreed = field_in(page.body, "agreed")
        if not agreed:
            return self._refused(f"no total: {page.status} {page.location}")
        self.purchase.agreed = Decimal(agreed)
        placed = self._ask("/en/checkout/place/", {"agreed": agreed, **self._token(page)})
        if "/checkout/delivery/" in placed.location:  # the delivery changed, or there is none
            return self._refused(f"{placed.status} {placed.location}")
        while "/orders/" in placed.location and time.monotonic() < self.deadline:
            time.sleep(PAUSE_S)  # the gateway was down: the customer presses Pay
            here = urlsplit(placed.location).path
            page = self._ask(here)
            self._note_number(here)
            placed = self._ask(f"{here}pay/", self._token(page))
        if "/pay/" in placed.location:
            return placed.location
        if placed.status != HTTPStatus.CONFLICT and "/cart/" not in placed.location:
            raise NoUsableResponseError(f"ordering redirected to {placed.status} {placed.location}")
        return self._refused(f"{placed.status} {placed.location}")

    def _pay(self, pay_url: str) -> None:
        outcome = self.purchase.planned.outcome
        path = urlsplit(pay_url).path
        self.purchase.payment = path.rpartition("/")[2]
        port = self.shop.gateway_port
        self._ask(path, port=port)
        if outcome is PaymentOutcome.LEAVES:
            self.purchase.end = "left"
            return
        is_declined = outcome is PaymentOutcome.DECLINED
        card = {"card": DECLINED if is_declined else CARD, "action": "pay"}
        back = self._ask(path, card, port=port)
        if outcome is PaymentOutcome.LATE:  # only a webhook or a poll tells the shop
            self.purchase.end = "late"
            return
        if is_declined:  # the page stays open for another card; this customer steps back
            back = self._ask(path, {"action": "cancel"}, port=port)
        self.purchase.end = "declined" if is_declined else "paid"
        thanks = self._ask(urlsplit(back.location).path)
        self._note_number(thanks.location)
        self._ask(urlsplit(thanks.location).path)

    def _refused(self, words: str) -> str:
        self.purchase.end, self.purchase.words = "refused", words
        return ""

    def _note_number(self, path: str) -> None:
        if found := NUMBER.search(path):
            self.purchase.number = found[1]

    @staticmethod
    def _token(page: Answer) -> dict[str, str]:
        return {CSRF_FIELD: field_in(page.body, CSRF_FIELD)}

    def _ask(self, path: str, form: Mapping[str, str] | None = None, *, port: int = 0) -> Answer:
        """Repeat a request until its answer is no server error.

        Raises: NoUsableResponseError
        """
        ask = Ask(
            step=path,
            port=port or self.shop.port,
            path=path,
            form=None if form is None else urlencode(form).encode(),
            cookies=self.cookies if not port else {},
        )
        while True:
            answer, words = _send(ask)
            if not port:
                self.tally.count(answer.status if answer else 0)
            if answer and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                self.cookies |= {name: kept for name, kept in answer.cookies.items() if kept}
                return answer
            if time.monotonic() > self.deadline:
                raise NoUsableResponseError(f"{ask.method} {path}: {words}")
            time.sleep(PAUSE_S)


def _mobile_number() -> str:
    """Return a German number of its own, so that the text messages of a customer can be counted."""
    return f"+49151{secrets.randbelow(9 * 10**7) + 10**7}"


def _send(ask: Ask) -> tuple[Answer | None, str]:
    try:
        answer = ask_once(ask)
    except (OSError, BadAnswerError) as error:
        return None, f"{type(error).__name__}: {error}"
    return answer, f"{answer.status} {answer.body[:200]!r}"
