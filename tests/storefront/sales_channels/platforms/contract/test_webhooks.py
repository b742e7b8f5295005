"""Contract: only webhooks that the platform signed are accepted, and each names its order."""

import pytest

from storefront.lib.security.webhook_signing import InvalidHeadersError, InvalidSignatureError
from storefront.sales_channels.platforms import platform_class
from storefront.sales_channels.platforms.base import WebhookTopic

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
