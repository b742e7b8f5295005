"""CJ protocol: parse the parameters of a call, write the response envelope and error codes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from storefront.dev.sandboxes.cj.state import SandboxState

# Response envelope and error codes

OK = 200
MESSAGES = {
    1600000: "System busy, please try again later",
    1600001: "Invalid API key or access token",
    1600002: "The access token is missing",
    1600003: "Invalid refresh token",
    1600005: "The API key is wrong",
    1600101: "Interface not found",
    1600200: "Too many requests, QPS limit reached",
    1600201: "Quota has been used up",
    1600300: "Param error",
    1602000: "Variant not found",
    1602001: "Product not found",
    1602002: "Product removed from shelves",
    1602003: "Variant removed from shelves",
    1603001: "Order confirmation failed",
    1603002: "Order deletion failed",
    1603003: "Order already exists",
    1603100: "Order not found",
    1603101: "Order payment failed",
    1603102: "Inventory deduction failed",
    1604000: "Balance is insufficient",
    1605000: "Logistic not found",
    1605001: "Logistic invalid",
    1605002: "Country code not found",
    1607003: "The callback url did not answer 200",
    1607007: "Dispute confirmation failed",
    1607008: "Dispute creation failed",
    1607009: "Dispute cancellation failed",
    1606011: "The number of subscribed products has reached its limit",
    1606001: "Webhook callback url does not meet the requirements",
    16900202: "Request method not supported",
    16900204: "Request body is missing",
    16900205: "Request body is not valid JSON",
}


class ApiError(Exception):
    """The caller gets an error code instead of data."""

    def __init__(self, code: int, detail: str = "", *, http_status: int = OK) -> None:
        super().__init__(f"{code} {detail}")
        self.code, self.detail, self.http_status = code, detail, http_status

    @property
    def message(self) -> str:
        said = MESSAGES[self.code]
        return (f"{said}: {self.detail}" if self.detail else said)[:200]


def envelope(code: int, message: str, data: Any = None) -> dict[str, Any]:
    is_good = code == OK
    return {
        "code": code, "result": is_good, "message": message, "data": data, "success": is_good,
    }  # fmt: skip


BAD_PARAM, POINTS_EXHAUSTED = 1600300, 1600201


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    state: SandboxState
    query: dict[str, list[str]] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    now_s: float
    fault: str = ""

    def text(self, name: str, *, default: str | None = None, most: int = 200) -> str:
        """Return a parameter from the body or the query.

        Raises: ApiError  it is missing and has no default, or is too long
        """
        value = self.body.get(name)
        if value is None:
            value = next(iter(self.query.get(name, [])), None)
        if value is None or value == "":
            if default is None:
                raise ApiError(BAD_PARAM, f"{name} must not be empty")
            return default
        if isinstance(value, dict | list | bool) or len(str(value)) > most:
            raise ApiError(BAD_PARAM, f"{name} must be a text of up to {most} characters")
        return str(value)

    def whole(self, name: str, *, default: int, least: int, most: int) -> int:
        text = self.text(name, default=str(default))
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise ApiError(BAD_PARAM, f"{name} must be a number from {least} to {most}")
        return int(text)

    def features(self) -> set[str]:
        return {word for value in self.query.get("features", []) for word in value.split(",")}

    def page(self, rows: Sequence[Any], *, size: int, most: int) -> dict[str, Any]:
        """Return one page of the rows; ``size`` is the page size if the call states none."""
        number = self.whole("pageNum", default=1, least=1, most=100_000)
        size = self.whole("pageSize", default=size, least=1, most=most)
        return {
            "pageNumber": number,
            "pageSize": size,
            "totalRecords": len(rows),
            "totalPages": -(-len(rows) // size),
            "content": rows[(number - 1) * size : number * size],
        }

    def texts(self, name: str) -> list[str]:
        """Return a list of texts from the body."""
        value = self.body.get(name)
        if not isinstance(value, list) or not value or not all(isinstance(x, str) for x in value):
            raise ApiError(BAD_PARAM, f"{name} must be a list of texts")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Method, path and limits of a handler.

    Units:  a call costs ``points`` of the daily quota; ``most_per_s`` limits the calls per second
            at any account level
    """

    method: str
    path: str
    handler: Callable[[Call], Any]
    points: int = 0
    most_per_s: int = 0
    needs_token: bool = True
