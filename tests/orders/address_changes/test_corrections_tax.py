"""Corrections and tax: an address with another tax rate is rejected."""

from dataclasses import asdict, replace
from decimal import Decimal

import pytest

from orders.address_changes import corrections
from orders.models import Order, OrderLine
from storefront.lib.address import Address
from storefront.lib.db.transactions import in_transaction
from storefront.lib.http.errors import TemporaryError
from tests.factories.orders import HOME
from tests.orders.address_changes.test_corrections import ODD, RIGHT, WHO, held, supplier  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
NEW_YORK = replace(HOME, country="US", region="NY", postcode="10001", city="New York")
NEW_JERSEY = replace(NEW_YORK, region="NJ", postcode="07302", city="Jersey City")


class TaxOffice:
    """A tax service with its own rate for one postcode, and without an answer for another."""

    def rate(self, *, postcode, **_place):
        assert not in_transaction(), "no tax service call while an order is locked"
        if postcode == "10119":
            raise TemporaryError("timed out")
        return Decimal("0.07") if postcode == "10117" else Decimal("0.19")


def test_a_postcode_with_another_rate_of_the_tax_service_is_rejected(held, settings):  # noqa: F811
    settings.TAX_SERVICE = f"{__name__}.TaxOffice"

    with pytest.raises(corrections.InvalidNewAddressError, match="The tax here differs") as refused:
        corrections.correct(order=held.order, ship_to=RIGHT, **WHO)

    assert set(refused.value.fields) == {"postcode"}
    assert Address(**Order.objects.get().ship_to) == ODD


@pytest.mark.parametrize("postcode", ["10115", "10119"])
def test_a_postcode_with_the_same_rate_keeps_the_total(held, settings, postcode):  # noqa: F811
    settings.TAX_SERVICE = f"{__name__}.TaxOffice"
    paid = Order.objects.values("total_amount", "tax_amount").get()

    corrections.correct(order=held.order, ship_to=replace(RIGHT, postcode=postcode), **WHO)

    assert Order.objects.values("total_amount", "tax_amount").get() == paid


def test_a_region_with_another_rate_of_our_table_is_rejected(held):  # noqa: F811
    OrderLine.objects.update(tax_rate=Decimal("0.04"))
    Order.objects.update(ship_to=asdict(NEW_YORK))
    held.order.refresh_from_db()

    with pytest.raises(corrections.InvalidNewAddressError, match="The tax here differs") as refused:
        corrections.correct(order=held.order, ship_to=NEW_JERSEY, **WHO)

    assert set(refused.value.fields) == {"region"}


def test_a_street_is_corrected_even_if_the_rate_changed(held):  # noqa: F811
    OrderLine.objects.update(tax_rate=Decimal("0.16"))

    corrections.correct(order=held.order, ship_to=replace(ODD, line1="Musterweg 2"), **WHO)

    assert Order.objects.get().ship_to["line1"] == "Musterweg 2"
