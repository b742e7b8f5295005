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
    """Why nothing can be counted at all."""

    COST = "cost"  # no supplier asks a price that we know
    ORIGIN = "origin"  # no location has reported stock yet, so the duty is unknown
    RATE = "rate"  # nobody says what his money is worth
    TOO_DEAR = "too_dear"  # no cost that a shop of lights can have
    BOOK = "book"  # the channel has no price book
    TERMS = "terms"  # nobody said what selling costs
    RULE = "rule"  # no rule of the book fits


class Change(StrEnum):
    """How the market moved what the rule wants."""

    MEETS_COMPETITOR = "meets_competitor"
    SELLS_OUT = "sells_out"
    LIES_LONG = "lies_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """One variant as it is priced: where it stands, and what the chosen supplier says.

    Shape:  ``origins`` are the countries it may come from; the dearest of them counts
    Units:  ``map_amount`` and ``msrp_amount`` tax included, in the currency of the cost; the
            first in ``map_currency`` where that says another one
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
    """What is known of demand and competition, in the channel's currency with tax."""

    competitor: Decimal | None = None
    cover_days: Decimal | None = None


UNKNOWN = Market()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All that prices of one channel are counted by at one moment.

    Shape:  ``countries`` are those that a parcel may go to: a price is good for each of them;
            ``rates`` map currencies to what one unit is worth in the channel's; ``doubts``
            those of them that nobody is sure of, to the dearest that they may be;
            ``restores`` the book whose prices come back now, None once that is done
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
    """How a price came about, or why there is none.

    ``cost`` is the wholesale cost here; ``kept_by`` says who decided, and why, that a price
    below the lowest margin goes on being asked while the new one is stopped. ``replaces`` is the
    offer of the published price, where the change of offer explains a move beyond the limits.
    """

    goods: Goods
    missing: Missing | None = None
    cost: Decimal | None = None
    bounds: Bounds = UNBOUND
    landed: Landed | None = None
    rule: Rule | None = None
    value: Decimal | None = None
    wanted: Decimal | None = None  # by the rule alone
    changes: tuple[tuple[Change, Decimal], ...] = ()  # what the market made of it
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
        """Tell whether the present price may go on being asked while a person decides.

        It keeps the lowest margin, or somebody decided about it and it pays the cost.
        """
        floor = self.verdict.floor if self.verdict else None
        return self._reaches(floor) or (bool(self.kept_by) and self.pays)

    @property
    def pays(self) -> bool:
        """Tell whether the present price pays today's cost within the supplier's bounds."""
        return self._reaches(self.landed.price_keeping(Decimal(0)) if self.landed else None)

    def _reaches(self, lowest: Decimal | None) -> bool:
        present = self.standing.present
        return present is not None and may_stay(present, lowest=lowest, bounds=self.bounds)


def calculate(
    goods: Goods, *, policy: Policy, standing: Standing, market: Market = UNKNOWN
) -> Calculation:
    """Count the price of one variant by the rules, within the guards.

    Without a known origin there is no price. A price with the duty of the dearest origin would
    become the reference of the guards, which then stop the right price as too large a move.
    While nobody is sure what the supplier's money, or that of a duty, is worth, no price is set:
    the present one may stay if it pays the dearest that the goods may cost.

    Units:  money per one unit, tax included, in the channel's currency
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
            continue  # a rule on MSRP says nothing of goods without one: the next one does
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
    """Test whether another supplier or origin explains how far a price moved.

    Duty, freight and fees come from our own tables, so they may move a price by any amount. The
    supplier's figures may not: the wholesale cost must be within ``most`` of that of ``sold``, the
    offer that the published ``price`` was made of, and MAP and MSRP must not have made the new
    price. Today's policy must still ask about ``price`` for ``sold``: otherwise a rule or fee
    moved the price, not the offer.
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
    """Return the highest first price of the family; a euro counts as one where no rate is known."""
    euros = MAX_FIRST_PRICE_EUR.get(goods.family)
    return None if euros is None else euros * policy.rates.get("EUR", Decimal(1))


def _map(goods: Goods, costing: Costing, *, rate: Decimal) -> Decimal | None:
    """Return the MAP in the channel's currency; of other money than the cost's, the dearest it is.

    Nothing is sold of who asks for it while nobody says what his money is worth.
    """
    if goods.map_amount is None:
        return None
    at = costing.dearest(goods.map_currency) if goods.map_currency else rate
    return None if at is None else goods.map_amount * at


def _unsure(done: Calculation) -> Calculation:
    """Set no price by a rate that nobody is sure of; what stands stays while it pays."""
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
    """Return the price with tax that the rule alone asks for; None: nothing pays it."""
    if rule.basis != Basis.COST:  # a price that shoppers know already: tax is in it
        return basis * (1 + value) if rule.method == Method.MARKUP else basis + value
    if rule.method == Method.MARGIN:
        return landed.price_keeping(value)
    more = basis * value if rule.method == Method.MARKUP else value
    return landed.price_keeping(Decimal(0), more=more)


def _moved(
    wanted: Decimal, rule: Rule, market: Market
) -> tuple[Decimal, tuple[tuple[Change, Decimal], ...]]:
    """Follow demand first, then the competitor: nobody buys what is dear because it is rare."""
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
        if theirs < wanted:  # we meet a lower price, and never follow a higher one
            wanted = theirs
            changes.append((Change.MEETS_COMPETITOR, wanted))
    return wanted, tuple(changes)
