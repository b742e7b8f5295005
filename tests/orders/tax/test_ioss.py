"""IOSS: our number is on eligible parcels only."""

from datetime import date
from decimal import Decimal

import pytest

from orders.models import TaxNumber
from orders.purchasing.supplier_request import build_request
from storefront.lib.money import Money
from suppliers.connectors.cj import orders
from suppliers.models import StockLocation
from tests.factories.orders import make_purchase_orders, make_sellable

pytestmark = pytest.mark.django_db
NUMBER = "IM3720000224"


def bought(price="40.00", origin="CN", number=NUMBER):
    if number:
        TaxNumber.objects.create(scheme="ioss", number=number, valid_from=date(2026, 1, 1))
    listing = make_sellable(price=price)
    StockLocation.objects.update(country=origin)
    (purchase_order,) = make_purchase_orders(listing)
    return purchase_order


def test_a_parcel_into_the_eu_has_our_number():
    purchase_order = bought()

    request = build_request(purchase_order)
    body = orders.order_body(request, pay_type=2)

    assert request.ioss_number == NUMBER
    assert (body["iossType"], body["iossNumber"]) == (2, "3720000224")
    assert request.declared_value == Money(Decimal("33.61"), "EUR")  # 40.00 less 19 % VAT


@pytest.mark.parametrize(
    ("facts", "number"),
    [
        ({"price": "178.50"}, NUMBER),  # 150.00 before VAT
        ({"price": "178.52"}, ""),
        ({"origin": "DE"}, ""),
        ({"number": ""}, ""),
    ],
)
def test_an_ineligible_parcel_has_no_number(facts, number):
    purchase_order = bought(**facts)

    assert purchase_order.ioss_number == number
    assert ("iossNumber" in orders.order_body(build_request(purchase_order), pay_type=2)) is bool(
        number
    )
