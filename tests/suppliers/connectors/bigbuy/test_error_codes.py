import json

import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.connectors.bigbuy.error_codes import parse_error
from suppliers.connectors.records import (
    DiscontinuedError,
    DuplicateReferenceError,
    NoShippingServiceError,
    OutOfStockError,
)

SHOPPER = "Erika Muster, Musterweg 1"


def bytes_of(**body):
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ER001", DiscontinuedError),
        ("ER003", OutOfStockError),
        ("ER008", DuplicateReferenceError),
        ("ER009", TemporaryError),
        ("ER005", PermanentError),
        ("ER010", NoShippingServiceError),
        ("ER013", NoShippingServiceError),
    ],
)
@pytest.mark.parametrize("place", ["inside", "outside", "swapped"])
def test_business_code_is_found_in_each_place(code, kind, place):
    inner = {"info": "words", "data": {"skus": ["S1"], "orderId": "119"}}
    said = {
        "inside": bytes_of(code=409, message=json.dumps({"code": code, **inner})),
        "outside": bytes_of(code=code, message=json.dumps(inner)),
        "swapped": bytes_of(code="words", message=code, data=inner["data"]),
    }[place]

    refused = parse_error(409, said)

    assert (refused.code, refused.skus) == (code, ("S1",))
    assert type(refused.error("POST order/create", is_write=True)) is kind


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (200, b'{"code":409,"message":"Something went wrong 5f1c9a"}', "409"),
        (200, b'HTTP/1.0 500 Internal Server Error\r\n\r\n{"error":"not available"}', "500"),
        (400, b'{"code":"Bad request","message":400}', "400"),
        (429, b"You exceeded the rate limit", "429"),
        (504, b"<html>504 Gateway Time-out</html>", "504"),
        (500, b"The server didn't respond in time.", "500"),
        (401, b'{"message":"Invalid Token"}', "401"),
        (409, b'{"code":409,"message":"{broken"}', "409"),
        (400, b"[" * 5000, "400"),
    ],
)
def test_error_body_is_an_error_at_any_status(status, content, code):
    assert parse_error(status, content).code == code


@pytest.mark.parametrize("content", [b"", b"[]", b'"10000.00"', b'{"id":"119"}', b'[{"code":1}]'])
def test_regular_answer_is_no_error(content):
    assert parse_error(200, content) is None


@pytest.mark.parametrize(("status", "may"), [(409, False), (429, False), (500, True), (523, True)])
def test_only_a_server_error_of_a_write_may_have_happened(status, may):
    refused = parse_error(status, b"")

    assert refused.error("POST order/create", is_write=True).is_outcome_unknown is may
    assert refused.error("GET order/1", is_write=False).is_outcome_unknown is False


def test_form_error_names_fields_without_their_values():
    address = {"town": [], "address": {"errors": [f"{SHOPPER} is too long"]}}
    order = {"language": [], "shippingAddress": {"children": address}}
    tree = {"errors": [], "children": {"order": {"children": order}}}

    refused = parse_error(400, bytes_of(code=400, message=f"Wrong: {SHOPPER}", errors=tree))
    error = refused.error("POST order/create", is_write=True)

    assert refused.fields == ("order.shippingAddress.address",)
    assert "order.shippingAddress.address" in str(error)
    assert SHOPPER not in str(error)


def test_error_of_a_read_quotes_the_message():
    refused = parse_error(400, bytes_of(code=400, message="no such page"))

    assert "no such page" in str(refused.error("GET x", is_write=False))


def test_inactive_product_is_discontinued():
    data = [{"sku": "S1", "message": "Inactive product."}]
    message = json.dumps({"info": "Products error.", "data": data})

    refused = parse_error(409, bytes_of(code=409, message=message))

    assert (refused.code, refused.skus) == ("ER001", ("S1",))
