"""HTTP client: call external services with time and size limits, report each outcome.

Every outbound HTTP call of the shop goes through this module.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping
from functools import cache
from io import BytesIO
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpcore
import httpx
import msgspec

from storefront.lib.db.transactions import HeldTransactionError, in_transaction
from storefront.lib.http import deadlines
from storefront.lib.http.errors import OutsideError, PermanentError, TemporaryError
from storefront.lib.http.observers import BEAT_S, Call, Gate, OpenGate, Outcome, heard
from storefront.lib.http.redaction import quoted, spoken_path, their_id
from storefront.lib.http.responses import ACCEPTED, Exchange, judge, unpacked
from storefront.lib.http.ssrf import RefusedAddressError, checked

CONNECT_S = 2.0
READ_S = 10.0
TOTAL_S = 15.0
MAX_CONNECTIONS = 10
MAX_ANSWER_BYTES = 4_000_000


@cache
def _trust() -> ssl.SSLContext:
    """Load the trusted certificate authorities once per process; it is slower than most calls."""
    return httpx.create_ssl_context(trust_env=False)


class _Transport(httpx.HTTPTransport):
    """HTTP transport whose connections obey the deadline of the whole call."""

    def __init__(self) -> None:
        trust = _trust()
        super().__init__(verify=trust, trust_env=False)
        # httpx has no argument for the network backend; its pool has one.
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust,
            max_connections=MAX_CONNECTIONS,
            network_backend=deadlines.Backend(),
        )


class Api:
    """Client of one external service at one base URL. Does not follow redirects; see ``download``.

    An error has ``may_have_happened`` set if the request may have been processed. Never repeat such
    a call without an idempotency key.
    """

    def __init__(  # noqa: PLR0913 - an address and its limits
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        read_s: float = READ_S,
        total_s: float = TOTAL_S,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        gate: Gate | None = None,
        hidden: Iterable[str] = (),
    ) -> None:
        """Prepare a client; sends nothing.

        ``hidden`` are secrets to leave out of logs and errors.

        Raises: RefusedAddressError: the URL is not allowed.
        """
        checked(base_url)
        self._gate = gate or OpenGate()
        self._hidden = tuple(hidden)
        self._total_s = total_s
        self._silent_s = min(total_s, read_s + BEAT_S)
        self._max_answer_bytes = max_answer_bytes
        try:
            self._client = httpx.Client(
                base_url=base_url,
                headers={"accept-encoding": ACCEPTED, **(headers or {})},
                timeout=httpx.Timeout(read_s, connect=CONNECT_S, pool=min(read_s, total_s)),
                follow_redirects=False,
                transport=_Transport(),
                trust_env=False,
            )
        except httpx.InvalidURL as error:
            raise RefusedAddressError("the address is malformed") from error
        except ValueError:  # its message may quote the header, which may be a key
            raise PermanentError("a header contains characters that cannot be sent") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, *, headers: Mapping[str, str] | None = None, **query: Any) -> Any:
        return self.json("GET", path, params=query, headers=headers)

    def post(self, path: str, body: Any, *, headers: Mapping[str, str] | None = None) -> Any:
        return self.json("POST", path, body=body, headers=headers)

    def json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send one request and return its decoded JSON.

        A body of bytes is sent as it is, any other as JSON.

        Raises: TemporaryError: no answer, or a retryable status. PermanentError: any other error
        status, or an answer that is not JSON.
        """
        content = self.read(method, path, params=params, body=body, headers=headers)
        try:
            return msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError) as error:
            said = quoted(
                method, content[:80], sent=[*self._client.headers.values(), *self._hidden]
            )
            raise PermanentError(
                f"{method} {self._spoken(path)}: not JSON{said}", may_have_happened=True
            ) from error

    def read(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Send one request and return the body of a successful answer.

        Raises: TemporaryError: no answer, or a retryable status. PermanentError: any other error
        status, or an answer over the size limit.
        """
        request = self._request(method, path, params=params, body=body, headers=headers)
        return self._watched(request, self._call(method, path), is_judged=True).content

    def exchange(  # noqa: PLR0913 - all parts of one call
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        to: BinaryIO | None = None,
    ) -> Exchange:
        """Send one request and return the answer, whatever its status.

        The body of a successful answer is written ``to`` a file as it arrives, if given. The gate
        then gets progress calls, so that its lease can be shorter than the whole call.

        Raises: TemporaryError: no complete answer. PermanentError: an answer over the size limit.
        """
        request = self._request(method, path, params=params, body=body, headers=headers)
        silent_s = 0.0 if to is None else self._silent_s
        call = self._call(method, path, silent_s=silent_s)
        return self._watched(request, call, is_judged=False, to=to)

    def _call(self, method: str, path: str, *, silent_s: float = 0.0) -> Call:
        return Call(
            method=method, path=self._spoken(path), total_s=self._total_s, silent_s=silent_s
        )

    def _spoken(self, path: str) -> str:
        return spoken_path(path, hidden=self._hidden)

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None,
        body: Any,
        headers: Mapping[str, str] | None,
    ) -> httpx.Request:
        sent = {"content-type": "application/json"} if body is not None else {}
        try:
            request = self._client.build_request(
                method,
                path,
                # An empty mapping would drop the query that is part of the path.
                params=dict(params) if params else None,
                content=body if isinstance(body, bytes | None) else msgspec.json.encode(body),
                headers={**sent, **(headers or {})},
            )
        except (ValueError, TypeError, httpx.InvalidURL):
            # A value that cannot be sent may be a key with a line break: do not quote it.
            raise PermanentError(
                f"{method} {self._spoken(path)}: the request is malformed"
            ) from None
        home, there = self._client.base_url, request.url
        if (home.scheme, home.host, home.port) != (there.scheme, there.host, there.port):
            raise RefusedAddressError(f"{method} {self._spoken(path)}: not at {home.host}")
        return request

    def _watched(
        self, request: httpx.Request, call: Call, *, is_judged: bool, to: BinaryIO | None = None
    ) -> Exchange:
        if in_transaction():
            raise HeldTransactionError(str(call))
        request.headers["x-request-id"] = call.request_id
        self._gate.enter(call)
        started = time.monotonic()
        answer: Exchange | None = None
        failure: OutsideError | None = None
        try:
            with deadlines.ending_at(started + self._total_s):
                answer = self._sent(request, call, to=to)
            if is_judged:
                sent = [*request.headers.values(), *request.url.params.values(), *self._hidden]
                said = quoted(call.method, answer.content[:200], sent=sent)
                judge(answer, what=str(call), said=said)
        except OutsideError as error:
            failure = error
            raise
        else:
            return answer
        finally:
            outcome = Outcome(
                status=answer.status if answer else None,
                milliseconds=(time.monotonic() - started) * 1000,
                error=failure,
                their_id=their_id(answer.headers, answer.content) if answer else "",
                is_cut_short=answer is None and deadlines.is_over(),
            )
            self._gate.leave(call, outcome)

    def _sent(self, request: httpx.Request, call: Call, *, to: BinaryIO | None) -> Exchange:
        what = str(call)
        try:
            with deadlines.ending_at(time.monotonic() + call.lease_s):
                response = self._client.send(request, stream=True)
        except OutsideError as error:  # no address of the host is allowed
            raise type(error)(f"{what}: {error}") from error
        except httpx.LocalProtocolError:
            raise PermanentError(f"{what}: the request is malformed") from None
        # httpx parses the target of a redirect even if it does not follow it
        except httpx.InvalidURL as error:
            raise PermanentError(
                f"{what}: redirect without a valid address", may_have_happened=True
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TemporaryError(f"{what}: {type(error).__name__}") from error
        except httpx.TransportError as error:
            raise _interrupted(what, error) from error
        content = BytesIO()
        sink = to if to is not None and response.is_success else content
        try:
            self._pour(response, sink, call)
        finally:
            response.close()
        return Exchange(
            status=response.status_code, headers=response.headers, content=content.getvalue()
        )

    def _pour(self, response: httpx.Response, sink: BinaryIO, call: Call) -> None:
        what, size = str(call), 0
        chunks = heard(response.iter_raw(), call, gate=self._gate)
        encoding = response.headers.get("content-encoding", "")
        try:
            for piece in unpacked(chunks, encoding=encoding):
                size += len(piece)
                if size > self._max_answer_bytes:
                    raise PermanentError(
                        f"response larger than {self._max_answer_bytes} bytes",
                        may_have_happened=True,
                    )
                if deadlines.is_over():
                    raise TemporaryError(
                        f"incomplete response after {self._total_s:.0f} s", may_have_happened=True
                    )
                sink.write(piece)
        except OutsideError as error:
            raise type(error)(f"{what}: {error}", may_have_happened=True) from error
        except httpx.TransportError as error:
            raise _interrupted(what, error) from error


def _interrupted(what: str, error: httpx.TransportError) -> TemporaryError:
    return TemporaryError(f"{what}: {type(error).__name__}", may_have_happened=True)
