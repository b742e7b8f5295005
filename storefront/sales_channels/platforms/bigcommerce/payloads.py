"""BigCommerce payloads: describe products, variants, stock and prices for the API. Pure.

A product with one variant and no option has its price and stock itself, in any other each variant
has its own. A reduced price is the sale price, the price before is then the price.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from storefront.lib.money import Money
from storefront.sales_channels.platforms.base import (
    ExternalVariant,
    ListedProduct,
    ListedVariant,
    PriceWrite,
    StockWrite,
)
from storefront.sales_channels.platforms.bigcommerce.schemas import Product, Variant
from storefront.sales_channels.platforms.own_keys import is_simple, pictures_digest, product_sku

# Our key and the digest of the pictures are search keywords: no shopper sees these.
KEYWORDS = "fara-{key},pictures-{digest}"
MAX_CUSTOM_FIELD = 250
GRAMS_PER_KG = Decimal(1000)
SIMPLE, COMPLEX = "product", "variant"  # how stock is tracked
NO_SALE = 0
MAX_NAME = 250


def keywords(product: ListedProduct) -> str:
    return KEYWORDS.format(key=product.key, digest=pictures_digest(product))


def is_ours(found: Product, key: str) -> bool:
    return found.search_keywords.startswith(KEYWORDS.partition(",")[0].format(key=key) + ",")


def names(product: ListedProduct) -> tuple[str, str]:
    """Return the title, and one with a SKU for a store that has another product of this name."""
    suffix = f" ({product.variants[0].sku})"
    return product.title[:MAX_NAME], product.title[: MAX_NAME - len(suffix)] + suffix


def product_body(product: ListedProduct, *, categories: Sequence[int]) -> dict[str, Any]:
    """Return the product without its variants and stock."""
    body: dict[str, Any] = {
        "name": names(product)[0],
        "type": "physical",
        "description": product.description_html,
        "brand_name": product.brand,
        "categories": list(categories),
        "is_visible": product.is_active,
        "availability": "available" if product.is_active else "disabled",
        "search_keywords": keywords(product),
        "sku": product_sku(product),
        "weight": _weight(product.variants[0]) or 0,
    }
    if is_simple(product):
        only = product.variants[0]
        body |= {"gtin": only.gtin, "mpn": only.mpn, "inventory_tracking": SIMPLE}
        return body | price_body(only.price, only.compare_at, no_sale=NO_SALE)
    lowest = min(variant.price.amount for variant in product.variants)
    return body | {
        "price": float(lowest), "sale_price": NO_SALE, "inventory_tracking": COMPLEX,
    }  # fmt: skip


def new_product_body(product: ListedProduct, *, categories: Sequence[int]) -> dict[str, Any]:
    """Return the whole product: one call creates it with variants, stock and pictures."""
    body = product_body(product, categories=categories)
    body["custom_fields"] = custom_fields(product)
    body["images"] = images(product)
    if is_simple(product):
        body["inventory_level"] = product.variants[0].quantity
    else:
        body["variants"] = [
            {
                **variant_body(variant),
                "inventory_level": variant.quantity,
                "option_values": [
                    {"option_display_name": name, "label": value} for name, value in variant.options
                ],
            }
            for variant in product.variants
        ]
    return body


def custom_fields(product: ListedProduct) -> list[dict[str, Any]]:
    """Return the specifications; BigCommerce limits their length."""
    return [
        {"name": name[:MAX_CUSTOM_FIELD], "value": value[:MAX_CUSTOM_FIELD]}
        for name, value in dict(product.attributes).items()
    ]


def images(product: ListedProduct) -> list[dict[str, Any]]:
    return [
        {"image_url": url, "is_thumbnail": place == 0, "sort_order": place}
        for place, url in enumerate(product.picture_urls)
    ]


def variant_body(variant: ListedVariant) -> dict[str, Any]:
    body: dict[str, Any] = {
        "sku": variant.sku, "gtin": variant.gtin, "mpn": variant.mpn,
        "weight": _weight(variant), "purchasing_disabled": False,
    }  # fmt: skip
    if variant.picture_url:
        body["image_url"] = variant.picture_url
    return body | price_body(variant.price, variant.compare_at, no_sale=None)


def price_body(price: Money, compare_at: Money | None, *, no_sale: int | None) -> dict[str, Any]:
    """Return the prices; ``no_sale`` removes a sale price."""
    if compare_at is None:
        return {"price": amount_number(price), "sale_price": no_sale}
    return {"price": amount_number(compare_at), "sale_price": amount_number(price)}


def price_row(write: PriceWrite) -> dict[str, Any]:
    ids = write.variant
    if is_simple_variant(ids):
        prices = price_body(write.price, write.compare_at, no_sale=NO_SALE)
        return {"id": int(ids.product_id), **prices}
    prices = price_body(write.price, write.compare_at, no_sale=None)
    return {"id": int(ids.variant_id), **prices}


def stock_row(write: StockWrite, *, location: int) -> dict[str, Any]:
    """Return an absolute adjustment, of the product or the variant, as stock is tracked there."""
    kind, _, number = write.variant.inventory_id.partition("/")
    return {"location_id": location, f"{kind}_id": int(number), "quantity": write.quantity}


def is_simple_variant(ids: ExternalVariant) -> bool:
    return ids.inventory_id.startswith(SIMPLE)


def ids_of(product: Product, variant: Variant) -> ExternalVariant:
    is_base = product.base_variant_id is not None
    inventory_id = f"{SIMPLE}/{product.id}" if is_base else f"{COMPLEX}/{variant.id}"
    return ExternalVariant(
        product_id=str(product.id), variant_id=str(variant.id), inventory_id=inventory_id
    )


def _weight(variant: ListedVariant) -> float | None:
    return float(variant.weight_g / GRAMS_PER_KG) if variant.weight_g is not None else None


def amount_number(money: Money) -> float:
    return float(money.rounded().amount)
