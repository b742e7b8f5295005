"""Pricing policy: load the price book, selling costs and exchange rates of a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from catalog.enums import Basis, Method
from catalog.enums import RateStanding as Standing
from catalog.models import Channel, ExchangeRate, LandingTerms, PriceBook, PriceRule
from catalog.pricing.guards import Limits, Restored
from catalog.pricing.landed_cost import Costing, Terms
from catalog.pricing.price_calculation import Policy
from catalog.pricing.rate_validity import Limits as RateLimits
from catalog.pricing.rate_validity import Worth, worth
from catalog.pricing.rounding import Rounding
from catalog.pricing.rule_selection import Dynamics, Rule, RuleIndex
from storefront.lib.db.prepared_queries import Prepared
from storefront.lib.money import smallest

TERMS = (
    "supplier_fee_rate",
    "supplier_fee_amount",
    "freight_amount",
    "duty_amount",
    "handling_amount",
    "payment_fee_rate",
    "payment_fee_amount",
    "channel_fee_rate",
    "tax_rate",
)


def load(
    *,
    channel: Channel,
    now: datetime,
    book: PriceBook | None = None,
    at: datetime | None = None,
) -> Policy:
    """Return the current pricing inputs of a channel, by its live book or by another one.

    Shape:  ``at`` is a future time for timed rules and duty; exchange rates stay those of now
    """
    at = at or now
    if book is None:
        live = PriceBook.objects.filter(channel=channel, status=PriceBook.Status.LIVE)
        book = live.select_related("restores", "channel").first()
    # Read again: the caller holds locks taken after it read the channel.
    channel = Channel.objects.get(pk=channel.pk)
    rules = book.rules.order_by("number") if book else PriceRule.objects.none()
    costing = costing_of(channel, now=now)
    return Policy(
        book_id=book.pk if book else None,
        currency=channel.currency,
        countries=costing.countries,
        on=at.date(),
        limits=Limits(
            floor_margin_rate=book.floor_margin_rate,
            max_run_rate=book.max_run_rate,
            max_day_rate=book.max_day_rate,
        )
        if book
        else Limits(),
        rules=RuleIndex((rule_of(row, currency=channel.currency) for row in rules), now=at),
        terms=costing.terms,
        rates=costing.rates,
        doubts=costing.doubts,
        restores=_restored(book) if book else None,
    )


def costing_of(channel: Channel, *, now: datetime, country: str = "") -> Costing:
    """Return the inputs of landed costs, for one destination or all of the channel."""
    found = _worths(channel, now)
    rates = {base: one.rate for base, one in found.items() if one.standing != Standing.UNKNOWN}
    return Costing(
        countries=(country,) if country else channel.destinations,
        on=now.date(),
        terms=terms_of(channel),
        rates={channel.currency: Decimal(1), **rates},
        doubts={
            base: one.dearest for base, one in found.items() if one.standing == Standing.UNSURE
        },
        faded={base: one.rate for base, one in found.items() if one.standing == Standing.UNKNOWN},
    )


def _restored(book: PriceBook) -> Restored | None:
    """Return the restored book of a book, until all prices were recalculated once.

    Afterwards the guards on price changes apply as for any book.
    """
    counted_at = book.channel.repriced_at
    if book.restores is None or (book.live_at and counted_at and counted_at >= book.live_at):
        return None
    return Restored(book_id=book.restores.pk, until=book.restores.status_since)


def _worths(channel: Channel, now: datetime) -> dict[str, Worth]:
    return {
        row.base: worth(
            rate=row.rate, as_of=row.as_of, waiting=row.waiting_rate, limits=limits(), now=now
        )
        for row in _RATES(quote=channel.currency)
    }


def terms_of(channel: Channel) -> dict[tuple[str, str], Terms]:
    return {
        (row.origin, row.supplier_code): Terms(**{name: getattr(row, name) for name in TERMS})
        for row in _TERMS(channel_id=channel.pk)
    }


def _rates(*, quote: str) -> QuerySet[ExchangeRate]:
    return ExchangeRate.objects.filter(quote=quote)


def _terms(*, channel_id: int) -> QuerySet[LandingTerms]:
    return LandingTerms.objects.filter(channel=channel_id)


_RATES, _TERMS = Prepared(_rates), Prepared(_terms)


def rule_of(row: PriceRule, *, currency: str) -> Rule:
    """Return a row as a ``Rule``, with exact amounts."""
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
        tiers=read_tiers(row.tiers),
        rounding=Rounding(step=row.step, ending=row.ending, smallest=smallest(currency)),
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


def read_tiers(told: Sequence[Sequence[Any]]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple(sorted((Decimal(str(start)), Decimal(str(value))) for start, value in told))


def copied(rule: PriceRule) -> Mapping[str, Any]:
    """Return all columns of a rule, to copy it to another book."""
    left_out = {"id", "book"}
    fields = PriceRule._meta.concrete_fields  # noqa: SLF001 - Django's documented model API
    return {
        field.attname: getattr(rule, field.attname)
        for field in fields
        if field.name not in left_out
    }


def limits() -> RateLimits:
    """Return the maximum age of a rate, and its maximum change per day."""
    return RateLimits(
        max_age=timedelta(hours=settings.RATES_MAX_AGE_H),
        max_move_percent=settings.RATES_MAX_MOVE_PERCENT,
    )
