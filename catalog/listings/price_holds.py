"""Price holds: open, update and close the hold on a price that a guard stopped.

A listing has at most one open hold.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import override

from catalog.enums import BlockReason
from catalog.models import Listing, PriceHold
from catalog.pricing import labels
from catalog.pricing.breakdown import percent, to_json
from catalog.pricing.price_calculation import Calculation
from storefront.lib.db import bulk
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.state_machine import StatusChange

Status = PriceHold.Status
ACTOR = "price engine"


@requires_transaction
def update_holds(done: Mapping[Listing, Calculation], *, now: datetime) -> None:
    """Open, update or close the holds of these listings. An unchanged hold is not written.

    A rejected proposal is not held again while the price is the same. An unconfirmed exchange rate
    opens no hold: staff approve the rate, not each price.
    Locks:  none; the caller holds the listings
    """
    stopped = {
        listing.pk: calculation
        for listing, calculation in done.items()
        if calculation.verdict and calculation.verdict.stop not in {None, BlockReason.UNSURE_RATE}
    }
    holds = PriceHold.objects.filter(listing__in=[listing.pk for listing in done])
    present = {hold.listing_id: hold for hold in holds.filter(status=Status.OPEN)}
    _supersede([hold for hold in present.values() if hold.listing_id not in stopped], now=now)
    if not stopped:
        return
    rejected = _rejected_proposals(list(stopped))
    new: list[PriceHold] = []
    changed: dict[PriceHold, list[str]] = {}
    for listing in done:
        if listing.pk not in stopped:
            continue
        values = _values(stopped[listing.pk], listing)
        hold = present.get(listing.pk)
        if hold is not None:
            if names := bulk.set_changed(hold, values):
                changed[hold] = [name.removesuffix("_id") for name in names]
        elif not stopped[listing.pk].override_reason and rejected.get(listing.pk) != (
            values["reason"],
            values["proposed_amount"],
        ):
            new.append(PriceHold(listing=listing, status_since=now, opened_at=now, **values))
    PriceHold.objects.bulk_create(new)
    bulk.update(PriceHold, changed)


def _supersede(holds: list[PriceHold], *, now: datetime) -> None:
    if not holds:
        return
    ids = [hold.pk for hold in holds]
    PriceHold.objects.filter(pk__in=ids).update(status=Status.SUPERSEDED, status_since=now)
    StatusChange.objects.bulk_create(
        StatusChange(
            subject=PriceHold._meta.label,  # noqa: SLF001 - Django's documented model API
            subject_id=pk,
            status_field="status",
            from_status=Status.OPEN,
            to_status=Status.SUPERSEDED,
            at=now,
            actor=ACTOR,
        )
        for pk in ids
    )


def _rejected_proposals(listing_ids: list[int]) -> dict[int, tuple[str, Decimal | None]]:
    rejected = PriceHold.objects.filter(listing__in=listing_ids, status=Status.REJECTED)
    newest = rejected.order_by("listing", "-id").distinct("listing")
    rows = newest.values_list("listing_id", "reason", "proposed_amount")
    return {listing_id: (reason, amount) for listing_id, reason, amount in rows}


def _values(done: Calculation, listing: Listing) -> dict[str, Any]:
    verdict, rule = done.verdict, done.rule
    if verdict is None or verdict.stop is None or rule is None:
        raise AssertionError(f"{listing}: no price change is held")
    return {
        "reason": verdict.stop.value,
        "sentence": describe_block(done),
        "old_amount": done.current.present,
        "proposed_amount": verdict.proposed,
        "cost_amount": listing.cost_amount,
        "rule_id": rule.id,
        "breakdown": {**to_json(done), "figures": get_figures(done)},
        "is_off_sale": not done.is_current_price_allowed,
    }


def describe_block(done: Calculation) -> str:
    """Return why a price was blocked, in English with its figures: ``PriceHold.sentence``."""
    if done.verdict is None or done.verdict.stop is None:
        return ""
    with override("en"):
        return labels.block_message(done.verdict.stop.value, get_figures(done))


def get_figures(done: Calculation) -> dict[str, str]:
    """Return the figures for which a price was stopped.

    Shape:  as ``labels.block_message`` expects them; ``below`` is set if the current price is below
            the minimum margin, ``break_even`` if it would sell at a loss
    """
    present, day_ago = done.current.present, done.current.day_ago
    new, floor = (done.verdict.proposed, done.verdict.floor) if done.verdict else (None, None)
    amounts = {
        "floor": floor,
        "map": done.bounds.map_amount,
        "msrp": done.bounds.msrp_amount,
        "old": present,
        "day": day_ago,
        "new": new,
        "max_first": done.max_first,
    }
    figures = {name: "?" if amount is None else f"{amount:.2f}" for name, amount in amounts.items()}
    figures["move"] = percent(new / present - 1) if new and present else "?"
    figures["day_move"] = percent(new / day_ago - 1) if new and day_ago else "?"
    if done.covers_cost and not done.is_current_price_allowed and floor is not None:
        figures["below"] = figures["old"]
    if present is not None and done.break_even is not None and present < done.break_even:
        figures["break_even"] = f"{done.break_even:.2f}"
    return figures
