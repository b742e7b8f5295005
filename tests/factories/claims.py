"""Claim factories: open claims for shipped purchase orders, through the shop's own functions."""

from orders.claims import claims, submission
from orders.claims.claims import ClaimDraft
from orders.models import PurchaseOrder, SupplierClaim
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON


def make_shipped(*, quantity=2, reference="S-1"):
    """Make a purchase order of one line that its supplier shipped."""
    (purchase_order,) = make_purchase_orders(make_sellable(), quantity=quantity)
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(
        status="shipped",
        submission_status="accepted",
        accepted_at=NOON,
        supplier_reference=reference,
    )
    return PurchaseOrder.objects.get(pk=purchase_order.pk)


def make_complaint(purchase_order, *, units=1, **known):
    known = {
        "number": claims.new_number(purchase_order),
        "remedy": SupplierClaim.Remedy.REFUND,
        "claim_reason": SupplierClaim.ClaimReason.DAMAGED,
        "message": "The head is dented.",
        "units": {line.pk: units for line in purchase_order.lines.all()},
        **known,
    }
    return ClaimDraft(**known)


def make_claim(purchase_order=None, *, now=NOON, **known):
    purchase_order = purchase_order or make_shipped()
    return claims.open_claim(
        purchase_order=purchase_order,
        complaint=make_complaint(purchase_order, **known),
        actor="staff@fara.example",
        now=now,
    )


def whole_claim(claim):
    return SupplierClaim.objects.select_related("purchase_order__supplier").get(pk=claim.pk)


def submit_claim(claim, now=NOON):
    return submission.submit(claim=whole_claim(claim), now=now)
