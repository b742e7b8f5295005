"""One light with its suppliers' stock and shipping services, published as the shop does."""

from datetime import timedelta

from catalog.models import Channel, Listing
from suppliers.inventory import publication
from suppliers.models import StockLevel, Supplier, SupplierOffer
from tests.factories.catalog import (
    NOON,
    make_category,
    make_mode,
    make_price_rule,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.shipping import make_service
from tests.factories.suppliers import make_level, make_location, make_offer, make_supplier
from tests.storefront.web.fronts import SLUG


def build(*stock, routes=(), channel=(), variant=()):
    """Make one light with its suppliers' stock, and publish it.

    A stock row is (supplier, location, country, units, changes of supplier, offer and level); a route
    is (supplier, location, changes).
    """
    make_price_rule()
    Channel.objects.update(**dict(channel))
    product = make_product(
        slug=SLUG, title="Trail 400", category=make_category(slug="headlamps"), summary="A lamp."
    )
    make_spec(product)
    make_mode(product)
    light = make_variant(product, **dict(variant))
    for code, place, country, units, of_supplier, of_offer, of_row in stock:
        supplier = make_supplier(code)
        location = make_location(supplier, place, country)
        offer = SupplierOffer.objects.filter(supplier=supplier).first()
        offer = offer or make_offer(light, supplier, cost="8.00")
        level = make_level(offer, units, location)
        Supplier.objects.filter(pk=supplier.pk).update(**of_supplier)
        SupplierOffer.objects.filter(pk=offer.pk).update(**of_offer)
        StockLevel.objects.filter(pk=level.pk).update(**of_row)
    for number, (code, place, changes) in enumerate(routes):
        where = make_location(make_supplier(code), place)
        make_service(where, code=f"r{number}", **changes)
    publication.publish(variant_ids=[light.pk], now=NOON)
    return Listing.objects.select_related("channel", "variant").get()


def near(units=9, of_supplier=(), of_offer=(), of_row=()):
    return ("near", "DE", "DE", units, dict(of_supplier), dict(of_offer), dict(of_row))


def far(units=20, of_supplier=(), of_offer=(), of_row=()):
    return ("far", "CN", "CN", units, dict(of_supplier), dict(of_offer), dict(of_row))


POST = {"min_days": 2, "max_days": 4, "max_weight_g": 9000}
SHIP = {"min_days": 9, "max_days": 15, "max_weight_g": 9000, "base_amount": "1.00"}
BOTH = (("near", "DE", POST), ("far", "CN", SHIP))
OLD = {"as_of": NOON - timedelta(hours=6)}
PACKS = {"min_order_units": 6, "pack_size": 4}
