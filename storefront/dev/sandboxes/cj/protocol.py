"""The envelope every answer comes in, and the codes of what went wrong."""

from __future__ import annotations

from typing import Any

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
    1603000: "Order creation failed",
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


class RefusedError(Exception):
    """The caller gets a code instead of data."""

    def __init__(self, code: int, detail: str = "", *, http_status: int = OK) -> None:
        super().__init__(f"{code} {detail}")
        self.code, self.detail, self.http_status = code, detail, http_status

    @property
    def message(self) -> str:
        said = MESSAGES[self.code]
        return (f"{said}: {self.detail}" if self.detail else said)[:200]


def answer(data: Any, *, request_id: str) -> dict[str, Any]:
    return {
        "code": OK,
        "result": True,
        "message": "Success",
        "data": data,
        "requestId": request_id,
        "success": True,
    }


def refusal(error: RefusedError, *, request_id: str) -> dict[str, Any]:
    return {
        "code": error.code,
        "result": False,
        "message": error.message,
        "data": None,
        "requestId": request_id,
        "success": False,
    }
