"""CJ tokens: log in, refresh early, replace rejected tokens, one worker at a time."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from storefront.lib.http.errors import CallDeferredError, ExternalServiceError, PermanentError
from suppliers.connectors.cj.error_codes import RefreshRejectedError, TokenRejectedError
from suppliers.connectors.cj.parsing import china_timestamp
from suppliers.connectors.cj.schemas import Tokens
from suppliers.connectors.context import TokenStore
from suppliers.connectors.parsing import digest, text

log = logging.getLogger(__name__)

RENEW_BEFORE_S = 24 * 3600
# A pair with a lifetime of minutes is renewed in its last quarter.
RENEW_BEFORE_FRACTION = 4
LOGIN_INTERVAL_S = 300

LoginCall = Callable[[str, dict[str, str]], Tokens]


class TokenPair:
    """The token pair of one account, shared by the threads of this process.

    Shape:  ``ask(path, body)`` sends an unauthenticated call of the authentication group
    """

    def __init__(self, *, api_key: str, store: TokenStore, ask: LoginCall) -> None:
        self._api_key = api_key
        self._key_digest = digest(api_key)
        self._store = store
        self._ask = ask
        self._lock = threading.Lock()
        self._pair: Mapping[str, Any] = {}

    def access(self) -> str:
        """Return a token that is valid as far as we know.

        Raises: ExternalServiceError  there is none, and none can be obtained now
        """
        with self._lock:
            if not self._pair:
                self._pair = self._store.load()
            pair = self._pair
            if not self._is_usable(pair, until="renew_after"):
                self._renew_unless_still_good(pair)
            return str(self._pair["access"])

    def renew_refused(self, access: str) -> None:
        """Replace the pair with this refused token, unless another thread has replaced it."""
        with self._lock:
            if self._pair.get("access") == access:
                self._pair = self._store.renew(self._renewal, refused=self._pair)

    def _renew_unless_still_good(self, pair: Mapping[str, Any]) -> None:
        try:
            self._pair = self._store.renew(self._renewal, refused=pair)
        except ExternalServiceError:
            if not self._is_usable(pair, until="access_until"):
                raise
            log.warning(
                "early token refresh failed; the current token is still valid", exc_info=True
            )

    def _is_usable(self, pair: Mapping[str, Any], *, until: str) -> bool:
        """Return whether the pair is for our key, and its time ``until`` has not passed."""
        return bool(pair.get("access")) and self._is_ours(pair) and pair[until] >= time.time()

    def _is_ours(self, pair: Mapping[str, Any]) -> bool:
        return bool(pair.get("of_key") == self._key_digest)

    def _renewal(self, current: dict[str, Any]) -> dict[str, Any]:
        if not self._is_ours(current):
            current = {}
        if current.get("refresh") and current["refresh_until"] > time.time():
            try:
                tokens = self._ask(
                    "authentication/refreshAccessToken", {"refreshToken": current["refresh"]}
                )
            except (RefreshRejectedError, TokenRejectedError):
                log.info("the refresh token was rejected: logging in")
            else:
                return {**current, **_decode_pair(tokens)}
        return self._login(current)

    def _login(self, current: dict[str, Any]) -> dict[str, Any]:
        """Log in, unless the last login was less than five minutes ago: CJ would reject it."""
        possible_at = current.get("logged_in_at", 0) + LOGIN_INTERVAL_S
        if (wait := possible_at - time.time()) > 0:
            raise CallDeferredError(
                f"the next login is possible in {wait:.0f} s",
                code="login_gap",
                until=datetime.fromtimestamp(possible_at, UTC),
            )
        tokens = self._ask("authentication/getAccessToken", {"apiKey": self._api_key})
        return {
            **_decode_pair(tokens),
            "open_id": text(tokens.open_id),
            "logged_in_at": time.time(),
            "of_key": self._key_digest,
        }


def _decode_pair(tokens: Tokens) -> dict[str, Any]:
    try:
        until = china_timestamp(tokens.access_token_expiry_date).timestamp()
        refresh_until = china_timestamp(tokens.refresh_token_expiry_date).timestamp()
    except ValueError as error:
        raise PermanentError(f"authentication: {error}") from error
    early = min(RENEW_BEFORE_S, (until - time.time()) / RENEW_BEFORE_FRACTION)
    return {
        "access": tokens.access_token,
        "access_until": until,
        "renew_after": until - early,
        "refresh": tokens.refresh_token,
        "refresh_until": refresh_until,
    }
