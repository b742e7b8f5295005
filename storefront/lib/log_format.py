"""Log lines: hide keys, escape control characters, name the request or task; text or JSON."""

import contextvars
import json
import logging
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

HIDDEN = "…"
# A part of a path with letters of both cases, or with 20 hexadecimal digits in a row: a cart token,
# an order key, a link from an e-mail. A product slug has neither.
KEY_IN_PATH = re.compile(
    r"(?<=/)(?:(?=[^/\s]*[a-z])(?=[^/\s]*[A-Z])[^/\s]{20,}|[^/\s]*[0-9a-f]{20,}[^/\s]*)"
)
QUERY = re.compile(r"(?<=/)([^\s?]*)\?[^\s'\"]+")
# C0 and C1 controls, line separators, and marks that change the direction of text.
ESCAPES = {
    code: chr(code).encode("unicode_escape").decode()
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}
# Request id of the proxy, or task id of Celery; empty outside both.
current_id: contextvars.ContextVar[str] = contextvars.ContextVar("current_id", default="")
# Name and record ids of the running task, such as ``order_id``; empty outside tasks.
current_task: contextvars.ContextVar[Mapping[str, Any] | None] = contextvars.ContextVar(
    "current_task", default=None
)
SAFE_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)


class LineFormatter(logging.Formatter):
    """Formats a record as one line without keys, and indents each line of a traceback."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - of logging
        record.message = sanitized(record.message)
        if request_id := current_id.get():
            record.message += f" [{request_id}]"
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - of logging
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - of logging
        return _indented(super().formatStack(stack_info))


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object on one line, without keys.

    Shape: time, level, logger, message; if known request or task_id, task, its ids, error
    """

    def format(self, record: logging.LogRecord) -> str:
        task = current_task.get()
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": sanitized(record.getMessage()),
        }
        if current := current_id.get():
            entry["task_id" if task else "request_id"] = current
        entry |= task or {}
        if record.exc_info:
            entry["error"] = "\n".join(
                map(sanitized, self.formatException(record.exc_info).split("\n"))
            )
        return json.dumps(entry, ensure_ascii=False)


class DropClientErrorTraceback(logging.Filter):
    """Drops the traceback of a refused request (``status_code`` 4xx), which is no bug."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = HTTPStatus.INTERNAL_SERVER_ERROR
        if getattr(record, "status_code", error) < error:
            record.exc_info = None
        return True


def sanitized(text: str) -> str:
    """Return text for one log line, without keys in paths, queries and control characters."""
    text = KEY_IN_PATH.sub(HIDDEN, QUERY.sub(rf"\1?{HIDDEN}", text))
    return text.translate(ESCAPES)


def with_request_id(application: WSGIApplication) -> WSGIApplication:
    """Wrap the WSGI application so that log lines carry the ``X-Request-ID`` of the proxy."""

    def named(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request_id = str(environ.get("HTTP_X_REQUEST_ID", ""))
        token = current_id.set(request_id if SAFE_ID.fullmatch(request_id) else "")
        try:
            return application(environ, start_response)
        finally:
            current_id.reset(token)

    return named


def use_task(
    task_id: str = "", task: Any = None, kwargs: Mapping[str, Any] | None = None, **_: Any
) -> None:
    """Use the id of a task and its record ids in log lines; receiver of ``task_prerun``."""
    ids = {name: value for name, value in (kwargs or {}).items() if name.endswith("_id")}
    current_id.set(task_id)
    current_task.set({"task": getattr(task, "name", ""), **ids})


def forget_task(**_: Any) -> None:
    current_id.set("")
    current_task.set(None)


def _indented(trace: str) -> str:
    return "\n".join(f"    {sanitized(line)}" for line in trace.split("\n"))
