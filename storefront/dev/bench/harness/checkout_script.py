"""Checkout script: send a guest's requests from the product page to the paid order."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from storefront.dev.bench.harness.load import BadAnswerError
from storefront.dev.bench.harness.scripted_load import Answer, Ask, Script, insist

SEE_OTHER, FOUND = HTTPStatus.SEE_OTHER, HTTPStatus.FOUND
CSRF_COOKIE = "csrftoken"
CSRF_FIELD = "csrfmiddlewaretoken"
CARD = "4242424242424242"
PLACE, PAY = "place order", "pay at the gateway"
WHO = {
    "email": "bench@example.org",
    "name": "Erika Mustermann",
    "line1": "Heidestraße 17",
    "postcode": "51147",
    "city": "Köln",
    "country": "DE",
    "phone": "+49 221 5550199",
}
NUMBER = re.compile(r"/orders/([^/]+)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The ports of the shop and of its payment gateway."""

    port: int
    gateway_port: int


@dataclass(slots=True)
class _Browser:
    """Keeps the cookies of one guest."""

    shop: Shop
    cookies: dict[str, str] = field(default_factory=dict)

    def asks(
        self,
        step: str,
        path: str,
        form: Mapping[str, str] | None = None,
        *,
        status: int = HTTPStatus.OK,
    ) -> Script[Answer]:
        ask = Ask(
            step=step,
            port=self.shop.port,
            path=path,
            form=None if form is None else urlencode(form).encode(),
            cookies=self.cookies,
        )
        answer = insist(ask, (yield ask), status=status)
        self.cookies |= {name: value for name, value in answer.cookies.items() if value}
        return answer


def checkout(shop: Shop, *, slug: str) -> Script[str]:
    """Buy one light as a guest, and pay; return the order number.

    Raises: BadAnswerError
    """
    guest = _Browser(shop)
    page = yield from guest.asks("product", f"/en/p/{slug}/")
    listing = field_of(page, "listing")
    wanted = {"listing": listing, "quantity": "1"}
    yield from guest.asks("add", "/en/cart/add/", wanted, status=SEE_OTHER)
    yield from guest.asks("cart", "/en/cart/")
    page = yield from guest.asks("address", "/en/checkout/")
    # Each buyer is another customer: a customer can have only one unpaid order with an item.
    email = f"{secrets.token_hex(6)}@example.org"
    form = {**WHO, "email": email, CSRF_FIELD: field_of(page, CSRF_FIELD)}
    yield from guest.asks("address, sent", "/en/checkout/", form, status=FOUND)
    page = yield from guest.asks("delivery", "/en/checkout/delivery/")
    form = {"tier": "economy", CSRF_FIELD: field_of(page, CSRF_FIELD)}
    yield from guest.asks("delivery, sent", "/en/checkout/delivery/", form, status=FOUND)
    page = yield from guest.asks("review", "/en/checkout/review/")
    form = {name: field_of(page, name) for name in ("agreed", CSRF_FIELD)}
    placed = yield from guest.asks(PLACE, "/en/checkout/place/", form, status=SEE_OTHER)
    back = yield from _pays(shop, placed.location)
    thanks = yield from guest.asks("back from the gateway", back, status=SEE_OTHER)
    yield from guest.asks("thank you", thanks.location)
    return number_in(thanks.location)


def _pays(shop: Shop, pay_url: str) -> Script[str]:
    """Pay on the gateway's page; return the path that it redirects to."""
    path = urlsplit(pay_url).path
    ask = Ask(step=PAY, port=shop.gateway_port, path=path)
    insist(ask, (yield ask))
    form = urlencode({"card": CARD, "action": "pay"}).encode()
    ask = Ask(step=PAY, port=shop.gateway_port, path=path, form=form)
    paid = insist(ask, (yield ask), status=SEE_OTHER)
    return urlsplit(paid.location).path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A cart that is ready to order. ``agreed`` is the total that its browser was shown."""

    cookies: Mapping[str, str]
    agreed: str


def order(shop: Shop, ready: Ready) -> Script[str]:
    """Place one order; return the payment URL, empty if the order was refused.

    Raises: BadAnswerError: it was neither ordered nor refused.
    """
    form = {"agreed": ready.agreed, CSRF_FIELD: ready.cookies[CSRF_COOKIE]}
    ask = Ask(
        step=PLACE,
        port=shop.port,
        path="/en/checkout/place/",
        form=urlencode(form).encode(),
        cookies=ready.cookies,
    )
    answer = yield ask
    if answer.status == SEE_OTHER and "/pay/" in answer.location:
        return answer.location
    if answer.status == HTTPStatus.CONFLICT or answer.location.startswith("/en/cart/"):
        return ""
    insist(ask, answer, status=SEE_OTHER)
    raise BadAnswerError(f"an order redirected to {answer.location}")


def bare(port: int, row: int) -> Script[bool]:
    """Sell one unit through the bare view; return False if none was left."""
    ask = Ask(step=PLACE, port=port, path=f"/sell/{row}/")
    answer = yield ask
    if answer.status != HTTPStatus.CONFLICT:
        insist(ask, answer)
    return answer.status == HTTPStatus.OK


def field_of(page: Answer, name: str) -> str:
    """Return the value of a hidden form field.

    Raises: BadAnswerError: there is none.
    """
    if not (found := field_in(page.body, name)):
        raise BadAnswerError(f"a page without {name}")
    return found


def field_in(body: bytes, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"'.encode(), body)
    return found[1].decode() if found else ""


def number_in(path: str) -> str:
    """Return the order number in the address of its page.

    Raises: BadAnswerError: it is not an order page.
    """
    found = NUMBER.search(path)
    if found is None:
        raise BadAnswerError(f"{path} is not an order page")
    return found[1]
