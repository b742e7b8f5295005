"""BigBuy client: call the API within its quotas, read whole lists, map errors.

BigBuy may send an error with HTTP status 200, so the body decides.
"""

import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, BinaryIO

import ijson
import msgspec

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from storefront.lib.http.responses import ServiceResponse
from storefront.lib.http.retries import retry
from suppliers.connectors.bigbuy.error_codes import RATE_LIMITED, ApiError, parse_error
from suppliers.connectors.bigbuy.options import GROUP_QUOTAS, LIST_QUOTAS, Options
from suppliers.connectors.context import ConnectorContext, Quota
from suppliers.connectors.parsing import RepairedJson
from suppliers.connectors.records import QuotaExceededError

SUFFIX = ".json"
PAGE_SIZE = 10_000
MAX_PAGES = 100
# A list has tens of megabytes, generated during the request.
LIST_READ_S, LIST_TOTAL_S, LIST_MAX_BYTES = 60.0, 240.0, 1_000_000_000
LIST_ATTEMPTS = 3
MAX_SLOT_WAIT_S = 30.0
MIN_SLEEP_S, MAX_SLEEP_S = 0.02, 1.0
CALL_INTERVAL_S = 1.02
PAUSE_AFTER_429_S = 600.0
# How much of a list is checked for an error.
START_BYTES = 4096
FIRST_NON_SUCCESS_STATUS = 300
ORDER_PATH = re.compile(r"/order/(\w{1,40})/?$")


class SeveralWarehousesError(PermanentError):
    """The items of one order are in several warehouses."""


