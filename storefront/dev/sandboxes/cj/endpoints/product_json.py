"""CJ product JSON: format products, variants and stock as list rows and detail pages."""

import html
import json
import uuid
from typing import Any

from storefront.dev.sandboxes.cj.state import SandboxState, stamp
from storefront.dev.sandboxes.cj.stock import WAREHOUSES
from storefront.dev.sandboxes.goods.model import Product, Variant

VERIFIED, UNVERIFIED = "1", "2"


def stock_by_country(
    state: SandboxState, product: Product, variant: Variant, *, suffix: str
) -> list[dict[str, Any]]:
    """Return the stock of a variant by country.

    Shape:  ``suffix`` is ``Num`` in the older endpoints, and empty in the newer ones
    """
    rows = []
    for country in state.stock_store.countries(product):
        level = state.stock_store.level(product, variant, country=country)
        rows.append(
            {
                "countryCode": country,
                f"totalInventory{suffix}": level.total,
                f"cjInventory{suffix}": level.ready,
                f"factoryInventory{suffix}": level.at_factory,
                "verifiedWarehouse": VERIFIED if level.ready > 0 else UNVERIFIED,
                "stock": [
                    {
                        "stockId": WAREHOUSES[country],
                        "inventory": level.ready,
                        "factoryInventory": level.at_factory,
                    }
                ],
            }
        )
    return rows


def variant_stock(state: SandboxState, product: Product, *, suffix: str) -> list[dict[str, Any]]:
    return [
        {"vid": each.vid, "inventory": stock_by_country(state, product, each, suffix=suffix)}
        for each in product.variants
    ]


# Products and variants

ANGLES, DARK_ANGLES = ("front", "lit", "side", "scale"), ("front", "side", "scale")
ROOT = "Portable Lighting"
RANGE_G = "110.00-140.00"


def category_id(*path: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((ROOT, *path)))).upper()


def second_level(product: Product) -> str:
    return product.family.title()


def picture(
    state: SandboxState, product: Product, variant: Variant | None, angle: str = "front"
) -> str:
    place = variant.place if variant else 0
    return f"{state.base_url}/pictures/{product.pid}/{place}/{angle}.png"


def _pictures(state: SandboxState, product: Product) -> list[str]:
    first, *others = product.variants or (None,)
    angles = ANGLES if product.light else DARK_ANGLES
    urls = [picture(state, product, first, angle) for angle in angles]
    by_color: dict[str, Variant | None] = {first.color if first else "": None}
    for each in others:
        by_color.setdefault(each.color if each else "", each)
    return urls + [picture(state, product, each) for each in by_color.values() if each]


def price_text(state: SandboxState, product: Product) -> str | None:
    """Return the price as lists show it: one, or from -- to."""
    if product.flaw == "missing_price" or not product.variants:
        return None
    prices = sorted(state.stock_store.price(variant) for variant in product.variants)
    least, most = prices[0], prices[-1]
    return f"{least:.2f}" if least == most else f"{least:.2f} -- {most:.2f}"


def list_row(state: SandboxState, product: Product) -> dict[str, Any]:
    """Return a row of listV2."""
    price, stock = price_text(state, product), variant_stock(state, product, suffix="")
    row = {
        "id": product.pid,
        "nameEn": product.title,
        "sku": product.spu,
        "bigImage": picture(state, product, None),
        "sellPrice": price,
        "nowPrice": price,
        "discountPrice": None,
        "listedNum": product.listed_count,
        "categoryId": category_id(second_level(product), product.category),
        "threeCategoryName": product.category,
        "supplierName": product.brand.legal_name,
        "createAt": product.listed_s * 1000,
        "currency": "USD",
        "saleStatus": "3",
        "directMinOrderNum": "1",
        "variantInventories": json.dumps(stock),
        "variantKeyEn": "-".join(product.option_names),
    }
    if product.flaw == "null_fields":
        row |= dict.fromkeys(
            ("bigImage", "categoryId", "supplierName", "listedNum", "variantKeyEn", "createAt")
        )
    return row


def weight_text(product: Product, *, packed: bool) -> str | None:
    weights = sorted(each.packed_g if packed else each.net_g for each in product.variants)
    if product.flaw == "weight_range":
        return RANGE_G
    if product.flaw == "null_fields" or not weights:
        return None
    if weights[0] == weights[-1]:
        return f"{weights[0]:.2f}"
    return f"{weights[0]:.2f}-{weights[-1]:.2f}"


def description(product: Product) -> str:
    """Return the description: a paragraph, and the specification table."""
    lead = product.lead if product.flaw == "hostile_html" else html.escape(product.lead)
    rows = "".join(
        f"<tr><td>{html.escape(label)}</td><td>{html.escape(value)}</td></tr>"
        for label, value in product.specs
    )
    return f"<p>{lead}</p><table><tbody>{rows}</tbody></table>"


def page(state: SandboxState, product: Product, *, with_stock: bool) -> dict[str, Any]:
    """Return the answer of product/query."""
    pro = ["HAVE_ELECTRICITY", "HAVE_BATTERY"] if product.is_lithium else ["COMMON"]
    answer = {
        "pid": product.pid,
        "productNameEn": product.title,
        "productSku": product.spu,
        "productImage": picture(state, product, None),
        "bigImage": picture(state, product, None),
        "productImageSet": _pictures(state, product),
        "productWeight": weight_text(product, packed=False),
        "packWeight": weight_text(product, packed=True),
        "categoryName": f"{ROOT} / {second_level(product)} / {product.category}",
        "entryCode": product.hs_code,
        "productKeyEn": "-".join(product.option_names),
        "productProEn": json.dumps(pro),
        "productProEnSet": pro,
        "description": description(product),
        "sellPrice": price_text(state, product),
        "currency": "USD",
        "createrTime": stamp(product.listed_s),
        "status": "3",
        "listedNum": product.listed_count,
        "variants": variants(state, product, with_stock=with_stock),
    }
    if product.flaw == "null_fields":
        answer |= dict.fromkeys(
            ("productImage", "bigImage", "categoryName", "entryCode", "productKeyEn", "description")
        )
    return answer


def variants(state: SandboxState, product: Product, *, with_stock: bool) -> list[dict[str, Any]]:
    return [_variant_row(state, product, each, with_stock=with_stock) for each in product.variants]


def _variant_row(
    state: SandboxState, product: Product, variant: Variant, *, with_stock: bool
) -> dict[str, Any]:
    has_price = product.flaw != "missing_price"
    row: dict[str, Any] = {
        "vid": variant.vid,
        "pid": product.pid,
        "variantNameEn": f"{product.title} {' '.join(variant.values)}",
        "variantSku": variant.sku,
        "variantImage": picture(state, product, variant),
        "variantKey": "-".join(variant.values),
        "variantWeight": RANGE_G if product.flaw == "weight_range" else variant.net_g,
        "variantSellPrice": state.stock_store.price(variant) if has_price else None,
        "barcode": variant.barcode,
        "mpn": variant.mpn,
    }
    if product.flaw == "null_fields":
        row |= dict.fromkeys(("variantNameEn", "variantImage", "variantWeight", "barcode", "mpn"))
    if with_stock:
        row["inventories"] = stock_by_country(state, product, variant, suffix="")
    return row
