"""Feed mappings: describe how the files are read, as staff would on the mapping page. Pure.

Shape:  the input of ``suppliers.connectors.feed.mapping.spec.Mapping``
"""

from typing import Any

from .state import WAREHOUSES

_COLUMNS = {
    "sku": "Product code",
    "parent": "Parent SKU",
    "gtin": "EAN",
    "mpn": "MPN",
    "title": "Product name",
    "brand": "Brand",
    "cost": "B2B price",
    "currency": "Currency",
    "description": "HTML description",
    "hs_code": "HS code",
    "origin": "Country of origin",
    "status": "Status",
    "updated_at": "Updated at",
}

# full.csv and its variants, full.xlsx
TABLE: dict[str, Any] = {
    "fields": {
        **{name: {"column": column} for name, column in _COLUMNS.items()},
        "weight": {"column": "Weight (kg)", "unit": "kg"},
        "category": {"column": "Category path", "separator": ">"},
        "features": {"column": "FEATURES", "separator": "|"},
    },
    "images": [{"column": "Image 1"}, {"column": "Image 2"}],
    "options": {"Color": {"column": "Color"}, "Version": {"column": "Version"}},
    "warehouses": [
        {"source": {"column": f"Stock {name}"}, "location": name, "country": name[:2]}
        for name in WAREHOUSES
    ],
}
# stock.csv and delta.csv: one row for each SKU and warehouse
STOCK: dict[str, Any] = {
    "fields": {
        "sku": {"column": "SKU"},
        "stock": {"column": "Qty"},
        "location": {"column": "Warehouse"},
        "cost": {"column": "Net price"},
        "currency": {"column": "Currency"},
    },
}
