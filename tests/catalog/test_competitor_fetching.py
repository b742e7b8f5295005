"""A source is asked over real HTTP; whatever it answers, what is known stays."""

from __future__ import annotations

import gzip
import socket
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from werkzeug import Response

from catalog import competing, competitor_fetching, tasks
from catalog.models import CompetitorFile, CompetitorPrice, CompetitorPriceChange, CompetitorSource
from storefront.lib.sealing import seal
from tests.factories.catalog import NOON, make_variant

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
PATH = "/prices"
HEAD = "competitor,sku,price,currency,seen_at\n"


def make_source(httpserver, **more):
    known = {"name": "watch", "url": httpserver.url_for(PATH), "due_at": NOON}
    return CompetitorSource.objects.create(**{**known, **more})


def fetch(source, now=NOON):
    taken = competitor_fetching.fetch(source_id=source.pk, now=now)
    source.refresh_from_db()
    return taken


def tell(httpserver, text, **words):
    httpserver.clear()
    httpserver.expect_request(PATH).respond_with_data(text, **words)


@pytest.fixture
def variant():
    return make_variant()


@pytest.fixture
def known(httpserver, variant):
    """A source that told a price of 10 at noon."""
    source = make_source(httpserver)
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n", headers={"ETag": '"1"'})
    assert fetch(source).counts["changed"] == 1
    return source


def is_as_it_was(source):
    """Tell whether a failed try left everything that was known."""
    price = CompetitorPrice.objects.get()
    return (price.amount, price.as_of, source.heard_at) == (Decimal(10), NOON, NOON)


def test_what_a_source_tells_comes_in_by_the_same_door(httpserver, variant):
    source = make_source(httpserver)
    old, future = "2026-11-10T12:00:00Z", "2026-12-10T12:00:00Z"
    tell(
        httpserver,
        f"{HEAD}a.example,{variant.sku},10,EUR,2026-11-24T09:00:00Z\n"
        f"old.example,{variant.sku},1,EUR,{old}\n"
        f"soon.example,{variant.sku},1,EUR,{future}\n"
        "a.example,unknown,1,EUR,\n",
    )

    taken = fetch(source)

    assert dict(taken.counts) == {"changed": 1, "matched": 1, "refused": 3}
    price = CompetitorPrice.objects.get()
    assert (price.competitor, price.as_of) == ("a.example", NOON - 3 * HOUR)
    assert (price.source, price.told_by) == ("watch", "source watch")
    reasons = dict(CompetitorFile.objects.get().refused)
    assert "older than 7 days" in reasons[3]
    assert "in the future" in reasons[4]
    assert (source.heard_at, source.problem, source.last_file.came_by) == (NOON, "", "fetched")


def test_json_is_read_where_it_is_what_the_source_writes(httpserver, variant):
    source = make_source(httpserver, dialect="json")
    row = {"shop": "a", "sku": variant.sku, "amount": 10.5, "currency": "EUR", "rank": [1]}
    httpserver.expect_request(PATH).respond_with_json({"prices": [row]})

    assert fetch(source).counts["changed"] == 1
    assert CompetitorPrice.objects.get().amount == Decimal("10.50")


def test_a_source_is_asked_when_it_is_due_and_by_one_of_many(httpserver, variant):
    source = make_source(httpserver, every_min=30)
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n")

    assert competitor_fetching.due(now=NOON - HOUR) == []
    assert competitor_fetching.due(now=NOON) == [source.pk]
    fetch(source)
    assert competitor_fetching.due(now=NOON) == []
    assert fetch(source) is None
    assert len(httpserver.log) == 1
    assert source.due_at == NOON + HOUR / 2
    assert fetch(source, NOON + HOUR / 2) is not None


def test_of_two_workers_that_saw_it_due_one_asks(httpserver, variant, monkeypatch):
    source = make_source(httpserver)
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n")
    real = CompetitorSource.objects.filter(pk=source.pk).first()
    found = type("Found", (), {"first": lambda _self: real})()
    filtered = CompetitorSource.objects.filter

    def seen_before(**asked):
        return found if "due_at__lte" in asked else filtered(**asked)

    monkeypatch.setattr(CompetitorSource.objects, "filter", seen_before)

    answers = [competitor_fetching.fetch(source_id=source.pk, now=NOON) for _ in range(2)]

    assert [answer is None for answer in answers] == [False, True]
    assert len(httpserver.log) == 1


def test_a_source_that_is_off_is_not_asked(httpserver):
    source = make_source(httpserver, is_on=False)

    assert competitor_fetching.due(now=NOON) == []
    assert fetch(source) is None
    assert httpserver.log == []


