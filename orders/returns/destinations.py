"""Where goods go that come back, as the policy of their supplier says."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q

from orders.models import ReturnPolicy
from suppliers.models import Supplier

Destination = ReturnPolicy.Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where goods go, and who pays for it."""

    destination: ReturnPolicy.Destination
    address: str
    label_payer: ReturnPolicy.Payer


def policy_of(supplier: Supplier) -> ReturnPolicy:
    """Return the policy of a supplier, or that of all others, or the defaults."""
    rows = ReturnPolicy.objects.filter(Q(supplier=supplier) | Q(supplier=None))
    own_first = rows.order_by(F("supplier").asc(nulls_last=True))
    return own_first.first() or ReturnPolicy(supplier=supplier)


def way_of(supplier: Supplier, *, worth: Decimal, is_our_fault: bool) -> Way:
    """Choose where goods go that a shopper paid so much for.

    What is broken or wrong comes back at our cost, whoever pays otherwise.
    """
    policy = policy_of(supplier)
    destination = Destination(policy.destination)
    if worth < policy.keep_below_amount:
        destination = Destination.NOWHERE
    address = "" if destination == Destination.NOWHERE else policy.address
    payer = ReturnPolicy.Payer.US if is_our_fault else ReturnPolicy.Payer(policy.label_payer)
    return Way(destination=destination, address=address, label_payer=payer)
