"""Shopify catalog: set products, change prices and visibility, list variants."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from graphql import GraphQLError

from storefront.dev.sandboxes.shopify.state import (
    LOCATIONS,
    ONLINE_STORE,
    SandboxState,
    error,
    gid,
    number_of,
)
from storefront.dev.sandboxes.store.state import Document

MAX_OPTIONS, MAX_VARIANTS, MAX_TEXT, MAX_ROWS = 3, 2048, 255, 250
PRICES = ("price", "compareAtPrice")
KEPT_IN_PRODUCT = (
    "title", "status", "descriptionHtml", "vendor", "productType", "productOptions", "files",
)  # fmt: skip
KEPT_IN_VARIANT = ("sku", *PRICES, "barcode", "inventoryItem", "inventoryPolicy", "file")
HS_CODE_LENGTHS = range(6, 14)

type Input = Mapping[str, Any]


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
) -> Document:
    try:
        product = _find(state, identifier or {}, input)
        _check(state, input, product)
    except RefusedError as refused:
        return {"product": None, "userErrors": [refused.error]}
    product |= {name: input[name] for name in KEPT_IN_PRODUCT if name in input}
    state.documents.put("product", product)
    if "variants" in input:
        _store_variants(state, product, input["variants"])
    return {"product": _product(state, product), "userErrors": []}


def _find(state: SandboxState, identifier: Input, body: Input) -> Document:
    """Return the product to change, or a new one that is not yet stored."""
    if "id" in identifier:
        found = state.documents.get("product", number_of(identifier["id"], "Product"))
        if found is None:
            raise RefusedError(
                "Product does not exist", "identifier", "id", code="PRODUCT_DOES_NOT_EXIST"
            )
        return found
    custom = identifier.get("customId")
    if custom is None:
        raise RefusedError("the sandbox knows id and customId only", code="INVALID_INPUT")
    namespace, key, value = custom.get("namespace"), custom["key"], custom["value"]
    if not any(state.documents.where("definition", namespace=namespace, key=key)):
        raise RefusedError(
            "Metafield definition does not exist", "identifier", "customId", code="NOT_FOUND"
        )
    fields = [
        each["value"]
        for each in body.get("metafields") or ()
        if (each.get("namespace"), each.get("key")) == (namespace, key)
    ]
    if fields != [value]:
        raise RefusedError(
            "The input argument `metafields` (if present) must contain the `customId` value.",
            *("input", "metafields"),
            code="METAFIELD_MISMATCH",
        )
    new = {"listing": value, "title": "", "status": "ACTIVE", "is_published": False,
           "variant_ids": []}  # fmt: skip
    return next(state.documents.where("product", listing=value), new)


def _check(state: SandboxState, body: Input, product: Document) -> None:
    title = str(body.get("title", product["title"]) or "")
    if not title.strip() or len(title) > MAX_TEXT:
        raise RefusedError(
            "Title can't be blank, or longer than 255", "input", "title", code="INVALID_PRODUCT"
        )
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
        _check_ids(state, variant, number, product)


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
    for name in PRICES:
        value = variant.get(name)
        if value is None:
            continue
        try:
            is_valid = Decimal(value) >= 0
        except (InvalidOperation, TypeError):
            is_valid = False
        if not is_valid:
            raise RefusedError("Price is invalid", *place, name, code="INVALID_VARIANT")


def _check_ids(state: SandboxState, variant: Input, number: int, product: Document) -> None:
    place = ("input", "variants", str(number))
    known = None
    if "id" in variant:
        known = _variant_of(state, product["variant_ids"], variant["id"])
        if known is None:
            raise RefusedError(
                "Product variant does not exist",
                *place,
                "id",
                code="PRODUCT_VARIANT_DOES_NOT_EXIST",
            )
    for level in variant.get("inventoryQuantities") or ():
        location = number_of(level["locationId"], "Location")
        is_stocked = known is None or str(location) in known["levels"]
        if location not in LOCATIONS or not is_stocked or level["quantity"] < 0:
            raise RefusedError(
                "Quantity is invalid", *place, "inventoryQuantities", code="INVALID_VARIANT"
            )


def _variant_of(state: SandboxState, ids: Sequence[int], global_id: Any) -> Document | None:
    number = number_of(global_id, "ProductVariant")
    return state.documents.get("variant", number) if number in ids else None


def _store_variants(state: SandboxState, product: Document, variants: Sequence[Input]) -> None:
    """Make the variants of a product those of the input; options name them as well as ids."""
    held = variants_of(state, product)
    by_options = {each["options"]: each for each in held}
    kept = []
    for variant in variants:
        options = _options(variant)
        known = _variant_of(state, product["variant_ids"], variant.get("id"))
        new = {"product_id": product["id"], "sku": "", "price": "0.00", "compareAtPrice": None,
               "levels": {}}  # fmt: skip
        changed = known or by_options.get(options) or new
        changed |= {name: variant[name] for name in KEPT_IN_VARIANT if name in variant}
        changed["options"] = options
        for level in variant.get("inventoryQuantities") or ():
            location = str(number_of(level["locationId"], "Location"))
            changed["levels"][location] = level["quantity"]
        kept.append(state.documents.put("variant", changed)["id"])
    for each in held:
        if each["id"] not in kept:
            state.documents.delete("variant", each["id"])
    product["variant_ids"] = kept
    state.documents.put("product", product)


def variants_of(state: SandboxState, product: Document) -> list[Document]:
    found = [state.documents.get("variant", number) for number in product["variant_ids"]]
    return [each for each in found if each is not None]


def _options(variant: Input) -> str:
    return " / ".join(each["name"] for each in variant["optionValues"])


# Other mutations


def product_update(state: SandboxState, product: Input | None = None) -> Document:
    body = product or {}
    found = state.documents.get("product", number_of(body.get("id"), "Product"))
    if found is None:
        return {"product": None, "userErrors": [error("Product does not exist", "id")]}
    found |= {name: value for name, value in body.items() if name in {"title", "status"}}
    state.documents.put("product", found)
    return {"product": _product(state, found), "userErrors": []}


def bulk_update(
    state: SandboxState,
    *,
    product_id: str,
    variants: Sequence[Input],
    allow_partial_updates: bool = False,
) -> Document:
    if len(variants) > MAX_ROWS:
        raise GraphQLError(
            f"The input array size of {len(variants)} is greater than the maximum allowed of 250.",
            extensions={"code": "MAX_INPUT_SIZE_EXCEEDED"},
        )
    product = state.documents.get("product", number_of(product_id, "Product"))
    if product is None:
        missing = error("Product does not exist", "productId", code="PRODUCT_DOES_NOT_EXIST")
        return {"userErrors": [missing]}
    errors, changes = [], []
    for place, variant in enumerate(variants):
        known = _variant_of(state, product["variant_ids"], variant.get("id"))
        if known is None:
            path = ("variants", str(place), "id")
            code = "PRODUCT_VARIANT_DOES_NOT_EXIST"
            errors.append(error("Product variant does not exist", *path, code=code))
            continue
        try:
            check_prices(variant, "variants", str(place))
        except RefusedError as refused:
            errors.append(refused.error | {"code": "INVALID_INPUT"})
            continue
        changes.append((known, variant))
    if not errors or allow_partial_updates:
        for known, variant in changes:
            known |= {name: variant[name] for name in PRICES if name in variant}
            state.documents.put("variant", known)
    return {"userErrors": errors}


def publish(
    state: SandboxState,
    *,
    id: str,  # noqa: A002 - Shopify's name
    input: Sequence[Input],  # noqa: A002
) -> Document:
    if any(number_of(e.get("publicationId"), "Publication") != ONLINE_STORE for e in input):
        return {"userErrors": [error("Publication does not exist", "input")]}
    product = state.documents.get("product", number_of(id, "Product"))
    if product is None:
        return {"userErrors": [error("Resource does not exist", "id")]}
    state.documents.put("product", product | {"is_published": True})
    return {"userErrors": []}


def define_metafield(state: SandboxState, *, definition: Input) -> Document:
    key = {"namespace": definition.get("namespace"), "key": definition["key"]}
    if definition["type"] != "id":
        return {"userErrors": [error("Only the type id is emulated", "definition", code="INVALID")]}
    if any(state.documents.where("definition", **key)):
        taken = "Key is in use for Product metafields on the 'fara' namespace."
        return {"userErrors": [error(taken, "definition", "key", code="TAKEN")]}
    state.documents.put("definition", dict(key))
    return {"userErrors": []}


# Reading


def _product(state: SandboxState, product: Document) -> Document:
    def variants(_: Any, first: int | None = None) -> Document:
        return {"nodes": [_variant(state, each) for each in variants_of(state, product)[:first]]}

    return {
        "id": gid("Product", product["id"]), "status": product["status"], "variants": variants,
    }  # fmt: skip


def _variant(state: SandboxState, variant: Document) -> Document:
    def level(_: Any, **asked: str) -> Document | None:
        held = variant["levels"].get(str(number_of(asked["locationId"], "Location")))
        if held is None:
            return None
        return {"quantities": lambda _, names: [{"quantity": held} for _ in names]}

    def product(_: Any) -> Document:
        return _product(state, state.documents.get("product", variant["product_id"]) or {})

    return {
        "id": gid("ProductVariant", variant["id"]),
        "sku": variant["sku"],
        "price": variant["price"],
        "compareAtPrice": variant["compareAtPrice"],
        "product": product,
        "inventoryItem": {"id": gid("InventoryItem", variant["id"]), "inventoryLevel": level},
    }


def product_variants(
    state: SandboxState, first: int | None = None, after: str | None = None
) -> Document:
    """Return one page; only the variants of that page are shown."""
    size, last = first or 0, number_of(after, "ProductVariant")
    rows = [each for each in state.documents.all("variant") if each["id"] > last]
    nodes = [_variant(state, each) for each in rows[:size]]
    cursor = nodes[-1]["id"] if nodes else None
    return {"nodes": nodes, "pageInfo": {"hasNextPage": len(rows) > size, "endCursor": cursor}}
