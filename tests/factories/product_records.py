"""Product record factories: make products and variants as a connector returns them."""

from decimal import Decimal

from catalog.product_import import importer
from catalog.records import ProductRecord, VariantRecord
from storefront.lib.money import Money
from tests.factories.catalog import NOON


def make_variant_record(*, cost="8.40", option_values=("Black",), picture_urls=(), **changes):
    known = {
        "sku": "CJ-1-BLK",
        "title": "Sensor headlamp, black",
        "gtin": "4006381333931",
        "mpn": "H1-B",
        "packed_weight_g": 140,
    }
    return VariantRecord(
        cost=cost and Money(Decimal(cost), "USD"),
        option_values=tuple(option_values),
        picture_urls=tuple(picture_urls),
        **{**known, **changes},
    )


CLAIMS = {
    "Light output": "400 lm",
    "Peak intensity": "2,500 cd",
    "Run time (high)": "3 h",
    "Weight": "75 g",
    "Water": "IPX4",
    "Battery": "Li-Po 1200 mAh 3.7 V (4.44 Wh), built in",
    "Charging": "USB-C",
}


def make_product_record(*, variants=None, **changes):
    known = {
        "external_id": "CJ-1",
        "title": "Sensor headlamp",
        "brand": "Northbeam",
        "category_path": ("Sports & Outdoors", "Camping", "Headlamps"),
        "description_html": "<p>Wave your hand and it lights.</p>",
        "claims": CLAIMS,
        "option_names": ("Color",),
        "has_battery": True,
        "hs_code": "851310",
        "picture_urls": ("http://127.0.0.1/p/1-main.png", "http://127.0.0.1/p/1-side.png"),
        **changes,
    }
    for name in ("category_path", "option_names", "picture_urls"):
        known[name] = tuple(known[name])
    variants = (make_variant_record(),) if variants is None else tuple(variants)
    return ProductRecord(variants=variants, **known)


def two_variants(**changes):
    """Return a product in two colors, identified by part numbers only."""
    return make_product_record(
        variants=[
            make_variant_record(sku="A-BLK", option_values=("Black",), gtin="", mpn="H1-B"),
            make_variant_record(sku="A-RED", option_values=("Red",), gtin="", mpn="H1-R"),
        ],
        **changes,
    )


def take_in(*records, known=None, source="cj", **more):
    return importer.import_products(
        records=records, variant_ids=known or {}, source=source, **{"now": NOON, **more}
    )
