"""onX client: open an MCP session over Streamable HTTP, call tools, read lists page by page."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from storefront.lib.http.responses import raise_for_status
from storefront.lib.http.retries import retry
from suppliers.connectors.context import ConnectorContext
from suppliers.connectors.onx import error_codes, protocol
from suppliers.connectors.onx.options import Options

PROTOCOL_VERSION = "2025-06-18"
SESSION_HEADER, VERSION_HEADER = "mcp-session-id", "mcp-protocol-version"
ACCEPT = "application/json, text/event-stream"
NOT_FOUND = 404
MAX_ANSWER_BYTES = 8_000_000
PAGE_SIZE, MAX_PAGES = 100, 10_000
# The specification's default: no server has smaller pages, so a smaller one is the last.
MIN_PAGE_SIZE = 10


class ToolClient:
    """Calls the tools of one server.

    The session is opened by the first call, and again if the server has ended it.
    """

    def __init__(self, context: ConnectorContext, options: Options) -> None:
        base_url, self._path = _split_endpoint(context.base_url)
        key = context.secrets.get("token", "")
        header = options.api_key_header
        credentials = {header: key} if header else {"Authorization": f"Bearer {key}"}
        self._api = replace(context, base_url=base_url).api(
            headers={"Accept": ACCEPT, **(credentials if key else {})},
            max_answer_bytes=MAX_ANSWER_BYTES,
        )
        self._ids = count(1)
        self._session: dict[str, str] | None = None
        self.server_name = ""

    def close(self) -> None:
        self._api.close()

    def query(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a tool that changes nothing, with retries. Raises ExternalServiceError."""
        ask = partial(self._call, tool, arguments, is_write=False)
        try:
            return retry(ask, is_idempotent=True)
        except ExternalServiceError as error:
            error.is_outcome_unknown = False
            raise

    def act(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a tool that may have an effect, once.

        Raises: ExternalServiceError  with ``is_outcome_unknown``, unless it certainly had none
        """
        return self._call(tool, arguments, is_write=True)

    def rows(self, tool: str, name: str, **filters: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows of a list, page by page.

        Raises: TemporaryError  the answer has no such list
                PermanentError  the server repeats a page
        """
        skip, previous = 0, None
        for _ in range(MAX_PAGES):
            payload = self.query(tool, {**filters, "pageSize": PAGE_SIZE, "skip": skip})
            page = rows_of(payload, name, tool=tool)
            if page and page == previous:
                raise PermanentError(f"{tool}: the server repeats a page", code="garbage")
            yield from page
            if len(page) < MIN_PAGE_SIZE:
                return
            skip, previous = skip + len(page), page
        raise PermanentError(f"{tool}: the list has no end", code="garbage")

    def tools(self) -> frozenset[str]:
        """Return the names of the server's tools."""
        response = retry(partial(self._in_session, "tools/list", {}, "tools"), is_idempotent=True)
        result = response.get("result")
        tools = result.get("tools") if isinstance(result, dict) else None
        named = tools if isinstance(tools, list) else ()
        return frozenset(str(tool.get("name")) for tool in named if isinstance(tool, dict))

    def _call(self, tool: str, arguments: Mapping[str, Any], *, is_write: bool) -> dict[str, Any]:
        parameters = {"name": tool, "arguments": arguments}
        response = self._in_session("tools/call", parameters, tool)
        try:
            result = protocol.tool_result(response)
        except protocol.UnreadableAnswerError as error:
            raise _unreadable(tool, error) from error
        if isinstance(result, protocol.Rejection):
            raise error_codes.to_error(result, tool, is_write=is_write)
        return result

    def _in_session(
        self, method: str, parameters: Mapping[str, Any], operation: str
    ) -> dict[str, Any]:
        if self._session is None:
            self._session = self._open_session()
        return self._request(method, parameters, operation)

    def _open_session(self) -> dict[str, str]:
        parameters = {
            "protocolVersion": PROTOCOL_VERSION,
            "capabilities": {},
            "clientInfo": {"name": "Fara", "version": "1"},
        }
        try:
            return self._initialize(parameters)
        except ExternalServiceError as error:
            error.is_outcome_unknown = False  # nothing else was sent
            raise

    def _initialize(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        headers: dict[str, str] = {}
        response = self._request("initialize", parameters, "initialize", received=headers)
        result = response.get("result")
        if not isinstance(result, dict):
            raise error_codes.to_error(
                protocol.Rejection(text=str(response.get("error"))), "initialize", is_write=False
            )
        server = result.get("serverInfo")
        self.server_name = str(server.get("name", "")) if isinstance(server, dict) else ""
        session = {VERSION_HEADER: str(result.get("protocolVersion") or PROTOCOL_VERSION)}
        if SESSION_HEADER in headers:
            session[SESSION_HEADER] = headers[SESSION_HEADER]
        body = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        answer = self._api.send(
            "POST", self._path, body=body, headers=session, operation="initialized"
        )
        raise_for_status(answer, what="initialized")
        return session

    def _request(
        self,
        method: str,
        parameters: Mapping[str, Any],
        operation: str,
        *,
        received: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        request_id = next(self._ids)
        body = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": parameters}
        answer = self._api.send(
            "POST", self._path, body=body, headers=self._session, operation=operation
        )
        if answer.status == NOT_FOUND and self._session and SESSION_HEADER in self._session:
            self._session = None
            raise TemporaryError(f"{operation}: the session has ended", code="session_ended")
        raise_for_status(answer, what=operation)
        if received is not None:
            received.update({name.lower(): value for name, value in answer.headers.items()})
        try:
            return protocol.find_response(
                answer.content,
                content_type=answer.headers.get("content-type", ""),
                request_id=request_id,
            )
        except protocol.UnreadableAnswerError as error:
            raise _unreadable(operation, error) from error


def rows_of(payload: Mapping[str, Any], name: str, *, tool: str) -> list[dict[str, Any]]:
    """Return the list of objects with this name. Raises TemporaryError: it is missing."""
    rows = payload.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TemporaryError(f"{tool}: the answer has no {name}", code="garbage")
    return rows


def _split_endpoint(url: str) -> tuple[str, str]:
    """Return the folder of an address and the rest: to a base, the client would append a slash."""
    parts = urlsplit(url)
    folder, _, name = parts.path.rpartition("/")
    query = f"?{parts.query}" if parts.query else ""
    return urlunsplit((parts.scheme, parts.netloc, f"{folder}/", "", "")), name + query


def _unreadable(what: str, error: Exception) -> TemporaryError:
    return TemporaryError(f"{what}: {error}", code="garbage", is_outcome_unknown=True)
