"""BigCommerce client: call the V2 and V3 APIs of one store within its quota, map errors.

The quota is per 30 seconds, for all apps of the store together; each answer tells what is left.
"""

import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.responses import ServiceResponse, raise_for_status
from storefront.sales_channels.platforms.answers import decode
from storefront.sales_channels.platforms.base import GARBAGE, PlatformContext
from storefront.sales_channels.platforms.bigcommerce.schemas import Envelope, Problem
from storefront.sales_channels.platforms.rest_client import MAX_PAGES, RestClient

PAGE_SIZE = 250
MAX_RATE_LIMITED = 5
MAX_WAIT_S = 35.0  # a whole window of the quota
READ_S, TOTAL_S = 30.0, 60.0
LEFT, RESET_MS = "x-rate-limit-requests-left", "x-rate-limit-time-reset-ms"
MISSING = str(int(HTTPStatus.NOT_FOUND))


class Client(RestClient):
    def __init__(self, context: PlatformContext) -> None:
        token = context.secrets.get("access_token", "")
        super().__init__(
            context,
            path="/",
            headers={"x-auth-token": token},
            secrets=(token,),
            read_s=READ_S,
            total_s=TOTAL_S,
        )
        self._free_at_s = 0.0

    def rows[T](self, path: str, kind: type[T], **query: Any) -> list[T]:
        """Read one page of V2; an empty one has no body."""
        answer = self.send("GET", path, params=query)
        if answer.status == HTTPStatus.NO_CONTENT:
            return []
        return decode(answer.content, list[kind], what=f"GET {path}")  # type: ignore[valid-type]

    def data[T](self, path: str, kind: type[T], **query: Any) -> T:
        """Read the data of V3."""
        return self.get(path, Envelope[kind], **query).data  # type: ignore[valid-type]

    def pages[T](self, path: str, kind: type[T], **query: Any) -> Iterator[T]:
        """Yield the rows of all pages of V3."""
        for number in range(1, MAX_PAGES + 1):
            params = {"limit": PAGE_SIZE, "page": number, **query}
            found = self.get(path, Envelope[list[kind]], **params)  # type: ignore[valid-type]
            yield from found.data
            if number >= found.meta.pagination.total_pages:
                return
        raise PermanentError(f"GET {path} has no last page", code=GARBAGE)

    def _once(
        self, method: str, path: str, *, params: Mapping[str, Any] | None, body: Any
    ) -> ServiceResponse:
        for _ in range(MAX_RATE_LIMITED):
            self._wait(f"{method} {path}")
            answer = self._api.send(method, path, params=params, body=body)
            self._store_quota(answer)
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS or RESET_MS not in answer.headers:
                break
        return _checked(answer, f"{method} {path}")

    def _wait(self, what: str) -> None:
        wait_s = self._free_at_s - time.monotonic()
        if wait_s > MAX_WAIT_S:
            raise TemporaryError(f"{what}: the quota is used up", code="429", retry_after_s=wait_s)
        if wait_s > 0:
            time.sleep(wait_s)

    def _store_quota(self, answer: ServiceResponse) -> None:
        left, reset_ms = answer.headers.get(LEFT, ""), answer.headers.get(RESET_MS, "")
        is_used_up = left == "0" or answer.status == HTTPStatus.TOO_MANY_REQUESTS
        if is_used_up and reset_ms.isdecimal():
            self._free_at_s = time.monotonic() + int(reset_ms[:9]) / 1000


def _checked(answer: ServiceResponse, what: str) -> ServiceResponse:
    if answer.status < HTTPStatus.BAD_REQUEST:
        raise_for_status(answer, what=what)
        return answer
    text = f"{what}: HTTP {answer.status} {_problem(answer.content)}"
    if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in {408, 425, 429}:
        raise PermanentError(text, code=str(int(answer.status)))
    raise_for_status(answer, what=what)
    return answer


def _problem(content: bytes) -> str:
    try:
        found: Any = decode(content, Problem | list[Problem], what="error")  # type: ignore[arg-type]
    except PermanentError:
        return ""
    problems = found if isinstance(found, list) else [found]
    return str(problems[0]) if problems else ""
