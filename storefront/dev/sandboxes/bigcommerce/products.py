"""BigCommerce products: create, update and list products, variants, options, stock, categories.

A product holds its variants. A product without options has one, its base variant. A batch is
written or refused as a whole.
"""

from typing import Any

from storefront.dev.sandboxes.bigcommerce.state import SandboxState, check_fields, refused
from storefront.dev.sandboxes.store.state import Document

MAX_PRODUCTS, MAX_VARIANTS, MAX_STOCK = 10, 50, 2000
NUMBER = (int, float)
OPTIONAL_NUMBER = (int, float, type(None))
PRODUCT_FIELDS: dict[str, Any] = {
    "id": int, "name": str, "type": str, "description": str, "brand_name": str, "categories": list,
    "is_visible": bool, "availability": str, "search_keywords": str, "sku": str, "weight": NUMBER,
    "gtin": str, "mpn": str, "inventory_tracking": str, "price": NUMBER, "sale_price": NUMBER,
    "custom_fields": list, "images": list, "inventory_level": int, "variants": list,
}  # fmt: skip
VARIANT_FIELDS: dict[str, Any] = {
    "id": int, "sku": str, "gtin": str, "mpn": str, "weight": OPTIONAL_NUMBER,
    "price": OPTIONAL_NUMBER, "sale_price": OPTIONAL_NUMBER, "purchasing_disabled": bool,
    "image_url": str, "inventory_level": int, "option_values": list,
}  # fmt: skip
CHOICES = {
    "type": {"physical", "digital"},
    "availability": {"available", "disabled", "preorder"},
    "inventory_tracking": {"none", "product", "variant"},
}
MAX_TEXT = {"name": 250, "sku": 255, "gtin": 14, "image_url": 255}
MAX_VARIANTS_OF_PRODUCT = 600


def create(state: SandboxState, body: Any) -> Document:
    check_fields(body, PRODUCT_FIELDS, required=("name", "type", "weight", "price"))
    _check(state, body, own_id=0)
    number = state.documents.next_id()
    product = {
        "is_visible": True, "availability": "available", "inventory_tracking": "none",
        "inventory_level": 0, "search_keywords": "", "sku": "", "sale_price": 0,
        **{name: value for name, value in body.items() if name != "variants"},
        "id": number,
        "base_variant_id": None,
        "options": [],
        "variants": [],
        "images": [_new_part(state, "images", row) for row in body.get("images", [])],
        "custom_fields": [
            _new_part(state, "custom_fields", row) for row in body.get("custom_fields", [])
        ],
    }  # fmt: skip
    for row in body.get("variants", []):
        check_fields(row, VARIANT_FIELDS, required=("sku", "option_values"))
        _check_lengths(row)
        values = [_value(state, product, one) for one in row["option_values"]]
        product["variants"].append(_variant(state, number, row, values))
    if len(product["variants"]) > MAX_VARIANTS_OF_PRODUCT:
        raise refused(422, f"More than {MAX_VARIANTS_OF_PRODUCT} variants are not allowed")
    if not product["variants"]:
        base = _variant(state, number, {"sku": product["sku"]}, [])
        product["variants"], product["base_variant_id"] = [base], base["id"]
    _check_skus(state, product)
    return state.documents.put("product", product)


def _variant(
    state: SandboxState, product_id: int, row: Document, values: list[Document]
) -> Document:
    return {
        "price": None, "sale_price": None, "inventory_level": 0, "purchasing_disabled": False,
        **row, "id": state.documents.next_id(), "product_id": product_id, "option_values": values,
    }  # fmt: skip


def _value(state: SandboxState, product: Document, row: Document) -> Document:
    """Return an option value; a new product creates options and values by their names."""
    check_fields(row, {"option_display_name": str, "label": str},
                 required=("option_display_name", "label"))  # fmt: skip
    name, label = row["option_display_name"], row["label"]
    option = next((one for one in product["options"] if one["display_name"] == name), None)
    if option is None:
        option = {"id": state.documents.next_id(), "display_name": name, "option_values": []}
        product["options"].append(option)
    value = next((one for one in option["option_values"] if one["label"] == label), None)
    if value is None:
        value = {"id": state.documents.next_id(), "label": label}
        option["option_values"].append(value)
    return {"option_id": option["id"], "id": value["id"], **row}


def update_batch(state: SandboxState, rows: Any) -> list[Document]:
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_PRODUCTS:
        raise refused(422, f"Between 1 and {MAX_PRODUCTS} products are allowed")
    return [_update(state, row) for row in rows]


