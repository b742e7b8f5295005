"""Sendcloud client: quote, order, find, read, download and cancel return labels.

The dialect is API version 3. Sendcloud ignores repeated references, so an order whose answer was
lost is looked up in the list of returns.
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from shipping.return_labels.base import (
    LabelParcel,
    LabelQuote,
    LabelReport,
    NotCancelableError,
)
from shipping.return_labels.sendcloud import parsing
from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import PermanentError
from storefront.lib.http.observers import CallObserver
from storefront.lib.http.responses import raise_for_status
from storefront.lib.http.retries import retry

CODE = "sendcloud"
PAGE_SIZE = 40
MAX_PAGES = 25
READ_TIMEOUT_S = 10.0
TOTAL_TIMEOUT_S = 20.0
MAX_ATTEMPTS = 2
MAX_LABEL_BYTES = 3_000_000
PDF_START = b"%PDF-"
DATE_FORMAT = "%Y-%m-%d %H:%M:%S"


class Sendcloud:
    """Sendcloud, with the keys of one account."""

    def __init__(
        self, *, base_url: str, public_key: str, secret_key: str, gate: CallObserver
    ) -> None:
        token = b64encode(f"{public_key}:{secret_key}".encode()).decode()
        self._api = ApiClient(
            base_url,
            headers={"authorization": f"Basic {token}"},
            read_s=READ_TIMEOUT_S,
            total_s=TOTAL_TIMEOUT_S,
            max_answer_bytes=MAX_LABEL_BYTES,
            gate=gate,
            secrets=(secret_key, token),
        )

    def close(self) -> None:
        self._api.close()

    def check(self, *, now: datetime) -> None:
        self._page(since=now, until=now, cursor="", size=1)

    def quote(self, parcel: LabelParcel) -> Sequence[LabelQuote]:
        call = partial(self._api.post, "shipping-options", parsing.options_request(parcel))
        return parsing.read_options(retry(call, is_idempotent=True, tries=MAX_ATTEMPTS))

    def order(self, parcel: LabelParcel, *, option: str, reference: str) -> str:
        body = parsing.return_request(parcel, option=option, reference=reference)
        answer = self._api.send("POST", "returns", body=body)
        if answer.status == HTTPStatus.BAD_REQUEST:
            raise PermanentError(parsing.read_problem(answer.content), code="refused")
        raise_for_status(answer, what="POST returns")
        return parsing.read_created(answer.content)

    def find(self, reference: str, *, since: datetime, until: datetime) -> str:
        cursor = ""
        for _ in range(MAX_PAGES):
            page = self._page(since=since, until=until, cursor=cursor)
            for one in page.data:
                if one.order_number == reference and one.id is not None:
                    return str(one.id)
            cursor = _cursor(page.next)
            if not cursor:
                return ""
        # Not "none": an order on a later page would be repeated.
        raise PermanentError(f"more than {MAX_PAGES} pages of returns", code="too_many")

    def read(self, external_id: str) -> LabelReport:
        call = partial(self._api.get, f"returns/{external_id}")
        return parsing.read_report(retry(call, is_idempotent=True, tries=MAX_ATTEMPTS))

    def download(self, document: str) -> bytes:
        call = partial(self._api.read, "GET", document, headers={"accept": "application/pdf"})
        content = retry(call, is_idempotent=True, tries=MAX_ATTEMPTS)
        if not content.startswith(PDF_START):
            raise PermanentError("the label is not a PDF", code="malformed")
        return content

    def cancel(self, external_id: str) -> None:
        path = f"returns/{external_id}/cancel"
        answer = self._api.send("PATCH", path, body={})
        if answer.status == HTTPStatus.CONFLICT:
            raise NotCancelableError
        raise_for_status(answer, what=f"PATCH {path}")

    def _page(
        self, *, since: datetime, until: datetime, cursor: str, size: int = PAGE_SIZE
    ) -> parsing.Page:
        query = {"from_date": _stamp(since), "to_date": _stamp(until), "page_size": str(size)}
        query |= {"cursor": cursor} if cursor else {}
        call = partial(self._api.json, "GET", "returns", params=query)
        return parsing.read_page(retry(call, is_idempotent=True, tries=MAX_ATTEMPTS))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(DATE_FORMAT)


def _cursor(url: str | None) -> str:
    """Return the cursor of the address of the next page; "" if there is none."""
    return (parse_qs(urlsplit(url or "").query).get("cursor") or [""])[0]
