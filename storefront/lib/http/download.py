"""Downloads: fetch a file from an untrusted URL, check every redirect."""

import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import SplitResult, urljoin

from storefront.lib.http.client import (
    MAX_RESPONSE_BYTES,
    READ_TIMEOUT_S,
    TOTAL_TIMEOUT_S,
    ApiClient,
)
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.observers import CallObserver
from storefront.lib.http.responses import ServiceResponse, raise_for_status
from storefront.lib.http.ssrf import ForbiddenAddressError, check_url

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 3
# Headers that may be sent to another host: none holds a credential.
CROSS_HOST_HEADERS = (
    "accept",
    "accept-language",
    "if-none-match",
    "if-modified-since",
    "user-agent",
)


def download(  # noqa: PLR0913 - a URL and its limits
    url: str,
    *,
    to: BinaryIO | None = None,
    headers: Mapping[str, str] | None = None,
    max_bytes: int = MAX_RESPONSE_BYTES,
    read_s: float = READ_TIMEOUT_S,
    total_s: float = TOTAL_TIMEOUT_S,
    redirects: int = MAX_REDIRECTS,
    gate: CallObserver | None = None,
    secrets: Iterable[str] = (),
) -> ServiceResponse:
    """Fetch a file into memory or ``to`` a file; a 304 is returned without content.

    The limits apply to all hops together. On a redirect to another host only ``CROSS_HOST_HEADERS``
    are sent; a redirect from https to http is refused.

    Raises: ForbiddenAddressError: a hop is not allowed. TemporaryError: no answer in time.
    PermanentError: an error status, too large, or too many redirects.
    """
    ends_at = time.monotonic() + total_s
    here, sent = check_url(url), dict(headers or {})
    for _ in range(redirects + 1):
        remaining_s = ends_at - time.monotonic()
        if remaining_s <= 0:
            break
        with ApiClient(
            f"{here.scheme}://{here.netloc}",
            headers=sent,
            read_s=min(read_s, remaining_s),
            total_s=remaining_s,
            max_answer_bytes=max_bytes,
            gate=gate,
            secrets=secrets,
        ) as api:
            answer = api.send("GET", _path(here), to=to)
        if answer.status not in REDIRECT_STATUSES:
            if answer.status != HTTPStatus.NOT_MODIFIED:
                raise_for_status(answer, what=f"GET {here.hostname}")
            return answer
        there = _next(here, answer)
        if (there.hostname, there.port) != (here.hostname, here.port):
            sent = {name: sent[name] for name in sent if name.lower() in CROSS_HOST_HEADERS}
        here = there
    if ends_at <= time.monotonic():
        raise TemporaryError(f"GET {here.hostname}: not downloaded in {total_s:.0f} s")
    raise PermanentError(f"GET {here.hostname}: more than {redirects} redirects", code="redirects")


def _path(url: SplitResult) -> str:
    return f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"


def _next(here: SplitResult, answer: ServiceResponse) -> SplitResult:
    location = answer.headers.get("location", "")
    if not location:
        raise PermanentError(
            f"GET {here.hostname}: redirect without a valid address", code="redirects"
        )
    there = check_url(urljoin(here.geturl(), location))
    if here.scheme == "https" and there.scheme != "https":
        raise ForbiddenAddressError(f"GET {here.hostname}: redirect from https to http")
    return there
