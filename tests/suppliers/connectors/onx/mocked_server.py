"""A mocked onX server: answers one tool at a time, records what was called."""

import json

import httpx

from suppliers.connectors.onx import OnX
from tests.factories.connector_contexts import make_context

URL = "https://onx.example/mcp"
KEY = "key-0123456789"


def tool_answer(request_id, payload, *, is_error=False):
    result = {"content": [{"type": "text", "text": json.dumps(payload)}], "isError": is_error}
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


class MockedServer:
    """Answers a tool with its ``answers``: a payload, an exception of httpx, or a function.

    A list gives one answer per call.
    """

    def __init__(self, **answers):
        self.answers = {name.replace("_", "-"): answer for name, answer in answers.items()}
        self.requests, self.calls = [], []
        self.sessions = 0

    def __call__(self, request):
        message = json.loads(request.content)
        self.requests.append(request)
        method = message["method"]
        if "id" not in message:
            return httpx.Response(202)
        if method == "initialize":
            self.sessions += 1
            result = {"protocolVersion": "2025-03-26", "serverInfo": {"name": "lumen"}}
            return httpx.Response(
                200,
                headers={"Mcp-Session-Id": f"s{self.sessions}"},
                json={"jsonrpc": "2.0", "id": message["id"], "result": result},
            )
        name = message["params"].get("name", method)
        self.calls.append((name, message["params"].get("arguments")))
        answer = self.answers[name]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(message)
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json=tool_answer(message["id"], answer))

    def called(self, name):
        return [arguments for called, arguments in self.calls if called == name]


def open_onx(url, options, **changes):
    changes = {name: value for name, value in changes.items() if value is not None}
    return OnX(make_context(url, secrets={"token": KEY}, options=options, **changes))
