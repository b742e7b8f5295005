"""WooCommerce client: call REST API v3 of one store, read all pages, map errors.

WooCommerce has no rate limit of its own; a host that answers 429 is obeyed.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from storefront.lib.http.errors import PermanentError
from storefront.lib.http.responses import ServiceResponse, raise_for_status
from storefront.sales_channels.platforms.answers import decode
from storefront.sales_channels.platforms.base import GARBAGE, PlatformContext
from storefront.sales_channels.platforms.rest_client import MAX_PAGES, RestClient
from storefront.sales_channels.platforms.woocommerce import schemas

API = "wc/v3/"
PAGE_SIZE = 100  # also the most items of a batch
# WooCommerce downloads the pictures of products before it answers.
READ_S, TOTAL_S = 60.0, 90.0
NO_ROUTE = "rest_no_route"
# Refusals that WooCommerce sends with HTTP status 500.
REFUSALS = frozenset({"woocommerce_rest_cannot_create_order_refund"})
UNAUTHORIZED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Client(RestClient):
    def __init__(self, context: PlatformContext) -> None:
        secret = context.secrets.get("consumer_secret", "")
        pair = f"{context.secrets.get('consumer_key', '')}:{secret}"
        token = b64encode(pair.encode()).decode()
        super().__init__(
            context,
            path="/wp-json/",
            headers={"authorization": f"Basic {token}"},
            secrets=(secret, token),
            read_s=READ_S,
            total_s=TOTAL_S,
        )

    def pages[T](self, path: str, kind: type[T], **query: Any) -> Iterator[T]:
        """Yield the rows of all pages."""
        for number in range(1, MAX_PAGES + 1):
            params = {"per_page": PAGE_SIZE, "page": number, **query}
            answer = self.send("GET", path, params=params)
            yield from decode(answer.content, list[kind], what=f"GET {path}")  # type: ignore[valid-type]
            if number >= int(answer.headers.get("x-wp-totalpages") or 0):
                return
        raise PermanentError(f"GET {path} has no last page", code=GARBAGE)

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
        found = self.write("POST", f"{path}/batch", body, schemas.Batch)
        if (len(found.create), len(found.update)) != (len(create), len(update)):
            raise PermanentError(
                f"POST {path}/batch: another number of items", code=GARBAGE,
                is_outcome_unknown=True,
            )  # fmt: skip
        return found

    def _once(
        self, method: str, path: str, *, params: Mapping[str, Any] | None, body: Any
    ) -> ServiceResponse:
        # Extensions have a namespace of their own, such as ``wc-ast/v3/``.
        full = path if path.startswith(("wc-", "?")) else API + path
        answer = self._api.send(method, full, params=params, body=body)
        if answer.status < HTTPStatus.BAD_REQUEST:
            raise_for_status(answer, what=f"{method} {path}")
            return answer
        problem = _problem(answer.content)
        text = f"{method} {path}: HTTP {answer.status} {problem.message[:200]}"
        if answer.status in UNAUTHORIZED:
            raise PermanentError(text, code=str(int(answer.status)))
        is_refusal = answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and problem.code
        is_busy = answer.status == HTTPStatus.TOO_MANY_REQUESTS
        if problem.code in REFUSALS or (is_refusal and not is_busy):
            raise PermanentError(text, code=problem.code)
        raise_for_status(answer, what=f"{method} {path}", excerpt=f" {problem.message[:200]}")
        return answer


def _problem(content: bytes) -> schemas.Problem:
    try:
        return decode(content, schemas.Problem, what="error")
    except PermanentError:
        return schemas.Problem()
