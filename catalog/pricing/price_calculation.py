"""Price calculation: turn a wholesale cost into a retail price by rules and guards. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from catalog.attributes.families import MAX_FIRST_PRICE_EUR
from catalog.enums import Basis, Clamp, Method, Stop
from catalog.pricing.guards import (
    APPROVABLE,
    Bounds,
    Limits,
    Restored,
    Standing,
    Verdict,
    guard,
    is_far,
    may_stay,
)
from catalog.pricing.landed_cost import Costing, Landed, Terms
from catalog.pricing.rule_selection import Place, Rule, RuleIndex
from storefront.lib.money import Money

CENT = Decimal("0.01")
MAX_AMOUNT = Decimal(1_000_000)
UNBOUND = Bounds()
NO_PRICE = Standing()


class Missing(StrEnum):
    """Why no price can be calculated."""

    COST = "cost"  # no supplier states a price
    ORIGIN = "origin"  # no location has reported stock, so the duty is unknown
    RATE = "rate"  # no exchange rate for the cost
    TOO_DEAR = "too_dear"  # above any plausible cost
    BOOK = "book"  # the channel has no price book
    TERMS = "terms"  # no selling costs are set
    RULE = "rule"  # no rule of the book matches


class Change(StrEnum):
    """How market signals changed the rule's price."""

    MEETS_COMPETITOR = "meets_competitor"
    SELLS_OUT = "sells_out"
    LIES_LONG = "lies_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """The pricing input of one variant: its scope, and the chosen supplier's figures.

    Shape:  ``origins`` are the countries it may come from; the most expensive counts
    Units:  ``map_amount`` and ``msrp_amount`` include tax, in the currency of the cost;
            ``map_currency`` overrides it for the first
    """

    place: Place
    cost: Money | None
    family: str = ""
    origins: tuple[str, ...] = ()
    map_amount: Decimal | None = None
    map_currency: str = ""
    msrp_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Demand and competition, in the channel's currency with tax."""

    competitor: Decimal | None = None
    cover_days: Decimal | None = None


