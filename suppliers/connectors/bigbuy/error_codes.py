"""BigBuy error codes: parse a rejection, map its code to one of our errors. Pure.

Source: BigBuy REST API, errors; read 2026-11-24
"""

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
    text: str = field(default="", repr=False)
    fields: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    warehouses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def error(self, what: str, *, is_write: bool) -> ExternalServiceError:
        """Return the exception. For a write, its message contains none of BigBuy's text."""
        is_server_error = self.code.isdecimal() and int(self.code) >= HTTP_SERVER_ERROR
        kind, meaning = MEANINGS.get(
            self.code, MEANINGS["500"] if is_server_error else UNKNOWN_MEANING
        )
        parts = [meaning if is_write or not self.text else f"{meaning}: {self.text!r}"]
        parts += [f"invalid: {', '.join(self.fields)}"] if self.fields else []
        parts += [", ".join(self.skus)] if self.skus else []
        error = kind(
            f"{what}: {self.code} {'; '.join(parts)}"[:MAX_MESSAGE_LENGTH],
            code=self.code,
            is_outcome_unknown=is_write and (is_server_error or self.code in MAYBE_WRITTEN),
        )
        if isinstance(error, ItemUnavailableError):
            error.skus = self.skus
        return error


def parse_error(status: int, content: bytes) -> ApiError | None:
    """Parse an error answer, even with the HTTP status of a success; None for a success."""
    if status >= HTTP_CLIENT_ERROR:
        content_json = _decode(content)
        return (
            _parse_json(str(status), content_json)
            if isinstance(content_json, dict)
            else ApiError(code=str(status))
        )
    if content.startswith(SOFT_500):
        return ApiError(code="500", text="not available right now")
    content_json = (
        _decode(content) if content.startswith(b"{") and len(content) < MAX_ERROR_BYTES else None
    )
    if isinstance(content_json, dict) and {"code", "message"} <= content_json.keys():
        return _parse_json(str(content_json["code"]), content_json)
    return None


def _decode(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _parse_json(status: str, answer: Mapping[str, Any]) -> ApiError:
    """Find the code, which may be swapped with the message, and its details."""
    nested = answer.get("message")
    nested = (
        _decode(nested.encode()) if isinstance(nested, str) and nested.startswith("{") else None
    )
    layers = [answer, nested] if isinstance(nested, dict) else [answer]
    data = next((layer["data"] for layer in layers if layer.get("data")), None)
    texts = [str(layer.get(name, "")) for layer in layers for name in ("code", "message")]
    business_code = next((word for word in texts if word.startswith("ER") and word in MEANINGS), "")
    numbers = [word for word in (status, *texts) if word.isdecimal()]
    return ApiError(
        code=business_code or _code_of_inactive(data) or next(iter(numbers), status),
        text="; ".join(_messages(layers))[:MAX_MESSAGE_LENGTH],
        fields=tuple(_invalid_fields(answer.get("errors"))),
        skus=tuple(_skus(data)),
        warehouses=_warehouses(layers),
    )


def _code_of_inactive(data: Any) -> str:
    """Return ER001 for a product that is not on sale, a rejection without a code; else empty."""
    rows = _dicts(data if isinstance(data, list) else [])
    is_inactive = any("inactive" in str(row.get("message", "")).lower() for row in rows)
    return "ER001" if is_inactive else ""


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
