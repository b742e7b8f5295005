"""CJ product JSON: format products, variants and stock as list rows and detail pages."""

import html
import json
import uuid
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.cj.state import SandboxState, stamp
from storefront.dev.sandboxes.cj.stock import BY_COUNTRY
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
        level, area = state.told(product, variant, country=country), BY_COUNTRY[country]
        rows.append(
            {
                "countryCode": country,
                f"totalInventory{suffix}": level.total,
                f"cjInventory{suffix}": level.ready,
                f"factoryInventory{suffix}": level.at_factory,
                "verifiedWarehouse": VERIFIED if level.ready > 0 else UNVERIFIED,
                "stock": [
                    {
                        "stockId": area.stock_id,
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


def by_country(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    totals: dict[str, dict[str, Any]] = {}
    for row in rows:
        total = totals.setdefault(
            row["countryCode"],
            {
                "countryCode": row["countryCode"],
                "totalInventory": 0,
                "cjInventory": 0,
                "factoryInventory": 0,
            },
        )
        for name in ("totalInventory", "cjInventory", "factoryInventory"):
            total[name] += row[name]
    return list(totals.values())


def stock_row(
    state: SandboxState, product: Product, variant: Variant, country: str
) -> dict[str, Any]:
    """Return a row of the stock endpoints."""
    level, area = state.told(product, variant, country=country), BY_COUNTRY[country]
    return {
        "vid": variant.vid,
        "areaId": area.area_id,
        "areaEn": area.name,
        "countryCode": country,
        "countryNameEn": area.country_name,
        "storageNum": level.total,
        "totalInventoryNum": level.total,
        "cjInventoryNum": level.ready,
        "factoryInventoryNum": level.at_factory,
        "stock": [
            {
                "stockId": area.stock_id,
                "inventory": level.ready,
                "factoryInventory": level.at_factory,
            }
        ],
    }


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
    seen = {first.color if first else ""}
    angles = ANGLES if product.light else DARK_ANGLES
    urls = [picture(state, product, first, angle) for angle in angles]
    for variant in others:
        if variant and variant.color not in seen:
            seen.add(variant.color)
            urls.append(picture(state, product, variant))
    return urls


def price_text(state: SandboxState, product: Product) -> str | None:
    """Return the price as lists show it: one, or from -- to."""
    if product.flaw == "missing_price" or not product.variants:
        return None
    prices = sorted(state.stock_store.price(variant) for variant in product.variants)
    least, most = prices[0], prices[-1]
    return f"{least:.2f}" if least == most else f"{least:.2f} -- {most:.2f}"


def list_row(state: SandboxState, product: Product, *, with_description: bool) -> dict[str, Any]:
    """Return a row of listV2."""
    price, stock = price_text(state, product), variant_stock(state, product, suffix="")
    found = [level for variant in stock for level in variant["inventory"]]
    ready = sum(level["cjInventory"] for level in found)
    unready = sum(level["factoryInventory"] for level in found)
    row = {
        "id": product.pid,
        "nameEn": product.title,
        "sku": product.spu,
        "spu": product.spu,
        "bigImage": picture(state, product, None),
        "sellPrice": price,
        "nowPrice": price,
        "discountPrice": None,
        "discountPriceRate": None,
        "listedNum": product.listed_count,
        "categoryId": category_id(second_level(product), product.category),
        "threeCategoryName": product.category,
        "twoCategoryId": category_id(second_level(product)),
        "twoCategoryName": second_level(product),
        "oneCategoryId": category_id(),
        "oneCategoryName": ROOT,
        "addMarkStatus": 0,
        "isVideo": 0,
        "isList": 0,
        "isCollect": 0,
        "customization": 0,
        "isPersonalized": 0,
        "hasCECertification": 1,
        "productType": "0",
        "supplierName": product.brand.legal_name,
        "createAt": product.listed_s * 1000,
        "warehouseInventoryNum": ready + unready,
        "totalVerifiedInventory": ready,
        "totalUnVerifiedInventory": unready,
        "verifiedWarehouse": 1 if ready else 2,
        "currency": "USD",
        "deliveryCycle": "3-7",
        "saleStatus": "3",
        "authorityStatus": "1",
        "directMinOrderNum": "1",
        "inventoryInfo": json.dumps(by_country(found)),
        "variantInventories": json.dumps(stock),
        "variantKeyEn": "-".join(product.option_names),
    }
    if with_description:
        row["description"] = description(product)
    if product.flaw == "null_fields":
        row |= dict.fromkeys(
            ("bigImage", "categoryId", "supplierName", "listedNum", "variantKeyEn", "createAt")
        )
    return row


def old_row(state: SandboxState, product: Product) -> dict[str, Any]:
    """Return a row of the older list."""
    return {
        "pid": product.pid,
        "productName": json.dumps([product.title]),
        "productNameEn": product.title,
        "productSku": product.spu,
        "productImage": picture(state, product, None),
        "productWeight": weight_text(product, packed=False),
        "productType": "ORDINARY_PRODUCT",
        "productUnit": "unit(s)",
        "categoryId": category_id(second_level(product), product.category),
        "categoryName": category_path(product),
        "isFreeShipping": False,
        "listedNum": product.listed_count,
        "supplierName": product.brand.legal_name,
        "supplierId": product.brand.code,
        "sellPrice": price_text(state, product),
        "createTime": stamp(product.listed_s),
        "isVideo": 0,
        "saleStatus": 3,
        "customizationVersion": 1,
    }


def category_path(product: Product) -> str:
    return f"{ROOT} / {second_level(product)} / {product.category}"


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
    price = price_text(state, product)
    answer = {
        "pid": product.pid,
        "productName": json.dumps([product.title], ensure_ascii=False),
        "productNameEn": product.title,
        "productSku": product.spu,
        "productImage": picture(state, product, None),
        "bigImage": picture(state, product, None),
        "productImageSet": _pictures(state, product),
        "productWeight": weight_text(product, packed=False),
        "packWeight": weight_text(product, packed=True),
        "productType": "ORDINARY_PRODUCT",
        "productUnit": "unit(s)",
        "categoryId": category_id(second_level(product), product.category),
        "categoryName": category_path(product),
        "entryCode": product.hs_code,
        "entryName": product.noun,
        "entryNameEn": product.noun,
        "materialNameEn": json.dumps([product.material]),
        "materialNameEnSet": [product.material],
        "packingNameEn": json.dumps(["box"]),
        "productKeyEn": "-".join(product.option_names),
        "productProEn": json.dumps(pro),
        "productProEnSet": pro,
        "addMarkStatus": 0,
        "description": description(product),
        "sellPrice": price,
        "suggestSellPrice": None,
        "currency": "USD",
        "createrTime": stamp(product.listed_s),
        "productVideo": None,
        "status": "3",
        "listedNum": product.listed_count,
        "supplierName": product.brand.legal_name,
        "supplierId": product.brand.code,
        "customizationVersion": None,
        "variants": variants(state, product, with_stock=with_stock),
    }
    if product.flaw == "null_fields":
        answer |= dict.fromkeys(
            ("productImage", "bigImage", "categoryName", "entryCode", "productKeyEn", "description")
        )
    return answer


def variants(state: SandboxState, product: Product, *, with_stock: bool) -> list[dict[str, Any]]:
    return [variant_row(state, product, each, with_stock=with_stock) for each in product.variants]


def variant_row(
    state: SandboxState, product: Product, variant: Variant, *, with_stock: bool
) -> dict[str, Any]:
    length, width, height = (side + 12 for side in product.size_mm)  # the box around it
    price: Decimal | None = state.stock_store.price(variant)
    row: dict[str, Any] = {
        "vid": variant.vid,
        "pid": product.pid,
        "variantName": None,
        "variantNameEn": f"{product.title} {' '.join(variant.values)}",
        "variantSku": variant.sku,
        "variantUnit": None,
        "variantImage": picture(state, product, variant),
        "variantStandard": f"long={length},width={width},height={height}",
        "variantKey": "-".join(variant.values),
        "variantProperty": "",
        "variantLength": length,
        "variantWidth": width,
        "variantHeight": height,
        "variantVolume": length * width * height,
        "variantWeight": variant.net_g,
        "variantSellPrice": price,
        "variantSugSellPrice": None,
        "createTime": stamp(product.listed_s),
        "barcode": variant.barcode,
        "barcode2": None,
        "mpn": variant.mpn,
    }
    if product.flaw == "missing_price":
        row["variantSellPrice"] = None
    if product.flaw == "weight_range":
        row["variantWeight"] = RANGE_G
    if product.flaw == "null_fields":
        row |= dict.fromkeys(("variantNameEn", "variantImage", "variantWeight", "barcode", "mpn"))
    if with_stock:
        row["inventories"] = stock_by_country(state, product, variant, suffix="")
    return row
