"""onX endpoint: the Model Context Protocol over HTTP, without sessions or streams.

Each POST is one JSON-RPC message and gets one JSON answer. A refusal of a tool is its result, a
refusal of the message is a JSON-RPC error.
"""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from storefront.api.core import api_keys, exception_handler, problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.throttles import ClientThrottle
from storefront.api.core.views import Endpoint
from storefront.api.onx import errors, tools
from storefront.api.onx.errors import OnxError

log = logging.getLogger(__name__)

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602


class OnxThrottle(ClientThrottle):
    """Counts a tool that only reads as a read, although it is a POST."""

    def is_read(self, request: Request) -> bool:
        message: Any = request.data
        params = message.get("params") if isinstance(message, dict) else None
        return tools.is_read(params.get("name") if isinstance(params, dict) else None)


class OnxEndpoint(MerchantEndpoint):
    schema = None
    throttle_classes = [OnxThrottle]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        now = timezone.now()
        self.found_client = api_keys.find_client(request, now=now)
        Endpoint.initial(self, request, *args, **kwargs)
        if self.found_client is None:
            raise ProblemError(problem_types.INVALID_API_KEY)
        self.client = self.found_client
        api_keys.record_use(self.client.key, now=now)

    def get_exception_handler(self) -> Callable[..., Response]:
        return _handle_exception

    def post(self, request: Request) -> Response:
        origin = request.headers.get("Origin", settings.PUBLIC_URL)
        if origin != settings.PUBLIC_URL:  # a page that a rebound name led here
            return _refused(INVALID_REQUEST, "This Origin is refused.", status=403)
        if request.headers.get("MCP-Protocol-Version", VERSIONS[0]) not in VERSIONS:
            return _refused(INVALID_REQUEST, f"Known protocol versions: {', '.join(VERSIONS)}.")
        message: Any = request.data
        is_message = isinstance(message, dict) and message.get("jsonrpc") == "2.0"
        if not is_message or not isinstance(message.get("params", {}), dict):
            return _refused(INVALID_REQUEST, "Send one JSON-RPC 2.0 message.")
        if message.get("id") is None or "method" not in message:  # a notification, or an answer
            return Response(status=HTTPStatus.ACCEPTED)
        return Response({"jsonrpc": "2.0", "id": message["id"], **self._answer(message)})

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the result of a request, or its error."""
        params = message.get("params", {})
        match message.get("method"):
            case "initialize":
                return {"result": _describe_server(params.get("protocolVersion"))}
            case "ping":
                return {"result": {}}
            case "tools/list":
                return {"result": {"tools": tools.describe()}}
            case "tools/call":
                name, arguments = params.get("name"), params.get("arguments", {})
                if not isinstance(name, str) or name not in tools.TOOLS:
                    return {"error": _error(INVALID_PARAMS, f"Unknown tool: {str(name)[:60]}")}
                return {"result": self._call(name, arguments)}
            case method:
                return {"error": _error(METHOD_NOT_FOUND, f"Unknown method: {str(method)[:60]}")}

    def _call(self, name: str, arguments: Any) -> dict[str, Any]:
        """Return the result of a tool; a refusal has ``isError`` and an error of the standard."""
        try:
            return _result(tools.call(self, name, arguments))
        except OnxError as error:
            refused = error.shown
        except Exception as error:
            kind, more = exception_handler.problem_of(error)
            if kind is problem_types.INTERNAL_ERROR:
                log.exception("bug in onX tool %s", name)
            refused = errors.of_problem(kind, more)
        return {**_result({"success": False, "error": refused}, is_error=True), "error": refused}


def _describe_server(version: Any) -> dict[str, Any]:
    return {
        "protocolVersion": version if version in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": "fara-onx", "version": "1.0.0"},
    }


def _result(shown: dict[str, Any], *, is_error: bool = False) -> dict[str, Any]:
    text = json.dumps(shown, default=str, ensure_ascii=False)
    return {
        "content": [{"type": "text", "text": text}],
        "structuredContent": json.loads(text),
        "isError": is_error,
    }


def _handle_exception(error: Exception, context: Any) -> Response:
    """Return the problem of a message as a JSON-RPC error, with its status and headers."""
    answer = exception_handler.handle_exception(error, context)
    kind, more = exception_handler.problem_of(error)
    code = PARSE_ERROR if isinstance(error, ParseError) else INVALID_REQUEST
    answer.data = {
        "jsonrpc": "2.0",
        "id": None,
        "error": _error(code, str(kind.title), errors.of_problem(kind, more)),
    }
    answer.content_type = None
    return answer


def _refused(code: int, message: str, *, status: int = 400) -> Response:
    body = {"jsonrpc": "2.0", "id": None, "error": _error(code, message)}
    return Response(body, status=status)


def _error(code: int, message: str, data: Any = None) -> dict[str, Any]:
    return {"code": code, "message": message, **({} if data is None else {"data": data})}
