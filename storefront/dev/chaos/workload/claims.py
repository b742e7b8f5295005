"""Claim workload: file claims against delivered orders while the supplier's answers get lost."""

from __future__ import annotations

from django.utils import timezone

from orders.claims import claims
from orders.claims.claims import Complaint
from orders.models import PurchaseOrder, SupplierClaim
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations import outside

DELIVERABLE = frozenset({"UNSHIPPED", "SHIPPED"})


def have_delivered(place: Instance, *, count: int) -> None:
    """Let so many orders reach their shoppers; the news of it has its own way to us."""
    told = outside.orders_told(place.var)
    missing = count - sum(one.has_arrived for one in told)
    for order in [one for one in told if one.status in DELIVERABLE][: max(0, missing)]:
        if order.status == "UNSHIPPED":
            control(place.supplier_url, "advance", {"orderNumber": order.number, "to": "SHIPPED"})
        control(place.supplier_url, "advance", {"orderNumber": order.number, "to": "DELIVERED"})


def complain(place: Instance, *, count: int, is_last: bool) -> list[str]:
    """Write down so many claims, each of one unit; return their numbers.

    All at once, when we have heard of so many parcels: of fewer when it ``is_last``.
    """
    delivered = [one.number for one in outside.orders_told(place.var) if one.has_arrived]
    left = PurchaseOrder.objects.filter(number__in=delivered, status__in=claims.LEFT)
    found = list(left.order_by("pk")[:count])
    if len(found) < count and not is_last:
        return []
    made = []
    for purchase_order in found:
        complaint = Complaint(
            number=claims.new_number(purchase_order),
            remedy=SupplierClaim.Remedy.REFUND,
            trouble=SupplierClaim.Trouble.DAMAGED,
            message="The head is dented.",
            units={line.pk: 1 for line in claims.claimable(purchase_order)},
        )
        claim = claims.complain(
            purchase_order=purchase_order, complaint=complaint, actor="chaos", now=timezone.now()
        )
        made.append(claim.number)
    if made:
        fault = {"path": "disputes/create", "kind": "drop_after", "count": 1, "skip": 1}
        control(place.supplier_url, "faults", fault)
    return made
