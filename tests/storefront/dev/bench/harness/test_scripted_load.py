"""Scripted load: scripts run to their end, a given number at once; a bad answer stops the run."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from storefront.dev.bench.harness.load import BadAnswerError
from storefront.dev.bench.harness.scripted_load import Ask, hammer, insist, walk


class Echo(BaseHTTPRequestHandler):
    """Answers with the request's body, and with the status that the path names."""

    protocol_version = "HTTP/1.1"
    open_now, most_open = 0, 0
    lock = threading.Lock()

    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, form):
        with self.lock:
            Echo.open_now += 1
            Echo.most_open = max(self.most_open, self.open_now)
        body = f"{self.command} {self.headers.get('Cookie', '')} {form.decode()}".encode()
        self.send_response(int(self.path.strip("/")))
        self.send_header("Location", "/there/")
        self.send_header("Set-Cookie", "a=1:b; Path=/; HttpOnly")
        if b"short" not in form:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with self.lock:
            Echo.open_now -= 1
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def script(port, *, form=b"x=1", status=303):
    first = yield Ask(step="first", port=port, path="/200/")
    ask = Ask(step="second", port=port, path=f"/{status}/", form=form, cookies=first.cookies)
    second = insist(ask, (yield ask), status=303)
    return first.body, second.body, second.location


def test_script_gets_each_answer_before_its_next_request(port):
    walks = walk([script(port)], at_once=1, seconds=0)

    (walked,) = walks.walked
    assert walked.result == (b"GET  ", b"POST a=1:b x=1", "/there/")
    assert len(walk([script(port) for _ in range(3)], at_once=2, seconds=60).walked) == 3
    assert list(walked.steps) == ["first", "second"]
    assert sum(walked.steps.values()) <= walked.seconds <= walks.seconds


def test_scripts_start_until_the_time_is_over_and_all_finish(port):
    endless = (script(port) for _ in iter(int, 1))

    walks = walk(endless, at_once=4, seconds=0.3)

    assert len(walks.walked) > 4
    assert walks.whole.per_second == pytest.approx(len(walks.walked) / walks.seconds)
    assert 0.3 <= walks.seconds < 5


def test_paths_are_requested_in_turn_until_the_time_is_over(port):
    timing = hammer(port=port, paths=["/200/"], connections=3, seconds=0.2)

    assert len(timing.latencies_s) > 3
    assert timing.percentile_ms(0.5) > 0
    with pytest.raises(BadAnswerError, match="GET /404/: 404"):
        hammer(port=port, paths=["/200/", "/404/"], connections=1, seconds=0.2)


@pytest.mark.parametrize(
    ("wish", "words"),
    [({"status": 409}, "POST /409/: 409"), ({"form": b"short"}, "without Content-Length")],
)
def test_unexpected_answer_stops_the_run(port, wish, words):
    with pytest.raises(BadAnswerError, match=words):
        walk([script(port, **wish)], at_once=1, seconds=0)
