import httpx
import pytest
import respx

from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import ExternalServiceError

pytestmark = pytest.mark.django_db
BASE = "https://supplier.example"
ECHO = "no street for erika@example.org"


@pytest.fixture
def answers():
    with respx.mock(base_url=BASE) as mocked:
        yield mocked


@pytest.mark.parametrize("status", [200, 400, 503])
@pytest.mark.parametrize(("method", "is_quoted"), [("GET", True), ("POST", False), ("PUT", False)])
def test_only_answers_to_reads_are_quoted(answers, status, method, is_quoted):
    answers.route(path="/orders").mock(return_value=httpx.Response(status, text=ECHO))

    with ApiClient(BASE) as api, pytest.raises(ExternalServiceError) as failure:
        api.json(method, "/orders")

    assert str(failure.value).startswith(f"{method} /orders: ")
    assert (ECHO in str(failure.value)) == is_quoted


def test_refused_write_quotes_only_its_code(answers):
    refusal = {"error": {"code": "key_reused", "message": ECHO}}
    answers.post("/orders").mock(return_value=httpx.Response(409, json=refusal))

    with ApiClient(BASE) as api, pytest.raises(ExternalServiceError) as failure:
        api.post("/orders", {})

    assert str(failure.value) == "POST /orders: HTTP 409 (key_reused)"


def test_exchange_returns_an_error_answer(httpserver):
    httpserver.expect_request("/orders").respond_with_data(
        '{"code": "ER008"}', status=409, headers={"X-RateLimit-Remaining": "3"}
    )

    with ApiClient(httpserver.url_for("/")) as api:
        answer = api.send("POST", "orders", body={"number": 1})

    assert (answer.status, answer.content) == (409, b'{"code": "ER008"}')
    assert answer.headers["x-ratelimit-remaining"] == "3"


def test_long_answer_is_written_to_a_file(httpserver, tmp_path):
    httpserver.expect_request("/list").respond_with_data(b"[" + b"1," * 100_000 + b"1]")

    with (tmp_path / "list").open("w+b") as file, ApiClient(httpserver.url_for("/")) as api:
        answer = api.send("GET", "list", to=file)
        size = file.tell()

    assert (answer.status, answer.content, size) == (200, b"", 200_003)
