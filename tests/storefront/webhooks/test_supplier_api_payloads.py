"""Webhooks in the payload of a supplier's API: acknowledged at once, processed later."""

import time
from contextlib import contextmanager

import pytest
from django.db import transaction

from orders.models import PurchaseMessage, PurchaseOrder
from storefront.webhooks import processing, sources, tasks
from storefront.webhooks.models import InboundWebhook
from suppliers.models import Connection, Supplier
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON, make_supplier
from tests.factories.webhooks import cj_body, connect_cj, post_cj, store_webhook
from tests.storefront.dev.sandboxes.cj.contexts import open_connector
from tests.storefront.dev.sandboxes.conftest import Sandbox
from tests.support.concurrency import held_elsewhere

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]

CJ_TIMEOUT_S = 3.0


@pytest.fixture
def cj_order():
    """A purchase order at a CJ supplier, and its source name."""
    purchase_order = make_accepted_purchase_order(make_sellable())
    purchase_order.supplier_reference = "26"
    purchase_order.save()
    return purchase_order, connect_cj(purchase_order.supplier)


def test_each_connector_with_webhooks_has_a_source():
    for adapter in ("cj", "bigbuy", "feed", "fake"):
        make_supplier(f"{adapter}-1", adapter=adapter)

    assert sources.find("cj-cj-1") is not None
    assert sources.source_name(Supplier.objects.get(code="cj-1")) == "cj-cj-1"
    # The first three connectors send no webhooks; the last name has the wrong connector.
    for name in ("bigbuy-bigbuy-1", "feed-feed-1", "fake-fake-1", "cj-fake-1"):
        assert sources.find(name) is None, name


@pytest.mark.django_db(transaction=True)
def test_slow_worker_does_not_delay_the_acknowledgement(client, cj_order):
    """A worker locks all rows of the order, and CJ still gets its acknowledgement in time."""
    purchase_order, source = cj_order

    @contextmanager
    def locked_rows():
        with transaction.atomic():
            rows = PurchaseOrder.objects.select_for_update(of=["self", "order", "supplier"])
            rows.select_related("order", "supplier").get(pk=purchase_order.pk)
            yield

    body = cj_body("ORDER", "m-slow", orderNumber=purchase_order.number, orderStatus="SHIPPED")
    with held_elsewhere(locked_rows()):
        started = time.monotonic()
        answer = post_cj(client, source, body)
        took_s = time.monotonic() - started

    assert answer.status_code == 200
    assert took_s < CJ_TIMEOUT_S
    assert InboundWebhook.objects.get().external_id == "m-slow"


def test_unsigned_account_is_accepted_only_if_staff_allow_it(client, cj_order):
    _, source = cj_order
    body = cj_body("STOCK", "m-1", **{"17": []})

    trials = [post_cj(client, source, trial, sign="").status_code for trial in (b"{}", b"")]
    refused = post_cj(client, source, body, sign="")
    assert (trials, InboundWebhook.objects.count()) == ([200, 200], 0), (
        "test calls without content are acknowledged"
    )
    Connection.objects.update(options={"signature": "warn"})
    accepted = post_cj(client, source, body, sign="")

    assert (refused.status_code, accepted.status_code) == (400, 200)
    assert InboundWebhook.objects.get().external_id == "m-1"


def test_extra_charge_is_recorded_on_the_purchase_order(cj_order):
    purchase_order, source = cj_order
    body = cj_body("MAKEUP", relationOrderId="26", amount="3.20", reason="too heavy")
    call = store_webhook(source, body)

    assert processing.process(call=call, now=NOON) is True

    purchase_order.refresh_from_db()
    assert purchase_order.problem == "The supplier requests 3.20 USD more: too heavy"
    assert PurchaseMessage.objects.filter(purchase_order=purchase_order, kind="charge").exists()


def test_subscription_makes_the_supplier_reach_our_endpoint(
    live_server, settings, monkeypatch, tmp_path, cj_order
):
    """The sandbox tests our URL as CJ does, and accepts only a 200 within its time limit."""
    purchase_order, source = cj_order
    settings.PUBLIC_URL = live_server.url
    sandbox = Sandbox(tmp_path, tries_callbacks=True)
    try:
        with open_connector(sandbox) as cj:
            monkeypatch.setattr(
                "suppliers.connections.factory.connector_class", lambda _: lambda _l: cj
            )
            tasks.subscribe(supplier_id=purchase_order.supplier_id)
        urls = sandbox.control("status")["webhook_urls"]
    finally:
        sandbox.close()

    assert set(urls.values()) == {f"{live_server.url}/hooks/{source}/"}
