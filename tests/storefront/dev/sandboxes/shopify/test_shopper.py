"""Shopify sandbox: its shopper buys what is there, its webhooks arrive signed, and its page shows all."""

import json
from dataclasses import replace

import pytest
from werkzeug import Response

from storefront.sales_channels.platforms.base import StockWrite
from tests.storefront.dev.sandboxes.conftest import until
from tests.storefront.sales_channels.platforms.contract.cases import light, written
from tests.storefront.sales_channels.platforms.contract.shopify_store import ShopifyStore
from tests.storefront.sales_channels.platforms.contract.test_webhooks import verified


@pytest.fixture
def store(tmp_path):
    opened = ShopifyStore(tmp_path)
    yield opened
    opened.close()


def buy(store, sku, quantity=1):
    body = {"units": {sku: quantity}}
    return store.running.client.post("/control/orders", json=body)


def test_shopper_cannot_buy_what_is_hidden_or_sold_out(store):
    (product,) = written(store, light())
    (ids,) = product.external_variants.values()
    assert buy(store, "light-1", 8).status_code == 400  # of 7

    list(store.platform.write_stock([StockWrite(variant=ids, quantity=1, key="k")]))
    assert [buy(store, "light-1").status_code for _ in range(2)] == [200, 400]
    list(store.platform.write_stock([StockWrite(variant=ids, quantity=1, key="l")]))
    list(store.platform.unpublish([product.external_id]))
    assert buy(store, "light-1").status_code == 400
    assert buy(store, "unknown").status_code == 400


def test_webhook_is_sent_until_it_is_acknowledged(store, httpserver):
    received = []

    def answer(request):
        received.append(request)
        return Response(status=500 if len(received) == 1 else 200)

    httpserver.expect_request("/hooks/store").respond_with_handler(answer)
    store.platform.register_webhooks(url=httpserver.url_for("/hooks/store"))
    written(store, light())
    order_id = store.sell({"light-1": 1}, paid=False)

    until(lambda: all(row["state"] == "sent" for row in store.messages()))

    ids = [each.headers["X-Shopify-Webhook-Id"] for each in received]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    message = {"headers": dict(received[-1].headers), "body": received[-1].get_data(as_text=True)}
    assert verified(store, message).order_id == order_id
    assert json.loads(message["body"])["admin_graphql_api_id"] == order_id


def test_subscription_is_deleted_when_no_one_answers(store):
    store.platform.register_webhooks(url="http://127.0.0.1:9/hooks/store")
    written(store, light())
    store.sell({"light-1": 1}, paid=False)

    def fails():
        store.running.control("advance_clock", {"seconds": 100})
        store.running.state.webhook_queued.set()
        return store.messages()[0]["state"] == "failed"

    until(fails)

    assert "ORDERS_CREATE" in list(
        store.platform.register_webhooks(url="http://127.0.0.1:9/hooks/store")
    )


@pytest.mark.parametrize("kind", ["lost", "duplicate", "out_of_order", "bad_signature"])
def test_faults_of_webhooks(store, httpserver, kind):
    httpserver.expect_request("/hooks/store").respond_with_data("ok")
    store.platform.register_webhooks(url=httpserver.url_for("/hooks/store"))
    written(store, light())
    store.running.control("faults", {"path": "webhooks", "kind": kind})

    store.sell({"light-1": 1}, paid=False)

    state = {"lost": "lost", "out_of_order": "waiting"}.get(kind, "sent")
    until(lambda: store.messages()[0]["state"] == state)
    requests = len([each for each, _ in httpserver.log])
    assert requests == {"duplicate": 3, "bad_signature": 1}.get(kind, 0)


def test_page_shows_products_orders_and_faults_and_sells(store):
    written(store, replace(light(), title="Light <b>"))
    store.running.control("faults", {"path": "/productSet", "kind": "500"})
    client = store.running.client
    form = {"units": "light-1"}
    assert client.post("/control/orders", data=form).status_code == 303

    page = client.get("/").text

    for part in ("Light &lt;b&gt;", "#1001", "Buy one", "/productSet", "paid"):
        assert part in page


def test_merchant_changes_stock_and_price(store):
    written(store, light())
    store.running.control("stock", {"sku": "light-1", "quantity": 3})
    store.running.control("price", {"sku": "light-1", "price": "1.00"})

    (state,) = store.platform.read_variants()

    assert (state.quantity, str(state.price)) == (3, "1.00 EUR")


def test_reset_empties_the_store(store):
    written(store, light())
    store.sell({"light-1": 1})

    store.running.control("reset", {})

    assert store.products() == []
    assert store.running.control("orders") == []


def test_impossible_actions_are_refused(store):
    written(store, light())
    order_id = store.sell({"light-1": 1})
    client = store.running.client
    for action, body in (
        ("orders/refund", {"id": order_id, "amount": "900"}),
        ("orders/edit", {"id": order_id, "sku": "light-1", "quantity": 2}),
        ("orders/edit", {"id": order_id, "sku": "other", "quantity": 0}),
        ("orders/pay", {"id": "gid://shopify/Order/99"}),
        ("orders", {}),
    ):
        assert client.post(f"/control/{action}", json=body).status_code == 400, action
