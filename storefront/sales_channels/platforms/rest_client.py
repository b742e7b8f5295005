"""REST client: send JSON to one store, repeat what had no effect, decode the answers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from storefront.lib.http.client import ApiClient
from storefront.lib.http.responses import ServiceResponse
from storefront.lib.http.retries import retry
from storefront.sales_channels.platforms.answers import decode
from storefront.sales_channels.platforms.base import PlatformContext

MAX_ATTEMPTS = 3
MAX_PAGES = 2000
MAX_ANSWER_BYTES = 30_000_000


class RestClient(ABC):
    """Base of the clients of REST platforms, which define ``_once``."""

    def __init__(  # noqa: PLR0913 - the parts of a client
        self,
        context: PlatformContext,
        *,
        path: str,
        headers: Mapping[str, str],
        secrets: Sequence[str],
        read_s: float,
        total_s: float,
    ) -> None:
        self._api = ApiClient(
            context.base_url.rstrip("/") + path,
            headers={"accept": "application/json", **headers},
            read_s=read_s,
            total_s=total_s,
            max_answer_bytes=MAX_ANSWER_BYTES,
            gate=context.gate,
            secrets=secrets,
        )

    def close(self) -> None:
        self._api.close()

    def get[T](self, path: str, kind: type[T], **query: Any) -> T:
        return decode(self.send("GET", path, params=query).content, kind, what=f"GET {path}")

    def write[T](self, method: str, path: str, body: Any, kind: type[T], **query: Any) -> T:
        """Change something; return the answer."""
        answer = self.send(method, path, params=query, body=body)
        return decode(answer.content, kind, what=f"{method} {path}")

    def send(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> ServiceResponse:
        """Send a call; repeat it if it certainly had no effect, or if it only reads.

        A lost write is for the caller, which looks up what happened.
        """
        call = partial(self._once, method, path, params=params, body=body)
        return retry(call, is_idempotent=method == "GET", tries=MAX_ATTEMPTS)

    @abstractmethod
    def _once(
        self, method: str, path: str, *, params: Mapping[str, Any] | None, body: Any
    ) -> ServiceResponse:
        """Send one call; return a success. Raises TemporaryError, PermanentError."""
