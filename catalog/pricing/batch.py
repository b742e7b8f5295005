"""Batch pricing: calculate the prices of many variants with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from catalog.models import Channel, PriceChange, PriceHold
from catalog.pricing import market
from catalog.pricing.guards import MOVES, Restored, Standing, is_far
from catalog.pricing.history import landed_in
from catalog.pricing.price_calculation import (
    CENT,
    UNKNOWN,
    Calculation,
    Goods,
    Market,
    Policy,
    calculate,
    is_explained_by_offer,
)
from storefront.lib.money import Money

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """One variant to price: its pricing input, listing and current price.

    ``available`` is the available quantity; ``day_ago`` a price that a dry run expects to be
    replaced within the day.
    """

    goods: Goods
    listing_id: int | None
    present: Decimal | None
    available: int
    day_ago: Decimal | None = None


def calculate_all(
    lots: Sequence[Lot],
    *,
    channel: Channel,
    policy: Policy,
    now: datetime,
    at: datetime | None = None,
) -> list[Calculation]:
    """Return one calculation per lot, in order. Read-only.

    ``at`` is a future time for a dry run; market prices stay those of now.
    A lost price is compared with the last published one. The price of a day ago is what the first
    change since then replaced.
    """
    last = _last_prices([lot.listing_id for lot in lots if lot.listing_id and lot.present is None])
    day_ago: dict[int, Decimal | None] = {}
    since = (at or now) - A_DAY
    if policy.limits.max_day_rate is not None:
        day_ago = _replaced_since([lot.listing_id for lot in lots if lot.listing_id], since)
    markets = _markets(lots, channel=channel, policy=policy, now=now)
    done: list[Calculation] = []
    for lot in lots:
        present = lot.present
        before = present
        if lot.listing_id is not None:
            present = last.get(lot.listing_id) if present is None else present
            before = day_ago.get(lot.listing_id, lot.day_ago or present)
        done.append(
            calculate(
                lot.goods,
                policy=policy,
                standing=Standing(present=present, day_ago=before),
                market=markets.get(lot.goods.place.variant_id, UNKNOWN),
            )
        )
    if policy.restores is not None:
        done = _let_return(lots, done, restored=policy.restores)
    done = _allow_offer_changes(lots, done, policy=policy, markets=markets, since=since)
    return _let_stay(lots, done)


def _last_prices(listing_ids: Collection[int]) -> dict[int, Decimal | None]:
    if not listing_ids:
        return {}
    changes = PriceChange.objects.filter(listing__in=listing_ids, amount__isnull=False)
    newest = changes.order_by("listing", "-at", "-id").distinct("listing")
    return dict(newest.values_list("listing_id", "amount"))


def _replaced_since(listing_ids: Collection[int], since: datetime) -> dict[int, Decimal | None]:
    """Return the price that the first change of each listing since then replaced."""
    changes = PriceChange.objects.filter(
        listing__in=listing_ids, at__gt=since, old_amount__isnull=False
    )
    oldest = changes.order_by("listing", "at", "id").distinct("listing")
    return dict(oldest.values_list("listing_id", "old_amount"))


def _markets(
    lots: Sequence[Lot], *, channel: Channel, policy: Policy, now: datetime
) -> dict[int, Market]:
    if not any(rule.dynamics for rule in policy.rules.rules):
        return {}
    available = {lot.goods.place.variant_id: lot.available for lot in lots}
    return {
        variant_id: Market(
            competitor=told.competitor.amount if told.competitor else None,
            cover_days=told.cover_days,
        )
        for variant_id, told in market.read(channel=channel, available=available, now=now).items()
    }


def _let_return(
    lots: Sequence[Lot], done: list[Calculation], *, restored: Restored
) -> list[Calculation]:
    """Allow the exact prices of a restored book: they were plausible before.

    These are the prices its rules made, and those current when another book replaced it.
    """
    stopped = _moved_too_far(lots, done)
    if not stopped:
        return done
    made = PriceChange.objects.filter(listing__in=stopped, rule__book=restored.book_id)
    known: set[tuple[int, Decimal | None]] = {*made.values_list("listing_id", "amount")}
    known.update(_replaced_since(stopped, restored.until).items())
    return [
        replace(one, verdict=replace(one.verdict, stop=None))
        if one.verdict
        and lot.listing_id in stopped
        and (lot.listing_id, one.verdict.proposed) in known
        else one
        for lot, one in zip(lots, done, strict=True)
    ]


def _moved_too_far(lots: Sequence[Lot], done: Sequence[Calculation]) -> set[int]:
    return {
        lot.listing_id
        for lot, one in zip(lots, done, strict=True)
        if lot.listing_id and one.verdict and one.verdict.stop in MOVES
    }


def _allow_offer_changes(
    lots: Sequence[Lot],
    done: list[Calculation],
    *,
    policy: Policy,
    markets: Mapping[int, Market],
    since: datetime,
) -> list[Calculation]:
    """Publish stopped prices if another supplier or origin explains their changes.

    Each limit has its own reference: the last published price, and the price of a day ago.
    """
    stopped = _moved_too_far(lots, done)
    if not stopped:
        return done
    made = PriceChange.objects.filter(listing__in=stopped, amount__isnull=False)
    last = _one_each(made.order_by("listing", "-at", "-id"))
    day_ago: dict[int, PriceChange] = {}
    if policy.limits.max_day_rate is not None:
        day_ago = _one_each(made.order_by("listing", "at", "id"))
        day_ago |= _one_each(made.filter(at__lte=since).order_by("listing", "-at", "-id"))

    def replaced(listing_id: int, one: Calculation) -> Goods | None:
        """Return the published offer if it explains each change; None if it does not."""
        proposed = one.verdict.proposed if one.verdict else None
        market = markets.get(one.goods.place.variant_id, UNKNOWN)
        found: Goods | None = None
        for change, price, most in (
            (last.get(listing_id), one.standing.present, policy.limits.max_run_rate),
            (day_ago.get(listing_id), one.standing.day_ago, policy.limits.max_day_rate),
        ):
            if proposed is None or price is None or not is_far(proposed, price, most):
                continue
            sold = _sold(change, one.goods) if change else None
            if sold is None or not is_explained_by_offer(
                one, sold=sold, price=price, policy=policy, market=market, most=most
            ):
                return None
            found = found or sold
        return found

    return [
        replace(one, replaces=sold, verdict=replace(one.verdict, stop=None))
        if one.verdict
        and lot.listing_id in stopped
        and (sold := replaced(lot.listing_id, one)) is not None
        else one
        for lot, one in zip(lots, done, strict=True)
    ]


def _one_each(changes: QuerySet[PriceChange]) -> dict[int, PriceChange]:
    return {change.listing_id: change for change in changes.distinct("listing")}


def _sold(change: PriceChange, goods: Goods) -> Goods | None:
    """Return the offer behind a published price; None for rows that do not name it."""
    made_of = change.made_of
    if not made_of.get("cost"):
        return None
    return Goods(
        place=replace(goods.place, supplier_code=made_of["supplier"]),
        family=goods.family,
        cost=Money(Decimal(made_of["cost"]), made_of["currency"]),
        origins=tuple(made_of["origins"]),
    )


def _let_stay(lots: Sequence[Lot], done: list[Calculation]) -> list[Calculation]:
    """Keep a current price below the minimum margin if staff last decided so.

    The decision applies to these figures; another proposal or cost needs a new one.
    """
    below = {
        lot.listing_id
        for lot, one in zip(lots, done, strict=True)
        if lot.listing_id and one.is_stopped and one.pays and not one.may_stay
    }
    if not below:
        return done
    undecided = [PriceHold.Status.OPEN, PriceHold.Status.LAPSED]
    decided = PriceHold.objects.filter(listing__in=below).exclude(status__in=undecided)
    newest = {
        hold.listing_id: hold for hold in decided.order_by("listing", "-id").distinct("listing")
    }
    return [
        replace(one, kept_by=f"{hold.decided_by}: {hold.decided_because}")
        if (hold := newest.get(lot.listing_id or 0)) and _is_about(hold, one)
        else one
        for lot, one in zip(lots, done, strict=True)
    ]


def _is_about(hold: PriceHold, one: Calculation) -> bool:
    verdict, landed = one.verdict, one.landed
    return (
        hold.status == PriceHold.Status.KEPT
        and verdict is not None
        and landed is not None
        and (hold.reason, hold.proposed_amount) == (verdict.stop, verdict.proposed)
        and hold.old_amount == one.standing.present
        and landed_in(hold.made_of) == landed.total.quantize(CENT)
    )
