"""Product record factories: make products and variants as a connector returns them."""

from decimal import Decimal

from catalog.records import ProductRecord, VariantRecord
from storefront.lib.money import Money


def make_variant_record(
    *,
    sku="CJ-1-BLK",
    title="Sensor headlamp, black",
    option_values=("Black",),
    cost="8.40",
    gtin="4006381333931",
    mpn="H1-B",
    packed_weight_g=140,
    picture_urls=(),
):
    return VariantRecord(
        sku=sku,
        title=title,
        option_values=tuple(option_values),
        cost=cost and Money(Decimal(cost), "USD"),
        gtin=gtin,
        mpn=mpn,
        packed_weight_g=packed_weight_g,
        picture_urls=tuple(picture_urls),
    )


def make_product_record(
    *,
    external_id="CJ-1",
    title="Sensor headlamp",
    brand="Northbeam",
    category_path=("Sports & Outdoors", "Camping", "Headlamps"),
    description_html="<p>Wave your hand and it lights.</p>",
    claims=None,
    option_names=("Color",),
    has_battery=True,
    hs_code="851310",
    picture_urls=("http://127.0.0.1/p/1-main.png", "http://127.0.0.1/p/1-side.png"),
    variants=None,
    model="",
):
    return ProductRecord(
        external_id=external_id,
        title=title,
        brand=brand,
        category_path=tuple(category_path),
        description_html=description_html,
        claims=claims
        if claims is not None
        else {
            "Light output": "400 lm",
            "Peak intensity": "2,500 cd",
            "Run time (high)": "3 h",
            "Weight": "75 g",
            "Water": "IPX4",
            "Battery": "Li-Po 1200 mAh 3.7 V (4.44 Wh), built in",
            "Charging": "USB-C",
        },
        option_names=tuple(option_names),
        has_battery=has_battery,
        hs_code=hs_code,
        picture_urls=tuple(picture_urls),
        variants=tuple(variants) if variants is not None else (make_variant_record(),),
        model=model,
    )
