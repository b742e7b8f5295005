"""Every call to CJ: paced, with a token, and judged by the code in its envelope."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from storefront.lib.failures import OutsideError, TemporaryError
from suppliers.adapters.cj.codes import GOOD, QUOTA_USED_UP, TokenRefusedError, failure
from suppliers.adapters.cj.decoding import decoded
from suppliers.adapters.cj.shapes import Envelope, Tokens
from suppliers.adapters.cj.tokens import TokenPair
from suppliers.adapters.line import Line

log = logging.getLogger(__name__)

# A read that failed for a moment is worth another try; a write never is.
TRIES = 4
FIRST_WAIT_S = 0.4


class Wire:
    """One account at CJ."""

    def __init__(self, line: Line) -> None:
        self._api = line.api()
        key = line.secrets.get("api_key", "")
        self._pair = TokenPair(api_key=key, store=line.tokens, ask=self._authenticate)

    def sign_in(self) -> str:
        """Read the account's settings: the cheapest call that needs a token."""
        settings = self.patiently("setting/get", dict[str, Any])
        return str(settings.get("openName") or settings.get("openId") or "")

    def close(self) -> None:
        self._api.close()

    def get[T](self, path: str, kind: type[T], **query: Any) -> T:
        """Read once: for callers who have their own plan for a failure."""
        return self._ask("GET", path, kind, params=query)

    def patiently[T](self, path: str, kind: type[T], **query: Any) -> T:
        """Read, and try a few times more when CJ is busy or the line broke."""
        for attempt in range(TRIES - 1):
            try:
                return self._ask("GET", path, kind, params=query)
            except TemporaryError as error:
                if error.code in {str(QUOTA_USED_UP), "login_gap"}:
                    raise
                log.info("%s, trying again", error)
                time.sleep(FIRST_WAIT_S * 2**attempt)
        return self._ask("GET", path, kind, params=query)

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
        content = self._api.read(method, path, params=params, body=body, headers=headers)
        what = f"{method} {path}"
        envelope = decoded(content, Envelope, what=what)
        if envelope.code not in GOOD:
            told = f"{what}: {envelope.code} (request {envelope.request_id})"
            log.info("%s", told)
            # His words on a write may quote what was sent, and that names shoppers; a login
            # sends nobody's name.
            if method == "GET" or not access:
                told = f"{what}: {envelope.code} {(envelope.message or '')[:200]}"
            raise failure(envelope.code, told, is_write=method != "GET")
        return decoded(bytes(envelope.data), kind, what=what)
