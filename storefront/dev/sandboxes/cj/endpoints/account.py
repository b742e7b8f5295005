"""CJ account endpoints: show the account's limits, set and verify webhook URLs."""

from __future__ import annotations

import ipaddress
import urllib.parse
import urllib.request
from typing import Any

from storefront.dev.sandboxes.cj import webhooks
from storefront.dev.sandboxes.cj.protocol import BAD_PARAM, OK, Call, RefusedError, Route

BAD_CALLBACK, NO_THANKS = 1606001, 1607003
TRIAL_TAKES_S = 3
TOPICS = ("product", "stock", "order", "logistics")


def webhook_set(call: Call) -> bool:
    chosen = {}
    for topic in TOPICS:
        wish = call.body.get(topic)
        if not isinstance(wish, dict) or wish.get("type") not in {"ENABLE", "CANCEL"}:
            raise RefusedError(BAD_PARAM, f"{topic} needs a type, ENABLE or CANCEL")
        urls = wish.get("callbackUrls")
        if not isinstance(urls, list) or len(urls) != 1:
            raise RefusedError(BAD_PARAM, f"{topic} needs exactly one callback URL")
        url = str(urls[0])
        if wish["type"] == "ENABLE":
            _check(url)
            chosen[topic] = url
    if call.world.rules.tries_callbacks:
        _try(set(chosen.values()))
    call.world.ledger.set_fact("callbacks", chosen)
    return True


def _check(url: str) -> None:
    """Reject a URL that is not public HTTPS; a local one may be HTTP."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    try:
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_here)):
        raise RefusedError(BAD_CALLBACK, url)


def _try(urls: set[str]) -> None:
    """Test each URL; only status 200 is accepted."""
    for url in urls:
        request = urllib.request.Request(  # noqa: S310 - checked before: http or https
            url, data=b"{}", headers={"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=TRIAL_TAKES_S) as answer:  # noqa: S310
                status = answer.status
        except OSError as error:
            raise RefusedError(NO_THANKS, url) from error
        if status != OK:
            raise RefusedError(NO_THANKS, url)


def setting_get(call: Call) -> dict[str, Any]:
    world = call.world
    return {
        "openId": world.open_id,
        "openName": "sandbox",
        "openEmail": "sandbox@example.org",
        "setting": {
            "quotaLimits": [
                {"quotaUrl": "*", "quotaLimit": world.rules.points, "quotaType": 4},
            ],
            "qpsLimit": world.rules.qps,
        },
        "callback": {
            topic: {"urls": [url] if (url := webhooks.callback_url(world, topic)) else []}
            for topic in TOPICS
        },
        "root": "GENERAL",
        "isSandbox": True,
    }


ROUTES = (
    Route(method="POST", path="webhook/set", handler=webhook_set),
    Route(method="GET", path="setting/get", handler=setting_get),
)
