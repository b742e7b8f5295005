"""CJ account endpoints: show the account's limits, set and verify webhook URLs."""

import ipaddress
import urllib.parse
from typing import Any

from storefront.dev.sandboxes.cj import webhooks
from storefront.dev.sandboxes.cj.protocol import BAD_PARAM, OK, ApiError, Call, Route
from storefront.dev.sandboxes.core.posting import post

BAD_CALLBACK, CALLBACK_NOT_ACKNOWLEDGED = 1606001, 1607003
TEST_TIMEOUT_S = 3
TOPICS = ("product", "stock", "order", "logistics")


def webhook_set(call: Call) -> bool:
    chosen = {}
    for topic in TOPICS:
        subscription = call.body.get(topic)
        if not isinstance(subscription, dict) or subscription.get("type") not in {
            "ENABLE",
            "CANCEL",
        }:
            raise ApiError(BAD_PARAM, f"{topic} needs a type, ENABLE or CANCEL")
        urls = subscription.get("callbackUrls")
        if not isinstance(urls, list) or len(urls) != 1:
            raise ApiError(BAD_PARAM, f"{topic} needs exactly one callback URL")
        url = str(urls[0])
        if subscription["type"] == "ENABLE":
            _check_url(url)
            chosen[topic] = url
    if call.state.rules.tries_callbacks:
        _test_callbacks(set(chosen.values()))
    call.state.ledger.set_fact("callbacks", chosen)
    return True


def _check_url(url: str) -> None:
    """Reject a URL that is not public HTTPS; a local one may be HTTP."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    try:
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_here)):
        raise ApiError(BAD_CALLBACK, url)


def _test_callbacks(urls: set[str]) -> None:
    """Test each URL; only status 200 is accepted."""
    for url in urls:
        if post(url, b"{}", {}, timeout_s=TEST_TIMEOUT_S) != str(OK):
            raise ApiError(CALLBACK_NOT_ACKNOWLEDGED, url)


def setting_get(call: Call) -> dict[str, Any]:
    state = call.state
    return {
        "openId": state.open_id,
        "openName": "sandbox",
        "setting": {"qpsLimit": state.rules.qps},
        "callback": {
            topic: {"urls": [url] if (url := webhooks.callback_url(state, topic)) else []}
            for topic in TOPICS
        },
        "isSandbox": True,
    }


ROUTES = (
    Route(method="POST", path="webhook/set", handler=webhook_set),
    Route(method="GET", path="setting/get", handler=setting_get),
)
