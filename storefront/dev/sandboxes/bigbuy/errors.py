"""BigBuy errors: build the error responses of the API, each in its own structure."""

import itertools
import json
from typing import Any

from storefront.dev.sandboxes.core.http_server import Reply, as_json

INFO = {
    "ER001": "Product not found.",
    "ER002": "Incorrect reference.",
    "ER003": "Not enough stock.",
    "ER004": "The postcode does not have the right format.",
    "ER005": "There is not enough money in the purse.",
    "ER008": "The order already exists.",
    "ER010": "No carrier is available.",
    "ER011": "Invalid payment method.",
}
_turns = itertools.count()


class ApiError(Exception):
    """The caller gets an error status, and a body that explains it."""

    def __init__(self, status: int, body: Any, *, code: str = "") -> None:
        super().__init__(f"{status} {code}")
        self.status, self.body, self.code = status, body, code or str(status)

    def reply(self) -> Reply:
        if isinstance(self.body, str):
            return Reply(status=self.status, body=self.body.encode(), type="text/plain")
        return as_json(self.body, status=self.status)


def business(code: str, **data: Any) -> ApiError:
    """Return an error with a business code, alternately inside and outside the message."""
    inner = {"info": INFO[code], "data": data}
    is_outside = next(_turns) % 2
    message = json.dumps(inner if is_outside else {"code": code, **inner})
    return ApiError(409, {"code": code if is_outside else 409, "message": message}, code=code)


def inactive(skus: list[str]) -> ApiError:
    rows = [{"sku": sku, "message": "Inactive product."} for sku in skus]
    message = json.dumps({"info": "Products error.", "data": rows})
    return ApiError(409, {"code": 409, "message": message}, code="inactive")


def several_warehouses(references: dict[int, list[str]]) -> ApiError:
    rows = [{"id": key, "references": skus} for key, skus in references.items()]
    body = {"code": 409, "message": "Warehouses conflict.", "error_detail": {"warehouses": rows}}
    return ApiError(409, body, code="warehouses")


def invalid(wrong: dict[str, str], fields: tuple[str, ...] = ()) -> ApiError:
    """Return a form error: a tree that also has the valid fields."""
    children: dict[str, Any] = {name: [] for name in fields}
    tree: dict[str, Any] = {"errors": [], "children": {"order": {"children": children}}}
    for path, error in wrong.items():
        here = children
        *parents, last = path.split(".")
        for parent in parents:
            node = here.get(parent) or {"children": {}}
            here[parent], here = node, node["children"]
        here[last] = {"errors": [error]}
    return ApiError(
        400, {"code": 400, "message": "Validation Failed", "errors": tree}, code="invalid"
    )
