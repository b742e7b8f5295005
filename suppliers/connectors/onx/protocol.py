"""onX protocol: read the answer of an MCP server as JSON or as an event stream. Pure.

Sources: MCP, Streamable HTTP transport, 2025-06-18; onX server specification 1.0.0, error model;
read 2026-12-01
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """An error that the server answered.

    Shape:  ``codes`` are its codes, the most specific first; ``is_retryable`` is None if not stated
    """

    codes: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    is_retryable: bool | None = None
    skus: tuple[str, ...] = ()


class UnreadableAnswerError(ValueError):
    """The answer is none of MCP, or incomplete."""


def find_response(content: bytes, *, content_type: str, request_id: int) -> dict[str, Any]:
    """Return the response to this request; requests and notifications of the server are skipped.

    Raises: UnreadableAnswerError
    """
    is_stream = content_type.partition(";")[0].strip().lower() == EVENT_STREAM
    for text in _events(content) if is_stream else (content,):
        try:
            message = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            raise UnreadableAnswerError("not JSON") from error
        is_ours = isinstance(message, dict) and message.get("id") == request_id
        if is_ours and ("result" in message or "error" in message):
            return dict(message)
    raise UnreadableAnswerError("no response to the request")


def _events(content: bytes) -> Iterator[bytes]:
    """Yield the data of each event; an event that lacks its end is left out."""
    text = content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for event in text.split("\n\n")[:-1]:
        data = [line[5:].removeprefix(" ") for line in event.split("\n") if line[:5] == "data:"]
        if data:
            yield "\n".join(data).encode()


def tool_result(response: dict[str, Any]) -> dict[str, Any] | Rejection:
    """Return what a tool answered, or its error in whatever place the server puts errors.

    Raises: UnreadableAnswerError
    """
    if "error" in response:
        return _rejection(response["error"])
    result = response.get("result")
    if not isinstance(result, dict):
        raise UnreadableAnswerError("no tool result")
    if result.get("error"):
        return _rejection(result["error"])
    texts = _texts(result)
    payload = result.get("structuredContent")
    if not isinstance(payload, dict):
        payload = next((found for text in texts if (found := _object(text))), None)
    if payload and (payload.get("success") is False or payload.get("error")):
        return _rejection(payload.get("error"))
    if result.get("isError"):
        return _rejection(payload) if payload else Rejection(text=" ".join(texts))
    if payload is None:
        raise UnreadableAnswerError("an empty tool result")
    return payload


def _texts(result: dict[str, Any]) -> list[str]:
    parts = result.get("content")
    return [
        str(part["text"])
        for part in (parts if isinstance(parts, list) else ())
        if isinstance(part, dict) and part.get("type") == "text" and "text" in part
    ]


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _rejection(error: Any) -> Rejection:
    if not isinstance(error, dict):
        return Rejection(text=str(error or ""))
    parts = [part for name in ("details", "data") if isinstance(part := error.get(name), dict)]
    parts += [part for each in tuple(parts) if isinstance(part := each.get("details"), dict)]
    parts += [part for each in tuple(parts) if isinstance(part := each.get("context"), dict)]
    codes = [part.get(name) for name in ("originalError", "reason", "code") for part in parts]
    stated = [part["retryable"] for part in (error, *parts) if "retryable" in part]
    skus = [part.get("sku") for part in parts]
    skus += [sku for part in parts if isinstance(part.get("skus"), list) for sku in part["skus"]]
    return Rejection(
        codes=tuple(str(code) for code in (*codes, error.get("code")) if code is not None),
        text=str(error.get("message") or ""),
        is_retryable=stated[0] if stated and isinstance(stated[0], bool) else None,
        skus=tuple(dict.fromkeys(sku for sku in skus if isinstance(sku, str) and sku)),
    )
