"""Price books, their rules, and what selling costs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from catalog.models import LandingTerms, PriceBook, PriceRule

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def make_price_book(
    *,
    channel,
    version=1,
    status="draft",
    made_by="staff",
    floor_margin_rate="0",
    max_run_rate=None,
    max_day_rate=None,
    restores=None,
    rules=({},),
    at=NOON,
):
    """Make a book of one rule or more; the one that was live before it is retired."""
    book = PriceBook.objects.create(
        channel=channel,
        version=version,
        status_since=at,
        made_by=made_by,
        made_at=at,
        restores=restores,
        floor_margin_rate=Decimal(floor_margin_rate),
        max_run_rate=max_run_rate and Decimal(max_run_rate),
        max_day_rate=max_day_rate and Decimal(max_day_rate),
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
    terms, _ = LandingTerms.objects.update_or_create(
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
