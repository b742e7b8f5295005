"""Contract: only webhooks that the platform signed are accepted, and each names its order."""

import pytest
from werkzeug import Response

from storefront.lib.security.webhook_signing import InvalidHeadersError, InvalidSignatureError
from storefront.sales_channels.platforms import platform_class
from storefront.sales_channels.platforms.base import WebhookTopic
from tests.storefront.sales_channels.platforms.contract.cases import light, variant, written
from tests.support.waiting import eventually

BLACK = "headlamp-h1-0"
URL = "http://127.0.0.1:9/hooks/store"


@pytest.fixture
def order_id(store, goods):
    store.platform.register_webhooks(url=URL)
    return store.sell({BLACK: 1})


def verified(store, message, **changes):
    words = {
        "headers": {name.lower(): value for name, value in message["headers"].items()},
        "body": message["body"].encode(),
        "secrets": store.secrets,
        **changes,
    }
    return platform_class(store.PLATFORM).verify_webhook(**words)


def test_webhooks_are_registered_once(store):
    assert list(store.platform.register_webhooks(url=URL))
    assert not list(store.platform.register_webhooks(url=URL))


def test_order_webhook_names_its_order(store, order_id):
    found = verified(store, store.messages()[-1])

    assert (found.topic, found.order_id) == (WebhookTopic.ORDER, order_id)
    assert found.delivery_id


def test_each_change_of_an_order_is_told(store, order_id):
    before = len(store.messages())
    store.act("refund", order_id, amount="10.00", units={})
    store.act("cancel", order_id)

    told = [verified(store, message) for message in store.messages()[before:]]

    assert {each.order_id for each in told if each.topic is WebhookTopic.ORDER} == {order_id}
    assert len({each.delivery_id for each in told}) == len(told) >= 2


def test_redelivered_webhook_has_the_same_id(store, order_id):
    first = verified(store, store.messages()[-1])

    store.running.control("messages/redeliver", {})

    assert verified(store, store.messages()[-1]).delivery_id == first.delivery_id


def test_forged_webhook_is_refused(store, order_id):
    message = store.messages()[-1]
    forged = dict.fromkeys(store.secrets, "forged")

    with pytest.raises(InvalidSignatureError):
        verified(store, message, secrets=forged)


def test_altered_body_is_refused(store, order_id):
    message = store.messages()[-1]

    with pytest.raises(InvalidSignatureError):
        verified(store, message, body=message["body"].encode() + b" ")


def test_webhook_without_headers_is_refused(store, order_id):
    with pytest.raises((InvalidHeadersError, InvalidSignatureError)):
        verified(store, store.messages()[-1], headers={})


def test_removed_access_is_told(store, order_id):
    store.running.control("uninstall", {})

    topic = verified(store, store.messages()[-1]).topic
    assert (topic is WebhookTopic.UNINSTALLED) is store.TELLS_REMOVED_ACCESS


# Deliveries over HTTP


@pytest.fixture
def receiver(store, httpserver):
    """Return the requests to our address, and statuses to answer with; 200 without one."""
    requests, answers = [], []

    def answer(request):
        requests.append(request)
        return Response(status=answers.pop(0) if answers else 200)

    httpserver.expect_request("/hooks/store").respond_with_handler(answer)
    store.platform.register_webhooks(url=httpserver.url_for("/hooks/store"))
    eventually(lambda: all(row["state"] == "sent" for row in store.messages()))
    requests.clear()
    return requests, answers


def accepted(store, request):
    message = {"headers": dict(request.headers), "body": request.get_data(as_text=True)}
    return verified(store, message)


def test_webhook_arrives_and_is_accepted(store, goods, receiver):
    requests, _ = receiver

    order_id = store.sell({BLACK: 1}, paid=False)

    eventually(lambda: requests, within_s=20)
    found = accepted(store, requests[0])
    assert (found.topic, found.order_id) == (WebhookTopic.ORDER, order_id)


def test_webhook_is_sent_again_with_the_same_id(store, goods, receiver):
    requests, answers = receiver
    answers.append(500)

    store.sell({BLACK: 1}, paid=False)

    state = "sent" if store.RETRIES_WEBHOOKS else "failed"
    eventually(lambda: store.messages()[-1]["state"] == state)
    assert len(requests) == (2 if store.RETRIES_WEBHOOKS else 1)
    assert len({accepted(store, each).delivery_id for each in requests}) == 1


def test_webhook_that_the_store_gave_up_is_restored(store, httpserver, receiver):
    requests, answers = receiver
    written(store, light())
    answers += [500] * 100
    order_id = store.sell({"light-1": 1})
    for _ in range(6):
        store.act("refund", order_id, amount="0.10", units={})

    def has_given_up():
        store.running.control("advance_clock", {"seconds": 3600})
        return all(row["state"] != "waiting" for row in store.messages())

    eventually(has_given_up, within_s=60)
    answers.clear()
    requests.clear()
    store.platform.register_webhooks(url=httpserver.url_for("/hooks/store"))
    store.act("refund", order_id, amount="0.10", units={})

    eventually(lambda: requests, within_s=20)


@pytest.mark.parametrize("kind", ["lost", "duplicate", "out_of_order", "bad_signature"])
def test_faults_of_webhooks(store, goods, receiver, kind):
    requests, _ = receiver
    before = len(store.messages())
    store.running.control("faults", {"path": "webhooks", "kind": kind, "delay": 3600})

    store.sell({BLACK: 1}, paid=False)

    messages = store.messages()[before:]
    assert len(messages) == {"lost": 0, "duplicate": 2}.get(kind, 1)
    if kind == "out_of_order":
        assert messages[0]["due_s"] > store.running.state.now() + 3000
    else:
        eventually(lambda: len(requests) == len(messages))
    if kind == "bad_signature":
        with pytest.raises(InvalidSignatureError):
            accepted(store, requests[0])


# The store itself


def test_buyer_gets_what_is_shown_and_in_stock(store):
    (product,) = written(store, light())

    def buy(quantity):
        body = {"units": {"light-1": quantity}}
        return store.running.client.post("/control/orders", json=body).status_code

    assert [buy(8), buy(6), buy(2), buy(1)] == [400, 200, 400, 200]
    assert store.running.client.post("/control/orders", json={"units": {}}).status_code == 400
    written(store, product)
    list(store.platform.unpublish([product.external_id]))
    assert buy(1) == 400


def test_page_shows_orders_products_and_faults_and_sells(store):
    written(store, light(variants=(variant("a & b"),)))
    store.running.control("faults", {"path": "/productSet", "kind": "500"})
    client = store.running.client
    assert client.post("/control/orders", data={"units": "a & b"}).status_code == 303

    page = client.get("/").text

    for part in ("a &amp; b", "1 × a &amp; b", "Buy one", "/productSet"):
        assert part in page


def test_reset_empties_the_store(store, goods, order_id):
    store.running.control("reset", {})

    assert (store.products(), store.messages()) == ([], [])
    assert store.platform.order(order_id) is None
