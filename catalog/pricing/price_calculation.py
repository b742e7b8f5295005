"""Price calculation: turn a wholesale cost into a retail price by rules and guards. Pure."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from catalog.enums import Adjustment, Basis, BlockReason, Method
from catalog.pricing.guards import (
    APPROVABLE_BLOCKS,
    CurrentPrice,
    GuardResult,
    PriceGuards,
    RestoredBook,
    SupplierPriceBounds,
    apply_guards,
    is_large_change,
    is_price_allowed,
)
from catalog.pricing.landed_cost import Costing, LandedCost
from catalog.pricing.rule_selection import Rule, RuleIndex, RuleScope
from storefront.lib.money import Money

CENT = Decimal("0.01")
MAX_AMOUNT = Decimal(1_000_000)
NO_BOUNDS = SupplierPriceBounds()
NO_CURRENT_PRICE = CurrentPrice()


class Missing(StrEnum):
    COST = "cost"  # no supplier states a price
    ORIGIN = "origin"  # no location has reported stock, so the duty is unknown
    RATE = "rate"  # no exchange rate for the cost
    COST_TOO_HIGH = "cost_too_high"  # above any plausible cost
    BOOK = "book"  # the channel has no price book
    TERMS = "terms"  # no selling costs are set
    RULE = "rule"  # no rule of the book matches


class MarketAdjustment(StrEnum):
    COMPETITOR_PRICE = "lowered_to_competitor"
    LOW_STOCK = "raised_for_low_stock"
    HIGH_STOCK = "lowered_for_high_stock"


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingInput:
    """The pricing input of one variant: its scope, and the chosen supplier's figures.

    Shape:  ``origins`` are the countries it may come from; the most expensive counts
    Units:  ``map_amount`` and ``msrp_amount`` include tax, in the currency of the cost;
            ``map_currency``, if set, is the currency of ``map_amount``; ``max_first_eur`` is the
            highest first price of the family; ``fixed`` replaces the rule's price, includes tax,
            in the channel's currency
    """

    rule_scope: RuleScope
    cost: Money | None
    max_first_eur: int | None = None
    origins: tuple[str, ...] = ()
    map_amount: Decimal | None = None
    map_currency: str = ""
    msrp_amount: Decimal | None = None
    fixed: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The market signals of one variant; None if unknown.

    Units:  ``competitor`` in the channel's currency, with tax; ``cover_days`` is the available
            quantity divided by the daily sales of the last 28 days
    """

    competitor: Decimal | None = None
    cover_days: Decimal | None = None


UNKNOWN_MARKET = Market()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All pricing inputs of one channel at one time.

    A price must cover the cost for each destination of ``costing``. ``restored_from`` is a restored
    book: until all prices were recalculated once, its prices are exempt from the change limits.
    """

    book_id: int | None
    currency: str
    costing: Costing
    limits: PriceGuards
    rules: RuleIndex
    restored_from: RestoredBook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculation:
    """How a price was calculated, or why there is none.

    ``cost`` is the wholesale cost in the channel's currency. ``override_reason`` says who kept a
    price below the minimum margin, and why, while the new price is blocked. ``replaces`` is the
    offer of the published price, if the change of offer explains a change beyond the limits.
    """

    pricing_input: PricingInput
    missing: Missing | None = None
    cost: Decimal | None = None
    bounds: SupplierPriceBounds = NO_BOUNDS
    landed: LandedCost | None = None
    rule: Rule | None = None
    value: Decimal | None = None
    rule_price: Decimal | None = None  # by the rule alone
    changes: tuple[tuple[MarketAdjustment, Decimal], ...] = ()  # by market signals
    current: CurrentPrice = NO_CURRENT_PRICE
    verdict: GuardResult | None = None
    override_reason: str = ""
    replaces: PricingInput | None = None
    max_first: Decimal | None = None

    @property
    def price(self) -> Decimal | None:
        return self.verdict.price if self.verdict else None

    @property
    def is_stopped(self) -> bool:
        return self.verdict is not None and self.verdict.stop is not None

    @property
    def is_current_price_allowed(self) -> bool:
        """Whether the current price meets the minimum margin, or staff keep it and it covers cost."""
        floor = self.verdict.floor if self.verdict else None
        return self._reaches(floor) or (bool(self.override_reason) and self.covers_cost)

    @property
    def covers_cost(self) -> bool:
        """Return whether the current price covers today's cost within the supplier's bounds."""
        return self._reaches(self.break_even)

    @property
    def break_even(self) -> Decimal | None:
        """Return the lowest price that covers today's cost and fees."""
        return self.landed.price_for_margin(Decimal(0)) if self.landed else None

    def _reaches(self, lowest: Decimal | None) -> bool:
        present = self.current.present
        return present is not None and is_price_allowed(present, lowest=lowest, bounds=self.bounds)


