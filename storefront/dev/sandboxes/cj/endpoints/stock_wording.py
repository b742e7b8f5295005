"""Stock in the supplier's words: piles, totals, rows of the stock pages."""

from __future__ import annotations

from typing import Any

from storefront.dev.sandboxes.cj.areas import BY_COUNTRY
from storefront.dev.sandboxes.cj.state import World
from storefront.dev.sandboxes.goods.product import Product, Variant

VERIFIED, UNVERIFIED = "1", "2"


def piles(world: World, product: Product, variant: Variant, *, suffix: str) -> list[dict[str, Any]]:
    """Write where a variant lies.

    Shape:  ``suffix`` is ``Num`` in the older pages of the dialect, and nothing in the newer
    """
    rows = []
    for country in world.shelves.countries(product):
        pile, area = world.told(product, variant, country=country), BY_COUNTRY[country]
        rows.append(
            {
                "countryCode": country,
                f"totalInventory{suffix}": pile.total,
                f"cjInventory{suffix}": pile.ready,
                f"factoryInventory{suffix}": pile.at_factory,
                "verifiedWarehouse": VERIFIED if pile.ready > 0 else UNVERIFIED,
                "stock": [
                    {
                        "stockId": area.stock_id,
                        "inventory": pile.ready,
                        "factoryInventory": pile.at_factory,
                    }
                ],
            }
        )
    return rows


def variant_stock(world: World, product: Product, *, suffix: str) -> list[dict[str, Any]]:
    return [
        {"vid": each.vid, "inventory": piles(world, product, each, suffix=suffix)}
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


def stock_row(world: World, product: Product, variant: Variant, country: str) -> dict[str, Any]:
    """Write a row of the stock endpoints."""
    pile, area = world.told(product, variant, country=country), BY_COUNTRY[country]
    return {
        "vid": variant.vid,
        "areaId": area.area_id,
        "areaEn": area.name,
        "countryCode": country,
        "countryNameEn": area.country_name,
        "storageNum": pile.total,
        "totalInventoryNum": pile.total,
        "cjInventoryNum": pile.ready,
        "factoryInventoryNum": pile.at_factory,
        "stock": [
            {
                "stockId": area.stock_id,
                "inventory": pile.ready,
                "factoryInventory": pile.at_factory,
            }
        ],
    }
