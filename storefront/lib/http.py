"""The one door to the outside: every call has a time limit, a size limit and a clear end."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from types import TracebackType
from typing import Any, BinaryIO, Self

import httpcore
import httpx
import msgspec

from storefront.lib import deadlines
from storefront.lib.failures import OutsideError, PermanentError, TemporaryError
from storefront.lib.gates import Gate, OpenGate
from storefront.lib.transactions import HeldTransactionError, in_transaction

CONNECT_S = 2.0
READ_S = 10.0
TOTAL_S = 15.0
MAX_CONNECTIONS = 10
MAX_ANSWER_BYTES = 4_000_000
RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})
READS = frozenset({"GET", "HEAD"})
CODE = re.compile(r'"code"\s*:\s*"([a-z][a-z0-9_]{0,39})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """An answer as it came. ``content`` is empty when it was written ``to`` somewhere else."""

    status: int
    headers: Mapping[str, str]  # whatever the case of their names
    content: bytes


@cache
def _trust() -> ssl.SSLContext:
    """Read the authorities we trust once: that takes longer than many a call."""
    return httpx.create_ssl_context(trust_env=False)


class _Transport(httpx.HTTPTransport):
    """HTTP over connections that know how much of the whole call's time is left."""

    def __init__(self) -> None:
        trust = _trust()
        super().__init__(verify=trust, trust_env=False)
        # httpx has no argument for the network under it, and its pool has one.
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust,
            max_connections=MAX_CONNECTIONS,
            network_backend=deadlines.Backend(),
        )


class Api:
    """One outside company, at one address.

    A request that may have reached them and was not understandably answered
    raises with ``may_have_happened`` set: never send such a call again blindly.
    """

    def __init__(  # noqa: PLR0913 - an address, and the limits of a call to it
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        read_s: float = READ_S,
        total_s: float = TOTAL_S,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        gate: Gate | None = None,
    ) -> None:
        self._gate = gate or OpenGate()
        self._total_s = total_s
        self._max_answer_bytes = max_answer_bytes
        self._client = httpx.Client(
            base_url=base_url,
            headers=dict(headers or {}),
            timeout=httpx.Timeout(read_s, connect=CONNECT_S, pool=min(read_s, total_s)),
            follow_redirects=False,
            transport=_Transport(),
            trust_env=False,
        )

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
        """Send one request and return its JSON.

        Raises: TemporaryError  no answer, or an answer that says "later"
                PermanentError  the answer says "no", or is not JSON
        """
        content = self.read(method, path, params=params, body=body, headers=headers)
        try:
            return msgspec.json.decode(content)
        except (msgspec.DecodeError, RecursionError) as error:
            said = _quoted(method, content[:80])
            raise PermanentError(
                f"{method} {path}: not JSON{said}", may_have_happened=True
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
        """Send one request and return the body of a good answer.

        Raises: TemporaryError  no answer, or an answer that says "later"
                PermanentError  the answer says "no", or is larger than we read
        """
        request = self._request(method, path, params=params, body=body, headers=headers)
        return self._watched(request, what=f"{method} {path}", is_judged=True).content

    def exchange(  # noqa: PLR0913 - one call, told whole
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        to: BinaryIO | None = None,
    ) -> Exchange:
        """Send one request and return the answer, good or bad: for whom a status says too little.

        What a long list answers is written ``to`` a file as it comes.

        Raises: TemporaryError  no whole answer
                PermanentError  it is larger than we read
        """
        request = self._request(method, path, params=params, body=body, headers=headers)
        return self._watched(request, what=f"{method} {path}", is_judged=False, to=to)

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
        return self._client.build_request(
            method,
            path,
            # An empty one would drop the query that stands in the path.
            params=dict(params) if params else None,
            content=msgspec.json.encode(body) if body is not None else None,
            headers={**sent, **(headers or {})},
        )

    def _watched(
        self, request: httpx.Request, *, what: str, is_judged: bool, to: BinaryIO | None = None
    ) -> Exchange:
        if in_transaction():
            raise HeldTransactionError(what)
        self._gate.enter(what)
        started = time.monotonic()
        status: int | None = None
        failure: OutsideError | None = None
        try:
            answer = self._exchange(request, what=what, started=started, to=to)
            status = answer.status
            if is_judged:
                _judge(answer, what=what, said=_quoted(request.method, answer.content[:200]))
        except OutsideError as error:
            failure = error
            raise
        else:
            return answer
        finally:
            milliseconds = (time.monotonic() - started) * 1000
            self._gate.leave(what, status=status, milliseconds=milliseconds, error=failure)

    def _exchange(
        self, request: httpx.Request, *, what: str, started: float, to: BinaryIO | None
    ) -> Exchange:
        deadline = started + self._total_s
        with deadlines.ending_at(deadline):
            return self._sent(request, what=what, deadline=deadline, to=to)

    def _sent(
        self, request: httpx.Request, *, what: str, deadline: float, to: BinaryIO | None
    ) -> Exchange:
        try:
            response = self._client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TemporaryError(f"{what}: {type(error).__name__}") from error
        except httpx.TransportError as error:
            raise TemporaryError(
                f"{what}: {type(error).__name__}", may_have_happened=True
            ) from error
        content = BytesIO()
        try:
            self._pour(response, to or content, what=what, deadline=deadline)
        finally:
            response.close()
        return Exchange(
            status=response.status_code, headers=response.headers, content=content.getvalue()
        )

    def _pour(
        self, response: httpx.Response, sink: BinaryIO, *, what: str, deadline: float
    ) -> None:
        size = 0
        try:
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > self._max_answer_bytes:
                    raise PermanentError(
                        f"{what}: answer over {self._max_answer_bytes} bytes",
                        may_have_happened=True,
                    )
                if time.monotonic() > deadline:
                    raise TemporaryError(
                        f"{what}: no whole answer in {self._total_s:.0f} s", may_have_happened=True
                    )
                sink.write(chunk)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise TemporaryError(
                f"{what}: {type(error).__name__}", may_have_happened=True
            ) from error


def _judge(answer: Exchange, *, what: str, said: str) -> None:
    status = answer.status
    if status in RETRYABLE:
        # "Slow down" is said before anything is done; the others may come after.
        raise TemporaryError(
            f"{what}: HTTP {status}{said}",
            code=str(status),
            may_have_happened=status not in {408, 425, 429},
        )
    if not httpx.codes.is_success(status):
        raise PermanentError(f"{what}: HTTP {status}{said}", code=str(status))


def _quoted(method: str, start: bytes) -> str:
    """Quote the start of an answer for an error.

    The answer to a write may echo what we sent, and that names shoppers: of it, only the
    code is told, a word without an address in it.
    """
    text = start.decode("utf-8", "replace")
    if method in READS:
        return f": {text!r}"
    code = CODE.search(text)
    return f" ({code[1]})" if code else ""
