import gzip
import io
import resource
import time
import zlib

import pytest
from werkzeug import Response

from storefront.lib.http.download import download
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.ssrf import ForbiddenAddressError

pytestmark = pytest.mark.django_db
FILE = b"sku,stock\n" * 1000


def redirect(httpserver, path, to, status=302):
    httpserver.expect_request(path).respond_with_data(status=status, headers={"Location": to})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_followed(httpserver, status):
    redirect(httpserver, "/feed", "/v2/feed?day=1", status)
    httpserver.expect_request("/v2/feed", query_string="day=1").respond_with_data(FILE)

    answer = download(httpserver.url_for("/feed"))

    assert answer.content == FILE


@pytest.mark.parametrize(("given", "allowed"), [({}, 3), ({"redirects": 0}, 0)])
def test_redirect_loop_ends(httpserver, given, allowed):
    redirect(httpserver, "/a", "/b")
    redirect(httpserver, "/b", "/a")

    with pytest.raises(PermanentError, match=f"more than {allowed} redirects"):
        download(httpserver.url_for("/a"), **given)

    assert len(httpserver.log) == allowed + 1


def test_other_host_gets_no_credentials(httpserver):
    sent_headers = []
    other_host_url = httpserver.url_for("/other").replace("localhost", "127.0.0.1")
    answers = {"/": "/same", "/same": other_host_url, "/other": ""}

    def answer(request):
        sent_headers.append({name.lower() for name, _ in request.headers})
        to = answers[request.path]
        return Response(status=302, headers={"Location": to}) if to else Response(FILE)

    for path in answers:
        httpserver.expect_request(path).respond_with_handler(answer)
    keys = {"authorization": "Bearer x", "x-api-key": "k", "cookie": "c=1", "if-none-match": '"7"'}

    download(httpserver.url_for("/").replace("127.0.0.1", "localhost"), headers=keys)

    assert [set(keys) & names for names in sent_headers] == [
        set(keys),
        set(keys),
        {"if-none-match"},
    ]


def test_not_modified_is_returned(httpserver):
    httpserver.expect_request("/feed").respond_with_data(status=304, headers={"ETag": '"7"'})

    answer = download(httpserver.url_for("/feed"), headers={"if-none-match": '"7"'})

    assert (answer.status, answer.content, answer.headers["etag"]) == (304, b"", '"7"')


def test_error_answer_is_not_taken_for_the_file(httpserver):
    httpserver.expect_request("/feed").respond_with_data("later", status=503)
    file = io.BytesIO()

    with pytest.raises(TemporaryError, match="HTTP 503"):
        download(httpserver.url_for("/feed"), to=file)

    assert file.getvalue() == b""


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
def test_compressed_answer_is_decompressed(httpserver, encoding, pack):
    httpserver.expect_request("/feed").respond_with_data(
        pack(FILE), headers={"Content-Encoding": encoding}
    )

    assert download(httpserver.url_for("/feed")).content == FILE


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_unrequested_encoding_is_refused(httpserver, encoding):
    answer = {"headers": {"Content-Encoding": encoding}}
    httpserver.expect_request("/feed").respond_with_data(FILE, **answer)

    with pytest.raises(PermanentError, match="unsupported content encoding"):
        download(httpserver.url_for("/feed"))


@pytest.mark.parametrize(
    "body",
    [gzip.compress(FILE)[:-9], gzip.compress(FILE)[:20], b"no gzip"],
    ids=["without its end", "only its start", "no gzip"],
)
def test_corrupt_compression_is_refused(httpserver, body):
    httpserver.expect_request("/feed").respond_with_data(body, headers={"Content-Encoding": "gzip"})

    with pytest.raises(TemporaryError):
        download(httpserver.url_for("/feed"))


def test_decompression_bomb_stops_at_the_limit_in_little_memory(httpserver):
    bomb = gzip.compress(b"0" * 100_000_000, compresslevel=6)
    httpserver.expect_request("/feed").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()

    with pytest.raises(PermanentError, match="larger than 4000000 bytes"):
        download(httpserver.url_for("/feed"))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 50_000
    assert time.monotonic() - started < 1


def test_redirect_from_https_to_http_is_refused(monkeypatch):
    class Answer:
        status = 302
        headers = {"location": "http://127.0.0.1/feed"}
        content = b""

    monkeypatch.setattr("storefront.lib.http.download.ApiClient.send", lambda *_, **__: Answer())

    with pytest.raises(ForbiddenAddressError, match="from https to http"):
        download("https://supplier.example/feed")
