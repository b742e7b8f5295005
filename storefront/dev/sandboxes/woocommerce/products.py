"""WooCommerce products: list, create and update products, variations, categories and brands."""

import html
import re
from collections.abc import Callable
from typing import Any

from storefront.dev.sandboxes.store.state import ApiError, Document
from storefront.dev.sandboxes.woocommerce.state import (
    NUMBER,
    SandboxState,
    check_fields,
    error,
    invalid,
)

MAX_BATCH = 100
DELIMITER = "|"
GTIN = re.compile(r"[0-9-]*")
SOLD_FIELDS: dict[str, type | tuple[type, ...]] = {
    "id": int, "sku": str, "global_unique_id": str, "regular_price": str, "sale_price": str,
    "manage_stock": bool, "stock_quantity": int, "backorders": str, "weight": str, "status": str,
    "attributes": list, "meta_data": list,
}  # fmt: skip
PRODUCT_FIELDS = SOLD_FIELDS | {
    "name": str, "type": str, "catalog_visibility": str, "description": str, "categories": list,
    "brands": list, "images": list,
}  # fmt: skip
VARIATION_FIELDS = SOLD_FIELDS | {"image": dict}
DEFAULTS: Document = {
    "sku": "", "global_unique_id": "", "regular_price": "", "sale_price": "",
    "manage_stock": False, "stock_quantity": None, "stock_status": "instock", "backorders": "no",
    "weight": "", "status": "publish", "attributes": [], "meta_data": [],
}  # fmt: skip
CHOICES = {
    "type": {"simple", "grouped", "external", "variable"},
    "status": {"draft", "pending", "private", "publish"},
    "catalog_visibility": {"visible", "catalog", "search", "hidden"},
    "backorders": {"no", "notify", "yes"},
}


def batch(
    body: Document,
    *,
    create: Callable[[Document], Document],
    update: Callable[[Document], Document],
    delete: Callable[[int], Document] | None = None,
) -> Document:
    """Perform up to 100 changes; a refused one leaves its error in the answer."""
    check_fields(body, {"create": list, "update": list, "delete": list})
    total = sum(len(rows) for rows in body.values())
    if total > MAX_BATCH:
        raise error(413, "woocommerce_rest_request_entity_too_large",
                    f"Unable to accept more than {MAX_BATCH} items for this request.")  # fmt: skip
    actions: dict[str, Callable[[Any], Document]] = {"create": create, "update": update}
    if delete is not None:
        actions["delete"] = delete
    done: Document = {}
    for name, action in actions.items():
        if name in body:
            done[name] = [_one(action, row) for row in body[name]]
    return done


def _one(action: Callable[[Any], Document], row: Any) -> Document:
    try:
        return action(row)
    except ApiError as refused:
        number = row.get("id", 0) if isinstance(row, dict) else row
        return {"id": number, "error": refused.body}


# Products


def create_product(state: SandboxState, body: Document) -> Document:
    check_fields(body, PRODUCT_FIELDS)
    product = {**DEFAULTS, "name": "", "type": "simple", "categories": [], "brands": [],
               "images": [], "parent_id": 0}  # fmt: skip
    return _store(state, "product", product, body)


def update_product(state: SandboxState, body: Document) -> Document:
    check_fields(body, PRODUCT_FIELDS)
    found = state.documents.get("product", body.get("id", 0))
    if found is None:
        if state.documents.get("variation", body.get("id", 0)):
            raise error(404, "woocommerce_rest_invalid_product_id",
                        "To manipulate product variations you should use the"
                        " /products/<product_id>/variations/<id> endpoint.")  # fmt: skip
        raise error(400, "woocommerce_rest_product_invalid_id", "Invalid ID.")
    return _store(state, "product", dict(found), body)


def create_variation(state: SandboxState, parent: int, body: Document) -> Document:
    check_fields(body, VARIATION_FIELDS)
    _check_parent(state, parent)
    return _store(state, "variation", {**DEFAULTS, "parent_id": parent, "type": "variation"}, body)


def update_variation(state: SandboxState, parent: int, body: Document) -> Document:
    check_fields(body, VARIATION_FIELDS)
    found = state.documents.get("variation", body.get("id", 0))
    if found is None or found["parent_id"] != parent:
        raise error(400, "woocommerce_rest_product_variation_invalid_id", "Invalid ID.")
    return _store(state, "variation", dict(found), body)