def _update(state: SandboxState, row: Any) -> Document:
    kinds = {name: kind for name, kind in PRODUCT_FIELDS.items() if name != "variants"}
    check_fields(row, kinds, required=("id",))
    found = state.documents.get("product", row["id"])
    if found is None:
        raise refused(422, "Unknown product", id=f"{row['id']} was not found")
    _check(state, row, own_id=row["id"])
    product = {**found, **row}
    if product["base_variant_id"] is not None:
        product["variants"] = [{**found["variants"][0], "sku": product["sku"]}]
    if product["sku"] != found["sku"]:
        _check_skus(state, product)
    return state.documents.put("product", product)


def _check(state: SandboxState, body: Document, *, own_id: int) -> None:
    for name, choices in CHOICES.items():
        if name in body and body[name] not in choices:
            raise refused(422, "The field is invalid", **{name: "is not allowed"})
    _check_lengths(body)
    if any(body.get(name, 0) < 0 for name in ("price", "sale_price", "weight", "inventory_level")):
        raise refused(422, "The field is invalid", price="must not be negative")
    for other in state.documents.where("product", name=body.get("name")):
        if other["id"] != own_id:
            raise refused(409, "The product name is a duplicate", name="is a duplicate")
    for number in body.get("categories", []):
        if state.documents.get("category", number) is None:
            raise refused(422, "Unknown category", categories=f"{number} was not found")


def _check_lengths(body: Document) -> None:
    for name, longest in MAX_TEXT.items():
        if len(body.get(name, "")) > longest:
            raise refused(422, "The field is invalid", **{name: f"is longer than {longest}"})
    if body.get("name") == "":
        raise refused(422, "The field is invalid", name="must not be empty")


def _check_skus(state: SandboxState, product: Document) -> None:
    """Refuse a SKU that another product or variant has."""
    own = [product["sku"]] if product["base_variant_id"] is None else []
    own += [variant["sku"] for variant in product["variants"]]
    own = [sku for sku in own if sku]
    taken = {
        sku
        for other in state.documents.all("product")
        if other["id"] != product["id"]
        for sku in (other["sku"], *(variant["sku"] for variant in other["variants"]))
    }
    if len(set(own)) < len(own) or taken.intersection(own):
        raise refused(409, "The product SKU is a duplicate", sku="is a duplicate")


def product_of(state: SandboxState, number: int) -> Document:
    found = state.documents.get("product", number)
    if found is None:
        raise refused(404, "Product not found")
    return found


# Variants


def update_variants(state: SandboxState, rows: Any) -> list[Document]:
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_VARIANTS:
        raise refused(422, f"Between 1 and {MAX_VARIANTS} variants are allowed")
    return [_update_variant(state, row) for row in rows]


def _update_variant(state: SandboxState, row: Any) -> Document:
    kinds = {name: kind for name, kind in VARIANT_FIELDS.items() if name != "option_values"}
    check_fields(row, kinds, required=("id",))
    if (row.get("price") or 0) < 0:
        raise refused(422, "The field is invalid", price="must not be negative")
    found = find_variant(state, row["id"])
    if found is None:
        raise refused(422, "Unknown variant", id=f"{row['id']} was not found")
    product, variant = found
    changed = {**variant, **row}
    product = {
        **product,
        "variants": [changed if one is variant else one for one in product["variants"]],
    }
    if changed["sku"] != variant["sku"]:
        _check_skus(state, product)
    state.documents.put("product", product)
    return changed


def find_variant(state: SandboxState, number: int) -> tuple[Document, Document] | None:
    for product in state.documents.all("product"):
        for variant in product["variants"]:
            if variant["id"] == number:
                return product, variant
    return None


def add_variant(state: SandboxState, product: Document, row: Any) -> Document:
    check_fields(row, VARIANT_FIELDS, required=("sku", "option_values"))
    values = []
    for one in row["option_values"]:
        check_fields(one, {"option_id": int, "id": int}, required=("option_id", "id"))
        option = next((o for o in product["options"] if o["id"] == one["option_id"]), None)
        if option is None or one["id"] not in {value["id"] for value in option["option_values"]}:
            raise refused(422, "Unknown option value", option_values="was not found")
        values.append(one)
    if len(values) != len(product["options"]):
        raise refused(422, "Each option needs a value", option_values="are incomplete")
    variant = _variant(state, product["id"], row, values)
    changed = {**product, "variants": [*product["variants"], variant]}
    _check_skus(state, changed)
    state.documents.put("product", changed)
    return variant


def delete_variant(state: SandboxState, product: Document, number: int) -> None:
    kept = [one for one in product["variants"] if one["id"] != number]
    if len(kept) == len(product["variants"]):
        raise refused(404, "Variant not found")
    state.documents.put("product", {**product, "variants": kept})