def calculate_price(  # noqa: PLR0911 - one for each missing input
    pricing_input: PricingInput,
    *,
    policy: Policy,
    current: CurrentPrice,
    market: Market = UNKNOWN_MARKET,
) -> Calculation:
    """Calculate the price of one variant by the rules, within the guards.

    Without a known origin there is no price: a price with the highest possible duty would become
    the reference of the guards, which would later block the right price. While the exchange rate of
    the cost or a duty is unconfirmed, no price is set; the current price stays if it covers the
    highest plausible cost.
    Units:  money per unit, tax included, in the channel's currency
    """
    so_far = Calculation(pricing_input=pricing_input, current=current)
    if pricing_input.cost is None or pricing_input.cost.amount <= 0:
        return replace(so_far, missing=Missing.COST)
    if not pricing_input.origins:
        return replace(so_far, missing=Missing.ORIGIN)
    costing = policy.costing
    rate = costing.rates.get(pricing_input.cost.currency)
    if rate is None:
        return replace(so_far, missing=Missing.RATE)
    unconfirmed_rate = costing.unconfirmed_rates.get(pricing_input.cost.currency)
    cost = pricing_input.cost.amount * (rate if unconfirmed_rate is None else unconfirmed_rate)
    if cost > MAX_AMOUNT:
        return replace(so_far, missing=Missing.COST_TOO_HIGH)
    if policy.book_id is None:
        return replace(so_far, missing=Missing.BOOK)
    landed = costing.land(
        cost, origins=pricing_input.origins, supplier_code=pricing_input.rule_scope.supplier_code
    )
    if landed is None:
        return replace(so_far, missing=Missing.TERMS)
    bounds = SupplierPriceBounds(
        map_amount=_map(pricing_input, costing, rate=rate),
        msrp_amount=None if pricing_input.msrp_amount is None else pricing_input.msrp_amount * rate,
    )
    for rule in policy.rules.matching(pricing_input.rule_scope):
        basis = _basis(rule, landed, bounds)
        if basis is None:
            continue  # without an MSRP, a rule on MSRP does not match: use the next one
        done = _apply_rule(
            rule,
            basis=basis,
            cost=cost,
            landed=landed,
            so_far=replace(so_far, bounds=bounds, max_first=_max_first(pricing_input, policy)),
            limits=policy.limits,
            market=market,
        )
        is_confirmed = unconfirmed_rate is None and landed.is_sure
        return done if is_confirmed else _block_unconfirmed_rate(done)
    return replace(so_far, missing=Missing.RULE, landed=landed)


def is_explained_by_offer(  # noqa: PLR0913 - both offers, and what they are compared by
    done: Calculation,
    *,
    sold: PricingInput,
    price: Decimal,
    policy: Policy,
    market: Market,
    most: Decimal | None,
) -> bool:
    """Return whether another supplier or origin explains how far a price changed.

    Duty, freight and fees come from our own tables, so they may change a price by any amount. The
    supplier's figures may not: the wholesale cost must be within ``most`` of that of ``sold``, the
    offer behind the published ``price``, and MAP and MSRP must not determine the new price. Today's
    policy must still give about ``price`` for ``sold``: otherwise a rule or fee changed the price,
    not the offer.
    """
    rule_scope = done.pricing_input.rule_scope
    if (rule_scope.supplier_code, done.pricing_input.origins) == (
        sold.rule_scope.supplier_code,
        sold.origins,
    ):
        return False
    if done.rule is None or done.verdict is None or done.cost is None:
        return False
    if done.pricing_input.fixed is not None:
        return False
    if done.rule.basis != Basis.COST or {Adjustment.MAP, Adjustment.MSRP} & {*done.verdict.clamps}:
        return False
    before = calculate_price(sold, policy=policy, current=NO_CURRENT_PRICE, market=market)
    proposed = before.verdict.proposed if before.verdict else None
    return (
        proposed is not None
        and not is_large_change(proposed, price, most)
        and not is_large_change(done.cost, before.cost, most)
    )


