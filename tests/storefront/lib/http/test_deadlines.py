"""HTTP deadlines: a call ends in time, wherever the server sends slowly."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import TemporaryError

pytestmark = pytest.mark.django_db
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
