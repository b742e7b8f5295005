"""Every call to CJ: paid in points, with a token, and judged by the code in its envelope."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from storefront.lib.http.errors import OutsideError, TemporaryError
from storefront.lib.http.retries import patiently
from suppliers.connectors import parsing
from suppliers.connectors.cj import limits
from suppliers.connectors.cj.decoding import decoded
from suppliers.connectors.cj.error_codes import (
    GOOD,
    TOO_FAST,
    QuotaSpentError,
    TokenRefusedError,
    failure,
)
from suppliers.connectors.cj.schemas import AccountSettings, Envelope, PointsInfo, Tokens
from suppliers.connectors.cj.tokens import TokenPair
from suppliers.connectors.context import Line, Quota
from suppliers.connectors.records import BudgetSpentError

log = logging.getLogger(__name__)

TOO_MANY = "429"
POINTS = Quota(
    name="points",
    points=limits.POINTS_A_DAY,
    window_s=limits.DAY_S,
    kept_for_orders=limits.KEPT_FOR_ORDERS,
    is_by_the_clock=True,
    is_spread=True,
)


class Wire:
    """One account at CJ."""

    def __init__(self, line: Line, *, points_per_day: int = limits.POINTS_A_DAY) -> None:
        self._api = line.api()
        self._budget = line.budget
        self._points = replace(POINTS, points=points_per_day)
        key = line.secrets.get("api_key", "")
        self._pair = TokenPair(api_key=key, store=line.tokens, ask=self._authenticate)

    def settings(self) -> AccountSettings:
        """Read the account's settings: the cheapest call that needs a token."""
        return self.patiently("setting/get", AccountSettings)

    def open(self) -> None:
        """Have a token, before many threads want one at once."""
        self._pair.access()

    def close(self) -> None:
        self._api.close()

    def get[T](self, path: str, kind: type[T], **query: Any) -> T:
        """Read once: for callers who have their own plan for a failure."""
        return self._ask("GET", path, kind, params=query)

    def patiently[T](self, path: str, kind: type[T], **query: Any) -> T:
        """Read, and try a few times more when CJ is busy or the line broke."""
        return patiently(lambda: self._ask("GET", path, kind, params=query), is_repeatable=True)

    def post[T](self, path: str, kind: type[T], body: Mapping[str, Any]) -> T:
        return self._ask("POST", path, kind, body=body)

    def delete[T](self, path: str, kind: type[T], **query: Any) -> T:
        return self._ask("DELETE", path, kind, params=query)

    def _ask[T](
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> T:
        access = self._pair.access()
        try:
            return self._send(method, path, kind, params=params, body=body, access=access)
        except TokenRefusedError:
            self._pair.refused(access)
            access = self._pair.access()
            return self._send(method, path, kind, params=params, body=body, access=access)

    def _authenticate(self, path: str, body: dict[str, str]) -> Tokens:
        try:
            return self._send("POST", path, Tokens, params=None, body=body, access="")
        except OutsideError as error:
            # Whatever became of the login: the call it was needed for was never sent.
            error.may_have_happened = False
            raise

    def _send[T](  # noqa: PLR0913 - one call, told whole
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        params: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        access: str,
    ) -> T:
        headers = {"CJ-Access-Token": access} if access else {}
        points = limits.price(path)
        if points:
            is_for_order = limits.is_for_order(path)
            self._budget.spend(self._points, points=points, is_for_order=is_for_order)
        try:
            content = self._api.read(method, path, params=params, body=body, headers=headers)
        except TemporaryError as error:
            # The same status is said of too many calls in a second, with a wait or in the body.
            is_rate = error.retry_after_s is not None or str(TOO_FAST) in str(error)
            if error.code == TOO_MANY and not is_rate:
                raise _spent(error) from error
            raise
        what = f"{method} {path}"
        envelope = decoded(content, Envelope, what=what)
        if points and envelope.points_info is not None:
            self._believe(envelope.points_info)
        if envelope.code not in GOOD:
            told = f"{what}: {envelope.code} (request {envelope.request_id})"
            log.info("%s", told)
            # His words on a write may quote what was sent, and that names shoppers; a login
            # sends nobody's name.
            if method == "GET" or not access:
                told = f"{what}: {envelope.code} {(envelope.message or '')[:200]}"
            refused = failure(envelope.code, told, is_write=method != "GET")
            raise _spent(refused) if isinstance(refused, QuotaSpentError) else refused
        return decoded(bytes(envelope.data), kind, what=what)

    def _believe(self, info: PointsInfo) -> None:
        """Take his count for ours: somebody else may use the same account."""
        left, total = parsing.whole(info.remaining), parsing.whole(info.total)
        if left is not None and left >= 0:
            until = limits.midnight_after(time.time())
            self._budget.told(self._points, left=left, total=total, until=until)


def _spent(error: OutsideError) -> BudgetSpentError:
    return BudgetSpentError(str(error), until=limits.midnight_after(time.time()))
