"""Pricing policy: load the price book, selling costs and exchange rates of a channel."""

import time
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from catalog.enums import Basis, Method, RateStatus
from catalog.models import Channel, ExchangeRate, PriceBook, PriceRule, SellingCosts
from catalog.pricing.guards import PriceGuards, RestoredBook
from catalog.pricing.landed_cost import Costing, CostTerms
from catalog.pricing.price_calculation import Policy
from catalog.pricing.rate_validity import RateLimits, RateValidity, assess_rate
from catalog.pricing.rounding import Rounding
from catalog.pricing.rule_selection import Dynamics, Rule, RuleIndex
from storefront.lib.db.prepared_queries import PreparedQuery
from storefront.lib.money import smallest_unit

TERMS = tuple(field.name for field in fields(CostTerms))
COSTING_KEPT_NS = 10**9
# By channel and country; (expiry by the monotonic clock, costing)
_costings: dict[tuple[int, str], tuple[int, Costing]] = {}


def load_policy(
    *, channel: Channel, now: datetime, book: PriceBook | None = None, at: datetime | None = None
) -> Policy:
    """Return the current pricing inputs of a channel, with its live book or with ``book``.

    Shape:  ``at`` is a future time for timed rules and duty; exchange rates stay those of now
    """
    at = at or now
    if book is None:
        live = PriceBook.objects.filter(channel=channel, status=PriceBook.Status.LIVE)
        book = live.select_related("restored_from", "channel").first()
    # Read again: the caller holds locks taken after it read the channel.
    channel = Channel.objects.get(pk=channel.pk)
    rules = book.rules.order_by("number") if book else PriceRule.objects.none()
    return Policy(
        book_id=book.pk if book else None,
        currency=channel.currency,
        costing=replace(load_costing(channel, now=now), on=at.date()),
        limits=PriceGuards(
            floor_margin_rate=book.floor_margin_rate,
            max_change_per_run=book.max_change_per_run,
            max_change_per_day=book.max_change_per_day,
        )
        if book
        else PriceGuards(),
        rules=RuleIndex((to_rule(row, currency=channel.currency) for row in rules), now=at),
        restored_from=_restored(book) if book else None,
    )


def load_costing(channel: Channel, *, now: datetime, country: str = "") -> Costing:
    """Return the inputs of landed costs, for one destination or all of the channel."""
    validities = _rate_validities(channel, now)
    rates = {
        base: rate.rate for base, rate in validities.items() if rate.status != RateStatus.UNKNOWN
    }
    return Costing(
        countries=(country,) if country else channel.destinations,
        on=now.date(),
        terms=load_terms(channel),
        rates={channel.currency: Decimal(1), **rates},
        unconfirmed_rates={
            base: rate.worst_case_rate
            for base, rate in validities.items()
            if rate.status == RateStatus.UNSURE
        },
        expired_rates={
            base: rate.rate
            for base, rate in validities.items()
            if rate.status == RateStatus.UNKNOWN
        },
    )


def load_recent_costing(channel: Channel, *, now: datetime, country: str) -> Costing:
    """Return ``load_costing`` of this moment or of the last second."""
    expires_at, costing = _costings.get((channel.pk, country), (0, None))
    if costing is None or expires_at < time.monotonic_ns():
        costing = load_costing(channel, now=now, country=country)
        _costings[channel.pk, country] = (time.monotonic_ns() + COSTING_KEPT_NS, costing)
    return costing


def _restored(book: PriceBook) -> RestoredBook | None:
    """Return the book that ``book`` restored, until all prices were recalculated once."""
    counted_at = book.channel.repriced_at
    if book.restored_from is None or (book.live_at and counted_at and counted_at >= book.live_at):
        return None
    return RestoredBook(book_id=book.restored_from.pk, until=book.restored_from.status_since)


def _rate_validities(channel: Channel, now: datetime) -> dict[str, RateValidity]:
    return {
        row.base: assess_rate(
            rate=row.rate,
            as_of=row.as_of,
            pending_rate=row.pending_rate,
            limits=rate_limits(),
            now=now,
        )
        for row in _RATES(quote=channel.currency)
    }


def load_terms(channel: Channel) -> dict[tuple[str, str], CostTerms]:
    return {
        (row.origin, row.supplier_code): CostTerms(**{name: getattr(row, name) for name in TERMS})
        for row in _TERMS(channel_id=channel.pk)
    }


def _rates(*, quote: str) -> QuerySet[ExchangeRate]:
    return ExchangeRate.objects.filter(quote=quote)


def _terms(*, channel_id: int) -> QuerySet[SellingCosts]:
    return SellingCosts.objects.filter(channel=channel_id)


_RATES, _TERMS = PreparedQuery(_rates), PreparedQuery(_terms)


def to_rule(row: PriceRule, *, currency: str) -> Rule:
    return Rule(
        id=row.pk or 0,
        number=row.number,
        variant_id=row.variant_id,
        product_id=row.product_id,
        supplier_code=row.supplier_code,
        brand_id=row.brand_id,
        category_id=row.category_id,
        basis=Basis(row.basis),
        method=Method(row.method),
        value=row.value,
        tiers=tuple(
            sorted((Decimal(str(start)), Decimal(str(value))) for start, value in row.tiers)
        ),
        rounding=Rounding(step=row.step, ending=row.ending, smallest=smallest_unit(currency)),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        is_promotion=row.is_promotion,
        dynamics=Dynamics(
            undercut_rate=row.undercut_rate,
            low_cover_days=row.low_cover_days,
            raise_rate=row.raise_rate,
            high_cover_days=row.high_cover_days,
            lower_rate=row.lower_rate,
        ),
    )


def rule_columns(rule: PriceRule) -> Mapping[str, Any]:
    """Return all columns of a rule, to copy it to another book."""
    excluded = {"id", "book"}
    fields = PriceRule._meta.concrete_fields  # noqa: SLF001 - Django's documented model API
    return {
        field.attname: getattr(rule, field.attname)
        for field in fields
        if field.name not in excluded
    }


def rate_limits() -> RateLimits:
    return RateLimits(
        max_age=timedelta(hours=settings.RATES_MAX_AGE_H),
        max_move_percent=settings.RATES_MAX_MOVE_PERCENT,
    )
