"""Shopify catalog: set products, change prices and visibility, list variants."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from storefront.dev.sandboxes.shopify.state import (
    LOCATIONS,
    ONLINE_STORE,
    SandboxState,
    as_text,
    error,
    gid,
    number_of,
)

MAX_OPTIONS, MAX_VARIANTS = 3, 2048
KEPT_IN_PRODUCT = ("descriptionHtml", "vendor", "productType", "productOptions", "files")
KEPT_IN_VARIANT = ("barcode", "inventoryItem", "inventoryPolicy", "file")
HS_CODE_LENGTHS = range(6, 14)

type Input = Mapping[str, Any]
type Error = dict[str, Any]


class RefusedError(Exception):
    """The mutation changes nothing, and answers with this user error."""

    def __init__(self, message: str, *field: str, code: str) -> None:
        super().__init__(message)
        self.error = error(message, *field, code=code)


def product_set(
    state: SandboxState,
    *,
    input: Input,  # noqa: A002 - Shopify's name
    identifier: Input | None = None,
    synchronous: bool = True,  # noqa: ARG001 - an asynchronous write is carried out as well
) -> dict[str, Any]:
    try:
        product_id, listing = _find(state, identifier or {}, input)
        _check(state, input, product_id)
        product_id = _store(state, product_id, listing, input)
        if "variants" in input:
            _store_variants(state, product_id, input["variants"])
    except RefusedError as refused:
        return {"product": None, "userErrors": [refused.error]}
    return {"product": _product(state, product_id), "userErrors": []}


def _find(state: SandboxState, identifier: Input, body: Input) -> tuple[int, str]:
    """Return the product to change, 0 for a new one, and the key that it is to have."""
    if "id" in identifier:
        number = number_of(identifier["id"], "Product")
        row = state.ledger.row("SELECT listing FROM products WHERE id = ?", number)
        if row is None:
            raise RefusedError(
                "Product does not exist", "identifier", "id", code="PRODUCT_DOES_NOT_EXIST"
            )
        return number, str(row["listing"] or "")
    custom = identifier.get("customId")
    if custom is None:
        raise RefusedError("the sandbox knows id and customId only", code="INVALID_INPUT")
    if [custom.get("namespace"), custom["key"]] not in state.ledger.fact("definitions", []):
        raise RefusedError(
            "Metafield definition does not exist", "identifier", "customId", code="NOT_FOUND"
        )
    fields = [
        each["value"]
        for each in body.get("metafields") or ()
        if (each.get("namespace"), each.get("key")) == (custom.get("namespace"), custom["key"])
    ]
    if fields != [custom["value"]]:
        raise RefusedError(
            "The input argument `metafields` (if present) must contain the `customId` value.",
            *("input", "metafields"),
            code="METAFIELD_MISMATCH",
        )
    row = state.ledger.row("SELECT id FROM products WHERE listing = ?", custom["value"])
    return (int(row["id"]) if row else 0), str(custom["value"])


def _check(state: SandboxState, body: Input, product_id: int) -> None:
    if ("title" in body or not product_id) and not str(body.get("title") or "").strip():
        raise RefusedError("Title can't be blank", "input", "title", code="INVALID_PRODUCT")
    if ("variants" in body) != ("productOptions" in body):
        code = "PRODUCT_OPTIONS_INPUT_MISSING" if "variants" in body else "VARIANTS_INPUT_MISSING"
        raise RefusedError("Options and variants come together", "input", code=code)
    options = {
        each["name"]: {value["name"] for value in each.get("values") or ()}
        for each in body.get("productOptions") or ()
    }
    if len(options) > MAX_OPTIONS:
        raise RefusedError(
            "Can only specify a maximum of 3 options", "input", code="OPTIONS_OVER_LIMIT"
        )
    variants = body.get("variants") or ()
    if len(variants) > MAX_VARIANTS:
        raise RefusedError("Too many variants", "input", code="VARIANTS_OVER_LIMIT")
    seen: set[str] = set()
    files = {each.get("originalSource") for each in body.get("files") or ()}
    for number, variant in enumerate(variants):
        _check_variant(variant, number, options=options, files=files)
        chosen = _options(variant)
        if chosen in seen:
            raise RefusedError(
                f"The variant '{chosen}' already exists.",
                *("input", "variants", str(number)),
                code="INVALID_VARIANT",
            )
        seen.add(chosen)
        _check_ids(state, variant, number, product_id)


def _check_variant(
    variant: Input, number: int, *, options: Mapping[str, set[str]], files: set[str | None]
) -> None:
    place = ("input", "variants", str(number))
    chosen = {each["optionName"]: each["name"] for each in variant["optionValues"]}
    if chosen.keys() != options.keys():
        raise RefusedError("Option does not exist", *place, code="OPTION_DOES_NOT_EXIST")
    if any(value not in options[name] for name, value in chosen.items()):
        raise RefusedError(
            "Option value does not exist", *place, code="OPTION_VALUE_DOES_NOT_EXIST"
        )
    check_prices(variant, *place)
    code = (variant.get("inventoryItem") or {}).get("harmonizedSystemCode")
    if code and (not code.isdecimal() or len(code) not in HS_CODE_LENGTHS):
        raise RefusedError("HS code is invalid", *place, code="INVALID_VARIANT")
    if variant.get("file") and variant["file"].get("originalSource") not in files:
        raise RefusedError("File is not among the files", *place, "file", code="INVALID_INPUT")


def check_prices(variant: Input, *place: str) -> None:
    for name in ("price", "compareAtPrice"):
        value = variant.get(name)
        if value is None:
            continue
        try:
            is_valid = Decimal(value) >= 0
        except (InvalidOperation, TypeError):
            is_valid = False
        if not is_valid:
            raise RefusedError("Price is invalid", *place, name, code="INVALID_VARIANT")


def _check_ids(state: SandboxState, variant: Input, number: int, product_id: int) -> None:
    place = ("input", "variants", str(number))
    known = None
    if "id" in variant:
        known = number_of(variant["id"], "ProductVariant")
        sql = "SELECT 1 FROM variants WHERE id = ? AND product_id = ?"
        if state.ledger.row(sql, known, product_id) is None:
            raise RefusedError(
                "Product variant does not exist",
                *place,
                "id",
                code="PRODUCT_VARIANT_DOES_NOT_EXIST",
            )
    for level in variant.get("inventoryQuantities") or ():
        location = number_of(level["locationId"], "Location")
        is_stocked = known is None or state.ledger.row(
            "SELECT 1 FROM levels WHERE item_id = ? AND location = ?", known, location
        )
        if location not in LOCATIONS or not is_stocked or level["quantity"] < 0:
            raise RefusedError(
                "Quantity is invalid", *place, "inventoryQuantities", code="INVALID_VARIANT"
            )


def _store(state: SandboxState, product_id: int, listing: str, body: Input) -> int:
    ledger = state.ledger
    if not product_id:
        product_id = ledger.insert(
            "products", listing=listing or None, title="", status="ACTIVE", body="{}"
        )
    row = ledger.row("SELECT * FROM products WHERE id = ?", product_id) or {}
    kept = json.loads(row["body"]) | {n: body[n] for n in KEPT_IN_PRODUCT if n in body}
    ledger.run(
        "UPDATE products SET title = ?, status = ?, body = ? WHERE id = ?",
        body.get("title", row["title"]),
        body.get("status", row["status"]),
        as_text(kept),
        product_id,
    )
    return product_id


def _store_variants(state: SandboxState, product_id: int, variants: Sequence[Input]) -> None:
    ledger = state.ledger
    held = ledger.rows("SELECT id, options FROM variants WHERE product_id = ?", product_id)
    by_options = {row["options"]: row["id"] for row in held}
    kept: set[int] = set()
    for position, variant in enumerate(variants, start=1):
        number = number_of(variant.get("id"), "ProductVariant")
        number = number or by_options.get(_options(variant), 0)
        if not number:
            number = ledger.insert(
                "variants",
                product_id=product_id,
                position=0,
                sku="",
                price="0.00",
                options="",
                body="{}",
            )
        kept.add(number)
        row = ledger.row("SELECT * FROM variants WHERE id = ?", number) or {}
        body = json.loads(row["body"]) | {n: variant[n] for n in KEPT_IN_VARIANT if n in variant}
        ledger.run(
            "UPDATE variants SET position = ?, sku = ?, price = ?, compare_at = ?, options = ?,"
            " body = ? WHERE id = ?",
            position,
            variant.get("sku", row["sku"]) or "",
            variant.get("price", row["price"]),
            variant.get("compareAtPrice", row["compare_at"]),
            _options(variant),
            as_text(body),
            number,
        )
        for level in variant.get("inventoryQuantities") or ():
            ledger.run(
                "INSERT OR REPLACE INTO levels VALUES (?, ?, ?)",
                number,
                number_of(level["locationId"], "Location"),
                level["quantity"],
            )
    for row in held:
        if row["id"] not in kept:
            delete_variant(state, row["id"])


def delete_variant(state: SandboxState, number: int) -> None:
    state.ledger.run("DELETE FROM variants WHERE id = ?", number)
    state.ledger.run("DELETE FROM levels WHERE item_id = ?", number)


def _options(variant: Input) -> str:
    return " / ".join(each["name"] for each in variant["optionValues"])


# Other mutations


def product_update(state: SandboxState, product: Input | None = None) -> dict[str, Any]:
    body = product or {}
    number = number_of(body.get("id"), "Product")
    row = state.ledger.row("SELECT * FROM products WHERE id = ?", number)
    if row is None:
        return {"product": None, "userErrors": [error("Product does not exist", "id")]}
    _store(state, number, "", {n: v for n, v in body.items() if n in {"title", "status"}})
    return {"product": _product(state, number), "userErrors": []}


def bulk_update(
    state: SandboxState,
    *,
    product_id: str,
    variants: Sequence[Input],
    allow_partial_updates: bool = False,
) -> dict[str, Any]:
    number = number_of(product_id, "Product")
    if state.ledger.row("SELECT 1 FROM products WHERE id = ?", number) is None:
        missing = error("Product does not exist", "productId", code="PRODUCT_DOES_NOT_EXIST")
        return {"userErrors": [missing]}
    errors, changes = [], []
    for place, variant in enumerate(variants):
        key = number_of(variant.get("id"), "ProductVariant")
        sql = "SELECT 1 FROM variants WHERE id = ? AND product_id = ?"
        if state.ledger.row(sql, key, number) is None:
            path = ("variants", str(place), "id")
            code = "PRODUCT_VARIANT_DOES_NOT_EXIST"
            errors.append(error("Product variant does not exist", *path, code=code))
            continue
        try:
            check_prices(variant, "variants", str(place))
        except RefusedError as refused:
            errors.append(refused.error | {"code": "INVALID_INPUT"})
            continue
        changes.append((key, variant))
    if not errors or allow_partial_updates:
        for key, variant in changes:
            for name, column in (("price", "price"), ("compareAtPrice", "compare_at")):
                if name in variant:
                    state.ledger.run(
                        f"UPDATE variants SET {column} = ? WHERE id = ?",  # noqa: S608 our names
                        variant[name],
                        key,
                    )
    return {"userErrors": errors}


def publish(
    state: SandboxState,
    *,
    id: str,  # noqa: A002 - Shopify's name
    input: Sequence[Input],  # noqa: A002
) -> dict[str, Any]:
    if any(number_of(e.get("publicationId"), "Publication") != ONLINE_STORE for e in input):
        return {"userErrors": [error("Publication does not exist", "input")]}
    changed = state.ledger.run(
        "UPDATE products SET is_published = 1 WHERE id = ?", number_of(id, "Product")
    )
    return {"userErrors": [] if changed else [error("Resource does not exist", "id")]}


def define_metafield(state: SandboxState, *, definition: Input) -> dict[str, Any]:
    known = state.ledger.fact("definitions", [])
    key = [definition.get("namespace"), definition["key"]]
    if definition["type"] != "id":
        return {"userErrors": [error("Only the type id is emulated", "definition", code="INVALID")]}
    if key in known:
        taken = "Key is in use for Product metafields on the 'fara' namespace."
        return {"userErrors": [error(taken, "definition", "key", code="TAKEN")]}
    state.ledger.set_fact("definitions", [*known, key])
    return {"userErrors": []}


# Reading


def _product(state: SandboxState, number: int) -> dict[str, Any]:
    row = state.ledger.row("SELECT status FROM products WHERE id = ?", number) or {}

    def variants(_: Any, first: int | None = None) -> dict[str, Any]:
        rows = state.ledger.rows(
            "SELECT * FROM variants WHERE product_id = ? ORDER BY position LIMIT ?", number, first
        )
        return {"nodes": [_variant(state, each) for each in rows]}

    return {"id": gid("Product", number), "status": row["status"], "variants": variants}


def _variant(state: SandboxState, row: Mapping[str, Any]) -> dict[str, Any]:
    def level(_: Any, **asked: str) -> dict[str, Any] | None:
        held = state.ledger.row(
            "SELECT available FROM levels WHERE item_id = ? AND location = ?",
            row["id"],
            number_of(asked["locationId"], "Location"),
        )
        if held is None:
            return None
        return {"quantities": lambda _, names: [{"quantity": held["available"]} for _ in names]}

    return {
        "id": gid("ProductVariant", row["id"]),
        "sku": row["sku"],
        "price": row["price"],
        "compareAtPrice": row["compare_at"],
        "product": lambda _: _product(state, row["product_id"]),
        "inventoryItem": {"id": gid("InventoryItem", row["id"]), "inventoryLevel": level},
    }


def product_variants(
    state: SandboxState, first: int | None = None, after: str | None = None
) -> dict[str, Any]:
    """Return one page; only the rows of that page are read."""
    size = first or 0
    rows = state.ledger.rows(
        "SELECT * FROM variants WHERE id > ? ORDER BY id LIMIT ?",
        number_of(after, "ProductVariant"),
        size + 1,
    )
    nodes = [_variant(state, row) for row in rows[:size]]
    return {
        "nodes": nodes,
        "pageInfo": {
            "hasNextPage": len(rows) > size,
            "endCursor": nodes[-1]["id"] if nodes else None,
        },
    }