def delete_variation(state: SandboxState, parent: int, number: int) -> Document:
    found = state.documents.get("variation", number)
    if found is None or found["parent_id"] != parent:
        raise error(400, "woocommerce_rest_product_variation_invalid_id", "Invalid ID.")
    state.documents.delete("variation", number)
    return found


def _check_parent(state: SandboxState, parent: int) -> None:
    product = state.documents.get("product", parent)
    if product is None or product["type"] != "variable":
        raise error(404, "woocommerce_rest_product_variation_invalid_parent", "Invalid parent.")


def _store(state: SandboxState, kind: str, item: Document, body: Document) -> Document:
    _check(state, body)
    _check_unique(state, item, body)
    for image in _images(body):
        image["id"] = state.documents.next_id()
    metas = {row["key"]: row for row in item["meta_data"]}
    for row in body.get("meta_data", []):
        check_fields(row, {"key": str, "value": object, "id": int})
        before = metas.get(row["key"], {"id": state.documents.next_id()})
        metas[row["key"]] = {**before, "key": row["key"], "value": row["value"]}
    item |= {**body, "meta_data": list(metas.values())}
    if item["type"] == "simple":
        for orphan in list(state.documents.where("variation", parent_id=item.get("id", 0))):
            state.documents.delete("variation", orphan["id"])
    if item["manage_stock"]:
        item["stock_status"] = "instock" if (item["stock_quantity"] or 0) > 0 else "outofstock"
    item["price"] = item["sale_price"] or item["regular_price"]
    return state.documents.put(kind, item)


def _check(state: SandboxState, body: Document) -> None:
    """Refuse values that WooCommerce refuses."""
    for name, choices in CHOICES.items():
        if name in body and body[name] not in choices:
            raise invalid(name)
    for name in ("regular_price", "sale_price", "weight"):
        if body.get(name) and not NUMBER.fullmatch(body[name]):
            raise invalid(name)
    if not GTIN.fullmatch(body.get("global_unique_id", "")):
        raise error(400, "product_invalid_global_unique_id",
                    "GTIN, UPC, EAN or ISBN must contain digits and hyphens only.")  # fmt: skip
    for image in _images(body):
        if not str(image.get("src", "")).startswith(("https://", "http://")):
            raise error(400, "woocommerce_product_image_upload_error", "Invalid URL Provided.")
    _check_terms(state, body)


def _check_terms(state: SandboxState, body: Document) -> None:
    for row in body.get("attributes", []):
        if any(DELIMITER in text for text in [*row.get("options", []), row.get("option", "")]):
            raise invalid("attributes")  # WooCommerce divides such a value silently
    for kind, name in (("category", "categories"), ("brand", "brands")):
        for term in body.get(name, []):
            if not state.documents.get(kind, term["id"]):
                raise error(400, "woocommerce_rest_invalid_term", "Invalid term ID.")


def _images(body: Document) -> list[Document]:
    return [*body.get("images", []), *([body["image"]] if "image" in body else [])]


def _check_unique(state: SandboxState, item: Document, body: Document) -> None:
    """Refuse a SKU or GTIN that another item has."""
    for name, code in (
        ("sku", "product_invalid_sku"),
        ("global_unique_id", "product_invalid_global_unique_id"),
    ):
        value = body.get(name)
        if not value or value == item.get(name):
            continue
        for kind in ("product", "variation"):
            for other in state.documents.where(kind, **{name: value}):
                raise error(400, code, "Invalid or duplicated SKU.", resource_id=other["id"],
                            unique_sku=f"{value}-1")  # fmt: skip


# Terms


def create_term(state: SandboxState, kind: str, body: Document) -> Document:
    check_fields(body, {"name": str, "parent": int})
    name, parent = html.escape(body["name"], quote=False), body.get("parent", 0)
    for other in state.documents.where(kind, name=name, parent=parent):
        raise error(400, "term_exists", "A term with the name provided already exists.",
                    resource_id=other["id"])  # fmt: skip
    return state.documents.put(kind, {"name": name, "parent": parent})


def move_stock(state: SandboxState, item: Document, quantity: int) -> None:
    """Change the managed stock of an item by a quantity, as a sale or its cancellation does."""
    if item["manage_stock"]:
        item["stock_quantity"] = (item["stock_quantity"] or 0) + quantity
        item["stock_status"] = "instock" if item["stock_quantity"] > 0 else "outofstock"
        state.documents.put("product" if item["parent_id"] == 0 else "variation", item)
