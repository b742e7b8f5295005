import threading
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from psycopg.errors import AdminShutdown

from orders.checkout import checkout
from orders.models import Order, Payment
from orders.payments import sessions
from storefront.api import tasks
from storefront.api.core import idempotency, problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.models import IdempotencyRecord
from suppliers.models import StockLevel
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import CART, Caller, kind_of
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
NEW = "0123456789abcdef0123456789abcdef"


def test_same_key_and_body_get_the_same_answer(api, cart, order_request):
    first = api.post(f"{cart}checkout/", order_request, key="k1")
    second = api.post(f"{cart}checkout/", order_request, key="k1")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert Order.objects.count() == 1
    record = IdempotencyRecord.objects.get()
    stored = f"{record.principal} {record.key} {record.route} {record.response}"
    assert api.bearers[cart] not in stored, "the record stores no secret"
    other = api.post(f"{cart}checkout/", order_request | {"email": "o@example.org"}, key="k1")
    assert (other.status_code, kind_of(other)) == (422, "idempotency-key-reused")
    assert Order.objects.get().email == "erika@example.org"


def test_refusal_is_replayed(api, cart, order_request):
    wrong = order_request | {"delivery": "teleport"}

    first, second = (api.post(f"{cart}checkout/", wrong, key="k1") for _ in range(2))
    corrected = api.post(f"{cart}checkout/", order_request, key="k2")

    assert (first.status_code, kind_of(first)) == (409, "delivery-unavailable")
    assert first.json() == second.json()
    assert first.json()["options"] == ["economy"]
    assert second.headers["content-type"] == "application/problem+json"
    assert corrected.status_code == 201


def test_keys_of_callers_are_independent(api, cart, order_request, listing):
    api.post(f"{cart}lines/", {"listing_id": listing.pk}, key="same")
    token = api.open_cart()

    answer = api.post(f"{cart}lines/", {"listing_id": listing.pk}, key="same")

    assert answer.status_code == 201
    assert answer.json()["token"] == token


def test_checkout_without_a_key_is_refused(api, cart, order_request):
    answer = api.post(f"{cart}checkout/", order_request)

    assert (answer.status_code, kind_of(answer)) == (400, "idempotency-key-required")
    assert Order.objects.count() == 0


def test_malformed_key_is_refused_and_the_longest_accepted(api, cart, order_request):
    for key in ("", " ", "k" * 256, "k" * 10_000, "schlüssel", "a\x00b"):
        answer = api.post(f"{cart}checkout/", order_request, key=key)
        assert (answer.status_code, kind_of(answer)) == (400, "idempotency-key-invalid"), key[:9]
    assert IdempotencyRecord.objects.count() == 0

    assert api.post(f"{cart}checkout/", order_request, key="k" * 255).status_code == 201
    assert IdempotencyRecord.objects.get().key == "k" * 255


