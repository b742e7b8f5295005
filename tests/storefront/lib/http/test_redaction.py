import logging
import traceback
from urllib.parse import quote

import pytest

from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.http.redaction import quoted_response, redacted_path, service_request_id

pytestmark = pytest.mark.django_db
KEY = "sk9Zq7LwT2mXv4Rb8Nc1Yd6K"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("product/list", "product/list"),
        ("orders/2411241234567890123/lines", "orders/2411241234567890123/lines"),
        ("/p/0198F1C2-7A3B-4C5D-8E9F-001122334455", "/p/0198F1C2-7A3B-4C5D-8E9F-001122334455"),
        ("/feeds/stock-and-price-of-all-goods.csv", "/feeds/stock-and-price-of-all-goods.csv"),
        ("/f.csv?X-Amz-Signature=abc", "/f.csv?…"),
        ("/f.csv?token=abc#top", "/f.csv?…"),
        ("/f.csv#abc", "/f.csv"),
        (f"/feeds/{KEY}/stock.csv", "/feeds/…/stock.csv"),
    ],
)
def test_path_is_logged_without_keys(path, expected):
    assert redacted_path(path) == expected


@pytest.mark.parametrize("secret", ["swordfish", "swordfish/2", "0123456789abcdef0123456789abcdef"])
def test_secret_is_removed_from_a_path_in_any_spelling(secret):
    secrets = [secret, "swordfish", "p"]
    for spelled in (secret, quote(secret, safe="")):
        assert redacted_path(f"/dl/{spelled}/p.csv", secrets=secrets) == "/dl/…/p.csv"


def test_answer_that_echoes_a_key_is_quoted_without_it():
    assert quoted_response("GET", f"bad key {KEY}".encode(), sent=[KEY, "*/*"]) == ": 'bad key …'"


@pytest.mark.parametrize(
    ("headers", "content", "name"),
    [
        ({"x-request-id": "abc-123"}, b"", "abc-123"),
        ({"x-request-id": "abc\n  123"}, b"", "abc123"),
        ({}, b'{"code":200,"data":{},"requestId":"2f0c-9a","success":true}', "2f0c-9a"),
        ({}, b'{"data":"' + b"x" * 9000 + b'","request_id":"2f0c9a77"}', "2f0c9a77"),
        ({}, b"<html>", ""),
    ],
)
def test_request_id_of_the_service_is_found(headers, content, name):
    assert service_request_id(headers, content) == name


def test_neither_log_nor_error_contains_sent_secrets(httpserver, caplog):
    caplog.set_level(logging.DEBUG)
    httpserver.expect_request("/v1/orders").respond_with_data(f"bad key {KEY}", status=401)

    with ApiClient(httpserver.url_for("/v1/"), headers={"x-key": KEY}) as api:
        with pytest.raises(ExternalServiceError) as by_header:
            api.get("orders")
        with pytest.raises(ExternalServiceError) as by_query:
            api.get("orders", key=KEY, street="Rue de la Paix")

    output = f"{by_header.value} {by_query.value!r} {caplog.text}"
    ours = output.replace(f"GET /v1/orders?key={KEY}", "")  # the test server's own log
    ours = "\n".join(line for line in ours.splitlines() if "werkzeug" not in line)
    assert KEY not in ours
    assert "Rue" not in ours


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY}é", f"{KEY}\0"])
def test_unsendable_key_is_not_quoted(httpserver, key):
    httpserver.expect_request("/").respond_with_data("{}")

    with (
        pytest.raises(ExternalServiceError) as caught,
        ApiClient(httpserver.url_for("/"), headers={"x-key": key}) as api,
    ):
        api.get("/")

    assert not caught.value.is_outcome_unknown
    assert KEY not in "".join(traceback.format_exception(caught.value))
