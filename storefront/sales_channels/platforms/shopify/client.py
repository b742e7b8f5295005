"""Shopify client: send GraphQL within the cost limit, obtain tokens, map errors.

Shopify answers with HTTP 200 even if it refuses, so the body decides. Each answer tells how many
points are left; a call that costs more waits until the bucket has them.
"""

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec

from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from storefront.lib.http.retries import retry
from storefront.sales_channels.platforms.answers import must_be_readable
from storefront.sales_channels.platforms.base import GARBAGE, PlatformContext
from storefront.sales_channels.platforms.shopify.queries import API_VERSION
from suppliers.connectors.parsing import digest

log = logging.getLogger(__name__)

GRAPHQL_PATH = f"admin/api/{API_VERSION}/graphql.json"
TOKEN_PATH = "admin/oauth/access_token"  # noqa: S105 - a path
TOKEN_HEADER = "X-Shopify-Access-Token"  # noqa: S105 - a header
UNAUTHORIZED, FORBIDDEN = "401", "403"
RENEW_TOKEN_BEFORE_S = 600.0
READ_TRIES = 3
THROTTLED_TRIES = 8
MAX_WAIT_S = 30.0
MIN_WAIT_S = 0.05
MAX_QUERY_COST = 1000
QUERY_COST = 250.0
MUTATION_COST = 12.0  # 10, and the objects of the answer
STANDARD_RESTORE_PER_S = 100.0
THROTTLED = "THROTTLED"
# Shopify did not complete the request, and says nothing about its effect.
UNCLEAR_CODES = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT"})
# The first request with this key is still being processed.
CONCURRENT = "IDEMPOTENCY_CONCURRENT_REQUEST"


class ThrottleStatus(msgspec.Struct, kw_only=True, rename="camel"):
    maximum_available: float
    currently_available: float
    restore_rate: float


class Cost(msgspec.Struct, kw_only=True, rename="camel"):
    requested_query_cost: float
    throttle_status: ThrottleStatus


class GraphqlError(msgspec.Struct, kw_only=True):
    message: str
    extensions: dict[str, Any] = {}

    @property
    def code(self) -> str:
        return str(self.extensions.get("code", ""))


class Extensions(msgspec.Struct, kw_only=True):
    cost: Cost | None = None


class Answer(msgspec.Struct, kw_only=True):
    data: dict[str, Any] | None = None
    errors: list[GraphqlError] | str | dict[str, Any] | None = None
    extensions: Extensions | None = None


class UserError(msgspec.Struct, kw_only=True):
    """Why Shopify refused an input; ``field`` is the path to it."""

    message: str
    code: str | None = None
    field: list[str] | None = None

    @property
    def index(self) -> int | None:
        """The position in the list that the path names; None if it names none."""
        numbers = [int(each) for each in self.field or () if each.isdecimal()]
        return numbers[0] if numbers else None


class Token(msgspec.Struct, kw_only=True):
    access_token: str
    expires_in: float


