"""Price approvals: approve a price that a guard blocked, keep the current price, reject, reopen."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext

from catalog.enums import BlockReason
from catalog.listings import repricing
from catalog.listings.completeness import is_complete
from catalog.models import Listing, PriceChange, PriceHold
from catalog.pricing import history, labels
from catalog.pricing import policy as pricing_policy
from catalog.pricing.guards import APPROVABLE_BLOCKS, is_price_allowed
from catalog.pricing.price_calculation import CENT, Calculation
from catalog.search import index
from storefront.lib.state_machine import ConcurrentUpdateError


class CannotApproveError(Exception):
    """The price would sell at a loss, or break MAP, MSRP or a guard that staff cannot override."""


@transaction.atomic(durable=True)
def approve(*, hold: PriceHold, actor: str, now: datetime) -> None:
    """Publish the proposed price if it meets today's limits.

    Locks:  the listing, then its product
    Raises: CannotApproveError     staff cannot override this block, or a limit is not met
            ConcurrentUpdateError  the proposal has changed or is decided
    """
    listing = _lock_listing(hold)
    if hold.reason not in APPROVABLE_BLOCKS or hold.proposed_amount is None:
        advice = gettext("Change the price rules, the costs or the supplier's data instead.")
        raise CannotApproveError(f"{labels.hold_message(hold)} {advice}")
    hold.move(
        PriceHold.Status.APPROVED,
        at=now,
        actor=actor,
        reason=hold.sentence,
        expected=("proposed_amount", "reason", "cost_amount"),
        decided_by=actor[:100],
    )
    if listing.cost_amount != hold.cost_amount:
        raise ConcurrentUpdateError(
            gettext("The cost has changed meanwhile. Look at the price again.")
        )
    done = _recalculate(listing, now=now)
    lowest = done.verdict.floor if done.verdict else None
    if not is_price_allowed(hold.proposed_amount, lowest=lowest, bounds=done.bounds):
        message = gettext(
            "%(price)s does not meet the limits of the live price book or the supplier. The price"
            " is recalculated within a minute."
        )
        raise CannotApproveError(message % {"price": hold.proposed_amount})
    breakdown = {**hold.breakdown, "approved_by": actor}
    _publish(
        listing, hold.proposed_amount, hold=hold, rule_id=hold.rule_id, breakdown=breakdown, now=now
    )


@transaction.atomic(durable=True)
def keep_current_price(*, hold: PriceHold, actor: str, reason: str, now: datetime) -> None:
    """Keep selling at the current price, although it is below the minimum margin.

    Valid until the proposal or the landed cost changes.
    Locks:  the listing, then its product
    Raises: CannotApproveError     the current price would sell at a loss or break MAP or MSRP
            ConcurrentUpdateError  the proposal has changed or is decided
    """
    listing = _lock_listing(hold)
    done = _recalculate(listing, now=now)
    if hold.old_amount is None or not done.covers_cost or hold.old_amount != done.current.present:
        raise CannotApproveError(
            gettext("The old price is below today's cost, or outside MAP or MSRP.")
        )
    hold.move(
        PriceHold.Status.CURRENT_PRICE_KEPT,
        at=now,
        actor=actor,
        reason=reason,
        expected=("proposed_amount", "reason", "cost_amount", "old_amount"),
        decided_by=actor[:100],
        decision_reason=reason[:200],
    )
    landed = done.landed.total.quantize(CENT) if done.landed else None
    if landed != history.landed_cost_in(hold.breakdown):
        raise ConcurrentUpdateError(
            gettext("The cost has changed meanwhile. Look at the price again.")
        )
    if listing.price_amount != hold.old_amount:
        rule_id = listing.rule_id or hold.rule_id
        breakdown = {**hold.breakdown, "kept_by": actor, "kept_because": reason}
        _publish(listing, hold.old_amount, hold=hold, rule_id=rule_id, breakdown=breakdown, now=now)


@transaction.atomic(durable=True)
def reject(*, hold: PriceHold, actor: str, now: datetime, reason: str = "") -> None:
    """Keep the current price. The same proposal is not held again; a different one is.

    A listing whose current price is below the minimum margin stays off sale.
    Locks:  the listing
    Raises: ConcurrentUpdateError  the proposal has changed or is decided
    """
    _lock_listing(hold)
    hold.move(
        PriceHold.Status.REJECTED,
        at=now,
        actor=actor,
        reason=reason or hold.sentence,
        expected=("proposed_amount", "reason"),
        decided_by=actor[:100],
        decision_reason=reason[:200],
    )


@transaction.atomic
def reopen(*, hold: PriceHold, actor: str, now: datetime) -> None:
    """Undo a rejection: the proposal waits for approval again. The caller may log it with it.

    Locks:  the listing
    Raises: ConcurrentUpdateError  it is not rejected, or the listing has a newer proposal
    """
    listing = _lock_listing(hold)
    is_outdated = listing.price_holds.filter(pk__gt=hold.pk).exists()
    if hold.status != PriceHold.Status.REJECTED or is_outdated:
        raise ConcurrentUpdateError(
            gettext("The price has been decided or calculated again. Reload the page.")
        )
    hold.move(
        PriceHold.Status.OPEN,
        at=now,
        actor=actor,
        reason="rejection undone",
        decided_by="",
        decision_reason="",
    )


def _lock_listing(hold: PriceHold) -> Listing:
    rows = Listing.objects.select_related("channel", "variant__product__spec")
    return rows.select_for_update(of=["self"]).get(pk=hold.listing_id)


def _recalculate(listing: Listing, *, now: datetime) -> Calculation:
    """Recalculate: the book, the costs or a rate may have changed since the hold.

    Raises: CannotApproveError  the supplier's exchange rate is not confirmed
    """
    policy = pricing_policy.load_policy(channel=listing.channel, now=now)
    row = repricing.listings_with_inputs(listing.channel).get(pk=listing.pk)
    (done,) = repricing.recalculate([row], channel=listing.channel, policy=policy, now=now)
    if done.verdict and done.verdict.stop == BlockReason.UNSURE_RATE:
        raise CannotApproveError(
            gettext("Approve or reject the exchange rate of the supplier's currency first.")
        )
    return done


def _publish(  # noqa: PLR0913 - at which price, by whose decision, and its breakdown
    listing: Listing,
    amount: Decimal,
    *,
    hold: PriceHold,
    rule_id: int,
    breakdown: dict[str, object],
    now: datetime,
) -> None:
    before = listing.price_amount
    moments = history.change_times(listing_ids=[listing.pk], now=now)
    listing.price_amount = amount
    listing.rule_id = rule_id
    listing.updated_at = now
    listing.is_published = is_complete(listing, listing.variant, has_price=True)
    listing.save(update_fields=["price_amount", "rule", "is_published", "updated_at"])
    PriceChange.objects.create(
        listing=listing,
        amount=amount,
        old_amount=hold.old_amount if before is None else before,
        cost_amount=listing.cost_amount or hold.cost_amount,
        rule_id=rule_id,
        breakdown=breakdown,
        at=moments.get(listing.pk, now),
    )
    index.reindex(product_ids=[listing.variant.product_id], channel=listing.channel)
