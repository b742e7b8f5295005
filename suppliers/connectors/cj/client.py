"""CJ client: price and make API calls with a token, within points per day and calls per second.

Each call costs points; the account level sets the calls per second. The code in the envelope of an
answer says whether the call succeeded, not the HTTP status.

Source: CJ Dropshipping API v2, limits and points policy of 2026-07-01; read 2026-11-24
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from storefront.lib.http.retries import retry
from suppliers.connectors import parsing
from suppliers.connectors.cj.error_codes import (
    RATE_LIMITED,
    SUCCESS_CODES,
    PointsExceededError,
    TokenRejectedError,
    to_error,
)
from suppliers.connectors.cj.parsing import decode
from suppliers.connectors.cj.schemas import AccountSettings, Envelope, PointsInfo, Tokens
from suppliers.connectors.cj.tokens import TokenPair
from suppliers.connectors.context import ConnectorContext, Quota
from suppliers.connectors.records import QuotaExceededError

DAY_S = 86_400
# Reserved so that the shop can quote and order after syncs used up the rest: 100 freight quotes.
POINTS_RESERVED_FOR_ORDERS = 1_000
POINTS_PER_DAY = 50_000

# Calls that are not listed cost nothing.
POINTS_BY_PATH = {
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
# The purpose of each call, by prefix.
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
ORDER_PATHS = ("shopping/", "logistic/", "disputes/")

# By account level: Free is 0 and 1, Plus 2, Prime 3, Advanced 4 and 5.
CALLS_PER_SECOND = {0: 1, 1: 1, 2: 2, 3: 4, 4: 6, 5: 6}
MAX_SUBSCRIPTIONS = {0: 1_000, 1: 1_000, 2: 2_000, 3: 3_000, 4: 5_000, 5: 10_000}


def points_of(path: str) -> int:
    return POINTS_BY_PATH.get(path, 0)


def next_midnight(unix_s: float) -> datetime:
    """Return when the points are reset: the next 00:00 UTC."""
    return datetime.fromtimestamp((unix_s // DAY_S + 1) * DAY_S, UTC)


def calls_per_second(
    *, options: Mapping[str, Any], connector_state: Mapping[str, Any]
) -> int | None:
    """Return the lower of the level's limit and the one that CJ reported; None if both unknown."""
    level, reported = options.get("level"), connector_state.get("calls_per_second")
    limits = [CALLS_PER_SECOND.get(level) if isinstance(level, int) else None, reported]
    return min((limit for limit in limits if isinstance(limit, int) and limit > 0), default=None)


log = logging.getLogger(__name__)

HTTP_TOO_MANY_REQUESTS = "429"
POINTS_QUOTA = Quota(
    name="points",
    points=POINTS_PER_DAY,
    window_s=DAY_S,
    reserved_for_orders=POINTS_RESERVED_FOR_ORDERS,
    is_calendar_aligned=True,
    is_spread=True,
)


class ApiClient:
    def __init__(self, context: ConnectorContext, *, points_per_day: int = POINTS_PER_DAY) -> None:
        self._api = context.api()
        self._quotas = context.quotas
        self._points = replace(POINTS_QUOTA, points=points_per_day)
        key = context.secrets.get("api_key", "")
        self._pair = TokenPair(api_key=key, store=context.tokens, ask=self._authenticate)

    def settings(self) -> AccountSettings:
        """Read the account's settings: the cheapest call that needs a token."""
        return self.get_with_retries("setting/get", AccountSettings)

    def open(self) -> None:
        """Get a token before several threads need one."""
        self._pair.access()

    def close(self) -> None:
        self._api.close()

    def get[T](self, path: str, kind: type[T], **query: Any) -> T:
        """Send a GET once: for callers with their own handling of failures."""
        return self._ask("GET", path, kind, params=query)

    def get_with_retries[T](self, path: str, kind: type[T], **query: Any) -> T:
        return retry(lambda: self._ask("GET", path, kind, params=query), is_idempotent=True)

    def post[T](self, path: str, kind: type[T], body: Mapping[str, Any]) -> T:
        return self._ask("POST", path, kind, body=body)

    def delete[T](self, path: str, kind: type[T], **query: Any) -> T:
        return self._ask("DELETE", path, kind, params=query)

    def _ask[T](self, method: str, path: str, kind: type[T], **sent: Any) -> T:
        access = self._pair.access()
        try:
            return self._send(method, path, kind, access=access, **sent)
        except TokenRejectedError:
            self._pair.renew_refused(access)
            return self._send(method, path, kind, access=self._pair.access(), **sent)

    def _authenticate(self, path: str, body: dict[str, str]) -> Tokens:
        try:
            return self._send("POST", path, Tokens, body=body, access="")
        except ExternalServiceError as error:
            # Only the login may have happened: the call that needs it was not sent.
            error.is_outcome_unknown = False
            raise

    def _send[T](  # noqa: PLR0913 - all parts of one call
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        access: str,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> T:
        headers = {"CJ-Access-Token": access} if access else {}
        points = points_of(path)
        if points:
            is_for_order = path.startswith(ORDER_PATHS)
            self._quotas.spend(self._points, points=points, is_for_order=is_for_order)
        try:
            content = self._api.read(method, path, params=params, body=body, headers=headers)
        except TemporaryError as error:
            # 429 means too many calls per second if it has a Retry-After, or RATE_LIMITED in the
            # body. Otherwise the points are used up.
            is_rate = error.retry_after_s is not None or str(RATE_LIMITED) in str(error)
            if error.code == HTTP_TOO_MANY_REQUESTS and not is_rate:
                raise _quota_error(error) from error
            raise
        what = f"{method} {path}"
        envelope = decode(content, Envelope, what=what)
        if points and envelope.points_info is not None:
            self._store_quota(envelope.points_info)
        if envelope.code not in SUCCESS_CODES:
            message = f"{what}: {envelope.code} (request {envelope.request_id})"
            log.info("%s", message)
            # The error text of a write may quote what was sent, such as customers' names; that of a
            # login does not.
            if method == "GET" or not access:
                message = f"{what}: {envelope.code} {(envelope.message or '')[:200]}"
            rejection = to_error(envelope.code, message, is_write=method != "GET")
            raise (
                _quota_error(rejection) if isinstance(rejection, PointsExceededError) else rejection
            )
        return decode(bytes(envelope.data), kind, what=what)

    def _store_quota(self, info: PointsInfo) -> None:
        """Store CJ's own count: another program may use the same account."""
        remaining, total = parsing.integer(info.remaining), parsing.integer(info.total)
        if remaining is not None and remaining >= 0:
            until = next_midnight(time.time())
            self._quotas.set_remaining(self._points, remaining=remaining, total=total, until=until)


def _quota_error(error: ExternalServiceError) -> QuotaExceededError:
    return QuotaExceededError(str(error), until=next_midnight(time.time()))
