"""WooCommerce client: call REST API v3 of one store, read all pages, map errors.

WooCommerce has no rate limit of its own; a host that answers 429 is obeyed.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec

from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import PermanentError
from storefront.lib.http.responses import ServiceResponse, raise_for_status
from storefront.lib.http.retries import retry
from storefront.sales_channels.platforms.base import PlatformContext
from storefront.sales_channels.platforms.woocommerce import schemas

API = "wc/v3/"
PAGE_SIZE = 100  # also the most items of a batch
MAX_PAGES = 2000
MAX_ATTEMPTS = 3
# WooCommerce downloads the pictures of products before it answers.
READ_S, TOTAL_S, MAX_ANSWER_BYTES = 60.0, 90.0, 30_000_000
NO_ROUTE = "rest_no_route"
# Refusals that WooCommerce sends with HTTP status 500.
REFUSALS = frozenset({"woocommerce_rest_cannot_create_order_refund"})
UNAUTHORIZED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Client:
    def __init__(self, context: PlatformContext) -> None:
        secret = context.secrets.get("consumer_secret", "")
        pair = f"{context.secrets.get('consumer_key', '')}:{secret}"
        token = b64encode(pair.encode()).decode()
        self._api = ApiClient(
            context.base_url.rstrip("/") + "/wp-json/",
            headers={"authorization": f"Basic {token}", "accept": "application/json"},
            read_s=READ_S,
            total_s=TOTAL_S,
            max_answer_bytes=MAX_ANSWER_BYTES,
            gate=context.gate,
            secrets=(secret, token),
        )

    def close(self) -> None:
        self._api.close()

    def get[T](self, path: str, kind: type[T], **query: Any) -> T:
        answer = self._send("GET", path, params=query)
        return decode(answer.content, kind, what=f"GET {path}")

    def pages[T](self, path: str, kind: type[T], **query: Any) -> Iterator[T]:
        """Yield the rows of all pages."""
        for number in range(1, MAX_PAGES + 1):
            params = {"per_page": PAGE_SIZE, "page": number, **query}
            answer = self._send("GET", path, params=params)
            yield from decode(answer.content, list[kind], what=f"GET {path}")  # type: ignore[valid-type]
            if number >= int(answer.headers.get("x-wp-totalpages") or 0):
                return
        raise PermanentError(f"GET {path} has no last page", code="garbage")

    def put[T](self, path: str, body: Any, kind: type[T]) -> T:
        answer = self._send("PUT", path, body=body)
        return decode(answer.content, kind, what=f"PUT {path}")

    def create[T](self, path: str, body: Any, kind: type[T], **query: Any) -> T:
        answer = self._send("POST", path, params=query, body=body)
        return decode(answer.content, kind, what=f"POST {path}")

    def probe(self, path: str) -> None:
        """Send an empty change. PHP answers it with an empty list, not with an object."""
        self._send("PUT", path, body={})

    def delete(self, path: str) -> None:
        self._send("DELETE", path)

    def batch(
        self,
        path: str,
        *,
        create: Sequence[Mapping[str, Any]] = (),
        update: Sequence[Mapping[str, Any]] = (),
        delete: Sequence[int] = (),
    ) -> schemas.Batch:
        """Send at most ``PAGE_SIZE`` changes. A refused one has an ``error`` in its place."""
        parts = {"create": create, "update": update, "delete": delete}
        body = {name: list(rows) for name, rows in parts.items() if rows}
        answer = self._send("POST", f"{path}/batch", body=body)
        found = decode(answer.content, schemas.Batch, what=f"POST {path}/batch")
        if (len(found.create), len(found.update)) != (len(create), len(update)):
            raise PermanentError(
                f"POST {path}/batch: another number of items", code="garbage",
                is_outcome_unknown=True,
            )  # fmt: skip
        return found

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> ServiceResponse:
        """Send a call; repeat it if it certainly had no effect, or if it only reads.

        A lost write is for the caller, which looks up what happened.
        """
        # Extensions have a namespace of their own, such as ``wc-ast/v3/``.
        full = path if path.startswith(("wc-", "?")) else API + path
        call = partial(self._once, method, full, params=params, body=body)
        return retry(call, is_idempotent=method == "GET", tries=MAX_ATTEMPTS)

    def _once(
        self, method: str, path: str, *, params: Mapping[str, Any] | None, body: Any
    ) -> ServiceResponse:
        answer = self._api.send(method, path, params=params, body=body)
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise_for_status(answer, what=f"{method} {path}")
            return answer
        problem = _problem(answer.content)
        text = f"{method} {path}: HTTP {answer.status} {problem.message[:200]}"
        if answer.status in UNAUTHORIZED:
            raise PermanentError(text, code=str(int(answer.status)))
        if problem.code in REFUSALS:
            raise PermanentError(text, code=problem.code)
        if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and problem.code:
            is_busy = answer.status == HTTPStatus.TOO_MANY_REQUESTS
            if not is_busy:
                raise PermanentError(text, code=problem.code)
        raise_for_status(answer, what=f"{method} {path}", excerpt=f" {problem.message[:200]}")
        return answer


def _problem(content: bytes) -> schemas.Problem:
    try:
        return msgspec.json.decode(content, type=schemas.Problem, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return schemas.Problem()


def decode[T](content: bytes, kind: type[T], *, what: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PermanentError(
            f"{what}: unexpected answer: {str(error)[:100]}",
            code="garbage",
            is_outcome_unknown=True,
        ) from error
