"""Address change factories: purchase orders at several locations, accepted one by one."""

from dataclasses import replace

from suppliers.models import StockLevel
from tests.factories.backorders import acknowledge
from tests.factories.orders import HOME, make_purchase_orders
from tests.factories.suppliers import NOON, make_location

THERE = replace(HOME, line1="Neue Straße 2", postcode="20095", city="Hamburg")


def apart(*listings):
    """Make purchase orders for items that each ship from another location."""
    for listing, code in zip(listings[1:], ("CN", "PL"), strict=False):
        place = make_location(code=code, country=code)
        StockLevel.objects.filter(pk=listing.level.pk).update(location=place)
    return make_purchase_orders(*listings)


def accept(purchase_order):
    purchase_order.move("ready", at=NOON)
    purchase_order.move("submitting", at=NOON, status_field="submission_status")
    acknowledge(purchase_order)
