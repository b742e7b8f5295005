from __future__ import annotations

from decimal import Decimal

import pytest

from orders.taxes import contained_tax, rate_for
from storefront.lib.money import Money


@pytest.mark.parametrize(
    ("gross", "country", "tax"),
    [
        ("119.00", "DE", "19.00"),
        ("39.99", "DE", "6.38"),
        ("125.50", "FI", "25.50"),
        ("118.00", "AZ", "18.00"),
        ("100.00", "US", "0.00"),
        ("0.01", "HU", "0.00"),
    ],
)
def test_the_tax_inside_a_price_is_rounded_to_the_cent(gross, country, tax):
    contained = contained_tax(gross=Money(Decimal(gross), "EUR"), rate=rate_for(country))

    assert contained == Money(Decimal(tax), "EUR")
