"""WooCommerce parcels: fulfillments of WooCommerce, parcels of extensions, notes to customers."""

import secrets

from storefront.dev.sandboxes.store.state import Document
from storefront.dev.sandboxes.woocommerce.orders import changed
from storefront.dev.sandboxes.woocommerce.state import SandboxState, check_fields, invalid


def create_fulfillment(state: SandboxState, order: Document, body: Document) -> Document:
    metas = _checked(state, order, body, before=[])
    fulfillment = {
        "id": state.documents.next_id(),
        "entity_type": "WC_Order",
        "entity_id": str(order["id"]),
        "status": body.get("status", "unfulfilled"),
        "is_fulfilled": body.get("is_fulfilled", False),
        "meta_data": metas,
    }
    changed(state, order)
    return state.documents.put("fulfillment", fulfillment)


def update_fulfillment(
    state: SandboxState, order: Document, fulfillment: Document, body: Document
) -> Document:
    fulfillment["meta_data"] = _checked(state, order, body, before=fulfillment["meta_data"])
    changed(state, order)
    return state.documents.put("fulfillment", fulfillment)


def _checked(
    state: SandboxState, order: Document, body: Document, *, before: list[Document]
) -> list[Document]:
    check_fields(body, {"status": str, "is_fulfilled": bool, "meta_data": list})
    metas = {row["id"]: row for row in before}
    for row in body.get("meta_data", []):
        number = row.get("id") or state.documents.next_id()
        metas[number] = {"id": number, "key": row["key"], "value": row["value"]}
    items = next((row["value"] for row in metas.values() if row["key"] == "_items"), None)
    quantities = {line["id"]: line["quantity"] for line in order["line_items"]}
    if not items or any(
        item.get("qty", 0) < 1 or item["qty"] > quantities.get(item.get("item_id"), 0)
        for item in items
    ):
        raise invalid("meta_data")
    return list(metas.values())


def create_tracking(state: SandboxState, order: Document, body: Document) -> Document:
    names = ("tracking_number", "tracking_provider", "custom_tracking_provider",
             "custom_tracking_link", "date_shipped")  # fmt: skip
    check_fields(body, dict.fromkeys(names, str))
    if not body.get("tracking_number"):
        raise invalid("tracking_number")
    tracking = {
        "order": order["id"],
        "tracking_id": secrets.token_hex(16),
        "tracking_number": body["tracking_number"],
        "tracking_provider": body.get("custom_tracking_provider", ""),
        "tracking_link": body.get("custom_tracking_link", ""),
        "date_shipped": body.get("date_shipped", ""),
    }
    changed(state, order)
    return state.documents.put("tracking", tracking)


def create_note(state: SandboxState, order: Document, body: Document) -> Document:
    check_fields(body, {"note": str, "customer_note": bool})
    note = {"order": order["id"], "customer_note": False, **body}
    return state.documents.put("note", note)


def listed(state: SandboxState, order: Document) -> list[Document]:
    """Return all parcels of an order with number, address and units by SKU, for tests."""
    skus = {line["id"]: line["sku"] for line in order["line_items"]}
    found = []
    for row in state.documents.where("fulfillment", entity_id=str(order["id"])):
        metas = {meta["key"]: meta["value"] for meta in row["meta_data"]}
        units = {skus[item["item_id"]]: item["qty"] for item in metas["_items"]}
        found.append(_parcel(metas["_tracking_number"], metas["_tracking_url"], units))
    ours = [row["value"] for row in order["meta_data"] if row["key"].startswith("_fara_parcel_")]
    units_by_number = {
        row["number"]: {skus[int(key)]: count for key, count in row["units"].items()}
        for row in ours
    }
    for row in state.documents.where("tracking", order=order["id"]):
        number = row["tracking_number"]
        found.append(_parcel(number, row["tracking_link"], units_by_number.get(number, {})))
    for row in state.documents.where("note", order=order["id"], customer_note=True):
        head, _, url = row["note"].partition("\n")
        number = head.rpartition(" ")[2]
        found.append(_parcel(number, url, units_by_number.get(number, {})))
    return found


def _parcel(number: str, url: str, units: dict[str, int]) -> Document:
    return {"number": number, "url": url, "units": units}
