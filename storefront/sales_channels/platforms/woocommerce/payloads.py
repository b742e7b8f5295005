"""WooCommerce payloads: describe products, variations, stock and prices for the API. Pure.

A product with one variant and no option is a simple product, any other a variable product with
variations. WooCommerce itself has no field for a manufacturer's part number, an HS code or a
country of origin.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from storefront.lib.money import Money
from storefront.lib.units import G_PER_OZ
from storefront.sales_channels.platforms.base import ListedProduct, ListedVariant, PriceWrite
from storefront.sales_channels.platforms.own_keys import is_simple, pictures_digest, product_sku
from storefront.sales_channels.platforms.woocommerce.schemas import Item, meta_value

KEY_META = "_fara_key"
PICTURES_META = "_fara_pictures"
OUNCES_PER_POUND = 16
UNIT_GRAMS = {
    "kg": Decimal(1000),
    "g": Decimal(1),
    "lbs": G_PER_OZ * OUNCES_PER_POUND,
    "oz": G_PER_OZ,
}
WEIGHT_STEP = Decimal("0.0001")
# WooCommerce stores the values of an attribute as one text, with this between them.
DELIMITER, REPLACEMENT = "|", "/"


def has_pictures(found: Item, product: ListedProduct) -> bool:
    return bool(meta_value(found.meta_data, PICTURES_META) == pictures_digest(product))


def product_body(
    product: ListedProduct,
    *,
    categories: Sequence[int],
    brand: int | None,
    weight_unit: str,
    with_pictures: bool,
) -> dict[str, Any]:
    """Return the product, without its variations.

    ``brand`` is None if the store has no brands: the brand is then an attribute.
    """
    meta = {KEY_META: product.key}
    body: dict[str, Any] = {
        "name": product.title,
        "status": "publish" if product.is_active else "draft",
        "catalog_visibility": "visible",
        "description": product.description_html,
        "categories": [{"id": term} for term in categories],
        "attributes": _attributes(product, is_brand_shown=brand is None),
    }
    if brand is not None:
        body["brands"] = [{"id": brand}] if brand else []
    if with_pictures:
        body["images"] = [{"src": url} for url in product.picture_urls]
        meta[PICTURES_META] = pictures_digest(product)
    body["meta_data"] = [{"key": key, "value": value} for key, value in meta.items()]
    if is_simple(product):
        body["type"] = "simple"
        return body | _sold(product.variants[0], weight_unit=weight_unit)
    return body | {"type": "variable", "sku": product_sku(product), "manage_stock": False}


def variation_body(
    variant: ListedVariant, *, weight_unit: str, with_picture: bool
) -> dict[str, Any]:
    body = _sold(variant, weight_unit=weight_unit)
    body["status"] = "publish"
    body["attributes"] = [
        {"name": name, "option": _value(value)} for name, value in variant.options
    ]
    if with_picture and variant.picture_url:
        body["image"] = {"src": variant.picture_url}
    return body


def stock_body(quantity: int) -> dict[str, Any]:
    return {"manage_stock": True, "stock_quantity": quantity, "backorders": "no"}


def price_body(price: Money, compare_at: Money | None) -> dict[str, str]:
    """Return the prices: a reduced one is the sale price, the other then the regular price."""
    if compare_at is None:
        return {"regular_price": amount_text(price), "sale_price": ""}
    return {"regular_price": amount_text(compare_at), "sale_price": amount_text(price)}


def price_write_body(write: PriceWrite) -> dict[str, str]:
    return price_body(write.price, write.compare_at)


def amount_text(money: Money) -> str:
    return str(money.rounded().amount)


def _sold(variant: ListedVariant, *, weight_unit: str) -> dict[str, Any]:
    body: dict[str, Any] = {"sku": variant.sku, "global_unique_id": variant.gtin}
    body |= price_body(variant.price, variant.compare_at) | stock_body(variant.quantity)
    body["weight"] = _weight(variant.weight_g, weight_unit)
    return body


def _weight(grams: int | None, unit: str) -> str:
    if grams is None:
        return ""
    weight = (Decimal(grams) / UNIT_GRAMS.get(unit, UNIT_GRAMS["kg"])).quantize(WEIGHT_STEP)
    return f"{weight.normalize():f}"


def _attributes(product: ListedProduct, *, is_brand_shown: bool) -> list[dict[str, Any]]:
    """Return options of variants, then the specifications; a name occurs once."""
    options: dict[str, dict[str, None]] = {}
    for variant in () if is_simple(product) else product.variants:
        for name, value in variant.options:
            options.setdefault(name, {})[value] = None
    rows = [_attribute(name, list(values), is_option=True) for name, values in options.items()]
    shown = dict(product.attributes)
    if is_brand_shown and product.brand:
        shown = {"Brand": product.brand} | shown
    rows += [
        _attribute(name, [value], is_option=False)
        for name, value in shown.items()
        if name not in options
    ]
    return [row | {"position": position} for position, row in enumerate(rows)]


def _attribute(name: str, values: list[str], *, is_option: bool) -> dict[str, Any]:
    options = [_value(value) for value in values]
    return {"name": name, "options": options, "visible": True, "variation": is_option}


def _value(text: str) -> str:
    return text.replace(DELIMITER, REPLACEMENT)


def by_key(found: Sequence[Item]) -> Mapping[str, Item]:
    """Return the products that we created, by our key."""
    rows = ((meta_value(item.meta_data, KEY_META), item) for item in found)
    return {key: item for key, item in rows if isinstance(key, str)}
