"""Known competitor prices survive every faulty response of a source, over real HTTP."""

import gzip
import socket
import threading
from decimal import Decimal

import pytest
from werkzeug import Response

from catalog.competitors import price_import, sources
from catalog.models import CompetitorPrice, CompetitorSource
from tests.factories.catalog import NOON
from tests.fakes.competitor_price_server import (
    HEAD,
    HOUR,
    PATH,
    fetch,
    is_as_it_was,
    known,
    tell,
    variant,
)

__all__ = ["known", "variant"]

pytestmark = pytest.mark.django_db


def slow(seconds):
    def answer(_request):
        threading.Event().wait(seconds)
        return Response("late")

    return answer


HTML = "<!doctype html><title>Sign in</title><p>Please sign in.</p>"
HUGE = HEAD + "x" * price_import.MAX_BYTES
FAULTS = {
    "500": ({"response_data": "oops", "status": 500}, "HTTP 500"),
    "404": ({"response_data": "gone", "status": 404}, "HTTP 404"),
    "a sign-in page": ({"response_data": HTML}, "Missing columns"),
    "an empty body": ({"response_data": ""}, "Missing columns"),
    "headings only": ({"response_data": HEAD}, "has no rows"),
    "not text": ({"response_data": b"\xff\xfe\x00\x01"}, "not UTF-8"),
    "a huge list": ({"response_data": HUGE}, "response larger than 8000000 bytes"),
    "a gzip bomb": (
        {"response_data": gzip.compress(HUGE.encode()), "headers": {"Content-Encoding": "gzip"}},
        "response larger than 8000000 bytes",
    ),
    "a truncated gzip": (
        {
            "response_data": gzip.compress(HEAD.encode() * 99)[:-9],
            "headers": {"Content-Encoding": "gzip"},
        },
        "cut off",
    ),
    "unknown products": (
        {"response_data": f"{HEAD}a,unknown,1,EUR,\n"},
        "Row 2: No matching product",
    ),
    "a redirect loop": (
        {"response_data": "", "status": 302, "headers": {"Location": PATH}},
        "more than 3 redirects",
    ),
    "a private network": (
        {"response_data": "", "status": 302, "headers": {"Location": "http://169.254.169.254/"}},
        "is not in a public network",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_failed_source_shows_its_error_and_deletes_nothing(httpserver, known, variant, name):
    words, problem = FAULTS[name]
    httpserver.clear()
    httpserver.expect_request(PATH).respond_with_data(**words)

    assert fetch(known, NOON + HOUR) is None

    assert problem in known.problem
    assert known.failing_since == NOON + HOUR
    assert is_as_it_was(known)
    assert fetch(known, NOON + 2 * HOUR) is None
    assert known.failing_since == NOON + HOUR
    # It recovers without intervention.
    tell(httpserver, f"{HEAD}a.example,{variant.sku},9,EUR,\n")
    fetch(known, NOON + 3 * HOUR)
    assert (known.problem, known.failing_since) == ("", None)
    assert CompetitorPrice.objects.get().amount == Decimal(9)


def test_a_hanging_source_times_out(httpserver, known, monkeypatch):
    monkeypatch.setattr(sources, "READ_TIMEOUT_S", 0.2)
    monkeypatch.setattr(sources, "TOTAL_TIMEOUT_S", 0.5)
    httpserver.clear()
    httpserver.expect_request(PATH).respond_with_handler(slow(1))

    assert fetch(known, NOON + HOUR) is None

    assert "no answer in time" in known.problem
    assert is_as_it_was(known)


@pytest.fixture
def raw():
    """Start a server that sends the given bytes, one answer a call, and disconnects."""
    server = socket.create_server(("127.0.0.1", 0))
    left = []

    def serve():
        while left:
            line, _ = server.accept()
            with line:
                line.recv(65_536)
                line.sendall(left.pop(0))

    def start(*answers):
        left.extend(answers)
        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}{PATH}"

    yield start
    server.close()


def http(body, *headers):
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/csv", *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize("list_format", ["csv", "json"])
@pytest.mark.parametrize(
    "cut_off",
    [
        lambda body: http(body, "Content-Length: 9999"),
        lambda body: http(b"%x\r\n" % (len(body) + 9) + body, "Transfer-Encoding: chunked"),
        http,
    ],
    ids=["with a length", "chunked", "until disconnect"],
)
def test_a_truncated_list_is_rejected(known, variant, raw, cut_off, list_format):
    rows = {
        "csv": f"competitor,sku,currency,price\na.example,{variant.sku},EUR,1",
        "json": f'[{{"shop":"a.example","sku":"{variant.sku}","currency":"EUR","price":1',
    }
    CompetitorSource.objects.update(
        url=raw(cut_off(rows[list_format].encode())), list_format=list_format
    )

    assert fetch(known, NOON + HOUR) is None

    assert known.problem
    assert is_as_it_was(known)


def test_a_complete_list_before_a_disconnect_is_accepted(known, variant, raw):
    body = f"competitor,sku,currency,price\na.example,{variant.sku},EUR,9\n".encode()
    CompetitorSource.objects.update(url=raw(http(body)))

    assert fetch(known, NOON + HOUR).counts["changed"] == 1


def test_after_a_crash_the_list_is_fetched_again(httpserver, known, variant, monkeypatch):
    tell(httpserver, f"{HEAD}a.example,{variant.sku},9,EUR,\n", headers={"ETag": '"2"'})

    def dying(**_words):
        raise KeyboardInterrupt

    monkeypatch.setattr(price_import, "import_list", dying)
    with pytest.raises(KeyboardInterrupt):
        fetch(known, NOON + HOUR)
    monkeypatch.undo()
    assert is_as_it_was(known)

    known.refresh_from_db()
    assert known.validators["etag"] == '"1"'
    assert fetch(known, NOON + 3 * HOUR).counts["changed"] == 1
