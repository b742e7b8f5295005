"""Batch pricing: calculate the prices of many variants with a fixed number of queries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from catalog.models import Channel, PriceChange, PriceHold
from catalog.pricing import market
from catalog.pricing.guards import OVERRIDABLE_BLOCKS, CurrentPrice, RestoredBook, is_large_change
from catalog.pricing.history import landed_cost_in
from catalog.pricing.price_calculation import (
    CENT,
    UNKNOWN_MARKET,
    Calculation,
    Market,
    Policy,
    PricingInput,
    calculate_price,
    is_explained_by_offer,
)
from storefront.lib.money import Money

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingRequest:
    """One variant to price: its pricing input, listing and current price.

    ``available`` is the available quantity. Only a dry run sets ``day_ago``: the price that it
    replaced at an earlier simulated time of the last day.
    """

    pricing_input: PricingInput
    listing_id: int | None
    present: Decimal | None
    available: int
    day_ago: Decimal | None = None


def calculate_all(
    requests: Sequence[PricingRequest],
    *,
    channel: Channel,
    policy: Policy,
    now: datetime,
    at: datetime | None = None,
) -> list[Calculation]:
    """Return one calculation per request, in order. Read-only.

    ``at`` is a future time for a dry run; market prices stay those of now.
    If a listing has no price, its last published price is used for comparison. The price a day ago
    is the price that the first change since then replaced.
    """
    last = _last_prices(
        [
            request.listing_id
            for request in requests
            if request.listing_id and request.present is None
        ]
    )
    day_ago: dict[int, Decimal | None] = {}
    since = (at or now) - ONE_DAY
    if policy.limits.max_change_per_day is not None:
        day_ago = _replaced_since(
            [request.listing_id for request in requests if request.listing_id], since
        )
    markets = _markets(requests, channel=channel, policy=policy, now=now)
    done: list[Calculation] = []
    for request in requests:
        present = request.present
        before = present
        if request.listing_id is not None:
            present = last.get(request.listing_id) if present is None else present
            before = day_ago.get(request.listing_id, request.day_ago or present)
        done.append(
            calculate_price(
                request.pricing_input,
                policy=policy,
                current=CurrentPrice(present=present, day_ago=before),
                market=markets.get(request.pricing_input.rule_scope.variant_id, UNKNOWN_MARKET),
            )
        )
    if policy.restored_from is not None:
        done = _allow_restored_prices(requests, done, restored=policy.restored_from)
    done = _allow_offer_changes(requests, done, policy=policy, markets=markets, since=since)
    return _apply_keep_decisions(requests, done)


def _last_prices(listing_ids: Collection[int]) -> dict[int, Decimal | None]:
    if not listing_ids:
        return {}
    changes = PriceChange.objects.filter(listing__in=listing_ids, amount__isnull=False)
    newest = changes.order_by("listing", "-at", "-id").distinct("listing")
    return dict(newest.values_list("listing_id", "amount"))


def _replaced_since(listing_ids: Collection[int], since: datetime) -> dict[int, Decimal | None]:
    """Return the price that the first change after ``since`` replaced, by listing."""
    changes = PriceChange.objects.filter(
        listing__in=listing_ids, at__gt=since, old_amount__isnull=False
    )
    oldest = changes.order_by("listing", "at", "id").distinct("listing")
    return dict(oldest.values_list("listing_id", "old_amount"))


def _markets(
    requests: Sequence[PricingRequest], *, channel: Channel, policy: Policy, now: datetime
) -> dict[int, Market]:
    if not any(rule.dynamics for rule in policy.rules.rules):
        return {}
    available = {
        request.pricing_input.rule_scope.variant_id: request.available for request in requests
    }
    return market.load_signals(channel=channel, available=available, now=now)


def _allow_restored_prices(
    requests: Sequence[PricingRequest], done: list[Calculation], *, restored: RestoredBook
) -> list[Calculation]:
    """Allow the exact prices of a restored book: they were plausible before.

    They are the prices that its rules set, and the prices at the time when another book replaced it.
    """
    stopped = _moved_too_far(requests, done)
    if not stopped:
        return done
    changes = PriceChange.objects.filter(listing__in=stopped, rule__book=restored.book_id)
    known: set[tuple[int, Decimal | None]] = {*changes.values_list("listing_id", "amount")}
    known.update(_replaced_since(stopped, restored.until).items())
    return [
        replace(calculation, verdict=replace(calculation.verdict, stop=None))
        if calculation.verdict
        and request.listing_id in stopped
        and (request.listing_id, calculation.verdict.proposed) in known
        else calculation
        for request, calculation in zip(requests, done, strict=True)
    ]


def _moved_too_far(requests: Sequence[PricingRequest], done: Sequence[Calculation]) -> set[int]:
    return {
        request.listing_id
        for request, calculation in zip(requests, done, strict=True)
        if request.listing_id
        and calculation.verdict
        and calculation.verdict.stop in OVERRIDABLE_BLOCKS
    }


def _allow_offer_changes(
    requests: Sequence[PricingRequest],
    done: list[Calculation],
    *,
    policy: Policy,
    markets: Mapping[int, Market],
    since: datetime,
) -> list[Calculation]:
    """Publish stopped prices if another offer explains the change against each reference price."""
    stopped = _moved_too_far(requests, done)
    if not stopped:
        return done
    changes = PriceChange.objects.filter(listing__in=stopped, amount__isnull=False)
    last = _first_per_listing(changes.order_by("listing", "-at", "-id"))
    day_ago: dict[int, PriceChange] = {}
    if policy.limits.max_change_per_day is not None:
        day_ago = _first_per_listing(changes.order_by("listing", "at", "id"))
        day_ago |= _first_per_listing(
            changes.filter(at__lte=since).order_by("listing", "-at", "-id")
        )

    def replaced(listing_id: int, calculation: Calculation) -> PricingInput | None:
        """Return the offer published before, if replacing it explains each change; else None."""
        proposed = calculation.verdict.proposed if calculation.verdict else None
        market = markets.get(calculation.pricing_input.rule_scope.variant_id, UNKNOWN_MARKET)
        offer: PricingInput | None = None
        for change, price, most in (
            (last.get(listing_id), calculation.current.present, policy.limits.max_change_per_run),
            (
                day_ago.get(listing_id),
                calculation.current.day_ago,
                policy.limits.max_change_per_day,
            ),
        ):
            if proposed is None or price is None or not is_large_change(proposed, price, most):
                continue
            sold = _published_offer(change, calculation.pricing_input) if change else None
            if sold is None or not is_explained_by_offer(
                calculation, sold=sold, price=price, policy=policy, market=market, most=most
            ):
                return None
            offer = offer or sold
        return offer

    return [
        replace(calculation, replaces=sold, verdict=replace(calculation.verdict, stop=None))
        if calculation.verdict
        and request.listing_id in stopped
        and (sold := replaced(request.listing_id, calculation)) is not None
        else calculation
        for request, calculation in zip(requests, done, strict=True)
    ]


def _first_per_listing(changes: QuerySet[PriceChange]) -> dict[int, PriceChange]:
    return {change.listing_id: change for change in changes.distinct("listing")}


def _published_offer(change: PriceChange, pricing_input: PricingInput) -> PricingInput | None:
    """Return the offer behind a published price; None if the row does not record it."""
    breakdown = change.breakdown
    if not breakdown.get("cost"):
        return None
    return PricingInput(
        rule_scope=replace(pricing_input.rule_scope, supplier_code=breakdown["supplier"]),
        max_first_eur=pricing_input.max_first_eur,
        cost=Money(Decimal(breakdown["cost"]), breakdown["currency"]),
        origins=tuple(breakdown["origins"]),
    )


def _apply_keep_decisions(
    requests: Sequence[PricingRequest], done: list[Calculation]
) -> list[Calculation]:
    """Keep a price below the minimum margin if staff decided so for these figures."""
    below = {
        request.listing_id
        for request, calculation in zip(requests, done, strict=True)
        if request.listing_id
        and calculation.is_stopped
        and calculation.covers_cost
        and not calculation.is_current_price_allowed
    }
    if not below:
        return done
    undecided = [PriceHold.Status.OPEN, PriceHold.Status.SUPERSEDED]
    decided = PriceHold.objects.filter(listing__in=below).exclude(status__in=undecided)
    newest = {
        hold.listing_id: hold for hold in decided.order_by("listing", "-id").distinct("listing")
    }
    return [
        replace(calculation, override_reason=f"{hold.decided_by}: {hold.decision_reason}")
        if (hold := newest.get(request.listing_id or 0)) and _applies_to(hold, calculation)
        else calculation
        for request, calculation in zip(requests, done, strict=True)
    ]


def _applies_to(hold: PriceHold, calculation: Calculation) -> bool:
    verdict, landed = calculation.verdict, calculation.landed
    return (
        hold.status == PriceHold.Status.CURRENT_PRICE_KEPT
        and verdict is not None
        and landed is not None
        and (hold.reason, hold.proposed_amount) == (verdict.stop, verdict.proposed)
        and hold.old_amount == calculation.current.present
        and landed_cost_in(hold.breakdown) == landed.total.quantize(CENT)
    )
