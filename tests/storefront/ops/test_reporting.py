import subprocess
import sys
import zlib

import brotli
import pytest

TOKEN = "kqTz0a-LwT2mXv4Rb8Nc_1Yd6KZq7LwT2mXv4Rb8Nc1"
UNPACK = {"": bytes, "br": brotli.decompress, "gzip": lambda data: zlib.decompress(data, 31)}
# A web process whose application calls another service, then fails.
PROGRAM = """
import django, httpx, sentry_sdk, sys
django.setup()
from opentelemetry import trace
from storefront.ops import reporting

def application(environ, start_response):
    httpx.get(sys.argv[1] + "/elsewhere?key=" + sys.argv[2])
    try:
        raise ValueError("no /en/orders/FL-1/" + sys.argv[2] + "/")
    except ValueError:
        sentry_sdk.capture_exception()
    start_response("500 Error", [])
    return [b""]

answer = reporting.start_in_web(application)(
    {
        "REQUEST_METHOD": "GET", "PATH_INFO": f"/en/orders/FL-1/{sys.argv[2]}/",
        "QUERY_STRING": "email=erika@example.org", "REMOTE_ADDR": "203.0.113.9",
        "HTTP_USER_AGENT": "Erikas Browser", "SERVER_NAME": "shop.example", "SERVER_PORT": "443",
        "wsgi.url_scheme": "https", "SERVER_PROTOCOL": "HTTP/1.1",
    },
    lambda *_: None,
)
list(answer)
trace.get_tracer_provider().force_flush()
sentry_sdk.flush()
"""


@pytest.fixture
def received(httpserver):
    """Run the process, then return the bodies that Sentry and the collector got."""
    httpserver.expect_request("/elsewhere").respond_with_data("")
    httpserver.expect_request("/v1/traces").respond_with_data(b"")
    httpserver.expect_request("/api/1/envelope/").respond_with_data("{}")
    address = httpserver.url_for("").rstrip("/")
    subprocess.run(
        [sys.executable, "-c", PROGRAM, address, TOKEN],
        check=True,
        timeout=120,
        env={
            "DJANGO_SETTINGS_MODULE": "storefront.settings",
            "SENTRY_DSN": address.replace("://", "://key@") + "/1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
        },
    )
    bodies = {}
    for request, _answer in httpserver.log:
        body = UNPACK[request.headers.get("Content-Encoding", "")](request.data)
        bodies[request.path] = bodies.get(request.path, b"") + body
    return bodies


def test_errors_and_spans_arrive_without_personal_data_and_keys(received):
    errors, spans = received["/api/1/envelope/"], received["/v1/traces"]

    assert b"ValueError" in errors
    assert b"GET shop" in spans
    assert b"/elsewhere" in spans
    for secret in (TOKEN, "erika@example.org", "203.0.113.9", "Erikas Browser"):
        assert secret.encode() not in errors + spans
