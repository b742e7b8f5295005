"""Stripe sandbox messages: one call and its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from storefront.dev.sandboxes.stripe.server.faults import Fault


class RefusedError(Exception):
    """The request is well-formed and refused."""

    def __init__(self, code: str, message: str, status: HTTPStatus = HTTPStatus.CONFLICT) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, read whole. ``arguments`` are the groups of its path."""

    method: str
    path: str
    arguments: tuple[str, ...]
    headers: Mapping[str, str]
    body: bytes
    now: float
    query: str = ""
    fault: Fault | None = None

    def decode[T](self, kind: type[T]) -> T:
        """Read the body as JSON of one shape.

        Raises: RefusedError  it is not JSON, or has another shape
        """
        if self.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise RefusedError(
                "not_json",
                "Send JSON, with Content-Type: application/json.",
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            )
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, RecursionError) as error:
            raise RefusedError("invalid_request", str(error), HTTPStatus.BAD_REQUEST) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = HTTPStatus.OK
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(value: Any, status: int = HTTPStatus.OK) -> Answer:
    return Answer(status=status, body=json.dumps(value))


def as_refusal(error: RefusedError) -> Answer:
    return as_json({"error": {"code": error.code, "message": str(error)}}, error.status)
