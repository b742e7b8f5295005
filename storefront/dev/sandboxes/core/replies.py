"""What goes back over the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

_JSON = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer, or none: ``is_dropped`` closes the connection without a word.

    Units:  ``trickle_s`` is waited between two pieces of the body
    """

    body: bytes = b""
    status: int = 200
    type: str = "application/json;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    is_dropped: bool = False
    trickle_s: float = 0.0


def as_json(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(body=_JSON.encode(value), status=status, headers=headers or {})


def as_html(text: str, *, status: int = 200) -> Reply:
    return Reply(body=text.encode(), status=status, type="text/html; charset=utf-8")