def add_option_value(state: SandboxState, product: Document, option_id: int, row: Any) -> Document:
    check_fields(row, {"label": str, "sort_order": int}, required=("label", "sort_order"))
    for option in product["options"]:
        if option["id"] == option_id:
            value = {"id": state.documents.next_id(), **row}
            option["option_values"].append(value)
            state.documents.put("product", product)
            return value
    raise refused(404, "Option not found")


# Parts of a product: custom fields and images

MAX_CUSTOM_FIELD = 250
PART_FIELDS: dict[str, dict[str, Any]] = {
    "custom_fields": {"name": str, "value": str},
    "images": {"image_url": str, "is_thumbnail": bool, "sort_order": int},
}


def _new_part(state: SandboxState, kind: str, row: Any) -> Document:
    check_fields(row, PART_FIELDS[kind])
    _check_lengths({"image_url": row.get("image_url", "")})
    texts = [row[name] for name in ("name", "value") if name in row]
    if any(not 1 <= len(text) <= MAX_CUSTOM_FIELD for text in texts):
        raise refused(422, "The field is invalid", value=f"must have 1 to {MAX_CUSTOM_FIELD}")
    return {"id": state.documents.next_id(), **row}


def add_part(state: SandboxState, product: Document, kind: str, row: Any) -> Document:
    part = _new_part(state, kind, row)
    if kind == "custom_fields" and any(
        (one["name"], one["value"]) == (row["name"], row["value"]) for one in product[kind]
    ):
        raise refused(409, "The custom field is a duplicate")
    state.documents.put("product", {**product, kind: [*product[kind], part]})
    return part


def delete_part(state: SandboxState, product: Document, kind: str, number: int) -> None:
    kept = [one for one in product[kind] if one["id"] != number]
    if len(kept) == len(product[kind]):
        raise refused(404, "Not found")
    state.documents.put("product", {**product, kind: kept})


# Stock


def set_stock(state: SandboxState, body: Any) -> None:
    """Set absolute quantities, at once although BigCommerce takes a moment."""
    check_fields(body, {"reason": str, "items": list}, required=("items",))
    if not 1 <= len(body["items"]) <= MAX_STOCK:
        raise refused(422, f"Between 1 and {MAX_STOCK} items are allowed")
    levels: dict[tuple[str, int], int] = {}
    for item in body["items"]:
        check_fields(
            item,
            {"location_id": int, "sku": str, "variant_id": int, "product_id": int, "quantity": int},
            required=("location_id", "quantity"),
        )
        if state.documents.get("location", item["location_id"]) is None:
            raise refused(422, "Unknown location", location_id="was not found")
        kind = "variant" if "variant_id" in item else "product"
        levels[kind, item[f"{kind}_id"]] = item["quantity"]
    known: set[tuple[str, int]] = set()
    for product in state.documents.all("product"):
        _set_levels(state, product, levels, known)
    if unknown := set(levels) - known:
        kind, number = min(unknown)
        raise refused(422, f"[Item with {kind}_id {number} was not found]")


def _set_levels(
    state: SandboxState,
    product: Document,
    levels: dict[tuple[str, int], int],
    known: set[tuple[str, int]],
) -> None:
    by = product["inventory_tracking"]
    own = ("product", product["id"])
    keys = {own, *(("variant", one["id"]) for one in product["variants"])} & levels.keys()
    if not keys:
        return
    known |= keys
    for kind, number in keys:
        if kind != by:
            raise refused(
                422,
                f"[Item with {kind}_id {number} is tracked by {by}, please update stock by {by} id]",
            )
    variants = [
        {**one, "inventory_level": levels.get(("variant", one["id"]), one["inventory_level"])}
        for one in product["variants"]
    ]
    level = levels.get(own, product["inventory_level"])
    state.documents.put("product", {**product, "variants": variants, "inventory_level": level})


def move_stock(state: SandboxState, variant_id: int, quantity: int) -> None:
    """Change tracked stock by a quantity, as a sale or its cancellation does."""
    found = find_variant(state, variant_id)
    if found is None:
        return
    product, variant = found
    if product["inventory_tracking"] == "product":
        product["inventory_level"] += quantity
    elif product["inventory_tracking"] == "variant":
        variant["inventory_level"] += quantity
    state.documents.put("product", product)


# Categories


def create_category(state: SandboxState, body: Any) -> Document:
    check_fields(body, {"name": str, "parent_id": int}, required=("name", "parent_id"))
    for other in state.documents.where("category", **body):
        raise refused(409, "The category name is a duplicate", name=str(other["id"]))
    return state.documents.put("category", dict(body))
