"""HTTP client: quote no secret, return error answers, end each call in time."""

import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
import respx

from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import ExternalServiceError, TemporaryError

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


TOTAL_S = 0.6
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def slow_server(at_once, drip, *, every_s=0.1):
    """Serve one call: some bytes at once, then ``drip`` one byte at a time, repeatedly."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        try:
            caller, _ = listener.accept()
            with caller:
                caller.recv(65_536)
                caller.sendall(at_once)
                place = 0
                while not over.wait(every_s):
                    caller.sendall(drip[place : place + 1].encode())
                    place = (place + 1) % max(1, len(drip))
        except OSError:
            return  # the client hung up, as expected

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.close()
        thread.join()


@pytest.mark.parametrize(
    ("at_once", "drip"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", "a"),
        (b"", "H"),
        (HEAD + b"\r\n", "1"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", "1\r\n2\r\n"),
        (HEAD, ""),
    ],
    ids=["a header", "the first line", "the body", "chunks", "silence"],
)
def test_call_ends_in_time_wherever_the_answer_is_slow(at_once, drip):
    with slow_server(at_once, drip) as url, ApiClient(url, total_s=TOTAL_S) as api:
        started = time.monotonic()
        with pytest.raises(TemporaryError) as caught:
            api.post("/orders", {})
        took_s = time.monotonic() - started

    assert TOTAL_S * 0.8 < took_s < TOTAL_S + 0.5
    assert caught.value.is_outcome_unknown


def test_reused_connection_has_its_own_deadline():
    body = b'{"a":1}'
    answer = HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    accepted = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        caller, _ = listener.accept()
        accepted.append(caller)
        with caller:
            while caller.recv(65_536):
                caller.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    with ApiClient(f"http://127.0.0.1:{listener.getsockname()[1]}", total_s=TOTAL_S) as api:
        answers = [api.get("/one")]
        time.sleep(TOTAL_S)
        answers.append(api.get("/two"))
    listener.close()
    thread.join()

    assert answers == [{"a": 1}, {"a": 1}]
    assert len(accepted) == 1
