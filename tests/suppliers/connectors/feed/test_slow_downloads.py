"""Slow HTTP downloads: hold the slot until the end; the slot of a killed worker expires soon."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from werkzeug import Response

from storefront.lib.http import observers
from suppliers.connectors.feed import fetch
from suppliers.connectors.feed.options import Content
from suppliers.models import CircuitBreaker
from tests.factories.connector_contexts import CountingGate, make_context
from tests.suppliers.connectors.feed.conftest import KilledError

pytestmark = pytest.mark.django_db
PIECE = b"SKU,Name\n" * 10_000


@pytest.fixture
def context(httpserver, tmp_path, settings):
    settings.OUTSIDE_PORTS_ALLOWED = ["1-65535"]
    httpserver.expect_request("/feed.csv").respond_with_handler(
        lambda _: Response(PIECE for _ in range(4))
    )
    options = {"products_at": "feed.csv", "mapping": {"fields": {"sku": {"column": "SKU"}}}}
    return make_context(httpserver.url_for("/"), options=options, folder=tmp_path / "ours")


def test_gate_is_notified_during_a_download(context, monkeypatch):
    monkeypatch.setattr(observers, "HEARTBEAT_INTERVAL_S", 0.0)

    fetch.fetch(context, content=Content.PRODUCTS)

    assert len(context.gate.heard) >= 4
    assert set(context.gate.heard) == {"GET /feed.csv"} == set(context.gate.calls)


@pytest.mark.parametrize("has_begun", [False, True])
def test_slot_of_a_worker_killed_during_a_download_expires_soon(context, worker_gate, has_begun):
    class Killing(CountingGate):
        def enter(self, call):
            worker_gate.enter(call)
            if not has_begun:
                raise KilledError

        def heartbeat(self, call):
            worker_gate.heartbeat(call)
            raise KilledError

        def leave(self, call, outcome):
            pass  # the end of the call is not reported

    with pytest.raises(KilledError):
        fetch.fetch(replace(context, gate=Killing()), content=Content.PRODUCTS)

    assert worker_gate.slot_expires_in_s() < 90
    assert CircuitBreaker.objects.get().half_open_until - timezone.now() < timedelta(seconds=60)
