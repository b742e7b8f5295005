"""Totals: a total is the sum of its rounded lines, however the cart is divided."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.pricing.totals import Discounts, ShippingCharge, TaxTreatment, calculate, included_tax
from storefront.lib.money import Money, smallest_unit

CURRENCIES = st.sampled_from(["EUR", "USD", "AZN", "JPY", "KWD"])
RATES = st.decimals(min_value=0, max_value="0.3", places=4)


@st.composite
def carts(draw):
    currency = draw(CURRENCIES)

    def amounts(most):
        cents = st.integers(min_value=0, max_value=10**7)
        return [Money.from_minor(draw(cents), currency) for _ in range(draw(st.integers(0, most)))]

    lines = dict(enumerate(amounts(6)))
    off = {
        key: Money.from_minor(draw(st.integers(0, 2 * amount.minor)), currency)
        for key, amount in lines.items()
        if draw(st.booleans())
    }
    return {
        "lines": lines,
        "shipping_charges": [
            ShippingCharge(amount=amount, line_fractions=dict.fromkeys(lines, Fraction(1)))
            for amount in amounts(3)
        ],
        "currency": currency,
        "treatment": TaxTreatment(rate=draw(RATES), is_added=draw(st.booleans())),
        "deductions": Discounts(lines=off, is_delivery_free=draw(st.booleans())),
    }


@given(carts())
def test_a_total_is_items_and_shipping_less_discount_plus_added_tax(cart):
    totals = calculate(**cart)

    assert totals.total == totals.subtotal + totals.delivery - totals.discount + totals.added
    shares = [*totals.lines.values(), *totals.parcels]
    assert totals.total == Money.total((share.charge for share in shares), cart["currency"])


@given(carts())
def test_every_amount_is_rounded_and_not_negative(cart):
    totals = calculate(**cart)

    step = smallest_unit(cart["currency"])
    for share in [*totals.lines.values(), *totals.parcels]:
        for money in (share.amount, share.discount, share.tax, share.added, share.charge):
            assert isinstance(money.amount, Decimal)
            assert money.amount >= 0
            assert money.amount % step == 0
        assert share.added in {Money.zero(cart["currency"]), share.tax}


@given(carts())
def test_included_tax_does_not_change_the_total(cart):
    taxed = calculate(**{**cart, "treatment": TaxTreatment(rate=cart["treatment"].rate)})
    untaxed = calculate(**{**cart, "treatment": TaxTreatment()})

    assert taxed.total == untaxed.total
    assert not untaxed.tax


@pytest.mark.parametrize(
    ("gross", "percent", "tax"),
    [
        ("119.00", "19", "19.00"),
        ("39.99", "19", "6.38"),
        ("125.50", "25.5", "25.50"),
        ("118.00", "18", "18.00"),
        ("100.00", "0", "0.00"),
        ("0.01", "27", "0.00"),
    ],
)
def test_included_tax_is_rounded_to_the_cent(gross, percent, tax):
    contained = included_tax(gross=Money(Decimal(gross), "EUR"), rate=Decimal(percent) / 100)

    assert contained == Money(Decimal(tax), "EUR")