class GraphqlClient:
    """Client of the GraphQL Admin API of one shop.

    A token that was issued for the app's credentials is kept until it expires, per process.
    """

    _issued: ClassVar[dict[str, tuple[str, float]]] = {}  # by shop and credentials
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, context: PlatformContext) -> None:
        self._secrets = context.secrets
        self._fixed_token = context.secrets.get("access_token", "")
        identity = "|".join(
            (context.base_url, *(self._secrets.get(n, "") for n in ("client_id", "client_secret")))
        )
        self._identity = digest(identity)
        self._api = ApiClient(
            context.base_url, gate=context.gate, secrets=[s for s in self._secrets.values() if s]
        )
        self._status: ThrottleStatus | None = None
        self._status_at = 0.0
        self._costs: dict[str, float] = {}

    def close(self) -> None:
        self._api.close()

    def query(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        cost: float = QUERY_COST,
    ) -> dict[str, Any]:
        """Read; retried after temporary errors. ``cost`` is assumed until an answer tells it.

        Raises: TemporaryError, PermanentError
        """
        known = self._costs.get(_operation_name(document), cost)
        return retry(
            partial(self._execute, document, variables or {}, cost=known),
            is_idempotent=True,
            tries=READ_TRIES,
        )

    def pages(
        self,
        connection: str,
        document: str,
        variables: Mapping[str, Any],
        *,
        cost: float = QUERY_COST,
    ) -> Iterator[dict[str, Any]]:
        """Yield one answer for each page of a connection."""
        after = None
        while True:
            page = self.query(document, {**variables, "after": after}, cost=cost)
            yield page
            info = page[connection]["pageInfo"]
            if not info["hasNextPage"]:
                return
            after = info["endCursor"]

    def mutate(
        self, document: str, variables: Mapping[str, Any], *, cost: float = MUTATION_COST
    ) -> dict[str, Any]:
        """Write; retried only if it certainly had no effect. ``cost`` is the estimate in points.

        Raises: TemporaryError, PermanentError
        """
        return retry(
            partial(self._execute, document, variables, cost=cost),
            is_idempotent=False,
            tries=READ_TRIES,
        )

    # One call

    def _execute(
        self, document: str, variables: Mapping[str, Any], *, cost: float
    ) -> dict[str, Any]:
        name = _operation_name(document)
        body = {"query": document, "variables": variables, "operationName": name}
        for attempt in range(THROTTLED_TRIES):
            self._wait_for_points(min(cost, MAX_QUERY_COST))
            answer = self._send(name, body)
            self._store_cost(name, answer)
            errors = answer.errors
            if isinstance(errors, list) and any(e.code == THROTTLED for e in errors):
                cost = max(cost, self._costs.get(name, 0))
                time.sleep(MIN_WAIT_S * 2**attempt)
                continue  # it had no effect
            if errors:
                raise _to_error(name, errors)
            if answer.data is None:
                raise PermanentError(
                    f"{name}: the answer has no data", code=GARBAGE, is_outcome_unknown=True
                )
            return answer.data
        raise TemporaryError(f"{name}: still throttled", code="429", retry_after_s=MAX_WAIT_S)

    def _send(self, name: str, body: Mapping[str, Any]) -> Answer:
        token = self._token()
        try:
            said = self._post(token, body)
        except PermanentError as error:
            if error.code != UNAUTHORIZED or self._fixed_token:
                raise
            self._forget(token)
            said = self._post(self._token(), body)
        with must_be_readable(name):
            return msgspec.convert(said, Answer, strict=False)

    def _post(self, token: str, body: Mapping[str, Any]) -> Any:
        return self._api.post(GRAPHQL_PATH, body, headers={TOKEN_HEADER: token})

    # Cost

    def _wait_for_points(self, cost: float) -> None:
        """Sleep until the bucket holds these points, as far as the last answer tells."""
        status = self._status
        if status is None:
            return
        passed_s = time.monotonic() - self._status_at
        restored = status.currently_available + passed_s * status.restore_rate
        missing = min(cost, status.maximum_available) - restored
        if missing > 0:
            wait_s = missing / (status.restore_rate or STANDARD_RESTORE_PER_S)
            time.sleep(min(max(wait_s, MIN_WAIT_S), MAX_WAIT_S))

    def _store_cost(self, name: str, answer: Answer) -> None:
        cost = answer.extensions.cost if answer.extensions else None
        if cost is None:
            return
        self._status, self._status_at = cost.throttle_status, time.monotonic()
        self._costs[name] = max(self._costs.get(name, 0), cost.requested_query_cost)

    # Tokens

    def _token(self) -> str:
        """Return the token of the connection, or one for its credentials.

        Raises: ExternalServiceError  none can be obtained
        """
        if self._fixed_token:
            return self._fixed_token
        with self._lock:
            token, until = self._issued.get(self._identity, ("", 0.0))
            if token and time.monotonic() < until - RENEW_TOKEN_BEFORE_S:
                return token
            issued = retry(self._issue, is_idempotent=True, tries=READ_TRIES)
            self._issued[self._identity] = (
                issued.access_token,
                time.monotonic() + issued.expires_in,
            )
            return issued.access_token

    def _issue(self) -> Token:
        asked = {
            "grant_type": "client_credentials",
            "client_id": self._secrets.get("client_id", ""),
            "client_secret": self._secrets.get("client_secret", ""),
        }
        form = {"content-type": "application/x-www-form-urlencoded"}
        try:
            said = self._api.post(TOKEN_PATH, urlencode(asked).encode(), headers=form)
            with must_be_readable("access token"):
                return msgspec.convert(said, Token, strict=False)
        except PermanentError as error:
            if error.code == "400":  # an unknown app or a wrong secret
                error.code = UNAUTHORIZED
            raise

    def _forget(self, token: str) -> None:
        with self._lock:
            if self._issued.get(self._identity, ("", 0.0))[0] == token:
                del self._issued[self._identity]


def _operation_name(document: str) -> str:
    """Return the name after ``query`` or ``mutation``."""
    return document.split("(", 1)[0].split("{", 1)[0].split()[1]


def _to_error(
    name: str, errors: Sequence[GraphqlError] | str | Mapping[str, Any]
) -> ExternalServiceError:
    if isinstance(errors, str | Mapping):  # such as "[API] Invalid API key or access token"
        return PermanentError(f"{name}: {errors}", code="refused")
    first = errors[0]
    text = f"{name}: {first.message}"
    if first.code == "ACCESS_DENIED":
        return PermanentError(text, code=FORBIDDEN)
    if first.code in UNCLEAR_CODES:
        return TemporaryError(text, code=first.code, is_outcome_unknown=True)
    if first.code == CONCURRENT:
        return TemporaryError(text, code=first.code, is_outcome_unknown=True)
    return PermanentError(text, code=first.code)


def user_errors(payload: Mapping[str, Any], name: str = "userErrors") -> list[UserError]:
    """Return why Shopify refused a mutation; empty if it was carried out."""
    return msgspec.convert(payload.get(name) or [], list[UserError])


def raise_for(payload: Mapping[str, Any], *, what: str, name: str = "userErrors") -> None:
    """Raise PermanentError if Shopify refused a mutation, TemporaryError if it is in progress."""
    errors = user_errors(payload, name)
    if not errors:
        return
    text = f"{what}: " + "; ".join(error.message for error in errors)
    if errors[0].code == CONCURRENT:
        raise TemporaryError(text, code=CONCURRENT, is_outcome_unknown=True)
    raise PermanentError(text, code=errors[0].code or "refused")
