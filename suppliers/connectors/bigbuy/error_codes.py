"""BigBuy error codes: parse a rejection, map its code to one of our errors. Pure.

Source: BigBuy REST API, errors; read 2026-11-24
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from suppliers.connectors.records import (
    DiscontinuedError,
    DuplicateReferenceError,
    ItemUnavailableError,
    NoShippingServiceError,
    OutOfStockError,
)

MAX_MESSAGE_LENGTH = 200
RATE_LIMITED = "429"
HTTP_CLIENT_ERROR, HTTP_SERVER_ERROR = 400, 500
SOFT_500 = b"HTTP/1.0 500"
MAX_DEPTH = 6
MAX_ERROR_BYTES = 65_536


# Business codes and HTTP statuses in one table, with our own wording: the answer to a write may
# repeat the customer's address. Any other code is a rejection with no effect.
MEANINGS: Mapping[str, tuple[type[ExternalServiceError], str]] = {
    "ER001": (DiscontinuedError, "the item is discontinued"),
    "ER002": (PermanentError, "unknown reference"),
    "ER003": (OutOfStockError, "not enough stock"),
    "ER004": (PermanentError, "the postcode has the wrong format for its country"),
    "ER005": (PermanentError, "our balance is too low"),
    "ER007": (PermanentError, "below the minimum order value"),
    "ER008": (DuplicateReferenceError, "an order with this number already exists"),
    "ER009": (TemporaryError, "the order is still temporary"),
    "ER010": (NoShippingServiceError, "none of the carriers takes the order"),
    "ER011": (PermanentError, "the payment method is not accepted"),
    "ER012": (PermanentError, "the amount is too small for a bank transfer"),
    "ER013": (NoShippingServiceError, "the item cannot be exported"),
    "ER014": (PermanentError, "a pack is invalid"),
    "400": (PermanentError, "the request is invalid"),
    "401": (PermanentError, "the API key is wrong"),
    "403": (PermanentError, "the API key lacks the permission"),
    "404": (PermanentError, "the address does not exist"),
    "408": (TemporaryError, "the request timed out"),
    "409": (PermanentError, "the request was rejected"),
    "415": (PermanentError, "the content type is not supported"),
    "429": (TemporaryError, "rate limit exceeded"),
    "500": (TemporaryError, "the supplier has a technical problem"),
    "502": (TemporaryError, "the supplier has a technical problem"),
    "503": (TemporaryError, "the supplier is unavailable"),
    "504": (TemporaryError, "the supplier does not answer in time"),
}
UNKNOWN_MEANING = (PermanentError, "the request was rejected for an unknown reason")
# After these codes, the write may have happened.
MAYBE_WRITTEN = frozenset({"ER009"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiError:
    """An error answer.

    Shape:  ``fields`` are the invalid fields of our call; ``warehouses`` lists the references
            in each warehouse, when a cart spans several
    """

    code: str
    said: str = field(default="", repr=False)
    fields: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    warehouses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def error(self, what: str, *, is_write: bool) -> ExternalServiceError:
        """Return the exception. That of a write contains none of BigBuy's text."""
        is_broken = self.code.isdecimal() and int(self.code) >= HTTP_SERVER_ERROR
        kind, words = MEANINGS.get(self.code, MEANINGS["500"] if is_broken else UNKNOWN_MEANING)
        parts = [words if is_write or not self.said else f"{words}: {self.said!r}"]
        parts += [f"invalid: {', '.join(self.fields)}"] if self.fields else []
        parts += [", ".join(self.skus)] if self.skus else []
        error = kind(
            f"{what}: {self.code} {'; '.join(parts)}"[:MAX_MESSAGE_LENGTH],
            code=self.code,
            is_outcome_unknown=is_write and (is_broken or self.code in MAYBE_WRITTEN),
        )
        if isinstance(error, ItemUnavailableError):
            error.skus = self.skus
        return error


def parse_error(status: int, content: bytes) -> ApiError | None:
    """Parse an error answer; None for a success.

    An HTTP error is one, and so are two kinds of bodies with a good status.
    """
    if status >= HTTP_CLIENT_ERROR:
        said = _decode(content)
        return (
            _parse_json(str(status), said) if isinstance(said, dict) else ApiError(code=str(status))
        )
    if content.startswith(SOFT_500):
        return ApiError(code="500", said="not available right now")
    said = _decode(content) if content.startswith(b"{") and len(content) < MAX_ERROR_BYTES else None
    if isinstance(said, dict) and {"code", "message"} <= said.keys():
        return _parse_json(str(said["code"]), said)
    return None


def _decode(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _parse_json(status: str, said: Mapping[str, Any]) -> ApiError:
    """Find the business code, wherever it is, and its details.

    Code and message may be swapped, and the message may itself be JSON.
    """
    inner = said.get("message")
    inner = _decode(inner.encode()) if isinstance(inner, str) and inner.startswith("{") else None
    layers = [said, inner] if isinstance(inner, dict) else [said]
    data = next((layer["data"] for layer in layers if layer.get("data")), None)
    written = [str(layer.get(name, "")) for layer in layers for name in ("code", "message")]
    business = next((word for word in written if word.startswith("ER") and word in MEANINGS), "")
    numbers = [word for word in (status, *written) if word.isdecimal()]
    return ApiError(
        code=business or _code_of_inactive(data) or next(iter(numbers), status),
        said="; ".join(_messages(layers))[:MAX_MESSAGE_LENGTH],
        fields=tuple(_invalid_fields(said.get("errors"))),
        skus=tuple(_skus(data)),
        warehouses=_warehouses(layers),
    )


def _code_of_inactive(data: Any) -> str:
    """Return the code of the one rejection that has none: a product that is not on sale."""
    rows = _dicts(data if isinstance(data, list) else [])
    is_gone = any("inactive" in str(row.get("message", "")).lower() for row in rows)
    return "ER001" if is_gone else ""


def _messages(layers: list[Mapping[str, Any]]) -> Iterator[str]:
    for layer in layers:
        for name in ("info", "message", "code"):
            text = layer.get(name)
            if isinstance(text, str) and text and not text.startswith("{"):
                yield text


def _invalid_fields(node: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the invalid fields of a tree of form errors; empty branches are valid fields."""
    if not isinstance(node, dict) or depth > MAX_DEPTH:
        return
    if node.get("errors"):
        yield path or "the form"
    children = node.get("children")
    if isinstance(children, dict):
        for name, child in children.items():
            yield from _invalid_fields(child, f"{path}.{name}".lstrip("."), depth + 1)


def _skus(data: Any) -> Iterator[str]:
    if isinstance(data, dict) and isinstance(data.get("skus"), list):
        yield from (str(sku) for sku in data["skus"])
    elif isinstance(data, list):
        yield from (str(row["sku"]) for row in _dicts(data) if row.get("sku"))


def _warehouses(layers: list[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    for layer in layers:
        detail = layer.get("error_detail")
        if isinstance(detail, dict) and isinstance(detail.get("warehouses"), list):
            return {
                str(row.get("id")): tuple(
                    str(external_id) for external_id in row.get("references") or ()
                )
                for row in _dicts(detail["warehouses"])
            }
    return {}


def _dicts(rows: list[Any]) -> Iterator[dict[str, Any]]:
    return (row for row in rows if isinstance(row, dict))
