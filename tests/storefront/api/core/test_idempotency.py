import threading
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from django.db import OperationalError, connection
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
from tests.storefront.api.schema_client import Caller, kind_of

NEW = "0123456789abcdef0123456789abcdef"


@pytest.mark.django_db
def test_same_key_and_body_get_the_same_answer(api, cart, order_request):
    first = api.post(f"{cart}checkout/", order_request, key="k1")
    second = api.post(f"{cart}checkout/", order_request, key="k1")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_same_key_with_another_body_is_refused(api, cart, order_request):
    api.post(f"{cart}checkout/", order_request, key="k1")

    answer = api.post(f"{cart}checkout/", order_request | {"email": "other@example.org"}, key="k1")

    assert (answer.status_code, kind_of(answer)) == (422, "idempotency-key-reused")
    assert Order.objects.get().email == "erika@example.org"


@pytest.mark.django_db
def test_refusal_is_replayed(api, cart, order_request):
    wrong = order_request | {"delivery": "teleport"}

    first = api.post(f"{cart}checkout/", wrong, key="k1")
    second = api.post(f"{cart}checkout/", wrong, key="k1")
    corrected = api.post(f"{cart}checkout/", order_request, key="k2")

    assert first.json() == second.json()
    assert second.headers["content-type"] == "application/problem+json"
    assert corrected.status_code == 201


@pytest.mark.django_db
def test_keys_of_callers_are_independent(api, cart, order_request, listing):
    api.post(f"{cart}lines/", {"listing_id": listing.pk}, key="same")
    token = api.open_cart()

    answer = api.post(f"{cart}lines/", {"listing_id": listing.pk}, key="same")

    assert answer.status_code == 201
    assert answer.json()["token"] == token


@pytest.mark.django_db
def test_checkout_without_a_key_is_refused(api, cart, order_request):
    answer = api.post(f"{cart}checkout/", order_request)

    assert (answer.status_code, kind_of(answer)) == (400, "idempotency-key-required")
    assert Order.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", " ", "k" * 256, "k" * 10_000, "schlüssel", "a\x00b"])
def test_malformed_key_is_refused(api, cart, order_request, key):
    answer = api.post(f"{cart}checkout/", order_request, key=key)

    assert (answer.status_code, kind_of(answer)) == (400, "idempotency-key-invalid")
    assert IdempotencyRecord.objects.count() == 0


@pytest.mark.django_db
def test_longest_key_is_accepted(api, cart, order_request):
    assert api.post(f"{cart}checkout/", order_request, key="k" * 255).status_code == 201
    assert IdempotencyRecord.objects.get().key == "k" * 255


@pytest.mark.django_db
def test_server_error_is_not_stored(api, cart, order_request, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(checkout, "place", lambda **_: 1 / 0)
        first = api.post(f"{cart}checkout/", order_request, key="k1")

    second = api.post(f"{cart}checkout/", order_request, key="k1")

    assert (first.status_code, kind_of(first)) == (500, "internal-error")
    assert second.status_code == 201


@pytest.mark.django_db
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


@pytest.mark.django_db
def test_key_record_stores_no_secret(api, cart, order_request):
    api.post(f"{cart}checkout/", order_request, key="k1")
    token = api.bearers[cart]

    record = IdempotencyRecord.objects.get()

    assert token not in f"{record.principal} {record.key} {record.route} {record.response}"


@pytest.mark.django_db
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


def run_concurrently(count, work):
    """Run the same work in many threads that start together, and return the results."""
    start = threading.Barrier(count)
    brought = []

    def run():
        connection.ensure_connection()
        start.wait()
        try:
            brought.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return brought


@pytest.mark.django_db(transaction=True)
def test_concurrent_checkouts_are_one_order(api, cart, order_request):
    answers = run_concurrently(
        12, lambda: Caller(api.bearers).post(f"{cart}checkout/", order_request, key="k1")
    )

    assert [answer.status_code for answer in answers] == [201] * 12
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert (Order.objects.count(), Payment.objects.count()) == (1, 1)
    assert StockLevel.objects.get().reserved == 1


@pytest.mark.django_db(transaction=True)
def test_eight_checkouts_with_different_keys_are_one_order(api, cart, order_request):
    keys = iter(range(8))

    answers = run_concurrently(
        8, lambda: Caller(api.bearers).post(f"{cart}checkout/", order_request, key=f"k{next(keys)}")
    )

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

    def work():
        if is_working.is_set():
            return None
        return Caller(api.bearers).post(f"{cart}checkout/", order_request, key="k1")

    first = threading.Thread(target=lambda: (work(), connection.close()))
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


UNSTORABLE = {
    "name that is NUL": b'{"\\u0000": 1}',
    "name that is half a character": b'{"\\ud800": 1}',
    "value with NUL": b'{"locale": "\\u0000"}',
    "value in a list": b'{"locale": ["a", "\\udfff"]}',
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "path", "key"),
    [
        *((name, "lines/", "") for name in UNSTORABLE),
        ("value with NUL", "lines/", "k1"),
        ("value with NUL", "checkout/", "k1"),
        ("value with NUL", "", NEW),
    ],
)
def test_unstorable_text_is_refused_with_and_without_a_key(api, cart, name, path, key):
    address = f"{cart}{path}" if path else "/api/v1/carts/"
    headers = {"idempotency-key": key} if key else {}

    answer = api.send("POST", address, UNSTORABLE[name], headers=headers)

    assert (answer.status_code, kind_of(answer)) == (400, "invalid-fields")
    assert IdempotencyRecord.objects.count() == 0


@pytest.mark.django_db
def test_answer_is_stored_whatever_it_quotes(api, cart, order_request, monkeypatch):
    quoted = ProblemError(problem_types.INVALID_FIELDS, errors=[{"pointer": "#", "detail": "a\0b"}])
    monkeypatch.setattr(checkout, "place", Mock(side_effect=quoted))

    answers = [api.post(f"{cart}checkout/", order_request, key="k1") for _ in range(2)]

    assert [kind_of(answer) for answer in answers] == ["invalid-fields"] * 2
    assert answers[1].json() == answers[0].json()


@pytest.mark.django_db
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
