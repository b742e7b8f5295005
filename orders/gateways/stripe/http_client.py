"""Stripe HTTP client: send the requests of Stripe's library through ``ApiClient``."""

from collections.abc import Mapping
from typing import Any

import stripe

from storefront.lib.http.client import ApiClient
from storefront.lib.http.observers import CallObserver

READ_TIMEOUT_S = 10.0
TOTAL_TIMEOUT_S = 15.0
FORM = "application/x-www-form-urlencoded"


class HttpClient(stripe.HTTPClient):
    """The library's HTTP client. It drops the library's telemetry header."""

    name = "fara"

    def __init__(self, *, base_url: str, secret: str, gate: CallObserver | None = None) -> None:
        super().__init__()
        self._base_url = base_url
        self._api = ApiClient(
            base_url, read_s=READ_TIMEOUT_S, total_s=TOTAL_TIMEOUT_S, gate=gate, secrets=(secret,)
        )

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send a request of the library.

        Raises: TemporaryError, PermanentError  no valid response
        """
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        sent.pop("x-stripe-client-telemetry", None)
        answer = self._api.send(
            method.upper(),
            url.removeprefix(self._base_url),
            body=post_data.encode() if post_data else None,
            headers=sent,
        )
        return answer.content.decode("utf-8", "replace"), answer.status, answer.headers

    def close(self) -> None:
        self._api.close()
