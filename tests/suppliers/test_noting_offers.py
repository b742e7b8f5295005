from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from catalog.records import Terms
from storefront.lib.money import Money
from suppliers.models import SupplierOffer
from tests.factories.feeds import NOON, stock_world, sync, usd


def test_terms_are_kept_with_the_offer_and_follow_the_page(supplier, world):
    stock_world(world, 2)
    only = world.records["P1"].variants[0]
    told = Terms(minimum_quantity=2, pack_size=4, lead_days=0, map_price=usd("9"), msrp=usd("12"))
    world.records["P1"] = replace(world.records["P1"], variants=(replace(only, terms=told),))
    sync(supplier)
    offer = SupplierOffer.objects.get(supplier_sku=only.sku)
    assert (offer.minimum_quantity, offer.pack_size, offer.lead_days) == (2, 4, 0)
    assert (offer.map_amount, offer.msrp_amount) == (9, 12)

    told = Terms(msrp=Money(Decimal(12), "EUR"))  # not his money: nothing that we can compare
    page = replace(world.records["P1"], title="Lamp 1 XL")
    world.records["P1"] = replace(page, variants=(replace(only, terms=told),))
    sync(supplier, now=NOON + timedelta(hours=6))

    offer.refresh_from_db()
    assert (offer.minimum_quantity, offer.pack_size, offer.lead_days) == (1, 1, None)
    assert (offer.map_amount, offer.msrp_amount) == (None, None)
