"""SSRF protection: no untrusted URL reaches the internal network, where a trap listens."""

import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import httpcore
import pytest

from storefront.lib.http import ssrf
from storefront.lib.http.client import ApiClient
from storefront.lib.http.download import download
from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from storefront.lib.http.ssrf import ForbiddenAddressError, connect, is_allowed

pytestmark = pytest.mark.django_db
LINES = (Path(__file__).parent / "bad_addresses.txt").read_text(encoding="utf-8").splitlines()
ADDRESSES = [line.split("  ")[0] for line in LINES if not line.startswith("# ")]
PUBLIC = "93.184.215.14"
NAMES = {
    "private.example": ["10.0.0.7"],
    "mixed.example": [PUBLIC, "127.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "public.example": [PUBLIC],
}


class Trap:
    """Listens on one port of this machine, on every address, and counts connections."""

    def __init__(self, stack):
        self.heard = []
        first = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = first.getsockname()[1]
        six = socket.create_server(("::1", self.port), family=socket.AF_INET6)
        for listener in (first, stack.enter_context(six)):
            listener.settimeout(0.02)
            threading.Thread(target=self._listen, args=[listener], daemon=True).start()

    def _listen(self, listener):
        while listener.fileno() != -1:
            try:
                caller, address = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self.heard.append(address)
            caller.close()


@pytest.fixture
def trap(settings):
    settings.PRIVATE_NETWORKS_ALLOWED = []
    settings.OUTSIDE_PORTS_ALLOWED = ["7000-65535"]
    with ExitStack() as stack:
        yield Trap(stack)


@pytest.fixture
def resolver(monkeypatch):
    """Resolve the example names, and record the lookups."""
    asked = []
    real = socket.getaddrinfo

    def getaddrinfo(host, port, *args, **words):
        asked.append(host)
        if host not in NAMES:
            return real(host, port, *args, **words)
        found = NAMES[host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.fixture
def connections(monkeypatch):
    """Record each address that is connected to; every connection fails."""
    tried = []

    def connect(_self, host, port, *_args, **_words):
        tried.append((host, port))
        raise httpcore.ConnectError("no server answers")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    return tried


@pytest.mark.parametrize("address", ADDRESSES)
def test_forbidden_address_is_not_called(trap, resolver, address):
    with pytest.raises(ExternalServiceError) as refused:
        download(address.format(port=trap.port), total_s=3)

    assert trap.heard == []
    # Some systems cannot even resolve the strangest addresses.
    is_unknown = isinstance(refused.value, TemporaryError)
    assert is_unknown or isinstance(refused.value, ForbiddenAddressError)
    assert not is_unknown or "cannot be resolved" in str(refused.value)
    assert len(set(ADDRESSES)) >= 40


@pytest.mark.parametrize("address", ADDRESSES)
def test_redirect_to_a_forbidden_address_is_refused(trap, resolver, settings, httpserver, address):
    settings.PRIVATE_NETWORKS_ALLOWED = ["127.0.0.1/32"]
    settings.OUTSIDE_PORTS_ALLOWED = [str(httpserver.port)]
    redirect_url = address.format(port=trap.port)
    httpserver.expect_request("/picture").respond_with_data(
        status=302, headers={"Location": redirect_url.encode().decode("latin-1")}
    )

    with pytest.raises(ExternalServiceError):
        download(httpserver.url_for("/picture"), total_s=3)

    assert trap.heard == []


def test_connection_uses_the_address_that_was_checked(trap, monkeypatch, connections):
    answers = [PUBLIC, "127.0.0.1", "127.0.0.1"]
    asked = []

    def getaddrinfo(host, port, *_args, **_words):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    with ApiClient("http://rebinding.example") as api, pytest.raises(TemporaryError):
        api.get("/orders")

    assert asked == ["rebinding.example"]
    assert connections == [(PUBLIC, 80)]
    assert trap.heard == []


def test_second_address_is_tried_if_the_first_does_not_answer(trap, monkeypatch, connections):
    monkeypatch.setitem(NAMES, "two.example", [PUBLIC, "1.1.1.1"])
    monkeypatch.setattr(ssrf, "_resolved", lambda *_: NAMES["two.example"])

    with ApiClient("https://two.example") as api, pytest.raises(TemporaryError):
        api.get("/")

    assert connections == [(PUBLIC, 443), ("1.1.1.1", 443)]


def test_path_never_changes_the_host(trap, resolver, connections):
    with ApiClient("http://public.example/v1/") as api:
        for path in (f"http://127.0.0.1:{trap.port}/", "https://public.example/"):
            with pytest.raises(ForbiddenAddressError):
                api.get(path)
        with pytest.raises(TemporaryError):
            api.get(f"//127.0.0.1:{trap.port}/")

    assert connections == [(PUBLIC, 80)]
    assert trap.heard == []


def test_api_follows_no_redirect(trap, settings, httpserver):
    settings.PRIVATE_NETWORKS_ALLOWED = ["127.0.0.0/8"]
    httpserver.expect_request("/orders").respond_with_data(
        status=302, headers={"Location": f"http://127.0.0.1:{trap.port}/"}
    )

    with (
        ApiClient(httpserver.url_for("/")) as api,
        pytest.raises(ExternalServiceError, match="HTTP 302"),
    ):
        api.get("orders")

    assert trap.heard == []


def test_other_protocols_obey_the_same_rules(trap, resolver, settings):
    for host in ("127.0.0.1", "localhost", "private.example"):
        with pytest.raises(ForbiddenAddressError):
            connect(host, trap.port, timeout_s=1, usual_ports=frozenset({22}))
    assert trap.heard == []

    settings.PRIVATE_NETWORKS_ALLOWED = ["127.0.0.1/32"]
    with connect("127.0.0.1", trap.port, timeout_s=1, usual_ports=frozenset()) as line:
        line.recv(1)
    assert len(trap.heard) == 1


def test_public_addresses_are_allowed(settings):
    settings.PRIVATE_NETWORKS_ALLOWED = []

    for address in (PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"):
        assert is_allowed(address), address


def test_hanging_resolver_times_out(trap, monkeypatch):
    over = threading.Event()

    def hang(*_args, **_words):
        over.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)

    with ApiClient("http://slow.example", total_s=0.2) as api, pytest.raises(TemporaryError):
        api.get("/")

    over.set()