def _max_first(pricing_input: PricingInput, policy: Policy) -> Decimal | None:
    """Return the highest first price of the family; without a rate, one euro counts as one unit."""
    euros = pricing_input.max_first_eur
    return None if euros is None else euros * policy.costing.rates.get("EUR", Decimal(1))


def _map(pricing_input: PricingInput, costing: Costing, *, rate: Decimal) -> Decimal | None:
    """Return the MAP in the channel's currency, at the highest plausible rate; None if unknown."""
    if pricing_input.map_amount is None:
        return None
    at = costing.worst_case_rate(pricing_input.map_currency) if pricing_input.map_currency else rate
    return None if at is None else pricing_input.map_amount * at


def _block_unconfirmed_rate(done: Calculation) -> Calculation:
    """Block a price with an unconfirmed rate; the current one stays while it covers the cost."""
    if done.verdict is None or (done.verdict.stop and done.verdict.stop not in APPROVABLE_BLOCKS):
        return done
    return replace(done, verdict=replace(done.verdict, stop=BlockReason.UNSURE_RATE))


def _basis(rule: Rule, landed: LandedCost, bounds: SupplierPriceBounds) -> Decimal | None:
    if rule.basis == Basis.MAP:
        return bounds.map_amount
    return bounds.msrp_amount if rule.basis == Basis.MSRP else landed.total


def _apply_rule(  # noqa: PLR0913 - the rule and what it is applied to
    rule: Rule,
    *,
    basis: Decimal,
    cost: Decimal,
    landed: LandedCost,
    so_far: Calculation,
    limits: PriceGuards,
    market: Market,
) -> Calculation:
    value = rule.value_at(cost)
    fixed = so_far.pricing_input.fixed
    rounding = rule.rounding
    if fixed is None:
        rule_price = _rule_price(rule, value, basis=basis, landed=landed)
    else:
        rule_price, market = fixed, UNKNOWN_MARKET
        rounding = replace(rounding, step=rounding.smallest, ending=Decimal(0))
    changes: tuple[tuple[MarketAdjustment, Decimal], ...] = ()
    if rule_price is None:
        floor = landed.price_for_margin(limits.floor_margin_rate)
        verdict = GuardResult(proposed=None, floor=floor, stop=BlockReason.NO_MARGIN)
    else:
        market_price, changes = _apply_market(rule_price, rule, market)
        verdict = apply_guards(
            market_price,
            landed=landed,
            limits=limits,
            bounds=so_far.bounds,
            current=so_far.current,
            rounding=rounding,
            max_first=so_far.max_first,
            is_ceiling=any(change == MarketAdjustment.COMPETITOR_PRICE for change, _ in changes),
        )
    return replace(
        so_far,
        cost=cost,
        landed=landed,
        rule=rule,
        value=value,
        rule_price=rule_price,
        changes=changes,
        verdict=verdict,
    )


def _rule_price(
    rule: Rule, value: Decimal, *, basis: Decimal, landed: LandedCost
) -> Decimal | None:
    """Return the price with tax by the rule alone; None if no price covers the cost."""
    if rule.basis != Basis.COST:  # MAP and MSRP include tax
        return basis * (1 + value) if rule.method == Method.MARKUP else basis + value
    if rule.method == Method.MARGIN:
        return landed.price_for_margin(value)
    more = basis * value if rule.method == Method.MARKUP else value
    return landed.price_for_margin(Decimal(0), more=more)


def _apply_market(
    rule_price: Decimal, rule: Rule, market: Market
) -> tuple[Decimal, tuple[tuple[MarketAdjustment, Decimal], ...]]:
    """Apply the demand adjustment, then cap at the competitor price, which takes precedence."""
    follows = rule.dynamics
    changes: list[tuple[MarketAdjustment, Decimal]] = []
    cover = market.cover_days
    if cover is not None:
        if follows.low_cover_days is not None and cover < follows.low_cover_days:
            rule_price *= 1 + follows.raise_rate
            changes.append((MarketAdjustment.LOW_STOCK, rule_price))
        elif follows.high_cover_days is not None and cover > follows.high_cover_days:
            rule_price *= 1 - follows.lower_rate
            changes.append((MarketAdjustment.HIGH_STOCK, rule_price))
    if follows.undercut_rate is not None and market.competitor is not None:
        competitor_price = market.competitor * (1 - follows.undercut_rate)
        if competitor_price < rule_price:  # follow only lower competitor prices
            rule_price = competitor_price
            changes.append((MarketAdjustment.COMPETITOR_PRICE, rule_price))
    return rule_price, tuple(changes)