def test_what_did_not_change_is_not_sent_again_and_confirms_nothing(httpserver, known):
    asked = []

    def answer(request):
        asked.append(request.headers.get("If-None-Match"))
        return Response(status=304)

    httpserver.clear()
    httpserver.expect_request(PATH).respond_with_handler(answer)

    assert fetch(known, NOON + HOUR) is None

    assert asked == ['"1"']
    assert (known.problem, known.heard_at) == ("", NOON + HOUR)
    assert CompetitorPrice.objects.get().as_of == NOON
    # Marks may lie: after a day all of it is fetched.
    fetch(known, NOON + 25 * HOUR)
    assert asked == ['"1"', None]
    assert "nothing changed, and we have nothing" in known.problem


def test_the_same_words_anew_confirm_and_are_kept_once(httpserver, known, variant):
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n")

    taken = fetch(known, NOON + HOUR)

    assert dict(taken.counts) == {"confirmed": 1, "matched": 1}
    assert CompetitorPrice.objects.get().as_of == NOON + HOUR
    assert CompetitorFile.objects.count() == CompetitorPriceChange.objects.count() == 1


def test_lines_without_a_date_are_as_old_as_the_list(httpserver, variant):
    source = make_source(httpserver)
    rows = f"{HEAD}a.example,{variant.sku},10,EUR,\n"
    tell(httpserver, rows, headers={"Last-Modified": "Sun, 22 Nov 2026 12:00:00 GMT"})

    fetch(source)

    assert CompetitorPrice.objects.get().as_of == NOON - 48 * HOUR
    tell(httpserver, rows, headers={"Last-Modified": "Sun, 22 Nov 2026 12:00:00 GMT"})
    fetch(source, NOON + 6 * 24 * HOUR)
    assert source.problem.startswith("None of its lines counts. Line 2: It is of 2026-11-22")


def slow(seconds):
    def answer(_request):
        threading.Event().wait(seconds)
        return Response("late")

    return answer


