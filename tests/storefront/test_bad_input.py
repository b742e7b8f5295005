"""Bad input through every interface: no 5xx, no effect, and a message that says what is wrong."""

import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from orders.models import Order, Payment, PurchaseOrder
from storefront.accounts.models import User
from storefront.webhooks import processing, reception, storage
from storefront.webhooks.models import InboundWebhook
from suppliers.models import StockLevel
from tests.factories.accounts import PASSWORD, make_shopper
from tests.factories.orders import make_order, make_purchase_orders
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON
from tests.factories.webhooks import connect_cj, post_cj, post_signed
from tests.storefront.web.conftest import WHO, make_light
from tests.support.corpus import BODIES, SENDABLE, TEXTS, VALUES, Deck, forms_of

pytestmark = pytest.mark.django_db
QUERY = ("q", "price_min", "lm", "lm_min", "h_max", "g_min", "power", "water", "f", "unknown")
QUERY += ("in_stock", "sort", "page", "v", "light", "next", "pay", "return", "answer")
SENTENCE = re.compile(r"\w+ .*[.!?]", re.DOTALL)


@pytest.fixture(autouse=True)
def noon(settings):
    """Start at noon and disable rate limits, so that each case reaches its code."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def light(db):
    listing = make_light(quantity=50)
    make_service()
    return listing


def protected_rows():
    """Return the rows that no bad input may change."""
    counts = {table: table.objects.count() for table in (Order, Payment, PurchaseOrder, User)}
    return counts, list(StockLevel.objects.values_list("reserved", flat=True))


class RecordingClient:
    """Sends requests as one client and records each unexpected answer."""

    def __init__(self, client):
        self.client, self.wrong, self.sent = client, [], 0
        client.raise_request_exception = False

    def send(self, method, path, *given, **more):
        answer = getattr(self.client, method)(path, *given, **more)
        self.sent += 1
        text = re.sub(r"<[^>]+>", " ", answer.content.decode()) if not answer.streaming else ""
        has_message = answer.status_code < 400 or SENTENCE.search(text)
        if answer.status_code >= 500 or not has_message:
            self.wrong.append((method, path, answer.status_code, repr((given, more))[:200]))
        return answer

    def fill(self, path, deck):
        """Submit each form of a page once per kind of bad text, and three times per file field."""
        for action, hidden, typed, files in forms_of(path, self.send("get", path)):
            for place, text in enumerate(deck.round() if typed else []):
                self.send("post", action, {**hidden, typed[place % len(typed)]: text})
            for name in files * 3:
                self.send("post", action, {**hidden, name: deck.file()})


def test_pages_answer_a_bad_query(light):
    order, deck = make_order(light), Deck()
    front = RecordingClient(Client())
    link = f"/en/orders/{order.number}/{order.access_key}/"
    before = protected_rows()

    for _kind, text in SENDABLE:
        front.send("get", "/en/search/", {"q": text})
    shop = ("", "c/headlamps/", "p/trail-400/", "compare/", "cart/", "checkout/", "orders/")
    more = ("account/", "account/sign-in/", "info/contact/", "info/terms/")
    paths = [f"/en/{path}" for path in (*shop, *more)]
    for path in (*paths, link, f"{link}return/", f"{link}paid/", "/sitemap.xml"):
        for place, text in enumerate(deck.round()):
            front.send("get", path, {QUERY[(front.sent + place) % len(QUERY)]: text})

    assert front.wrong == []
    assert protected_rows() == before


def test_forms_of_the_shop_answer_bad_input(light):
    order, deck = make_order(light), Deck()
    browser = Client(HTTP_SEC_FETCH_SITE="same-origin")
    front = RecordingClient(browser)
    browser.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})
    browser.post("/en/checkout/", WHO)
    link = f"/en/orders/{order.number}/{order.access_key}/"
    before = protected_rows()

    shop = ("p/trail-400/", "cart/", "checkout/", "checkout/delivery/", "orders/", "info/contact/")
    account = ("account/sign-in/", "account/sign-up/", "account/password/")
    paths = [f"/en/{path}" for path in (*shop, *account)]
    for path in (*paths, f"{link}address/", f"{link}return/"):
        front.fill(path, deck)
    for text in deck.round():
        front.send("post", "/en/checkout/place/", {"total": text, "agreed": text})
        front.send("post", f"{link}cancel/", {"reason": text, "key": text})

    assert front.sent > 200
    assert front.wrong == []
    counts, _reserved = protected_rows()
    assert counts[Order] == before[0][Order]
    assert counts[PurchaseOrder] == before[0][PurchaseOrder]


def test_forms_of_an_account_answer_bad_input(light):
    deck, front = Deck(), RecordingClient(Client(HTTP_SEC_FETCH_SITE="same-origin"))
    customer = make_shopper()
    front.client.force_login(customer)
    before = protected_rows()

    for path in ("profile/", "email/", "profile/password/", "addresses/new/", "privacy/"):
        front.fill(f"/en/account/{path}", deck)

    customer.refresh_from_db()
    assert front.wrong == []
    assert protected_rows() == before
    assert customer.check_password(PASSWORD)


def test_forms_of_the_portal_answer_bad_input(light):
    (purchase,) = make_purchase_orders(light)
    PurchaseOrder.objects.update(submission_status="submitted")
    deck, front = Deck(), RecordingClient(Client(HTTP_SEC_FETCH_SITE="same-origin"))
    link = f"/en/supplier/{purchase.number}/{purchase.access_key}/"
    before = protected_rows()

    assert front.client.get(link).status_code == 200
    for path in ("", "answer/", "parcel/", "arrived/", "readdress/", "stop/"):
        for text in deck.round():
            form = dict.fromkeys(("number", "carrier", "answer", "units", "reason", "line"), text)
            front.send("post" if path else "get", f"{link}{path}", form)

    assert front.wrong == []
    assert protected_rows() == before


def test_the_api_answers_bad_input(light):
    front, before = RecordingClient(Client()), protected_rows()
    cart = front.client.post("/api/v1/carts/", {"country": "DE"}, content_type="application/json")
    front.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {cart.json()['token']}"
    place = "/api/v1/cart/"
    fields = {
        f"{place}lines/": {"listing_id": light.pk, "quantity": 1},
        f"{place}codes/": {"code": "X"},
        f"{place}checkout/": {"email": "a@example.org", "delivery": "x", "ship_to": {}},
        "/api/v1/carts/": {"country": "DE", "locale": "en", "previous_token": ""},
    }

    def post(path, body):
        # Of each path, every second request has a key.
        key = f"0123456789abcdef0123456789abcdef{front.sent}"
        headers = {"idempotency-key": key} if front.sent // len(fields) % 2 else {}
        more = {"content_type": "application/json", "headers": headers}
        answer = front.send("post", path, body, **more)
        if answer.status_code >= 400:
            assert answer.json()["detail"].endswith(".")

    for turn, body in enumerate(BODIES):
        post(list(fields)[turn % len(fields)], body)
    for turn, (_kind, text) in enumerate(TEXTS):
        path = list(fields)[turn % len(fields)]
        name = list(fields[path])[turn % len(fields[path])]
        post(path, {**fields[path], name: text})
    for path, body in fields.items():
        for value in VALUES:
            post(path, {**body, next(iter(body)): value})
    for turn, (_kind, text) in enumerate(SENDABLE):
        path = ("/api/v1/listings/", "/api/v1/availability/", f"{place}delivery/")[turn % 3]
        front.send("get", path, {("q", "sku", "postcode", "country", "page")[turn % 5]: text})

    assert front.wrong == []
    assert protected_rows() == before


def test_webhooks_answer_bad_input(monkeypatch, light):
    monkeypatch.setattr(storage, "database_time", lambda: NOON)
    monkeypatch.setattr(reception.process, "delay", lambda **_: None)
    supplier = light.variant.offers.get().supplier
    cj, front, before = connect_cj(supplier), RecordingClient(Client()), protected_rows()
    sources = [cj, f"supplier-{supplier.code}", "stripe"]

    for turn, body in enumerate(BODIES):
        path = reverse("hook", args=[sources[turn % 3]])
        front.send("post", path, body, content_type="application/json")
        post_cj(front.client, cj, body)
        post_signed(front.client, sources[1], body, message_id=f"m{turn}")
    for call in InboundWebhook.objects.all():
        processing.process(call=call, now=NOON)

    assert len(TEXTS) + len(VALUES) + len(BODIES) >= 400
    assert front.wrong == []
    assert InboundWebhook.objects.count() > len(BODIES)
    assert InboundWebhook.objects.exclude(status__in=("applied", "failed", "ignored")).count() == 0
    assert protected_rows() == before
