"""What prices are counted from, without a database, and numbers to try them with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from catalog.pricing.calculation import Goods, Market, Policy, calculate
from catalog.pricing.guards import Limits, Standing
from catalog.pricing.landed_cost import Costing, Terms
from catalog.pricing.rounding import Rounding
from catalog.pricing.rules import Place, Rule, RuleIndex
from storefront.lib.money import Money
from tests.factories.price_books import NOON

D = Decimal
PLACE = Place(variant_id=1, product_id=2, category_id=3, brand_id=4, supplier_code="cj")


def rule(*, value="0.30", step="1", ending="0.99", smallest="0.01", **more):
    rounding = Rounding(step=D(step), ending=D(ending), smallest=D(smallest))
    return Rule(**{"id": 1, "number": 1, **more}, value=D(value), rounding=rounding)


def terms(*, fee="0.03", tax="0.19", handling="2.00", **more):
    more = {"duty_amount": D(0), **{name: D(value) for name, value in more.items()}}
    return Terms(channel_fee_rate=D(fee), tax_rate=D(tax), handling_amount=D(handling), **more)


def costing(*, known=None, rates=None, country="DE", on=date(2026, 11, 25)):
    return Costing(
        countries=country.split(),
        on=on,
        terms={("*", "*"): terms()} if known is None else known,
        rates=rates or {"EUR": D(1), "USD": D("0.9")},
    )


def policy(*rules, known=None, limits=None, rates=None, country="DE", on=date(2026, 11, 25)):
    return Policy(
        book_id=1,
        currency="EUR",
        countries=country.split(),
        on=on,
        limits=limits or Limits(),
        rules=RuleIndex(rules or [rule()], now=NOON),
        terms={("*", "*"): terms()} if known is None else known,
        rates=rates or {"EUR": D(1), "USD": D("0.92")},
    )


def goods(cost="10.00", currency="USD", **more):
    return Goods(place=PLACE, cost=cost and Money(D(cost), currency), **more)


def price(*rules, cost="10.00", present=None, market=None, currency="EUR", **more):
    said = {name: D(more.pop(name)) for name in ("map_amount", "msrp_amount") if name in more}
    return calculate(
        goods(cost, currency, **said),
        policy=policy(*rules, **more),
        standing=Standing(present=present and D(present), day_ago=present and D(present)),
        market=market or Market(),
    )


amounts = st.decimals(min_value=D("0.01"), max_value=100_000, places=2)
fractions = st.decimals(min_value=0, max_value=D("0.45"), places=4)
maybe = st.none() | amounts
roundings = st.sampled_from(
    [("1", "0.99"), ("1", "0.95"), ("1", "0"), ("5", "4.99"), ("0.05", "0"), ("10", "9")]
)
