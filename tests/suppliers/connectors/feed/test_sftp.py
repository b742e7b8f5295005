import io
import os
import socket
import time
from dataclasses import replace
from datetime import timedelta

import paramiko
import pytest
from django.utils import timezone

from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.connectors.feed import fetch, sftp
from suppliers.connectors.feed.options import Content
from suppliers.connectors.feed.sftp import open_sftp
from suppliers.models import CircuitBreaker
from tests.factories.connector_contexts import CountingGate, make_context
from tests.fakes.sftp_server import sftp_server
from tests.suppliers.connectors.feed.conftest import KilledError

CSV = "SKU,Name,Price,Stock\nA-1,Headlamp,12.30,5\n"
MAPPING = {"fields": {"sku": {"column": "SKU"}, "title": {"column": "Name"}}}


@pytest.fixture
def server(tmp_path, settings):
    settings.OUTSIDE_PORTS_ALLOWED = ["1-65535"]
    folder = tmp_path / "supplier"
    folder.mkdir()
    (folder / "feed.csv").write_text(CSV)
    with sftp_server(folder, key=paramiko.RSAKey.generate(2048)) as server:
        yield server


def context_for(server, tmp_path, *, secrets=None, **options):
    return make_context(
        server.url,
        gate=CountingGate(),
        secrets={**server.secrets, **(secrets or {})},
        options={
            "via": "sftp",
            "products_at": "feed.csv",
            "host_key": server.host_key,
            "mapping": MAPPING,
            **options,
        },
        folder=tmp_path / "ours",
    )


def test_unchanged_file_is_fetched_once(server, tmp_path):
    context = context_for(server, tmp_path)

    first = fetch.fetch(context, content=Content.PRODUCTS)
    again = fetch.fetch(context, content=Content.PRODUCTS)
    (server.folder / "feed.csv").write_text(CSV + "A-2,Lantern,9,1\n")
    later = fetch.fetch(context, content=Content.PRODUCTS)

    assert first == again
    assert later != first
    assert later.path.read_text().endswith("A-2,Lantern,9,1\n")
    written_s = int((server.folder / "feed.csv").stat().st_mtime)
    assert later.age.written_at.timestamp() == written_s
    assert [what for what in server.seen if what[0] == "open"] == [("open", "feed.csv")] * 2


def test_server_with_another_host_key_gets_no_password(server, tmp_path):
    other = paramiko.RSAKey.generate(2048)
    context = context_for(server, tmp_path, host_key=f"ssh-rsa {other.get_base64()}")

    with pytest.raises(PermanentError, match="another host key"):
        fetch.fetch(context, content=Content.PRODUCTS)
    assert server.seen == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host_key": ""}, "host key is missing or invalid"),
        ({"host_key": "ssh-rsa"}, "host key is missing or invalid"),
        ({"host_key": "ssh-rsa !!!"}, "host key is missing or invalid"),
        ({"host_key": "hello"}, "host key is missing or invalid"),
        ({"secrets": {"password": "wrong"}}, "sign-in rejected"),
        ({"products_at": "nothing.csv"}, "does not exist"),
    ],
)
def test_wrong_setting_is_reported(server, tmp_path, changes, words):
    with pytest.raises(PermanentError, match=words):
        fetch.fetch(context_for(server, tmp_path, **changes), content=Content.PRODUCTS)


def test_private_key_signs_in(server, tmp_path):
    key = paramiko.RSAKey.generate(2048)
    text = io.StringIO()
    key.write_private_key(text)
    server.public_key = key.get_base64()
    context = context_for(
        server, tmp_path, secrets={"password": "", "private_key": text.getvalue()}
    )

    assert fetch.fetch(context, content=Content.PRODUCTS).path.read_text() == CSV