class ApiClient:
    def __init__(self, context: ConnectorContext, options: Options) -> None:
        headers = {"Authorization": f"Bearer {context.secrets.get('api_key', '')}"}
        self._api = context.api(headers=headers)
        self._lists = context.api(
            headers=headers,
            read_s=LIST_READ_S,
            total_s=LIST_TOTAL_S,
            max_answer_bytes=LIST_MAX_BYTES,
        )
        self._quotas = context.quotas
        self._folder = context.folder
        self._options = options
        self.list_counts: dict[str, int] = {}  # rows, by list and taxonomy

    def close(self) -> None:
        self._api.close()
        self._lists.close()

    def get[T](self, path: str, kind: type[T]) -> T:
        return _decode(self._send("GET", path).content, kind, what=f"GET {path}")

    def check(self, path: str) -> None:
        self._send("GET", path)

    def query[T](self, path: str, kind: type[T], body: Any) -> T:
        """Send a POST that changes nothing at BigBuy."""
        try:
            answer = self._send("POST", path, body=body)
            return _decode(answer.content, kind, what=f"POST {path}")
        except ExternalServiceError as error:
            error.is_outcome_unknown = False
            raise

    def create(self, path: str, body: Any) -> str:
        """Create an order; return the id at the end of its location.

        Raises: TemporaryError  the answer has no id: look the order up
        """
        answer = self._send("POST", path, body=body)
        match = ORDER_PATH.search(answer.headers.get("location", ""))
        if match is None:
            raise TemporaryError(
                f"POST {path}: HTTP {answer.status} without an order ID",
                code="no_location",
                is_outcome_unknown=True,
            )
        return match[1]

    def _send(self, method: str, path: str, *, body: Any = None) -> ServiceResponse:
        quota = GROUP_QUOTAS[path.split("/", maxsplit=1)[0]]
        deadline = time.monotonic() + MAX_SLOT_WAIT_S
        while True:
            self._wait_for_slot(quota, deadline=deadline)
            answer = self._api.send(method, path + SUFFIX, body=body)
            # BigBuy counts the second from the arrival of the call: from the answer is safe.
            self._quotas.set_remaining(
                quota, remaining=0, total=quota.points, until=_in(CALL_INTERVAL_S)
            )
            rejection = parse_error(answer.status, answer.content)
            if rejection is None and answer.status < FIRST_NON_SUCCESS_STATUS:
                return answer
            rejection = rejection or ApiError(code=str(answer.status))
            # A rate-limited call had no effect: it may be sent again.
            if rejection.code != RATE_LIMITED or time.monotonic() > deadline:
                raise _to_error(rejection, f"{method} {path}", is_write=method != "GET")
            time.sleep(MAX_SLEEP_S)

    def _wait_for_slot(self, quota: Quota, *, deadline: float) -> None:
        """Wait until the quota permits a call, and count it.

        Raises: QuotaExceededError  it permits none before the deadline
        """
        while True:
            try:
                self._quotas.spend(quota, is_for_order=True)
            except QuotaExceededError as error:
                if time.monotonic() > deadline:
                    raise
                wait_s = error.until.timestamp() - time.time()
                time.sleep(min(max(wait_s, MIN_SLEEP_S), MAX_SLEEP_S))
            else:
                return

    def rows(self, name: str, *, is_per_product: bool = True) -> Iterator[dict[str, Any]]:
        """Yield the rows of a whole list, from a temporary file.

        Raises: QuotaExceededError    the hourly quota of the list is used up
                ExternalServiceError  the list could not be fetched
        """
        query: dict[str, Any] = {"isoCode": self._options.language}
        if not is_per_product:
            yield from self._counted(name, self._page(name, query))
            return
        for taxonomy in self._options.taxonomies or (None,):
            filters = {"parentTaxonomy": taxonomy} if taxonomy else {}
            list_name = f"{name} {taxonomy}" if taxonomy else name
            yield from self._counted(list_name, self._pages(name, {**query, **filters}))

    def _counted(self, list_name: str, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        count = 0
        for count, row in enumerate(rows, start=1):  # noqa: B007 - the last one counts
            yield row
        self.list_counts[list_name] = count

    def _pages(self, name: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for number in range(MAX_PAGES):
            count = 0
            for row in self._page(name, {**query, "page": number, "pageSize": PAGE_SIZE}):
                count += 1
                yield row
            if count != PAGE_SIZE:
                return
        raise PermanentError(f"catalog/{name} has no last page", code="garbage")

    def _page(self, name: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        path = f"catalog/{name}"
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder) as file:
            retry(partial(self._fetch, path, query, file), is_idempotent=True, tries=LIST_ATTEMPTS)
            file.seek(0)
            try:
                for row in ijson.items(RepairedJson(file), "item", use_float=False):
                    if not isinstance(row, dict):
                        raise _invalid_response(path)
                    yield row
            except (ijson.JSONError, UnicodeDecodeError) as error:
                raise _invalid_response(path) from error

    def _fetch(self, path: str, query: Mapping[str, Any], file: BinaryIO) -> None:
        """Fetch one page into the file.

        Raises: QuotaExceededError  the hourly quota of the list is used up
        """
        quota = LIST_QUOTAS[path]
        file.seek(0)
        file.truncate()
        self._quotas.spend(quota)
        answer = self._lists.send("GET", path + SUFFIX, params=query, to=file)
        until = self._store_quota(quota, answer.headers)
        file.seek(0)
        start = answer.content or file.read(START_BYTES)
        rejection = parse_error(answer.status, start)
        if rejection is not None and rejection.code == RATE_LIMITED:
            until = until or _in(PAUSE_AFTER_429_S)
            self._quotas.set_remaining(quota, remaining=0, total=None, until=until)
            raise QuotaExceededError(f"GET {path}: rate limit reached", until=until)
        if rejection is not None:
            raise rejection.error(f"GET {path}", is_write=False)
        if not start.lstrip().startswith(b"["):
            raise _invalid_response(path)

    def _store_quota(self, quota: Quota, headers: Mapping[str, str]) -> datetime | None:
        """Store the remaining points of a quota from the headers; return when its window ends."""
        names = ("limit", "remaining", "reset")
        values = [headers.get(f"x-ratelimit-{name}", "") for name in names]
        if not all(value.isdecimal() and len(value) < 12 for value in values):  # noqa: PLR2004
            return None
        total, remaining, reset_s = map(int, values)
        # A date far in the future would pause the syncs for ever.
        until = min(datetime.fromtimestamp(reset_s, UTC), _in(quota.window_s))
        self._quotas.set_remaining(quota, remaining=remaining, total=total, until=until)
        return until


def _in(seconds: float) -> datetime:
    return datetime.fromtimestamp(time.time() + seconds, UTC)


def _to_error(rejection: ApiError, what: str, *, is_write: bool) -> ExternalServiceError:
    if rejection.warehouses:
        return SeveralWarehousesError(
            f"{what}: the items are in {len(rejection.warehouses)} warehouses",
            code="several_warehouses",
        )
    return rejection.error(what, is_write=is_write)


def _invalid_response(path: str) -> PermanentError:
    return PermanentError(f"GET {path}: the answer is not a list of objects", code="garbage")


def _decode[T](content: bytes, kind: type[T], *, what: str) -> T:
    try:
        return msgspec.json.Decoder(kind, float_hook=Decimal, strict=False).decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PermanentError(
            f"{what}: unexpected answer", code="garbage", is_outcome_unknown=True
        ) from error
