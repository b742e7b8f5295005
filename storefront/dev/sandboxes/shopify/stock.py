"""Shopify stock: set quantities, carry out mutations with an idempotency key once."""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from graphql import GraphQLError

from storefront.dev.sandboxes.shopify.state import (
    SandboxState,
    error,
    number_of,
)

# Mutations that require the directive @idempotent since 2026-04.
IDEMPOTENT_FIELDS = frozenset({"inventorySetQuantities", "refundCreate"})
MAX_ROWS = 250
MAX_QUANTITY = 1_000_000_000
REASONS = frozenset(
    {"correction", "cycle_count_available", "damaged", "other", "promotion", "quality_control",
     "received", "restock", "safety_stock", "shrinkage"}
)  # fmt: skip


def once(
    state: SandboxState,
    operation: str,
    key: str,
    arguments: Mapping[str, Any],
    resolve: Callable[..., dict[str, Any]],
) -> dict[str, Any]:
    """Carry out a mutation, or return what the first request with this key returned.

    Raises: GraphQLError  the key was used with other arguments
    """
    digest = sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()
    first = next(state.documents.where("first request", key=key), None)
    if first is None:
        answer = resolve(state, **arguments)
        kept = {"userErrors": answer["userErrors"], "found": answer.get("found")}
        state.documents.put(
            "first request",
            {"key": key, "operation": operation, "digest": digest, "answer": kept},
        )
        return answer
    if (first["operation"], first["digest"]) != (operation, digest):
        raise GraphQLError(
            "The same idempotency key cannot be used with different operation parameters.",
            extensions={"code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"},
        )
    return resolve(state, **arguments, repeated=first["answer"])


def set_quantities(
    state: SandboxState,
    *,
    input: Mapping[str, Any],  # noqa: A002 - Shopify's name
    repeated: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Set all rows or none."""
    if repeated is not None:
        return {"userErrors": repeated["userErrors"]}
    rows = input["quantities"]
    if len(rows) > MAX_ROWS:
        raise GraphQLError(
            f"The input array size of {len(rows)} is greater than the maximum allowed of 250.",
            extensions={"code": "MAX_INPUT_SIZE_EXCEEDED"},
        )
    errors = []
    if input["name"] not in {"available", "on_hand"}:
        errors.append(error("Name is invalid", "input", "name", code="INVALID_NAME"))
    if input["reason"] not in REASONS:
        errors.append(error("Reason is invalid", "input", "reason", code="INVALID_REASON"))
    seen: set[tuple[int, str]] = set()
    for place, row in enumerate(rows):
        errors += _row_errors(state, row, place, seen)
    if not errors:
        for row in rows:
            item, location = _place(row)
            variant = state.documents.get("variant", item) or {}
            variant["levels"][location] = row["quantity"]
            state.documents.put("variant", variant)
    return {"userErrors": errors}


def _place(row: Mapping[str, Any]) -> tuple[int, str]:
    item = number_of(row["inventoryItemId"], "InventoryItem")
    return item, str(number_of(row["locationId"], "Location"))


def _row_errors(  # noqa: PLR0911 - Shopify's checks
    state: SandboxState, row: Mapping[str, Any], place: int, seen: set[tuple[int, str]]
) -> list[dict[str, Any]]:
    path = ("input", "quantities", str(place))
    item, location = _place(row)
    variant = state.documents.get("variant", item)
    if variant is None:
        text = "The specified inventory item could not be found."
        return [error(text, *path, "inventoryItemId", code="INVALID_INVENTORY_ITEM")]
    held = variant["levels"].get(location)
    if held is None:
        text = "The specified location could not be found."
        return [error(text, *path, "locationId", code="INVALID_LOCATION")]
    if not 0 <= row["quantity"] <= MAX_QUANTITY:
        text = "The quantity can't be negative."
        return [error(text, *path, "quantity", code="INVALID_QUANTITY_NEGATIVE")]
    if "changeFromQuantity" not in row:
        text = "changeFromQuantity is required; null skips the check."
        return [error(text, *path, "changeFromQuantity", code="COMPARE_QUANTITY_REQUIRED")]
    if row["changeFromQuantity"] not in {None, held}:
        text = "The changeFromQuantity argument no longer matches the persisted quantity."
        return [error(text, *path, "changeFromQuantity", code="CHANGE_FROM_QUANTITY_STALE")]
    if (item, location) in seen:
        text = "The combination of inventoryItemId and locationId must be unique."
        return [error(text, *path, code="NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR")]
    seen.add((item, location))
    return []
