"""Contract cases: the products that every store gets, and short ways to write and read them."""

from dataclasses import replace
from decimal import Decimal
from itertools import product as combinations

from storefront.lib.money import Money
from storefront.sales_channels.platforms.base import (
    FulfillmentWrite,
    ListedProduct,
    ListedVariant,
    RefundWrite,
)

COLORS, BEAMS = ("Black", "Sand & Ridge"), ("Flood", "Spot")
PRICE = Decimal("79.90")


def variant(sku, *options, price=PRICE, compare_at=None, quantity=7):
    return ListedVariant(
        sku=sku,
        gtin="",
        mpn=f"M-{sku}",
        options=options,
        price=Money(price, "EUR"),
        compare_at=Money(Decimal(compare_at), "EUR") if compare_at else None,
        quantity=quantity,
        weight_g=182,
        hs_code="851310",
        origin="CN",
    )


def headlamp(key="headlamp-h1", **words):
    """Return a product with two options and four variants, one of them reduced."""
    variants = tuple(
        variant(
            f"{key}-{number}",
            ("Color", color),
            ("Beam", beam),
            price=PRICE + number,
            compare_at="99.00" if number == 1 else None,
            quantity=number + 3,
        )
        for number, (color, beam) in enumerate(combinations(COLORS, BEAMS))
    )
    return listed(key, "Ridge H1 headlamp <&>", words.pop("variants", variants), **words)


def light(key="light-1", **words):
    """Return a product with one variant and no options."""
    return listed(key, f"Pocket light {key}", words.pop("variants", (variant(key),)), **words)


def listed(key, title, variants, **words):
    return ListedProduct(
        **{
            "key": key,
            "title": title,
            "description_html": "<p>Bright &amp; <strong>light</strong>.</p>",
            "brand": "Ridge",
            "category": ("Lighting", "Headlamps"),
            "attributes": (("Luminous flux", "1800 lm"), ("Battery", "18650")),
            "picture_urls": (),
            "variants": variants,
            **words,
        }
    )


def written(store, *products):
    """Write products; return them with the ids that the platform gave, as the shop keeps them."""
    results = {result.key: result for result in store.platform.write_products(products)}
    assert [result.problem for result in results.values() if result.problem] == []
    return [
        replace(
            each,
            external_id=results[each.key].external_id,
            external_variants=dict(results[each.key].variants),
        )
        for each in products
    ]


def states(store):
    """Return what the store holds, by SKU."""
    return {state.sku: state for state in store.platform.read_variants()}


def shown(store):
    """Return price, reduction, quantity and visibility of each SKU."""
    return {
        sku: (
            str(state.price),
            str(state.compare_at) if state.compare_at else None,
            state.quantity,
            state.is_active,
        )
        for sku, state in states(store).items()
    }


def expected(*products):
    return {
        each.sku: (
            str(each.price),
            str(each.compare_at) if each.compare_at else None,
            each.quantity,
            product.is_active,
        )
        for product in products
        for each in product.variants
    }


def parcel(store, order_id, *, units=None, number="JJD0001", key="parcel-1"):
    """Return a parcel with these units by SKU; all that are left without ``units``."""
    order = store.platform.order(order_id)
    left = {line.sku: line.quantity - line.canceled for line in order.lines}
    ids = {line.sku: line.external_id for line in order.lines}
    return FulfillmentWrite(
        order_id=order_id,
        units={ids[sku]: count for sku, count in (units or left).items()},
        carrier="DHL",
        tracking_number=number,
        tracking_url=f"https://track.example/{number}",
        key=key,
    )


def refund_of(store, order_id, amount, *, units=None, delivery="0", key="refund-1"):
    order = store.platform.order(order_id)
    ids = {line.sku: line.external_id for line in order.lines}
    return RefundWrite(
        order_id=order_id,
        amount=store.money(amount),
        units={ids[sku]: count for sku, count in (units or {}).items()},
        delivery=store.money(delivery),
        reason="Damaged on arrival",
        key=key,
    )
