"""Shopify products: build the inputs of product writes, read ids and states from answers. Pure."""

import html
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import msgspec

from storefront.lib.money import Money
from storefront.sales_channels.platforms.base import (
    ExternalVariant,
    ListedProduct,
    ListedVariant,
    PriceWrite,
    VariantState,
)

# The metafield that holds our key. Its definition has the type ``id``, so its values are unique.
KEY_NAMESPACE, KEY_NAME, KEY_TYPE = "fara", "listing", "id"
KEY_DEFINITION = {
    "name": "Fara listing",
    "namespace": KEY_NAMESPACE,
    "key": KEY_NAME,
    "type": KEY_TYPE,
    "ownerType": "PRODUCT",
}
ACTIVE, DRAFT = "ACTIVE", "DRAFT"
# A product without options has this one.
ONLY_OPTION = (("Title", "Default Title"),)
MAX_TITLE = 255
MAX_VARIANTS = 250  # more would need several pages of the answer
HS_CODE_LENGTHS = range(6, 14)


def identifier(product: ListedProduct) -> dict[str, Any]:
    """Return what names a product: its id, else our key, which creates it if it is unknown."""
    if product.external_id:
        return {"id": product.external_id}
    return {"customId": {"namespace": KEY_NAMESPACE, "key": KEY_NAME, "value": product.key}}


def product_input(
    product: ListedProduct, *, location: str, without: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return the input of ``productSet``. The ids of the SKUs in ``without`` are left out.

    Pictures are sent only with a new product: Shopify would fetch and store them again. Tags and
    collections are not sent, since a list that is sent replaces the store's own.
    """
    is_new = not product.external_id
    body: dict[str, Any] = {
        "title": product.title[:MAX_TITLE],
        "descriptionHtml": description(product),
        "vendor": product.brand,
        "productType": product.category[-1] if product.category else "",
        "status": ACTIVE if product.is_active else DRAFT,
        "productOptions": _options(product.variants),
        "variants": [
            _variant_input(
                each,
                known=None if each.sku in without else product.external_variants.get(each.sku),
                location=location,
                with_picture=is_new,
            )
            for each in product.variants
        ],
    }
    if is_new:
        body["metafields"] = [
            {"namespace": KEY_NAMESPACE, "key": KEY_NAME, "type": KEY_TYPE, "value": product.key}
        ]
        urls = [*product.picture_urls, *(each.picture_url for each in product.variants)]
        body["files"] = [_file(url) for url in dict.fromkeys(urls) if url]
    return body


def description(product: ListedProduct) -> str:
    """Return the description with a table of the attributes."""
    rows = "".join(
        f"<tr><th>{html.escape(label)}</th><td>{html.escape(value)}</td></tr>"
        for label, value in product.attributes
    )
    return product.description_html + (f"<table>{rows}</table>" if rows else "")


def _options(variants: Sequence[ListedVariant]) -> list[dict[str, Any]]:
    values: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, value in variant.options or ONLY_OPTION:
            values.setdefault(name, {})[value] = None
    return [
        {"name": name, "values": [{"name": value} for value in known]}
        for name, known in values.items()
    ]


def _variant_input(
    variant: ListedVariant, *, known: ExternalVariant | None, location: str, with_picture: bool
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "optionValues": [
            {"optionName": name, "name": value} for name, value in variant.options or ONLY_OPTION
        ],
        "sku": variant.sku,
        "barcode": variant.gtin or None,
        **price_input(variant.price, variant.compare_at),
        "inventoryPolicy": "DENY",
        "inventoryItem": _item_input(variant),
        "inventoryQuantities": [
            {"locationId": location, "name": "available", "quantity": variant.quantity}
        ],
    }
    if known is not None:
        body["id"] = known.variant_id
    if with_picture and variant.picture_url:
        body["file"] = _file(variant.picture_url)
    return body


def _item_input(variant: ListedVariant) -> dict[str, Any]:
    body: dict[str, Any] = {"tracked": True, "requiresShipping": True}
    if variant.weight_g is not None:
        body["measurement"] = {"weight": {"value": variant.weight_g, "unit": "GRAMS"}}
    if variant.hs_code.isdecimal() and len(variant.hs_code) in HS_CODE_LENGTHS:
        body["harmonizedSystemCode"] = variant.hs_code
    if variant.origin:
        body["countryCodeOfOrigin"] = variant.origin
    return body


def _file(url: str) -> dict[str, Any]:
    """Return a picture whose name depends on its address: the same one is not stored twice."""
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower() or ".jpg"
    return {
        "originalSource": url,
        "contentType": "IMAGE",
        "filename": f"{sha256(url.encode()).hexdigest()[:32]}{suffix}",
        "duplicateResolutionMode": "REPLACE",
    }


def price_input(price: Money, compare_at: Money | None) -> dict[str, Any]:
    """Return the prices of a variant; null removes a reduction."""
    return {
        "price": amount_text(price),
        "compareAtPrice": amount_text(compare_at) if compare_at else None,
    }


def amount_text(amount: Money) -> str:
    return f"{amount.rounded().amount:f}"


def price_rows(writes: Sequence[PriceWrite]) -> list[dict[str, Any]]:
    return [
        {"id": each.variant.variant_id, **price_input(each.price, each.compare_at)}
        for each in writes
    ]


# Answers


class _Item(msgspec.Struct, kw_only=True):
    id: str


class _Variant(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    sku: str | None = None
    inventory_item: _Item


class _Variants(msgspec.Struct, kw_only=True):
    nodes: list[_Variant]


class _Product(msgspec.Struct, kw_only=True):
    id: str
    variants: _Variants


def written_ids(answer: Mapping[str, Any]) -> tuple[str, dict[str, ExternalVariant]]:
    """Return the ids of a written product: its own, and those of its variants by SKU."""
    product = msgspec.convert(answer, _Product)
    return product.id, {
        each.sku or "": ExternalVariant(
            product_id=product.id, variant_id=each.id, inventory_id=each.inventory_item.id
        )
        for each in product.variants.nodes
    }


class _Quantity(msgspec.Struct, kw_only=True):
    quantity: int


class _Level(msgspec.Struct, kw_only=True):
    quantities: list[_Quantity]


class _StockedItem(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    inventory_level: _Level | None = None


class _ProductStatus(msgspec.Struct, kw_only=True):
    id: str
    status: str


class _ListedVariant(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    sku: str | None = None
    price: Decimal
    compare_at_price: Decimal | None = None
    product: _ProductStatus
    inventory_item: _StockedItem


def variant_states(nodes: Sequence[Mapping[str, Any]], *, currency: str) -> Iterator[VariantState]:
    """Yield what a page of variants says. Stock of an item that is not at our location is 0."""
    for row in msgspec.convert(nodes, list[_ListedVariant], strict=False):
        level = row.inventory_item.inventory_level
        yield VariantState(
            sku=row.sku or "",
            variant=ExternalVariant(
                product_id=row.product.id,
                variant_id=row.id,
                inventory_id=row.inventory_item.id,
            ),
            price=Money(row.price, currency),
            compare_at=Money(row.compare_at_price, currency) if row.compare_at_price else None,
            quantity=level.quantities[0].quantity if level and level.quantities else 0,
            is_active=row.product.status == ACTIVE,
        )
