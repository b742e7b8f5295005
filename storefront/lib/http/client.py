"""HTTP client: make every outbound call, limit its time and size, report its outcome."""

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

from storefront.lib.db.transactions import OpenTransactionError, in_transaction
from storefront.lib.http import deadlines
from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from storefront.lib.http.observers import (
    HEARTBEAT_INTERVAL_S,
    Call,
    CallObserver,
    LoggingObserver,
    Outcome,
    with_heartbeats,
)
from storefront.lib.http.redaction import quoted_response, redacted_path, service_request_id
from storefront.lib.http.responses import (
    ACCEPT_ENCODING,
    ServiceResponse,
    decompressed,
    raise_for_status,
)
from storefront.lib.http.ssrf import ForbiddenAddressError, check_url

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 10.0
TOTAL_TIMEOUT_S = 15.0
MAX_CONNECTIONS = 10
MAX_RESPONSE_BYTES = 4_000_000


@cache
def _trust() -> ssl.SSLContext:
    """Load the trusted certificate authorities, once per process: that takes longer than a call."""
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
            network_backend=deadlines.DeadlineBackend(),
        )


class ApiClient:
    """Client of one external service at one base URL. Does not follow redirects; see ``download``.

    An error has ``is_outcome_unknown`` set if the request may have been processed. Never repeat
    such a call without an idempotency key.
    """

    def __init__(  # noqa: PLR0913 - an address and its limits
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        read_s: float = READ_TIMEOUT_S,
        total_s: float = TOTAL_TIMEOUT_S,
        max_answer_bytes: int = MAX_RESPONSE_BYTES,
        reads_whole_answer: bool = True,
        gate: CallObserver | None = None,
        secrets: Iterable[str] = (),
    ) -> None:
        """Prepare a client; ``secrets`` stay out of logs.

        If not ``reads_whole_answer``, a longer answer is cut off, and is no error.

        Raises: ForbiddenAddressError
        """
        check_url(base_url)
        self._gate = gate or LoggingObserver()
        self._hidden = tuple(secrets)
        self._total_s = total_s
        self._heartbeat_s = min(total_s, read_s + HEARTBEAT_INTERVAL_S)
        self._max_answer_bytes = max_answer_bytes
        self._reads_whole_answer = reads_whole_answer
        try:
            self._client = httpx.Client(
                base_url=base_url,
                headers={"accept-encoding": ACCEPT_ENCODING, **(headers or {})},
                timeout=httpx.Timeout(read_s, connect=CONNECT_TIMEOUT_S, pool=min(read_s, total_s)),
                follow_redirects=False,
                transport=_Transport(),
                trust_env=False,
            )
        except httpx.InvalidURL as error:
            raise ForbiddenAddressError("the address is malformed") from error
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
            excerpt = quoted_response(
                method, content[:80], sent=[*self._client.headers.values(), *self._hidden]
            )
            raise PermanentError(
                f"{method} {self._redacted(path)}: not JSON{excerpt}", is_outcome_unknown=True
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
        return self._observed(request, self._call(method, path), must_succeed=True).content

    def send(  # noqa: PLR0913 - all parts of one call
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        to: BinaryIO | None = None,
        operation: str = "",
    ) -> ServiceResponse:
        """Send one request and return the answer, whatever its status.

        The body of a successful answer is written ``to`` a file as it arrives, if given. The gate
        then gets progress calls, so that its lease can be shorter than the whole call. The gate and
        the log name the call by ``operation``, if one address serves many operations.

        Raises: TemporaryError: no complete answer. PermanentError: an answer over the size limit.
        """
        request = self._request(method, path, params=params, body=body, headers=headers)
        heartbeat_s = 0.0 if to is None else self._heartbeat_s
        call = self._call(method, operation or path, heartbeat_s=heartbeat_s)
        return self._observed(request, call, must_succeed=False, to=to)

    def _call(self, method: str, path: str, *, heartbeat_s: float = 0.0) -> Call:
        return Call(
            method=method, path=self._redacted(path), total_s=self._total_s, heartbeat_s=heartbeat_s
        )

    def _redacted(self, path: str) -> str:
        return redacted_path(path, secrets=self._hidden)

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
                f"{method} {self._redacted(path)}: the request is malformed"
            ) from None
        home, there = self._client.base_url, request.url
        if (home.scheme, home.host, home.port) != (there.scheme, there.host, there.port):
            raise ForbiddenAddressError(f"{method} {self._redacted(path)}: not at {home.host}")
        return request

    def _observed(
        self, request: httpx.Request, call: Call, *, must_succeed: bool, to: BinaryIO | None = None
    ) -> ServiceResponse:
        if in_transaction():
            raise OpenTransactionError(str(call))
        request.headers["x-request-id"] = call.request_id
        self._gate.enter(call)
        started = time.monotonic()
        answer: ServiceResponse | None = None
        failure: ExternalServiceError | None = None
        try:
            with deadlines.deadline_at(started + self._total_s):
                answer = self._send(request, call, to=to)
            if must_succeed:
                sent = [*request.headers.values(), *request.url.params.values(), *self._hidden]
                excerpt = quoted_response(call.method, answer.content[:200], sent=sent)
                raise_for_status(answer, what=str(call), excerpt=excerpt)
        except ExternalServiceError as error:
            failure = error
            raise
        else:
            return answer
        finally:
            outcome = Outcome(
                status=answer.status if answer else None,
                milliseconds=(time.monotonic() - started) * 1000,
                error=failure,
                service_request_id=service_request_id(answer.headers, answer.content)
                if answer
                else "",
                is_cut_short=answer is None and deadlines.has_passed(),
            )
            self._gate.leave(call, outcome)

    def _send(self, request: httpx.Request, call: Call, *, to: BinaryIO | None) -> ServiceResponse:
        what = str(call)
        try:
            with deadlines.deadline_at(time.monotonic() + call.lease_s):
                response = self._client.send(request, stream=True)
        except ExternalServiceError as error:  # no address of the host is allowed
            raise type(error)(f"{what}: {error}") from error
        except httpx.LocalProtocolError:
            raise PermanentError(f"{what}: the request is malformed") from None
        # httpx parses the target of a redirect even if it does not follow it
        except httpx.InvalidURL as error:
            raise PermanentError(
                f"{what}: redirect without a valid address", is_outcome_unknown=True
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TemporaryError(f"{what}: {_reason(error)}") from error
        except httpx.TransportError as error:
            raise _interrupted_error(what, error) from error
        content = BytesIO()
        sink = to if to is not None and response.is_success else content
        try:
            self._stream_body(response, sink, call)
        finally:
            response.close()
        return ServiceResponse(
            status=response.status_code, headers=response.headers, content=content.getvalue()
        )

    def _stream_body(self, response: httpx.Response, sink: BinaryIO, call: Call) -> None:
        what, size = str(call), 0
        chunks = with_heartbeats(response.iter_raw(), call, gate=self._gate)
        encoding = response.headers.get("content-encoding", "")
        try:
            for piece in decompressed(chunks, encoding=encoding):
                size += len(piece)
                if size > self._max_answer_bytes:
                    if not self._reads_whole_answer:
                        sink.write(piece[: self._max_answer_bytes])
                        return
                    raise PermanentError(
                        f"response larger than {self._max_answer_bytes} bytes",
                        is_outcome_unknown=True,
                    )
                if deadlines.has_passed():
                    raise TemporaryError(
                        f"incomplete response after {self._total_s:.0f} s", is_outcome_unknown=True
                    )
                sink.write(piece)
        except ExternalServiceError as error:
            raise type(error)(f"{what}: {error}", is_outcome_unknown=True) from error
        except httpx.TransportError as error:
            raise _interrupted_error(what, error) from error


def _interrupted_error(what: str, error: httpx.TransportError) -> TemporaryError:
    return TemporaryError(f"{what}: {_reason(error)}", is_outcome_unknown=True)


def _reason(error: httpx.TransportError) -> str:
    return next((text for kind, text in REASONS if isinstance(error, kind)), type(error).__name__)


# What staff read about a call that failed.
REASONS: tuple[tuple[type[httpx.TransportError], str], ...] = (
    (httpx.ConnectError, "no connection"),
    (httpx.ConnectTimeout, "no connection in time"),
    (httpx.TimeoutException, "no answer in time"),
    (httpx.NetworkError, "the connection was lost"),
    (httpx.RemoteProtocolError, "the connection was closed without a complete answer"),
)
