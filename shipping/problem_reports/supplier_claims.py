"""Claims of problem reports: open a draft with the report, withdraw it if nothing is lost."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from orders.claims import claims, submission
from orders.claims.claims import CannotClaimError, ClaimDraft
from orders.models import PurchaseOrder, SupplierClaim
from shipping.models import ProblemReport
from storefront.lib.db.transactions import requires_transaction

Kind = ProblemReport.Kind
Reason = SupplierClaim.ClaimReason
REASONS: Mapping[str, SupplierClaim.ClaimReason] = MappingProxyType(
    {
        Kind.NEVER_ARRIVED: Reason.NOT_RECEIVED,
        Kind.MISSING_ITEMS: Reason.MISSING_ITEM,
        Kind.DAMAGED: Reason.DAMAGED,
        Kind.WRONG_ITEM: Reason.WRONG_ITEM,
    }
)
# Suppliers read English. The customer's own words may hold personal data.
MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        Kind.NEVER_ARRIVED: "The customer reports that this parcel never arrived.",
        Kind.MISSING_ITEMS: "The customer reports that these items were missing in the parcel.",
        Kind.DAMAGED: "The customer reports that these items arrived damaged.",
        Kind.WRONG_ITEM: "The customer reports that the parcel held other items instead of these.",
    }
)


@requires_transaction
def open_draft(
    report: ProblemReport, purchase_order: PurchaseOrder, units: Mapping[int, int], *, now: datetime
) -> SupplierClaim | None:
    """Open a draft that staff check and send; None if nothing can be claimed.

    Nothing is sent by itself: the report is not examined yet.

    Shape:  ``units`` by order line
    Locks:  the caller holds the purchase order
    """
    lines = purchase_order.lines.filter(order_line__in=units)
    parcel = report.parcel
    draft = ClaimDraft(
        number=claims.new_number(purchase_order),
        remedy=SupplierClaim.Remedy.REFUND,
        claim_reason=REASONS[report.kind],
        message=f"{MESSAGES[report.kind]} Parcel: {parcel.carrier} {parcel.number}".strip(),
        units={line.pk: units[line.order_line_id] for line in lines},
        is_manual=True,
    )
    try:
        return claims.open_claim_locked(
            purchase_order=purchase_order, complaint=draft, actor="customer report", now=now
        )
    except CannotClaimError:  # nothing shipped yet, or claimed already
        return None


@requires_transaction
def withdraw_draft(report: ProblemReport, *, actor: str, now: datetime) -> None:
    """Withdraw the draft of a report that ends without a loss; a claim that was sent stays.

    Locks:  the claim
    """
    if report.claim_id is None:
        return
    claim = SupplierClaim.objects.select_for_update(of=["self"]).get(pk=report.claim_id)
    if claim.is_manual and claim.status in submission.NOT_SUBMITTED:
        submission.mark_canceled(
            claim, reason="the problem report ended without a loss", actor=actor, now=now
        )
