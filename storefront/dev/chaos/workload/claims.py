"""Claim workload: file claims against delivered orders while the supplier's answers get lost."""

from django.utils import timezone

from orders.claims import claims
from orders.claims.claims import ClaimDraft
from orders.models import PurchaseOrder, SupplierClaim
from storefront.dev.chaos.instance.control import control
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations import outside

DELIVERED = {"cj": "DELIVERED", "bigbuy": "Delivered"}


def deliver_orders(place: Instance, *, count: int) -> None:
    """Deliver this many orders of each API supplier; a poll or webhook tells the shop."""
    orders = outside.supplier_orders(place.var)
    for supplier, word in DELIVERED.items():
        theirs = [
            one for one in orders if one.supplier == supplier and (one.is_open or one.is_shipped)
        ]
        missing = count - sum(one.has_arrived for one in theirs)
        for order in [one for one in theirs if not one.has_arrived][: max(0, missing)]:
            named = {"orderNumber": order.number, "reference": order.number}
            control(place.supplier_urls[supplier], "advance", {**named, "to": word})


def open_claims(place: Instance, *, count: int, is_last: bool) -> list[str]:
    """Create this many claims against CJ, each for one unit; return their numbers.

    Nothing is done until the shop knows of ``count`` deliveries; if ``is_last``, fewer are enough.
    """
    orders = outside.supplier_orders(place.var)
    delivered = [one.number for one in orders if one.has_arrived and one.supplier == "cj"]
    left = PurchaseOrder.objects.filter(
        number__in=delivered, status__in=PurchaseOrder.SHIPPED_STATES
    )
    found = list(left.order_by("pk")[:count])
    if len(found) < count and not is_last:
        return []
    made = []
    for purchase_order in found:
        complaint = ClaimDraft(
            number=claims.new_number(purchase_order),
            remedy=SupplierClaim.Remedy.REFUND,
            claim_reason=SupplierClaim.ClaimReason.DAMAGED,
            message="The head is dented.",
            units={line.pk: 1 for line in claims.claimable_units(purchase_order)},
        )
        claim = claims.open_claim(
            purchase_order=purchase_order, complaint=complaint, actor="chaos", now=timezone.now()
        )
        made.append(claim.number)
    if made:
        fault = {"path": "disputes/create", "kind": "drop_after", "count": 1, "skip": 1}
        control(place.supplier_url, "faults", fault)
    return made
