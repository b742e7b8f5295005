"""Pricing factories: make price books, rules and costs, as rows or as plain values."""

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import strategies as st

from catalog.models import PriceBook, PriceRule, SellingCosts
from catalog.pricing.guards import CurrentPrice, PriceGuards
from catalog.pricing.landed_cost import Costing, CostTerms
from catalog.pricing.price_calculation import Market, Policy, PricingInput, calculate_price
from catalog.pricing.rounding import Rounding
from catalog.pricing.rule_selection import Rule, RuleIndex, RuleScope
from storefront.lib.money import Money

# Price books, rules and selling costs

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def make_price_book(*, channel, version=1, status="draft", rules=({},), at=NOON, **changes):
    """Make a book with these rules; with status "live", retire the book that was live."""
    known = {"created_by": "staff", "floor_margin_rate": 0, **changes}
    book = PriceBook.objects.create(
        channel=channel, version=version, status_since=at, created_at=at, **known
    )
    for number, rule in enumerate(rules, start=1):
        make_rule(book, **{"number": number, **rule})
    if status == "live":
        PriceBook.objects.filter(channel=channel, status="live").update(status="retired")
        PriceBook.objects.filter(pk=book.pk).update(status="live", live_at=at)
    book.refresh_from_db()
    return book


def make_rule(book, *, number=1, value="0.3000", ending="0.99", step="1", **scope):
    return PriceRule.objects.create(
        book=book,
        number=number,
        value=Decimal(value),
        ending=Decimal(ending),
        step=Decimal(step),
        **scope,
    )


def make_terms(
    *,
    channel,
    origin="*",
    supplier_code="*",
    channel_fee_rate="0.0300",
    tax_rate="0.1900",
    handling_amount="2.00",
    duty_amount="0.00",
    **more,
):
    terms, _ = SellingCosts.objects.update_or_create(
        channel=channel,
        origin=origin,
        supplier_code=supplier_code,
        defaults={
            "channel_fee_rate": Decimal(channel_fee_rate),
            "tax_rate": Decimal(tax_rate),
            "handling_amount": Decimal(handling_amount),
            "duty_amount": duty_amount and Decimal(duty_amount),
            **more,
        },
    )
    return terms


D = Decimal
PLACE = RuleScope(variant_id=1, product_id=2, category_id=3, brand_id=4, supplier_code="cj")


def rule(*, value="0.30", step="1", ending="0.99", smallest="0.01", **more):
    rounding = Rounding(step=D(step), ending=D(ending), smallest=D(smallest))
    return Rule(**{"id": 1, "number": 1, **more}, value=D(value), rounding=rounding)


def terms(*, fee="0.03", tax="0.19", handling="2.00", **more):
    more = {"duty_amount": D(0), **{name: D(value) for name, value in more.items()}}
    return CostTerms(channel_fee_rate=D(fee), tax_rate=D(tax), handling_amount=D(handling), **more)


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
        costing=costing(
            known=known, rates=rates or {"EUR": D(1), "USD": D("0.92")}, country=country, on=on
        ),
        limits=limits or PriceGuards(),
        rules=RuleIndex(rules or [rule()], now=NOON),
    )


def goods(cost="10.00", currency="USD", origins=("CN",), **more):
    return PricingInput(
        rule_scope=PLACE, cost=cost and Money(D(cost), currency), origins=origins, **more
    )


def price(*rules, cost="10.00", present=None, market=None, currency="EUR", **more):
    said = {name: D(more.pop(name)) for name in ("map_amount", "msrp_amount") if name in more}
    said |= {"origins": more.pop("origins")} if "origins" in more else {}
    return calculate_price(
        goods(cost, currency, **said),
        policy=policy(*rules, **more),
        current=CurrentPrice(present=present and D(present), day_ago=present and D(present)),
        market=market or Market(),
    )


amounts = st.decimals(min_value=D("0.01"), max_value=100_000, places=2)
fractions = st.decimals(min_value=0, max_value=D("0.45"), places=4)
maybe = st.none() | amounts
roundings = st.sampled_from(
    [("1", "0.99"), ("1", "0.95"), ("1", "0"), ("5", "4.99"), ("0.05", "0"), ("10", "9")]
)