def test_too_long_file_is_not_fetched(server, tmp_path):
    (server.folder / "feed.csv").write_bytes(os.urandom(200_000))

    with (
        open_sftp(context_for(server, tmp_path), host_key=server.host_key) as sftp,
        pytest.raises(PermanentError, match="larger than 1000 bytes"),
    ):
        sftp.get("feed.csv", to=tmp_path / "to", at_most=1000)


def test_unreachable_server_is_temporary(server, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"sftp://127.0.0.1:{closed.getsockname()[1]}"

    with pytest.raises(TemporaryError):
        fetch.fetch(
            replace(context_for(server, tmp_path), base_url=nowhere), content=Content.PRODUCTS
        )


def test_each_step_passes_the_gate(server, tmp_path):
    context = context_for(server, tmp_path)

    fetch.fetch(context, content=Content.PRODUCTS)

    assert [str(call) for call in context.gate.calls] == [
        "SFTP SIGN IN",
        "SFTP LIST feed.csv",
        "SFTP GET feed.csv",
    ]


def test_long_file_is_fetched_completely_in_steps(server, tmp_path, monkeypatch):
    content = os.urandom(20 * sftp.CHUNK_BYTES + 7)
    (server.folder / "feed.csv").write_bytes(content)
    monkeypatch.setattr(sftp, "FETCH_STEP_S", 0.0)
    context = context_for(server, tmp_path)

    path = fetch.fetch(context, content=Content.PRODUCTS).path

    assert path.read_bytes() == content
    steps = [str(call) for call in context.gate.calls]
    assert steps.count("SFTP GET feed.csv") >= 20
    assert len(context.gate.left) == len(steps)
    assert [what for what in server.seen if what[0] == "open"] == [("open", "feed.csv")]


def test_gate_that_closes_during_a_fetch_leaves_no_partial_file(server, tmp_path, monkeypatch):
    class Shutting(CountingGate):
        def enter(self, call):
            if self.count == 6:
                raise TemporaryError("not now")
            super().enter(call)

    (server.folder / "feed.csv").write_bytes(os.urandom(20 * sftp.CHUNK_BYTES))
    monkeypatch.setattr(sftp, "FETCH_STEP_S", 0.0)
    context = replace(context_for(server, tmp_path), gate=Shutting())

    with pytest.raises(TemporaryError, match="not now"):
        fetch.fetch(context, content=Content.PRODUCTS)

    assert list(context.folder.iterdir()) == []
    assert len(context.gate.left) == context.gate.count == 6


@pytest.mark.parametrize("verb", ["stat", "open", ""], ids=["stat", "open", "silent server"])
def test_hanging_step_ends_in_time(server, tmp_path, monkeypatch, verb):
    monkeypatch.setattr(sftp, "STEP_S", 0.5)
    context = context_for(server, tmp_path)
    started = time.monotonic()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        if verb:
            server.fault(verb, "hangs")
        else:
            context = replace(context, base_url=f"sftp://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TemporaryError):
            fetch.fetch(context, content=Content.PRODUCTS)

    assert time.monotonic() - started < sftp.RESPONSE_TIMEOUT_S / 2


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_slot_of_a_killed_worker_expires_soon(server, tmp_path, worker_gate, steps):
    """Killed in the first, second or third step: sign-in, stat, fetch."""

    class Killing(CountingGate):
        def enter(self, call):
            worker_gate.enter(call)
            super().enter(call)

        def leave(self, call, outcome):
            if self.count == steps:
                raise KilledError  # the end of the call is not reported
            worker_gate.leave(call, outcome)

    if steps > 1:
        worker_gate.close_breaker()

    with pytest.raises(KilledError):
        fetch.fetch(
            replace(context_for(server, tmp_path), gate=Killing()), content=Content.PRODUCTS
        )

    assert worker_gate.slot_expires_in_s() < 70
    half_open_until = CircuitBreaker.objects.get().half_open_until
    assert (half_open_until is not None) == (steps == 1)
    assert half_open_until is None or half_open_until - timezone.now() < timedelta(seconds=60)
