from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.pricing import NoMarginError, PriceTerms, price_for
from storefront.lib.money import CurrencyMismatchError, Money


def terms(*, fee="0.03", margin="0.30", tax="0.19", extra="2.00", ending="0.99", currency="EUR"):
    return PriceTerms(
        fee_rate=Decimal(fee),
        margin_rate=Decimal(margin),
        tax_rate=Decimal(tax),
        extra=Money(Decimal(extra), currency),
        ending=Decimal(ending),
    )


@pytest.mark.parametrize(
    ("cost", "changes", "price"),
    [
        ("20.00", {"margin": "0.32", "tax": "0", "extra": "0", "fee": "0.06"}, "32.99"),
        ("8.40", {}, "18.99"),
        ("0.01", {"extra": "0"}, "0.99"),
        ("33.11", {"fee": "0", "margin": "0", "tax": "0", "extra": "0"}, "33.99"),
        ("33.99", {"fee": "0", "margin": "0", "tax": "0", "extra": "0"}, "33.99"),
        ("33.995", {"fee": "0", "margin": "0", "tax": "0", "extra": "0"}, "34.99"),
        ("10.00", {"fee": "0", "margin": "0.50", "tax": "0", "extra": "0", "ending": "0"}, "20.00"),
        ("0", {"extra": "0", "ending": "0"}, "1.00"),
    ],
)
def test_a_price_pays_cost_fee_margin_and_tax_and_ends_in_charm(cost, changes, price):
    assert price_for(cost=Money(Decimal(cost), "EUR"), terms=terms(**changes)) == Money(
        Decimal(price), "EUR"
    )


def test_rates_that_leave_nothing_make_no_price():
    with pytest.raises(NoMarginError):
        price_for(cost=Money(Decimal(5), "EUR"), terms=terms(fee="0.5", margin="0.5"))


def test_a_cost_in_another_currency_is_refused():
    with pytest.raises(CurrencyMismatchError):
        price_for(cost=Money(Decimal(5), "USD"), terms=terms())


amounts = st.decimals(min_value=0, max_value=100_000, places=2)
rates = st.decimals(min_value=0, max_value=Decimal("0.45"), places=4)
endings = st.decimals(min_value=0, max_value=Decimal("0.99"), places=2)


@given(
    cost=amounts,
    rule=st.fixed_dictionaries(
        {"extra": amounts, "fee": rates, "margin": rates, "tax": rates, "ending": endings}
    ),
)
def test_no_price_is_below_landed_cost_and_every_price_has_the_ending(cost, rule):
    price = price_for(cost=Money(cost, "EUR"), terms=terms(**rule)).amount

    landed = (cost + rule["extra"]) * (1 + rule["tax"])
    assert price * (1 - rule["fee"] - rule["margin"]) >= landed
    assert price >= landed
    assert price % 1 == rule["ending"]
    assert price > 0


@given(low=amounts, more=amounts, ending=endings)
def test_what_costs_more_is_never_cheaper(low, more, ending):
    cheap, dear = (
        price_for(cost=Money(cost, "EUR"), terms=terms(ending=ending)).amount
        for cost in (low, low + more)
    )

    assert cheap <= dear
