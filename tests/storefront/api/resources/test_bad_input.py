from __future__ import annotations

import json
import time

import pytest

from orders.models import Cart, CartLine, Order
from tests.storefront.api.schema_client import kind_of, pointers

pytestmark = pytest.mark.django_db

BODIES = {
    "nothing": b"",
    "not json": b"hello",
    "half": b'{"listing_id": 1',
    "trailing": b'{"listing_id": 1} x',
    "nan": b'{"listing_id": NaN}',
    "infinity": b'{"listing_id": 1, "quantity": Infinity}',
    "overflow": b'{"listing_id": 1e999}',
    "huge integer": b'{"listing_id": ' + b"9" * 5000 + b"}",
    "deep list": b"[" * 30_000 + b"]" * 30_000,
    "deep object": b'{"a":' * 8000 + b"1" + b"}" * 8000,
    "repeated name": b'{"listing_id": 1, "listing_id": 2}',
    "not utf-8": b'{"listing_id": "\xff\xfe"}',
    "utf-16": '{"listing_id": 1}'.encode("utf-16"),
    "nul": b'{"listing_id": 1\x00}',
    "list": b"[1, 2]",
    "text": b'"listing_id"',
    "number": b"7",
    "null": b"null",
    "unknown field": b'{"listing_id": 1, "price": "0.01"}',
    "prototype": b'{"__proto__": {}, "listing_id": 1}',
    "text for a number": b'{"listing_id": "1"}',
    "fraction": b'{"listing_id": 1.0}',
    "boolean": b'{"listing_id": true}',
    "null for a number": b'{"listing_id": null}',
    "list for a number": b'{"listing_id": [1]}',
    "negative": b'{"listing_id": 1, "quantity": -1}',
    "zero": b'{"listing_id": 1, "quantity": 0}',
    "too many": b'{"listing_id": 1, "quantity": 2147483648}',
    "beyond bigint": b'{"listing_id": 99999999999999999999}',
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_makes_no_sense_gets_a_sentence_and_has_no_effect(api, cart, name):
    started_s = time.process_time()

    answer = api.send("POST", f"{cart}lines/", BODIES[name])

    assert 400 <= answer.status_code < 500
    assert kind_of(answer) in {"malformed-body", "invalid-fields"}
    assert answer.json()["detail"]
    assert CartLine.objects.get().quantity == 1
    assert time.process_time() - started_s < 1


@pytest.mark.parametrize("size", [65_537, 1_000_000, 5_000_000])
def test_a_large_body_is_not_read_to_its_end(api, cart, size):
    body = b'{"listing_id": 1, "quantity": "' + b"1" * size + b'"}'

    answer = api.send("POST", f"{cart}lines/", body)

    assert (answer.status_code, kind_of(answer)) == (413, "too-large")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""]
)
def test_only_json_is_read(api, cart, content_type):
    answer = api.send("POST", f"{cart}lines/", b'{"listing_id": 1}', content_type=content_type)

    assert (answer.status_code, kind_of(answer)) == (415, "not-json")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"email": "nobody"}, "#/email"),
        ({"email": "a@b\r\nBcc: all@example.org"}, "#/email"),
        ({"email": f"{'a' * 250}@example.org"}, "#/email"),
        ({"email": ["erika@example.org"]}, "#/email"),
        ({"email": None}, "#/email"),
        ({"delivery": 1}, "#/delivery"),
        ({"delivery": "x" * 21}, "#/delivery"),
        ({"total": "44.89"}, "#/total"),
        ({"total": {"amount": 44.89, "currency": "EUR"}}, "#/total/amount"),
        ({"total": {"amount": "NaN", "currency": "EUR"}}, "#/total/amount"),
        ({"total": {"amount": "-1.00", "currency": "EUR"}}, "#/total/amount"),
        ({"total": {"amount": "44.899", "currency": "EUR"}}, "#/total/amount"),
        ({"total": {"amount": "1e999999", "currency": "EUR"}}, "#/total/amount"),
        ({"total": {"amount": "44,89", "currency": "EUR"}}, "#/total/amount"),
        ({"total": {"amount": "44.89", "currency": "euro"}}, "#/total/currency"),
        ({"ship_to": None}, "#/ship_to"),
        ({"ship_to": "Berlin"}, "#/ship_to"),
        ({"status": "placed"}, "#/status"),
    ],
)
def test_a_field_that_makes_no_sense_is_named(api, cart, wish, changes, pointer):
    answer = api.post(f"{cart}checkout/", wish | changes, key="k1")

    assert (answer.status_code, kind_of(answer)) == (400, "invalid-fields")
    assert pointers(answer) == [pointer]
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", "x" * 51),
        ("name", "Erika\x00Muster"),
        ("name", "\ud800"),
        ("name", 7),
        ("city", True),
        ("country", "Germany"),
        ("country", "D\x00"),
        ("line2", "x" * 201),
        ("phone", {"number": 1}),
        ("planet", "Mars"),
    ],
)
def test_a_part_of_the_address_that_makes_no_sense_is_named(api, cart, wish, field, value):
    wish["ship_to"][field] = value

    answer = api.post(f"{cart}checkout/", wish, key="k1")

    assert (answer.status_code, kind_of(answer)) == (400, "invalid-fields")
    assert set(pointers(answer)) == {f"#/ship_to/{field}"}
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    "reason", ["x" * 201, 5, None, "a\x00b", ["because"]], ids=lambda value: type(value).__name__
)
def test_a_reason_that_makes_no_sense_cancels_nothing(api, placed, reason):
    path, _ = placed

    answer = api.post(f"{path}cancel/", {"reason": reason})

    assert (answer.status_code, pointers(answer)) == (400, ["#/reason"])
    assert Order.objects.get().status == "pending_payment"


def test_what_the_shopper_writes_comes_back_word_for_word(api, cart, wish):
    words = "<script>alert(1)</script> {{7*7}}"
    wish["ship_to"]["line2"] = words

    shown = api.post(f"{cart}checkout/", wish, key="k1").json()
    order = api.get(f"/api/v1/orders/{shown['number']}/{shown['access_key']}/")

    assert order.json()["ship_to"]["line2"] == words
    assert order.headers["content-type"] == "application/json"
    assert order.headers["x-content-type-options"] == "nosniff"


def test_lone_surrogates_in_json_are_refused(api, cart):
    body = json.dumps({"listing_id": "\ud800"}).encode()

    assert api.send("POST", f"{cart}lines/", body).status_code == 400
    assert Cart.objects.count() == 1
