"""What CJ lets an account ask: points a day by call, and calls a second by level. Pure.

Source: CJ Dropshipping API v2, limits and points policy of 2026-07-01; read 2026-11-24
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

DAY_S = 86_400
# The shop goes on to quote and order when the syncs have used up theirs: 100 freight quotes.
KEPT_FOR_ORDERS = 1_000
POINTS_A_DAY = 50_000

# What is not here costs nothing.
PRICES = {
    "product/listV2": 50,
    "product/list": 50,
    "product/queryProductsByImage": 1000,
    "product/query": 10,
    "product/variant/query": 10,
    "product/variant/queryByVid": 10,
    "product/stock/queryByVid": 10,
    "product/stock/queryBySku": 10,
    "product/stock/getInventoryByPid": 10,
    "logistic/freightCalculate": 10,
    "logistic/freightCalculateTip": 10,
    "logistic/partnerFreightCalculate": 10,
    "logistic/getSupplierLogisticsTemplate": 10,
    "webhook/product/subscribe": 10,
    "webhook/product/unsubscribe": 10,
}
# What each call is for, by how it begins.
CALLS = {
    "POST authentication/": "sign in",
    "GET setting/": "sign in",
    "GET product/": "catalog",
    "GET product/stock/": "stock and price",
    "GET product/variant/": "stock and price",
    "POST logistic/freight": "freight quote",
    "POST shopping/": "order placing",
    "GET shopping/order/": "order reading",
    "DELETE shopping/order/": "cancellation",
    "POST shopping/order/getOrderDetailBatch": "tracking",
    "GET logistic/trackInfo": "tracking",
    "GET shopping/pay/getBalance": "balance",
    "GET disputes/": "claims",
    "POST disputes/": "claims",
    "GET webhook/": "webhooks",
    "POST webhook/": "webhooks",
}
FOR_ORDERS = ("shopping/", "logistic/", "disputes/")

# By account level: Free is 0 and 1, Plus 2, Prime 3, Advanced 4 and 5.
CALLS_A_SECOND = {0: 1, 1: 1, 2: 2, 3: 4, 4: 6, 5: 6}
MOST_SUBSCRIPTIONS = {0: 1_000, 1: 1_000, 2: 2_000, 3: 3_000, 4: 5_000, 5: 10_000}


def price(path: str) -> int:
    """Return the points that a call costs."""
    return PRICES.get(path, 0)


def is_for_order(path: str) -> bool:
    return path.startswith(FOR_ORDERS)


def midnight_after(unix_s: float) -> datetime:
    """Return when the points begin anew: 00:00 UTC."""
    return datetime.fromtimestamp((unix_s // DAY_S + 1) * DAY_S, UTC)


def calls_per_second(*, level: int | None, remembered: Mapping[str, Any]) -> int | None:
    """Return what the level allows, or what the account was told; None when nobody said."""
    known = [CALLS_A_SECOND[level]] if level is not None else []
    told = remembered.get("calls_per_second")
    if isinstance(told, int) and told > 0:
        known.append(told)
    return min(known, default=None)
