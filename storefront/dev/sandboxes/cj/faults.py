"""CJ faults: fail a call before it has an effect, or change its answer afterwards."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from storefront.dev.sandboxes.core.faults import Fault, retry_after
from storefront.dev.sandboxes.core.http_server import Reply, as_json

from .protocol import MESSAGES, POINTS_EXHAUSTED, envelope

BUSY = 1600000
PRICES = ("sellPrice", "nowPrice", "variantSellPrice", "logisticPrice", "totalPostageFee")
AMOUNTS = (*PRICES, "orderAmount", "productAmount")
LISTS = ("content", "list", "variants", "productList")
TOTALS = ("totalRecords", "totalPages", "total")
OTHER_ORDER = {
    "orderNumber": "X-0000-0",
    "orderNum": "X-0000-0",
    "orderId": "9900000000000000",
    "disputeId": "9900000",
    "businessDisputeId": "X-0000-0",
}
_NAN = "\x00nan\x00"


def _busy(fault: Fault) -> Reply:
    """Return the error "System busy", which CJ usually sends with status 200."""
    return as_json(envelope(BUSY, MESSAGES[BUSY]), status=500 if fault.kind == "500" else 200)


def _used_up(fault: Fault) -> Reply:
    said = envelope(POINTS_EXHAUSTED, MESSAGES[POINTS_EXHAUSTED])
    return as_json(said, status=429, headers=retry_after(fault))


BEFORE: dict[str, Callable[[Fault], Reply]] = {"500": _busy, "soft_500": _busy, "429": _used_up}


def _map_values(value: Any, change: Any) -> Any:
    if isinstance(value, list):
        return [_map_values(each, change) for each in value]
    if isinstance(value, dict):
        return change({name: _map_values(each, change) for name, each in value.items()})
    return value


def _in_euros(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"currency": "EUR"} if any(name in row for name in AMOUNTS) else row


def _without_number(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: _NAN for name in PRICES if name in row}


def _emptied(row: dict[str, Any]) -> dict[str, Any]:
    bare: dict[str, Any] = {name: [] for name in LISTS if name in row}
    if isinstance(row.get("data"), list):
        bare["data"] = []
    return row | bare | {name: 0 for name in TOTALS if name in row}


def _of_another_order(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: value for name, value in OTHER_ORDER.items() if name in row}


def _changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Reply], Reply]:
    def after(reply: Reply) -> Reply:
        changed = json.dumps(_map_values(json.loads(reply.body), change))
        return replace(reply, body=changed.replace(json.dumps(_NAN), "NaN").encode())

    return after


AFTER = {
    "wrong_currency": _changed(_in_euros),
    "nan_price": _changed(_without_number),
    "empty": _changed(_emptied),
    "wrong_order": _changed(_of_another_order),
}
