from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from catalog.records import SupplierTerms
from storefront.lib.money import Money
from suppliers.models import SupplierOffer
from tests.factories.feeds import NOON, stock_world, sync, usd


def test_terms_are_stored_with_the_offer_and_updated_from_the_page(supplier, world):
    stock_world(world, 2)
    only = world.records["P1"].variants[0]
    units = {"min_order_units": 2, "pack_size": 4, "lead_days": 0}
    prices = {"map_price": usd("9"), "msrp": usd("12")}
    terms = SupplierTerms(**units, **prices, restock_on=date(2026, 12, 12))
    world.records["P1"] = replace(world.records["P1"], variants=(replace(only, terms=terms),))
    sync(supplier)
    offer = SupplierOffer.objects.get(supplier_sku=only.sku)
    assert (offer.min_order_units, offer.pack_size, offer.lead_days) == (2, 4, 0)
    assert (offer.map_amount, offer.msrp_amount) == (9, 12)
    assert offer.restock_on == date(2026, 12, 12)

    terms = SupplierTerms(msrp=Money(Decimal(12), "EUR"))  # another currency: not stored
    page = replace(world.records["P1"], title="Lamp 1 XL")
    world.records["P1"] = replace(page, variants=(replace(only, terms=terms),))
    sync(supplier, now=NOON + timedelta(hours=6))

    offer.refresh_from_db()
    assert (offer.min_order_units, offer.pack_size, offer.lead_days) == (1, 1, None)
    assert (offer.map_amount, offer.msrp_amount, offer.restock_on) == (None, None, None)