HTML = "<!doctype html><title>Sign in</title><p>Please sign in.</p>"
HUGE = HEAD + "x" * competing.MOST_BYTES
FAULTS = {
    "500": ({"response_data": "oops", "status": 500}, "HTTP 500"),
    "404": ({"response_data": "gone", "status": 404}, "HTTP 404"),
    "a page to sign in": ({"response_data": HTML}, "No column says"),
    "nothing": ({"response_data": ""}, "No column says"),
    "only headings": ({"response_data": HEAD}, "has no lines"),
    "no text": ({"response_data": b"\xff\xfe\x00\x01"}, "not written in UTF-8"),
    "huge": ({"response_data": HUGE}, "answer over 8000000 bytes"),
    "a bomb": (
        {"response_data": gzip.compress(HUGE.encode()), "headers": {"Content-Encoding": "gzip"}},
        "answer over 8000000 bytes",
    ),
    "a packing cut off": (
        {
            "response_data": gzip.compress(HEAD.encode() * 99)[:-9],
            "headers": {"Content-Encoding": "gzip"},
        },
        "cut off",
    ),
    "strange goods": ({"response_data": f"{HEAD}a,nobody,1,EUR,\n"}, "Line 2: We have no such"),
    "a circle": (
        {"response_data": "", "status": 302, "headers": {"Location": PATH}},
        "more than 3 redirects",
    ),
    "our own network": (
        {"response_data": "", "status": 302, "headers": {"Location": "http://169.254.169.254/"}},
        "is in no public network",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_source_that_fails_says_so_in_words_and_wipes_nothing(httpserver, known, variant, name):
    words, problem = FAULTS[name]
    httpserver.clear()
    httpserver.expect_request(PATH).respond_with_data(**words)

    assert fetch(known, NOON + HOUR) is None

    assert problem in known.problem
    assert known.failing_since == NOON + HOUR
    assert is_as_it_was(known)
    assert fetch(known, NOON + 2 * HOUR) is None
    assert known.failing_since == NOON + HOUR
    # It comes back by itself.
    tell(httpserver, f"{HEAD}a.example,{variant.sku},9,EUR,\n")
    fetch(known, NOON + 3 * HOUR)
    assert (known.problem, known.failing_since) == ("", None)
    assert CompetitorPrice.objects.get().amount == Decimal(9)


def test_a_source_that_hangs_is_not_waited_for(httpserver, known, monkeypatch):
    monkeypatch.setattr(competitor_fetching, "READ_S", 0.2)
    monkeypatch.setattr(competitor_fetching, "TOTAL_S", 0.5)
    httpserver.clear()
    httpserver.expect_request(PATH).respond_with_handler(slow(1))

    assert fetch(known, NOON + HOUR) is None

    assert "ReadTimeout" in known.problem
    assert is_as_it_was(known)


@pytest.fixture
def raw():
    """A server that says exactly these bytes and hangs up."""
    server = socket.create_server(("127.0.0.1", 0))
    said = []

    def serve():
        while said:
            line, _ = server.accept()
            with line:
                line.recv(65_536)
                line.sendall(said.pop(0))

    def start(*answers):
        said.extend(answers)
        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}{PATH}"

    yield start
    server.close()


def http(body, *headers):
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/csv", *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize("dialect", ["csv", "json"])
@pytest.mark.parametrize(
    "cut_off",
    [
        lambda body: http(body, "Content-Length: 9999"),
        lambda body: http(b"%x\r\n" % (len(body) + 9) + body, "Transfer-Encoding: chunked"),
        http,
    ],
    ids=["measured", "in chunks", "until it hangs up"],
)
def test_a_list_that_was_cut_off_is_not_believed(known, variant, raw, cut_off, dialect):
    rows = {
        "csv": f"competitor,sku,currency,price\na.example,{variant.sku},EUR,1",
        "json": f'[{{"shop":"a.example","sku":"{variant.sku}","currency":"EUR","price":1',
    }
    CompetitorSource.objects.update(url=raw(cut_off(rows[dialect].encode())), dialect=dialect)

    assert fetch(known, NOON + HOUR) is None

    assert known.problem
    assert is_as_it_was(known)


def test_a_whole_list_until_it_hangs_up_is_believed(known, variant, raw):
    body = f"competitor,sku,currency,price\na.example,{variant.sku},EUR,9\n".encode()
    CompetitorSource.objects.update(url=raw(http(body)))

    assert fetch(known, NOON + HOUR).counts["changed"] == 1


def test_who_died_halfway_fetches_all_of_it_again(httpserver, known, variant, monkeypatch):
    tell(httpserver, f"{HEAD}a.example,{variant.sku},9,EUR,\n", headers={"ETag": '"2"'})

    def dying(**_words):
        raise KeyboardInterrupt

    monkeypatch.setattr(competing, "take_in", dying)
    with pytest.raises(KeyboardInterrupt):
        fetch(known, NOON + HOUR)
    monkeypatch.undo()
    assert is_as_it_was(known)

    known.refresh_from_db()
    assert known.remembered["etag"] == '"1"'
    assert fetch(known, NOON + 3 * HOUR).counts["changed"] == 1


def test_another_address_is_not_asked_by_the_marks_of_the_first(httpserver, known, variant):
    CompetitorSource.objects.update(url=httpserver.url_for("/other"))
    httpserver.expect_request("/other").respond_with_data(f"{HEAD}a.example,{variant.sku},9,EUR,\n")

    fetch(known, NOON + HOUR)

    assert "If-None-Match" not in httpserver.log[-1][0].headers
    assert CompetitorPrice.objects.get().amount == Decimal(9)


def test_a_secret_goes_in_its_header_and_is_told_to_nobody_else(httpserver, variant, caplog):
    source = make_source(
        httpserver, header="X-Api-Key", secret_sealed=seal({"value": "swordfish-17"})
    )
    heard = []

    def answer(request):
        heard.append(request.headers.get("X-Api-Key"))
        if len(heard) == 1:
            there = httpserver.url_for("/else").replace("localhost", "127.0.0.1")
            return Response(status=302, headers={"Location": there})
        return Response(f"{HEAD}a,{variant.sku},swordfish-17,EUR,\n")

    httpserver.expect_request(PATH).respond_with_handler(answer)
    httpserver.expect_request("/else").respond_with_handler(answer)
    CompetitorSource.objects.update(url=httpserver.url_for(PATH).replace("127.0.0.1", "localhost"))

    assert fetch(source) is None

    assert heard == ["swordfish-17", None]
    assert "is no price" in source.problem
    assert "swordfish" not in source.problem + caplog.text


def test_a_secret_that_nobody_can_open_is_a_problem_in_words(httpserver, settings):
    source = make_source(httpserver, header="X-Api-Key", secret_sealed="broken")

    assert fetch(source) is None

    assert "FIELD_KEYS" in source.problem
    assert httpserver.log == []


def test_beat_starts_what_is_due(httpserver, variant, monkeypatch):
    started = []
    monkeypatch.setattr(tasks.hear_competitors, "delay", lambda **known: started.append(known))
    source = make_source(httpserver)
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n")
    monkeypatch.setattr(tasks.timezone, "now", lambda: NOON)

    assert tasks.hear_due_competitors() == 1
    assert started == [{"source_id": source.pk}]
    assert tasks.hear_competitors(**started[0]) == {"changed": 1, "matched": 1}
    assert tasks.hear_due_competitors() == 0