UNKNOWN = Market()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All pricing inputs of one channel at one time.

    Shape:  ``countries`` are the destinations: a price must hold for each; ``rates`` map currencies
            to their value in the channel's; ``doubts`` map unconfirmed currencies to their highest
            plausible value; ``restores`` is a restored book whose prices are exempt, None once done
    """

    book_id: int | None
    currency: str
    countries: Sequence[str]
    on: date
    limits: Limits
    rules: RuleIndex
    terms: Mapping[tuple[str, str], Terms]
    rates: Mapping[str, Decimal]
    doubts: Mapping[str, Decimal] = field(default_factory=dict)
    restores: Restored | None = None

    @property
    def costing(self) -> Costing:
        return Costing(
            countries=self.countries,
            on=self.on,
            terms=self.terms,
            rates=self.rates,
            doubts=self.doubts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculation:
    """How a price was calculated, or why there is none.

    ``cost`` is the wholesale cost in the channel's currency; ``kept_by`` is who decided, and why,
    to keep a price below the minimum margin while the new one is stopped. ``replaces`` is the offer
    of the published price, if the change of offer explains a change beyond the limits.
    """

    goods: Goods
    missing: Missing | None = None
    cost: Decimal | None = None
    bounds: Bounds = UNBOUND
    landed: Landed | None = None
    rule: Rule | None = None
    value: Decimal | None = None
    wanted: Decimal | None = None  # by the rule alone
    changes: tuple[tuple[Change, Decimal], ...] = ()  # by market signals
    standing: Standing = NO_PRICE
    verdict: Verdict | None = None
    kept_by: str = ""
    replaces: Goods | None = None
    max_first: Decimal | None = None

    @property
    def price(self) -> Decimal | None:
        return self.verdict.price if self.verdict else None

    @property
    def is_stopped(self) -> bool:
        return self.verdict is not None and self.verdict.stop is not None

    @property
    def may_stay(self) -> bool:
        """Test whether the current price may stay published while staff decide.

        It keeps the minimum margin, or staff decided to keep it and it covers the cost.
        """
        floor = self.verdict.floor if self.verdict else None
        return self._reaches(floor) or (bool(self.kept_by) and self.pays)

    @property
    def pays(self) -> bool:
        """Test whether the current price covers today's cost within the supplier's bounds."""
        return self._reaches(self.landed.price_keeping(Decimal(0)) if self.landed else None)

    def _reaches(self, lowest: Decimal | None) -> bool:
        present = self.standing.present
        return present is not None and may_stay(present, lowest=lowest, bounds=self.bounds)


def calculate(
    goods: Goods, *, policy: Policy, standing: Standing, market: Market = UNKNOWN
) -> Calculation:
    """Calculate the price of one variant by the rules, within the guards.

    No price without a known origin: with the duty of the most expensive origin it would become the
    reference of the guards, which would then stop the right price. While the exchange rate of the
    cost or a duty is unconfirmed, no price is set; the current one stays if it covers the highest
    plausible cost.
    Units:  money per unit, tax included, in the channel's currency
    """
    if goods.cost is None or goods.cost.amount <= 0:
        return Calculation(goods=goods, missing=Missing.COST, standing=standing)
    if not goods.origins:
        return Calculation(goods=goods, missing=Missing.ORIGIN, standing=standing)
    rate = policy.rates.get(goods.cost.currency)
    if rate is None:
        return Calculation(goods=goods, missing=Missing.RATE, standing=standing)
    doubt = policy.doubts.get(goods.cost.currency)
    cost = goods.cost.amount * (rate if doubt is None else doubt)
    missing = (
        Missing.TOO_DEAR if cost > MAX_AMOUNT else Missing.BOOK if policy.book_id is None else None
    )
    landed = (
        None
        if missing
        else policy.costing.land(
            cost, origins=goods.origins, supplier_code=goods.place.supplier_code
        )
    )
    if missing or landed is None:
        return Calculation(goods=goods, missing=missing or Missing.TERMS, standing=standing)
    bounds = Bounds(
        map_amount=_map(goods, policy.costing, rate=rate),
        msrp_amount=None if goods.msrp_amount is None else goods.msrp_amount * rate,
    )
    for rule in policy.rules.fitting(goods.place):
        basis = _basis(rule, landed, bounds)
        if basis is None:
            continue  # without an MSRP, a rule on MSRP does not match: use the next one
        done = _by_rule(
            rule,
            basis=basis,
            so_far=Calculation(
                goods=goods,
                cost=cost,
                bounds=bounds,
                landed=landed,
                standing=standing,
                max_first=_max_first(goods, policy),
            ),
            limits=policy.limits,
            market=market,
        )
        return done if doubt is None and landed.is_sure else _unsure(done)
    return Calculation(goods=goods, missing=Missing.RULE, landed=landed, standing=standing)


def is_explained_by_offer(  # noqa: PLR0913 - both offers, and what they are compared by
    done: Calculation,
    *,
    sold: Goods,
    price: Decimal,
    policy: Policy,
    market: Market,
    most: Decimal | None,
) -> bool:
    """Test whether another supplier or origin explains how far a price changed.

    Duty, freight and fees come from our own tables, so they may change a price by any amount. The
    supplier's figures may not: the wholesale cost must be within ``most`` of that of ``sold``, the
    offer behind the published ``price``, and MAP and MSRP must not determine the new price. Today's
    policy must still give about ``price`` for ``sold``: otherwise a rule or fee changed the price,
    not the offer.
    """
    place = done.goods.place
    if (place.supplier_code, done.goods.origins) == (sold.place.supplier_code, sold.origins):
        return False
    if done.rule is None or done.verdict is None or done.cost is None:
        return False
    if done.rule.basis != Basis.COST or {Clamp.MAP, Clamp.MSRP} & {*done.verdict.clamps}:
        return False
    before = calculate(sold, policy=policy, standing=NO_PRICE, market=market)
    asked = before.verdict.proposed if before.verdict else None
    return (
        asked is not None
        and not is_far(asked, price, most)
        and not is_far(done.cost, before.cost, most)
    )


def _max_first(goods: Goods, policy: Policy) -> Decimal | None:
    """Return the highest first price of the family; without a rate, one euro counts as one unit."""
    euros = MAX_FIRST_PRICE_EUR.get(goods.family)
    return None if euros is None else euros * policy.rates.get("EUR", Decimal(1))


def _map(goods: Goods, costing: Costing, *, rate: Decimal) -> Decimal | None:
    """Return the MAP in the channel's currency, at the highest plausible rate if foreign.

    None without a rate: the MAP is then unknown.
    """
    if goods.map_amount is None:
        return None
    at = costing.dearest(goods.map_currency) if goods.map_currency else rate
    return None if at is None else goods.map_amount * at


def _unsure(done: Calculation) -> Calculation:
    """Stop a price with an unconfirmed rate; the current one stays while it covers the cost."""
    if done.verdict is None or (done.verdict.stop and done.verdict.stop not in APPROVABLE):
        return done
    return replace(done, verdict=replace(done.verdict, stop=Stop.UNSURE_RATE))


def _basis(rule: Rule, landed: Landed, bounds: Bounds) -> Decimal | None:
    if rule.basis == Basis.MAP:
        return bounds.map_amount
    return bounds.msrp_amount if rule.basis == Basis.MSRP else landed.total


def _by_rule(
    rule: Rule, *, basis: Decimal, so_far: Calculation, limits: Limits, market: Market
) -> Calculation:
    landed, goods = so_far.landed, so_far.goods
    if landed is None or so_far.cost is None:
        raise AssertionError(f"{goods.place} has no cost to count from")
    value = rule.value_at(so_far.cost)
    wanted = _wanted(rule, value, basis=basis, landed=landed)
    changes: tuple[tuple[Change, Decimal], ...] = ()
    if wanted is None:
        floor = landed.price_keeping(limits.floor_margin_rate)
        verdict = Verdict(proposed=None, floor=floor, stop=Stop.NO_MARGIN)
    else:
        asked, changes = _moved(wanted, rule, market)
        verdict = guard(
            asked,
            landed=landed,
            limits=limits,
            bounds=so_far.bounds,
            standing=so_far.standing,
            rounding=rule.rounding,
            max_first=so_far.max_first,
            is_ceiling=any(change == Change.MEETS_COMPETITOR for change, _ in changes),
        )
    return Calculation(
        goods=goods,
        cost=so_far.cost,
        bounds=so_far.bounds,
        landed=landed,
        rule=rule,
        value=value,
        wanted=wanted,
        changes=changes,
        standing=so_far.standing,
        max_first=so_far.max_first,
        verdict=verdict,
    )


def _wanted(rule: Rule, value: Decimal, *, basis: Decimal, landed: Landed) -> Decimal | None:
    """Return the price with tax by the rule alone; None if no price covers the cost."""
    if rule.basis != Basis.COST:  # MAP and MSRP include tax
        return basis * (1 + value) if rule.method == Method.MARKUP else basis + value
    if rule.method == Method.MARGIN:
        return landed.price_keeping(value)
    more = basis * value if rule.method == Method.MARKUP else value
    return landed.price_keeping(Decimal(0), more=more)


def _moved(
    wanted: Decimal, rule: Rule, market: Market
) -> tuple[Decimal, tuple[tuple[Change, Decimal], ...]]:
    """Apply the demand adjustment, then cap at the competitor price, which takes precedence."""
    follows = rule.dynamics
    changes: list[tuple[Change, Decimal]] = []
    cover = market.cover_days
    if cover is not None:
        if follows.low_cover_days is not None and cover < follows.low_cover_days:
            wanted *= 1 + follows.raise_rate
            changes.append((Change.SELLS_OUT, wanted))
        elif follows.high_cover_days is not None and cover > follows.high_cover_days:
            wanted *= 1 - follows.lower_rate
            changes.append((Change.LIES_LONG, wanted))
    if follows.undercut_rate is not None and market.competitor is not None:
        theirs = market.competitor * (1 - follows.undercut_rate)
        if theirs < wanted:  # follow only lower competitor prices
            wanted = theirs
            changes.append((Change.MEETS_COMPETITOR, wanted))
    return wanted, tuple(changes)
