"""What a person decides about a price that a guard stopped."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from catalog import listings, price_history, shelving
from catalog.guarding import MOVES
from catalog.models import Listing, PriceChange, PriceHold
from storefront.lib.states import LostRaceError


class CannotApproveError(Exception):
    """Nobody may approve a price that would sell at a loss or against a promise."""


@transaction.atomic(durable=True)
def approve(*, hold: PriceHold, actor: str, now: datetime) -> None:
    """Let the proposed price count, and sell by it.

    Locks:  the listing, then its product
    Raises: CannotApproveError  no price can be right until rules, terms or figures change
            LostRaceError       the proposal is not the one that was seen, or is decided
    """
    listing = _locked(hold)
    if hold.reason not in MOVES or hold.proposed_amount is None:
        raise CannotApproveError(
            f"{hold.sentence} Change the rules, the costs or the supplier's figures instead."
        )
    hold.move(
        PriceHold.Status.APPROVED,
        at=now,
        actor=actor,
        reason=hold.sentence,
        as_seen=("proposed_amount", "reason", "cost_amount"),
        decided_by=actor[:100],
    )
    if listing.cost_amount != hold.cost_amount:
        raise LostRaceError(f"{hold}: the cost is another one by now")
    before = listing.price_amount
    moments = price_history.moments(listing_ids=[listing.pk], now=now)
    listing.price_amount = hold.proposed_amount
    listing.rule_id = hold.rule_id
    listing.updated_at = now
    listing.is_published = not listings.lacking(listings=[listing])[listing.pk]
    listing.save(update_fields=["price_amount", "rule", "is_published", "updated_at"])
    PriceChange.objects.create(
        listing=listing,
        amount=hold.proposed_amount,
        old_amount=hold.old_amount if before is None else before,
        cost_amount=listing.cost_amount or hold.cost_amount,
        rule_id=hold.rule_id,
        made_of={**hold.made_of, "approved_by": actor},
        at=moments.get(listing.pk, now),
    )
    shelving.shelve(product_ids=[listing.variant.product_id], channel=listing.channel)


@transaction.atomic(durable=True)
def reject(*, hold: PriceHold, actor: str, now: datetime, reason: str = "") -> None:
    """Keep the old price. The same proposal does not come back, another one does.

    What would sell at a loss at its old price stays off sale.

    Locks:  the listing
    Raises: LostRaceError  the proposal is not the one that was seen, or is decided
    """
    _locked(hold)
    hold.move(
        PriceHold.Status.REJECTED,
        at=now,
        actor=actor,
        reason=reason or hold.sentence,
        as_seen=("proposed_amount", "reason"),
        decided_by=actor[:100],
    )


def _locked(hold: PriceHold) -> Listing:
    rows = Listing.objects.select_related("channel", "variant__product__spec")
    return rows.select_for_update(of=["self"]).get(pk=hold.listing_id)
