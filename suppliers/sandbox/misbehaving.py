"""Fail as ordered: before anything was done, or after all of it was."""

from __future__ import annotations

import gzip
import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .dialect.envelope import MESSAGES
from .faults import Fault
from .replies import Reply, as_html, as_json

BUSY = 1600000
HUGE_BYTES = 10_000_000
BOMB_BYTES = 200_000_000
TRICKLE_S = 0.2
INSIDE = "http://169.254.169.254/latest/meta-data/"
PRICES = ("sellPrice", "nowPrice", "variantSellPrice", "logisticPrice", "totalPostageFee")
AMOUNTS = (*PRICES, "orderAmount", "productAmount")
LISTS = ("content", "list", "variants", "productList")
_NAN = "\x00nan\x00"


def before(fault: Fault | None) -> Reply | None:
    """Answer without doing anything, or wait, or neither."""
    if fault is None:
        return None
    if fault.kind == "slow":
        time.sleep(fault.delay_s)
    if fault.kind == "drop_before":
        return Reply(is_dropped=True)
    if fault.kind == "500":
        return as_json(
            {"code": BUSY, "result": False, "message": MESSAGES[BUSY], "data": None}, status=500
        )
    if fault.kind == "429":
        wait = str(max(math.ceil(fault.delay_s), 1))
        return as_json(
            {"code": 1600201, "result": False, "message": MESSAGES[1600201], "data": None},
            status=429,
            headers={"Retry-After": wait},
        )
    if fault.kind == "redirect":
        return Reply(status=302, headers={"Location": INSIDE})
    return None


def after(fault: Fault | None, reply: Reply) -> Reply:
    """Spoil the answer of what was done."""
    if fault is None:
        return reply
    if fault.kind in _SPOILERS:
        return _SPOILERS[fault.kind](fault, reply)
    if fault.kind not in _CHANGES:
        return reply
    changed = json.dumps(_CHANGES[fault.kind](json.loads(reply.body)))
    return replace(reply, body=changed.replace(json.dumps(_NAN), "NaN").encode())


def _dropped(_: Fault, reply: Reply) -> Reply:
    return replace(reply, is_dropped=True)


def _garbage(_: Fault, __: Reply) -> Reply:
    return as_html("<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>")


def _truncated(_: Fault, reply: Reply) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) * 2 // 3])


def _trickling(fault: Fault, reply: Reply) -> Reply:
    return replace(reply, trickle_s=fault.delay_s or TRICKLE_S)


def _huge(_: Fault, reply: Reply) -> Reply:
    return replace(reply, body=b'{"code":200,"data":"' + b"x" * HUGE_BYTES + b'"}')


def _bomb(_: Fault, reply: Reply) -> Reply:
    packed = gzip.compress(b'{"code":200,"data":"' + b"0" * BOMB_BYTES)
    return replace(reply, body=packed, headers={"Content-Encoding": "gzip"})


def _walked(value: Any, change: Any) -> Any:
    if isinstance(value, list):
        return [_walked(each, change) for each in value]
    if isinstance(value, dict):
        return change({name: _walked(each, change) for name, each in value.items()})
    return value


def _in_euros(answer: Any) -> Any:
    def change(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"currency": "EUR"} if any(name in row for name in AMOUNTS) else row

    return _walked(answer, change)


def _without_number(answer: Any) -> Any:
    def change(row: dict[str, Any]) -> dict[str, Any]:
        return row | {name: _NAN for name in PRICES if name in row}

    return _walked(answer, change)


def _emptied(answer: Any) -> Any:
    def change(row: dict[str, Any]) -> dict[str, Any]:
        bare = row | {name: [] for name in LISTS if name in row}
        return bare | {name: 0 for name in ("totalRecords", "totalPages", "total") if name in row}

    answer = _walked(answer, change)
    if isinstance(answer.get("data"), list):
        answer["data"] = []
    return answer


def _of_somebody_else(answer: Any) -> Any:
    def change(row: dict[str, Any]) -> dict[str, Any]:
        other = {"orderNumber": "X-0000-0", "orderNum": "X-0000-0", "orderId": "9900000000000000"}
        return row | {name: value for name, value in other.items() if name in row}

    return _walked(answer, change)


_SPOILERS: dict[str, Callable[[Fault, Reply], Reply]] = {
    "drop_after": _dropped,
    "garbage": _garbage,
    "truncated": _truncated,
    "trickle": _trickling,
    "huge": _huge,
    "gzip_bomb": _bomb,
}
_CHANGES: dict[str, Callable[[Any], Any]] = {
    "wrong_currency": _in_euros,
    "nan_price": _without_number,
    "empty": _emptied,
    "wrong_order": _of_somebody_else,
}