def test_server_error_is_not_stored(api, cart, order_request, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(checkout, "place", lambda **_: 1 / 0)
        first = api.post(f"{cart}checkout/", order_request, key="k1")

    second = api.post(f"{cart}checkout/", order_request, key="k1")

    assert (first.status_code, kind_of(first)) == (500, "internal-error")
    assert second.status_code == 201


def test_retry_finishes_an_order_after_a_crash(api, cart, order_request, monkeypatch):
    def die(**_):
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(sessions, "open_session", die)
        with pytest.raises(SystemExit):
            api.post(f"{cart}checkout/", order_request, key="k1")
    left_behind = IdempotencyRecord.objects.get()

    answer = api.post(f"{cart}checkout/", order_request, key="k1")

    order = Order.objects.get()
    assert left_behind.done_at is None
    assert (answer.status_code, answer.json()["number"]) == (201, order.number)
    assert answer.json()["pay_url"] == Payment.objects.get().pay_url


def test_old_records_are_deleted_and_new_ones_stay(api, cart, order_request, noon):
    api.post(f"{cart}checkout/", order_request, key="old")
    IdempotencyRecord.objects.update(started_at=NOON - timedelta(days=8))
    api.post("/api/v1/carts/", {}, key=NEW)

    tasks.delete_old_records()
    again = api.post(f"{cart}checkout/", order_request, key="old")

    assert not IdempotencyRecord.objects.filter(key="old", status_code=201).exists()
    assert IdempotencyRecord.objects.filter(key=NEW).exists()
    assert (again.status_code, kind_of(again)) == (409, "cart-already-placed")
    assert Order.objects.count() == 1


def place_at_once(api, order_request, keys):
    """Place the cart once for each key, all at the same moment; return the answers."""
    answers = []

    def place(key):
        answers.append(Caller(api.bearers).post(f"{CART}checkout/", order_request, key=key))

    all_at_once([partial(place, key) for key in keys], ())
    return answers


@pytest.mark.django_db(transaction=True)
def test_concurrent_checkouts_are_one_order(api, cart, order_request):
    answers = place_at_once(api, order_request, ["k1"] * 12)

    assert [answer.status_code for answer in answers] == [201] * 12
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert (Order.objects.count(), Payment.objects.count()) == (1, 1)
    assert StockLevel.objects.get().reserved == 1


@pytest.mark.django_db(transaction=True)
def test_eight_checkouts_with_different_keys_are_one_order(api, cart, order_request):
    answers = place_at_once(api, order_request, [f"k{number}" for number in range(8)])

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_request_gets_a_conflict_after_the_wait(api, cart, order_request, monkeypatch):
    monkeypatch.setattr(idempotency, "WAIT_S", 0.1)
    is_working, may_end = threading.Event(), threading.Event()
    real = sessions.open_session

    def slow(**words):
        is_working.set()
        may_end.wait(timeout=10)
        return real(**words)

    monkeypatch.setattr(sessions, "open_session", slow)
    first = threading.Thread(target=place_at_once, args=[api, order_request, ["k1"]])
    first.start()
    is_working.wait(timeout=10)
    waiting = api.post(f"{cart}checkout/", order_request, key="k1")
    may_end.set()
    first.join()
    after = api.post(f"{cart}checkout/", order_request, key="k1")

    assert (waiting.status_code, kind_of(waiting)) == (409, "idempotency-key-in-use")
    assert waiting.headers["retry-after"] == "1"
    assert after.status_code == 201
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "path", "key"),
    [
        (b'{"\\u0000": 1}', "lines/", ""),
        (b'{"\\ud800": 1}', "lines/", ""),
        (b'{"locale": ["a", "\\udfff"]}', "lines/", ""),
        (b'{"locale": "\\u0000"}', "lines/", ""),
        (b'{"locale": "\\u0000"}', "lines/", "k1"),
        (b'{"locale": "\\u0000"}', "checkout/", "k1"),
        (b'{"locale": "\\u0000"}', "", NEW),
    ],
)
def test_unstorable_text_is_refused_with_and_without_a_key(api, cart, body, path, key):
    address = f"{cart}{path}" if path else "/api/v1/carts/"
    headers = {"idempotency-key": key} if key else {}

    answer = api.send("POST", address, body, headers=headers)

    assert (answer.status_code, kind_of(answer)) == (400, "invalid-fields")
    assert IdempotencyRecord.objects.count() == 0


def test_answer_with_a_null_character_is_stored(api, cart, order_request, monkeypatch):
    quoted = ProblemError(problem_types.INVALID_FIELDS, errors=[{"pointer": "#", "detail": "a\0b"}])
    monkeypatch.setattr(checkout, "place", Mock(side_effect=quoted))

    answers = [api.post(f"{cart}checkout/", order_request, key="k1") for _ in range(2)]

    assert [kind_of(answer) for answer in answers] == ["invalid-fields"] * 2
    assert answers[1].json() == answers[0].json()


def test_database_failure_is_no_key_conflict(api, cart, order_request, monkeypatch):
    class Away:
        """A session that fails while it waits for the lock."""

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

        def execute(self, statement, _values=None):
            if "pg_advisory_lock" in statement:
                raise OperationalError("terminating connection") from AdminShutdown()

    monkeypatch.setattr(idempotency, "connection", SimpleNamespace(cursor=Away))

    answer = api.post(f"{cart}checkout/", order_request, key="k1")

    assert (answer.status_code, kind_of(answer)) == (503, "unavailable")
    assert answer.headers["Retry-After"]
