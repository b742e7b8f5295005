"""Tell whether a dry run still says what going live would do."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from datetime import datetime, timedelta

from catalog.models import Channel, Listing, PriceBook
from catalog.pricing import policy
from catalog.pricing.landed_cost import DUTY_CURRENCY

FRESH_FOR = timedelta(hours=24)  # later the costs and prices that it began with are other ones
AGAIN = "run it dry again, and look at what it would change."


def basis(*, channel: Channel, now: datetime) -> str:
    """Return a mark of what prices hang on besides the draft and the goods.

    That is the book that is live, what selling costs and whereto, and what money is worth in
    which goods or duty are paid.
    """
    channel = Channel.objects.get(pk=channel.pk)
    costing = policy.costing_of(channel, now=now)
    paid_in = Listing.objects.on(channel).values_list("wholesale_currency", flat=True).distinct()
    live = PriceBook.objects.filter(channel=channel, status=PriceBook.Status.LIVE)
    said = (
        list(live.values_list("pk", flat=True)),
        sorted(costing.countries),
        sorted((scope, astuple(terms)) for scope, terms in costing.terms.items()),
        [
            (base, costing.rates.get(base), costing.dearest(base))
            for base in sorted({*paid_in, DUTY_CURRENCY})
        ],
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()


def objection(*, book: PriceBook, now: datetime) -> str:
    """Say why the dry run of a draft is not to be gone by; empty: nothing is against it."""
    if book.rehearsed_at is None:
        return "Run it dry first, and look at what it would change."
    if now - book.rehearsed_at > FRESH_FOR:
        return f"The dry run is more than {FRESH_FOR // timedelta(hours=1)} hours old: {AGAIN}"
    if (book.rehearsal or {}).get("counted_by") != basis(channel=book.channel, now=now):
        return f"Rates, costs of selling or the live rules changed since the dry run: {AGAIN}"
    return ""
