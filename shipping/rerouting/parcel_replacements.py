"""Parcel replacements: send the units of a lost or returned parcel again, once."""

from datetime import datetime

from django.db import transaction

from orders.models import ReturnAuthorization
from orders.returns import exchanges
from shipping.models import Parcel
from shipping.rerouting.exchanges import find_sources
from shipping.shipments import outcomes
from storefront.lib.db.transactions import requires_transaction


@transaction.atomic(durable=True)
def replace(*, parcel: Parcel, reason: str, actor: str, now: datetime) -> ReturnAuthorization:
    """Create the replacement order of a lost or returned parcel; return its return.

    Returns the same one to a second click.

    Locks:  as ``outcomes.settle``, then payments and stock rows
    Raises: CannotReturnError   out of stock, charged back, or in another return
            CannotResolveError  it was resolved in another way
    """
    return replace_locked(parcel=parcel, reason=reason, actor=actor, now=now)


@requires_transaction
def replace_locked(
    *, parcel: Parcel, reason: str, actor: str, now: datetime
) -> ReturnAuthorization:
    """Replace a parcel in the caller's transaction. Locks, Raises: as ``replace``."""
    resolution = Parcel.Resolution.REPLACED
    with outcomes.settle(parcel, resolution, reason=reason, actor=actor, now=now) as authorization:
        if authorization.status == ReturnAuthorization.Status.APPROVED:
            exchanges.exchange_locked(
                authorization=authorization,
                actor=actor,
                now=now,
                sources=find_sources(authorization, None, now=now),
            )
    return authorization
