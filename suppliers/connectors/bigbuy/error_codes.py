"""BigBuy error codes: parse a rejection, map its code to one of our errors. Pure.

Source: BigBuy REST API, errors; read 2026-11-24
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from storefront.lib.http.errors import OutsideError, PermanentError, TemporaryError
from suppliers.connectors.records import (
    DuplicateReferenceError,
    GoneError,
    NoWayError,
    OutOfStockError,
    WantingError,
)

LONGEST_WORDS = 200
TOO_FAST = "429"
HTTP_BAD, HTTP_BROKEN = 400, 500
SOFT_500 = b"HTTP/1.0 500"
MOST_DEPTH = 6
LONGEST_REFUSAL = 65_536


class Means(StrEnum):
    """How to handle a rejection."""

    RETRY = "retry"
    CONFIGURATION = "configuration"
    GONE = "gone"
    OUT_OF_STOCK = "out of stock"
    HOLD = "hold"
    NO_WAY = "no way"
    ADOPT = "adopt"


# Business codes and HTTP statuses in one table, with our own wording: the answer to a write may
# repeat the customer's address. Any other code is a rejection with no effect.
MEANING: Mapping[str, tuple[Means, str]] = {
    "ER001": (Means.GONE, "the item is discontinued"),
    "ER002": (Means.CONFIGURATION, "unknown reference"),
    "ER003": (Means.OUT_OF_STOCK, "not enough stock"),
    "ER004": (Means.HOLD, "the postcode has the wrong format for its country"),
    "ER005": (Means.HOLD, "our balance is too low"),
    "ER007": (Means.HOLD, "below the minimum order value"),
    "ER008": (Means.ADOPT, "an order with this number already exists"),
    "ER009": (Means.RETRY, "the order is still temporary"),
    "ER010": (Means.NO_WAY, "none of the carriers takes the order"),
    "ER011": (Means.CONFIGURATION, "the payment method is not accepted"),
    "ER012": (Means.CONFIGURATION, "the amount is too small for a bank transfer"),
    "ER013": (Means.NO_WAY, "the item cannot be exported"),
    "ER014": (Means.HOLD, "a pack is invalid"),
    "400": (Means.HOLD, "the request is invalid"),
    "401": (Means.CONFIGURATION, "the API key is wrong"),
    "403": (Means.CONFIGURATION, "the API key lacks the permission"),
    "404": (Means.CONFIGURATION, "the address does not exist"),
    "408": (Means.RETRY, "the request timed out"),
    "409": (Means.HOLD, "the request was rejected"),
    "415": (Means.CONFIGURATION, "the content type is not supported"),
    "429": (Means.RETRY, "rate limit exceeded"),
    "500": (Means.RETRY, "the supplier has a technical problem"),
    "502": (Means.RETRY, "the supplier has a technical problem"),
    "503": (Means.RETRY, "the supplier is unavailable"),
    "504": (Means.RETRY, "the supplier does not answer in time"),
}
UNKNOWN = (Means.HOLD, "the request was rejected for an unknown reason")
ERRORS: Mapping[Means, type[OutsideError]] = {
    Means.RETRY: TemporaryError,
    Means.CONFIGURATION: PermanentError,
    Means.GONE: GoneError,
    Means.OUT_OF_STOCK: OutOfStockError,
    Means.HOLD: PermanentError,
    Means.NO_WAY: NoWayError,
    Means.ADOPT: DuplicateReferenceError,
}
# After these codes, the write may have happened.
MAYBE_WRITTEN = frozenset({"ER009"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error answer.

    Shape:  ``fields`` are the invalid fields of our call; ``warehouses`` lists the references
            in each warehouse, when a cart spans several
    """

    code: str
    said: str = field(default="", repr=False)
    fields: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    order_id: str = ""
    warehouses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def error(self, what: str, *, is_write: bool) -> OutsideError:
        """Return the exception. That of a write contains none of BigBuy's text."""
        is_broken = self.code.isdecimal() and int(self.code) >= HTTP_BROKEN
        means, words = MEANING.get(self.code, MEANING["500"] if is_broken else UNKNOWN)
        parts = [words if is_write or not self.said else f"{words}: {self.said!r}"]
        parts += [f"invalid: {', '.join(self.fields)}"] if self.fields else []
        parts += [", ".join(self.skus)] if self.skus else []
        error = ERRORS[means](
            f"{what}: {self.code} {'; '.join(parts)}"[:LONGEST_WORDS],
            code=self.code,
            may_have_happened=is_write and (is_broken or self.code in MAYBE_WRITTEN),
        )
        if isinstance(error, WantingError):
            error.skus = self.skus
        return error


def refusal(status: int, content: bytes) -> Refusal | None:
    """Parse an error answer; None for a success.

    An HTTP error is one, and so are two kinds of bodies with a good status.
    """
    if status >= HTTP_BAD:
        said = _opened(content)
        return _of_json(str(status), said) if isinstance(said, dict) else Refusal(code=str(status))
    if content.startswith(SOFT_500):
        return Refusal(code="500", said="not available right now")
    said = _opened(content) if content.startswith(b"{") and len(content) < LONGEST_REFUSAL else None
    if isinstance(said, dict) and {"code", "message"} <= said.keys():
        return _of_json(str(said["code"]), said)
    return None


def _opened(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _of_json(status: str, said: Mapping[str, Any]) -> Refusal:
    """Find the business code, wherever it is, and its details.

    Code and message may be swapped, and the message may itself be JSON.
    """
    inner = said.get("message")
    inner = _opened(inner.encode()) if isinstance(inner, str) and inner.startswith("{") else None
    layers = [said, inner] if isinstance(inner, dict) else [said]
    data = next((layer["data"] for layer in layers if layer.get("data")), None)
    written = [str(layer.get(name, "")) for layer in layers for name in ("code", "message")]
    business = next((word for word in written if word.startswith("ER") and word in MEANING), "")
    numbers = [word for word in (status, *written) if word.isdecimal()]
    return Refusal(
        code=business or _plain_code(data) or next(iter(numbers), status),
        said="; ".join(_words(layers))[:LONGEST_WORDS],
        fields=tuple(_wrong_fields(said.get("errors"))),
        skus=tuple(_skus(data)),
        order_id=str(data.get("orderId", "")) if isinstance(data, dict) else "",
        warehouses=_warehouses(layers),
    )


def _plain_code(data: Any) -> str:
    """Return the code of the one rejection that has none: a product that is not on sale."""
    rows = _dicts(data if isinstance(data, list) else [])
    is_gone = any("inactive" in str(row.get("message", "")).lower() for row in rows)
    return "ER001" if is_gone else ""


def _words(layers: list[Mapping[str, Any]]) -> Iterator[str]:
    for layer in layers:
        for name in ("info", "message", "code"):
            text = layer.get(name)
            if isinstance(text, str) and text and not text.startswith("{"):
                yield text


def _wrong_fields(node: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the invalid fields of a tree of form errors; empty branches are valid fields."""
    if not isinstance(node, dict) or depth > MOST_DEPTH:
        return
    if node.get("errors"):
        yield path or "the form"
    children = node.get("children")
    if isinstance(children, dict):
        for name, child in children.items():
            yield from _wrong_fields(child, f"{path}.{name}".lstrip("."), depth + 1)


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
                str(row.get("id")): tuple(str(ref) for ref in row.get("references") or ())
                for row in _dicts(detail["warehouses"])
            }
    return {}


def _dicts(rows: list[Any]) -> Iterator[dict[str, Any]]:
    return (row for row in rows if isinstance(row, dict))
