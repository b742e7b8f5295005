"""Fixed prices: set the price of a listing instead of the rules, or return it to them.

The guards of the price book apply: a price below the minimum margin or outside MAP and MSRP is
adjusted, and one that changes too much is held for staff.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from catalog.listings import repricing
from catalog.models import Channel, Listing
from catalog.pricing import policy as pricing_policy
from catalog.pricing.price_calculation import Calculation
from storefront.lib.db.transactions import requires_transaction


def _no_check() -> None:
    """Accept any state of the listing."""


@requires_transaction
def fix_price(
    *,
    listing: Listing,
    amount: Decimal | None,
    actor: str,
    now: datetime,
    check: Callable[[], None] = _no_check,
) -> Calculation:
    """Set or, with None, release the fixed price of a listing, and reprice it at once.

    ``check`` is called when the listing is locked; it may raise.
    Locks:  the listing, then its product
    """
    channel = Channel.objects.get(pk=listing.channel_id)
    (row,) = (
        repricing.listings_with_inputs(channel).filter(pk=listing.pk).select_for_update(of=["self"])
    )
    check()
    row.fixed_price_amount = amount
    by = "" if amount is None else actor[:100]
    Listing.objects.filter(pk=row.pk).update(
        fixed_price_amount=amount, fixed_price_by=by, updated_at=now
    )
    (priced,) = repricing.reprice_locked(
        [row],
        channel=channel,
        policy=pricing_policy.load_policy(channel=channel, now=now),
        total=repricing.RepricingResult(),
        now=now,
    )
    return priced.done
