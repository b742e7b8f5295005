"""Totals of ``worked_examples.csv``, which people can verify by hand; each row is one cart.

``place`` is a country, or a country and its region. ``numbers`` is our tax registration, if any;
prices of such a row exclude tax. ``goods`` lists quantity x unit price, ``ways`` shipping charges.
"""

import csv
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from orders.models import TaxNumber
from orders.pricing.totals import ShippingCharge, calculate
from orders.promotions.engine import Kind, LineItem, PromotionRule, choose_best
from orders.tax import rates
from storefront.lib.money import Money
from tests.factories.catalog import make_channel

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).with_name("worked_examples.csv")
EXAMPLES = list(csv.DictReader(TABLE.read_text().splitlines()))
COLUMNS = ("goods_sum", "ways_sum", "discount", "tax", "added", "total")


def eur(amount):
    return Money(Decimal(amount), "EUR")


def offers_of(words):
    match words.split():
        case []:
            return []
        case ["percent", share]:
            facts = {"kind": Kind.PERCENT, "percent": Decimal(share)}
        case ["amount", worth]:
            facts = {"kind": Kind.AMOUNT, "amount": eur(worth)}
        case ["free_delivery"]:
            facts = {"kind": Kind.FREE_DELIVERY}
        case ["buy", buy, "get", get]:
            facts = {"kind": Kind.BUY_X_GET_Y, "buy": int(buy), "get": int(get)}
    return [PromotionRule(id=1, name=words, **facts)]


def register(words):
    scheme, _, place = words.partition(" ")
    country, _, region = place.partition("-")
    TaxNumber.objects.create(
        scheme=scheme, country=country, region=region, number="1", valid_from=date(2024, 1, 1)
    )


def test_there_are_enough_examples():
    assert len(EXAMPLES) >= 60
    assert len({row["why"] + row["place"] for row in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: f"{row['place']} {row['why']}")
def test_a_worked_example_matches_to_the_cent(row):
    if row["numbers"]:
        register(row["numbers"])
    country, _, region = row["place"].partition("-")
    goods = []
    for key, words in enumerate(row["goods"].split()):
        quantity, _, unit = words.partition("x")
        ids = {"product_id": key, "category_id": 1, "brand_id": 1}
        one = LineItem(key=key, unit=eur(unit), quantity=int(quantity), floor=eur(0), **ids)
        goods.append(one)
    keys = frozenset(good.key for good in goods)
    ways = [
        ShippingCharge(amount=eur(amount), line_fractions=dict.fromkeys(keys, Fraction(1)))
        for amount in row["ways"].split()
    ]

    totals = calculate(
        lines={good.key: good.amount for good in goods},
        shipping_charges=ways,
        currency="EUR",
        treatment=rates.find_treatment(
            channel=make_channel(prices_exclude_tax=bool(row["numbers"])),
            country=country,
            region=region,
            on=date.fromisoformat(row["day"]),
        ),
        deductions=choose_best(
            items=goods, shipping_charges=ways, offers=offers_of(row["promotion"])
        ).deductions,
    )

    sums = (
        totals.subtotal,
        totals.delivery,
        totals.discount,
        totals.tax,
        totals.added,
        totals.total,
    )
    calculated = dict(zip(COLUMNS, (str(money.rounded().amount) for money in sums), strict=True))
    assert calculated == {name: row[name] for name in COLUMNS}
