"""Bad input to the API: the answer names each invalid field."""

import json

import pytest

from orders.models import Cart, Order
from tests.storefront.api.schema_client import kind_of, pointers

pytestmark = pytest.mark.django_db


def test_large_body_is_not_read_completely(api, cart):
    body = b'{"listing_id": 1, "quantity": "' + b"1" * 65_537 + b'"}'

    answer = api.send("POST", f"{cart}lines/", body)

    assert (answer.status_code, kind_of(answer)) == (413, "body-too-large")


def test_only_json_is_accepted(api, cart):
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", ""):
        answer = api.send("POST", f"{cart}lines/", b'{"listing_id": 1}', content_type=kind)
        assert (answer.status_code, kind_of(answer)) == (415, "unsupported-media-type"), kind


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"email": "unknown"}, "#/email"),
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
        ({"total": {"amount": "4.489e1", "currency": "EUR"}}, "#/total/amount"),
        ({"total": {"amount": "٤٤.٨٩", "currency": "EUR"}}, "#/total/amount"),
        ({"total": {"amount": "44,89", "currency": "EUR"}}, "#/total/amount"),
        ({"total": {"amount": "44.89", "currency": "euro"}}, "#/total/currency"),
        ({"ship_to": None}, "#/ship_to"),
        ({"ship_to": "Berlin"}, "#/ship_to"),
        ({"status": "placed"}, "#/status"),
        *(
            ({"ship_to": {field: value}}, f"#/ship_to/{field}")
            for field, value in (
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
            )
        ),
    ],
)
def test_invalid_field_is_named(api, cart, order_request, changes, pointer):
    if isinstance(changes.get("ship_to"), dict):
        changes = {"ship_to": order_request["ship_to"] | changes["ship_to"]}

    answer = api.post(f"{cart}checkout/", order_request | changes, key="k1")

    assert (answer.status_code, kind_of(answer)) == (400, "invalid-fields")
    assert set(pointers(answer)) == {pointer}
    assert Order.objects.count() == 0


def test_invalid_reason_cancels_nothing(api, placed):
    path, _ = placed

    for reason in ("x" * 201, 5, None, "a\x00b", ["because"]):
        answer = api.post(f"{path}cancel/", {"reason": reason})
        assert (answer.status_code, pointers(answer)) == (400, ["#/reason"]), reason
    assert Order.objects.get().status == "pending_payment"


def test_customer_text_is_returned_unchanged(api, cart, order_request):
    words = "<script>alert(1)</script> {{7*7}}"
    order_request["ship_to"]["line2"] = words

    shown = api.post(f"{cart}checkout/", order_request, key="k1").json()
    bearer = f"Bearer {shown['access_key']}"
    order = api.get(f"/api/v1/orders/{shown['number']}/", authorization=bearer)

    assert order.json()["ship_to"]["line2"] == words
    assert order.headers["content-type"] == "application/json"
    assert order.headers["x-content-type-options"] == "nosniff"


def test_lone_surrogates_in_json_are_refused(api, cart):
    body = json.dumps({"listing_id": "\ud800"}).encode()

    assert api.send("POST", f"{cart}lines/", body).status_code == 400
    assert Cart.objects.count() == 1
