"""Shopify control: act as shopper and merchant, list the ledger, set limits, reset."""

from typing import Any

from storefront.dev.sandboxes.core.control import FAULT_ACTIONS, Actions
from storefront.dev.sandboxes.shopify import catalog, shopper, webhooks
from storefront.dev.sandboxes.shopify.state import SandboxState, gid, number_of
from storefront.dev.sandboxes.supplier import advance_clock

type Arguments = dict[str, Any]


def products(state: SandboxState, _: Arguments) -> list[dict[str, Any]]:
    skus: dict[int, list[str]] = {}
    for row in state.ledger.rows("SELECT product_id, sku FROM variants ORDER BY position"):
        skus.setdefault(row["product_id"], []).append(row["sku"])
    return [
        {
            "id": gid("Product", row["id"]),
            "title": row["title"],
            "is_active": row["status"] == "ACTIVE",
            "is_published": bool(row["is_published"]),
            "skus": skus.get(row["id"], []),
        }
        for row in state.ledger.rows("SELECT * FROM products ORDER BY id")
    ]


def set_stock(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Set the stock of a SKU as the merchant does in the admin."""
    changed = state.ledger.run(
        "UPDATE levels SET available = ? WHERE location = 1 AND item_id ="
        " (SELECT id FROM variants WHERE sku = ?)",
        int(arguments["quantity"]),
        str(arguments["sku"]),
    )
    return {"changed": changed}


def set_price(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    changed = state.ledger.run(
        "UPDATE variants SET price = ?, compare_at = NULL WHERE sku = ?",
        str(arguments["price"]),
        str(arguments["sku"]),
    )
    return {"changed": changed}


def delete(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Delete a variant, or a product with all its variants."""
    variant = number_of(arguments["id"], "ProductVariant")
    product = number_of(arguments["id"], "Product")
    with state.ledger.writing():
        sql = "SELECT id FROM variants WHERE id = ? OR product_id = ?"
        for row in state.ledger.rows(sql, variant, product):
            catalog.delete_variant(state, row["id"])
        state.ledger.run("DELETE FROM products WHERE id = ?", product)
    return {"id": arguments["id"]}


def calls(state: SandboxState, _: Arguments) -> dict[str, Any]:
    """Return the requests and points by operation since the last reset of the counters."""
    rows = state.ledger.rows("SELECT * FROM calls ORDER BY operation")
    return {
        "calls": sum(row["served"] for row in rows),
        "throttled": sum(row["throttled"] for row in rows),
        "points": sum(row["points"] for row in rows),
        "by_operation": {row["operation"]: row for row in rows},
    }


def clear_calls(state: SandboxState, _: Arguments) -> dict[str, Any]:
    state.ledger.run("DELETE FROM calls")
    state.bucket.violations = 0
    return {"cleared": True}


def violations(state: SandboxState, _: Arguments) -> dict[str, Any]:
    return {"count": state.bucket.violations}


def set_limits(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Set the points that are restored per second, and how many the bucket holds."""
    state.bucket.set(
        restore=float(arguments["restore"]), maximum=float(arguments.get("maximum", 0))
    )
    return state.bucket.status(now_s=state.now())


def reset(state: SandboxState, _: Arguments) -> dict[str, Any]:
    """Empty the store, end all faults, fill the bucket."""
    state.ledger.wipe()
    state.ledger.forget("definitions", "tokens")
    state.faults.clear()
    state.bucket.set(restore=state.rules.restore)
    state.bucket.violations = 0
    return {"reset": True}


ACTIONS: Actions[SandboxState] = {
    **FAULT_ACTIONS,
    ("GET", "orders"): shopper.listed,
    ("POST", "orders"): shopper.place,
    ("POST", "orders/pay"): shopper.pay,
    ("POST", "orders/cancel"): shopper.cancel,
    ("POST", "orders/edit"): shopper.edit,
    ("POST", "orders/hold"): shopper.hold,
    ("POST", "orders/refund"): shopper.refund,
    ("GET", "parcels"): shopper.parcels,
    ("GET", "refunds"): shopper.refunds,
    ("GET", "products"): products,
    ("POST", "stock"): set_stock,
    ("POST", "price"): set_price,
    ("POST", "delete"): delete,
    ("GET", "messages"): webhooks.messages,
    ("POST", "messages/redeliver"): webhooks.redeliver,
    ("POST", "uninstall"): webhooks.uninstall,
    ("GET", "calls"): calls,
    ("POST", "calls/forget"): clear_calls,
    ("GET", "violations"): violations,
    ("POST", "limits"): set_limits,
    ("POST", "advance_clock"): advance_clock,
    ("POST", "reset"): reset,
}
