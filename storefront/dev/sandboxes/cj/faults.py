"""CJ faults: fail a call before it has an effect, or change its answer afterwards."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from storefront.dev.sandboxes.core.faults import INTERNAL_URL, RESPONSE_FAULTS, Fault
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


def response_before(fault: Fault | None) -> Reply | None:
    """Return a fault's answer without an effect; for a slow one wait; None to go on."""
    if fault is None:
        return None
    if fault.kind == "slow":
        time.sleep(fault.delay_s)
    if fault.kind == "drop_before":
        return Reply(is_dropped=True)
    if fault.kind in {"500", "soft_500"}:
        # CJ usually sends this error with status 200.
        status = 500 if fault.kind == "500" else 200
        return as_json(envelope(BUSY, MESSAGES[BUSY]), status=status)
    if fault.kind == "429":
        wait = str(max(math.ceil(fault.delay_s), 1))
        said = envelope(POINTS_EXHAUSTED, MESSAGES[POINTS_EXHAUSTED])
        return as_json(said, status=429, headers={"Retry-After": wait})
    if fault.kind == "redirect":
        return Reply(status=302, headers={"Location": INTERNAL_URL})
    return None


def change_response(fault: Fault | None, reply: Reply) -> Reply:
    """Return the reply, changed by the fault."""
    if fault is None:
        return reply
    if fault.kind in RESPONSE_FAULTS:
        return RESPONSE_FAULTS[fault.kind](fault, reply)
    if fault.kind not in _CHANGES:
        return reply
    changed = json.dumps(_map_values(json.loads(reply.body), _CHANGES[fault.kind]))
    return replace(reply, body=changed.replace(json.dumps(_NAN), "NaN").encode())


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


_CHANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "wrong_currency": _in_euros,
    "nan_price": _without_number,
    "empty": _emptied,
    "wrong_order": _of_another_order,
}
