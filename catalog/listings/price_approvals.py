"""Price approvals: approve a price that a guard stopped, keep the current price, reject."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from catalog.enums import Stop
from catalog.listings import refresh, repricing
from catalog.models import Listing, PriceChange, PriceHold
from catalog.pricing import history
from catalog.pricing import policy as pricing_policy
from catalog.pricing.guards import APPROVABLE, may_stay
from catalog.pricing.price_calculation import CENT, Calculation
from catalog.search import index
from storefront.lib.state_machine import LostRaceError


class CannotApproveError(Exception):
    """The price would sell at a loss, or break MAP, MSRP or a guard that staff cannot override."""


@transaction.atomic(durable=True)
def approve(*, hold: PriceHold, actor: str, now: datetime) -> None:
    """Publish the proposed price if it keeps today's limits.

    Locks:  the listing, then its product
    Raises: CannotApproveError  no price is valid until rules, costs or figures change
            LostRaceError       the proposal has changed or is decided
    """
    listing = _locked(hold)
    if hold.reason not in APPROVABLE or hold.proposed_amount is None:
        raise CannotApproveError(
            f"{hold.sentence} Change the price rules, the costs or the supplier's data instead."
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
        raise LostRaceError(f"{hold}: the cost has changed")
    done = _counted(listing, now=now)
    lowest = done.verdict.floor if done.verdict else None
    if not may_stay(hold.proposed_amount, lowest=lowest, bounds=done.bounds):
        raise CannotApproveError(
            f"{hold.proposed_amount} does not meet the limits of the live price book or "
            "the supplier. The price is recalculated within a minute."
        )
    made_of = {**hold.made_of, "approved_by": actor}
    _sell(listing, hold.proposed_amount, hold=hold, rule_id=hold.rule_id, made_of=made_of, now=now)


@transaction.atomic(durable=True)
def keep(*, hold: PriceHold, actor: str, reason: str, now: datetime) -> None:
    """Keep selling at the current price, although it is below the minimum margin.

    Valid until the proposal or the landed cost changes.
    Locks:  the listing, then its product
    Raises: CannotApproveError  the current price would sell at a loss or break MAP or MSRP
            LostRaceError       the proposal has changed or is decided
    """
    listing = _locked(hold)
    done = _counted(listing, now=now)
    if hold.old_amount is None or not done.pays or hold.old_amount != done.standing.present:
        raise CannotApproveError("The old price is below today's cost, or outside MAP or MSRP.")
    hold.move(
        PriceHold.Status.KEPT,
        at=now,
        actor=actor,
        reason=reason,
        as_seen=("proposed_amount", "reason", "cost_amount", "old_amount"),
        decided_by=actor[:100],
        decided_because=reason[:200],
    )
    landed = done.landed.total.quantize(CENT) if done.landed else None
    if landed != history.landed_in(hold.made_of):
        raise LostRaceError(f"{hold}: the landed cost has changed")
    if listing.price_amount != hold.old_amount:
        rule_id = listing.rule_id or hold.rule_id
        made_of = {**hold.made_of, "kept_by": actor, "because": reason}
        _sell(listing, hold.old_amount, hold=hold, rule_id=rule_id, made_of=made_of, now=now)


@transaction.atomic(durable=True)
def reject(*, hold: PriceHold, actor: str, now: datetime, reason: str = "") -> None:
    """Keep the current price. The same proposal is not held again, another one is.

    A listing whose current price is below the minimum margin stays off sale.
    Locks:  the listing
    Raises: LostRaceError  the proposal has changed or is decided
    """
    _locked(hold)
    hold.move(
        PriceHold.Status.REJECTED,
        at=now,
        actor=actor,
        reason=reason or hold.sentence,
        as_seen=("proposed_amount", "reason"),
        decided_by=actor[:100],
        decided_because=reason[:200],
    )


def _locked(hold: PriceHold) -> Listing:
    rows = Listing.objects.select_related("channel", "variant__product__spec")
    return rows.select_for_update(of=["self"]).get(pk=hold.listing_id)


def _counted(listing: Listing, *, now: datetime) -> Calculation:
    """Recalculate: the book, the costs or a rate may have changed since the hold.

    Raises: CannotApproveError  the supplier's exchange rate is not confirmed
    """
    policy = pricing_policy.load(channel=listing.channel, now=now)
    row = repricing.stored(listing.channel).get(pk=listing.pk)
    (done,) = repricing.calculations([row], channel=listing.channel, policy=policy, now=now)
    if done.verdict and done.verdict.stop == Stop.UNSURE_RATE:
        raise CannotApproveError(
            "Approve or reject the exchange rate of the supplier's currency first."
        )
    return done


def _sell(  # noqa: PLR0913 - at which price, by whose decision, and its breakdown
    listing: Listing,
    amount: Decimal,
    *,
    hold: PriceHold,
    rule_id: int,
    made_of: dict[str, object],
    now: datetime,
) -> None:
    before = listing.price_amount
    moments = history.moments(listing_ids=[listing.pk], now=now)
    listing.price_amount = amount
    listing.rule_id = rule_id
    listing.updated_at = now
    listing.is_published = not refresh.lacking(listings=[listing])[listing.pk]
    listing.save(update_fields=["price_amount", "rule", "is_published", "updated_at"])
    PriceChange.objects.create(
        listing=listing,
        amount=amount,
        old_amount=hold.old_amount if before is None else before,
        cost_amount=listing.cost_amount or hold.cost_amount,
        rule_id=rule_id,
        made_of=made_of,
        at=moments.get(listing.pk, now),
    )
    index.shelve(product_ids=[listing.variant.product_id], channel=listing.channel)
