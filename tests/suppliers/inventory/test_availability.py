"""Availability: ``sellable()`` selects exactly the offers without ``availability.reasons``."""

from itertools import product

import pytest

from suppliers.inventory import availability
from suppliers.inventory.availability import StockFacts
from suppliers.models import Supplier, SupplierOffer
from tests.factories.orders import make_sellable

pytestmark = pytest.mark.django_db


def test_sellable_offers_are_those_without_a_reason():
    make_sellable()
    offer = SupplierOffer.objects.get()
    for status, certificates, cost, supplier_status in product(
        SupplierOffer.Status.values, ["", "un383"], [None, 5], Supplier.Status.values
    ):
        Supplier.objects.update(status=supplier_status)
        SupplierOffer.objects.update(
            status=status, missing_certificates=certificates, cost_amount=cost
        )
        against = availability.reasons(
            StockFacts(
                units=1,
                has_fresh_stock=True,
                has_fresh_cost=True,
                is_supplier_active=supplier_status == "active",
                status=status,
                lacks_certificate=bool(certificates),
                has_cost=bool(cost),
            )
        )

        sellable = SupplierOffer.objects.sellable().filter(pk=offer.pk).exists()

        assert sellable == (against == []), (status, certificates, cost, supplier_status, against)
