"""Claims: list what can be claimed from a supplier, generate a number, store a claim once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext

from orders import numbers
from orders.cancellation import canceled_but_shipped
from orders.models import (
    PurchaseLine,
    PurchaseOrder,
    SupplierClaim,
    SupplierClaimLine,
    SupplierReturnLine,
)
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money
from suppliers.connectors.capabilities import Capability, supports
from suppliers.connectors.records import RejectionReason
from suppliers.models import Supplier

Status = PurchaseOrder.Status

# Before shipment a purchase order is canceled, not claimed.


class CannotClaimError(Exception):
    """The claim is not possible; the message gives the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDraft:
    """A claim to open. ``units`` maps purchase line ids to claimed quantities."""

    number: str
    remedy: SupplierClaim.Remedy
    claim_reason: SupplierClaim.ClaimReason
    message: str
    units: Mapping[int, int]
    picture_urls: tuple[str, ...] = ()
    freight: Decimal = Decimal(0)
    is_manual: bool = False


def has_claims_api(supplier: Supplier) -> bool:
    """Return whether the supplier's connector accepts claims."""
    return supports(supplier.adapter, Capability.CLAIMS)


def new_number(purchase_order: PurchaseOrder) -> str:
    """Return a new claim number.

    The form contains it, so that a form sent twice stores one claim.
    """
    return numbers.claim_number(purchase_order.number)


def has_shipped(purchase_order: PurchaseOrder) -> bool:
    """Return whether anything shipped, also after a cancellation."""
    if purchase_order.status in PurchaseOrder.SHIPPED_STATES:
        return True
    return canceled_but_shipped.is_decision_due(
        purchase_order
    ) and canceled_but_shipped.was_shipped(purchase_order)


def claimable_units(purchase_order: PurchaseOrder) -> dict[PurchaseLine, int]:
    """Return, per accepted line, how many units can still be claimed.

    A canceled purchase order has no active lines: all that the supplier did not reject count.
    """
    in_purchase_order = {"purchase_line__purchase_order": purchase_order}
    claimed: Counter[int] = Counter()
    for rows in (
        SupplierClaimLine.objects.effective().filter(**in_purchase_order),
        SupplierReturnLine.objects.effective().filter(**in_purchase_order),
    ):
        sums = rows.values("purchase_line").annotate(units=Sum("quantity"))
        claimed.update(dict(sums.values_list("purchase_line", "units")))
    lines = purchase_order.lines.select_related("order_line").order_by("pk")
    if purchase_order.status == Status.CANCELED:
        lines = lines.exclude(acknowledgment__in=list(RejectionReason))
    else:
        lines = lines.filter(is_active=True)
    return {line: line.quantity - claimed[line.pk] for line in lines}


def claimable_freight(purchase_order: PurchaseOrder) -> Money | None:
    """Return the claimable freight; None: unknown, in another currency, or claimed already."""
    paid, currency = purchase_order.freight_amount, purchase_order.freight_currency
    lines = purchase_order.lines.filter(cost_currency=currency)
    claimed = SupplierClaimLine.objects.effective().filter(
        claim__purchase_order=purchase_order, claim__freight_amount__gt=0
    )
    if not paid or not lines.exists() or claimed.exists():
        return None
    return Money(paid, currency)


@transaction.atomic(durable=True)
def open_claim(
    *, purchase_order: PurchaseOrder, complaint: ClaimDraft, actor: str, now: datetime
) -> SupplierClaim:
    """Store a claim; return the existing one if its number is known.

    Locks:  the purchase order
    Raises: CannotClaimError  nothing is written
    """
    purchase_order = PurchaseOrder.objects.select_for_update(of=["self"]).get(pk=purchase_order.pk)
    return open_claim_locked(
        purchase_order=purchase_order, complaint=complaint, actor=actor, now=now
    )


@requires_transaction
def open_claim_locked(
    *, purchase_order: PurchaseOrder, complaint: ClaimDraft, actor: str, now: datetime
) -> SupplierClaim:
    """Store a claim of a purchase order that the caller holds. Raises: as ``open_claim``."""
    if existing := purchase_order.claims.filter(number=complaint.number).first():
        return existing
    if SupplierClaim.objects.filter(number=complaint.number).exists():
        message = gettext("This form belongs to another purchase order. Open it again.")
        raise CannotClaimError(message)
    if not has_shipped(purchase_order):
        raise CannotClaimError(gettext("Nothing of this purchase order has shipped yet."))
    units_by_line = select_lines(purchase_order, complaint.units, CannotClaimError)
    freight_paid = _require_claimable_freight(purchase_order, complaint)
    claim = SupplierClaim.objects.create(
        purchase_order=purchase_order,
        number=complaint.number,
        remedy=complaint.remedy,
        claim_reason=complaint.claim_reason,
        message=complaint.message,
        picture_urls=list(complaint.picture_urls),
        currency=next(iter(units_by_line)).cost_currency,
        expected_amount=sum(
            (line.agreed_cost_amount * units for line, units in units_by_line.items()),
            complaint.freight,
        ),
        freight_amount=complaint.freight,
        freight_paid_amount=freight_paid,
        is_manual=complaint.is_manual,
        opened_by=actor[:100],
        opened_at=now,
        status_since=now,
    )
    SupplierClaimLine.objects.bulk_create(
        SupplierClaimLine(
            claim=claim,
            purchase_line=line,
            quantity=units,
            ordered_quantity=line.quantity,
            unit_amount=line.agreed_cost_amount,
        )
        for line, units in units_by_line.items()
    )
    return claim


def _require_claimable_freight(purchase_order: PurchaseOrder, complaint: ClaimDraft) -> Decimal:
    """Return the maximum freight that can be claimed.

    Raises: CannotClaimError  more is requested, or freight is claimed with a replacement
    """
    claimable = claimable_freight(purchase_order)
    max_freight = claimable.amount if claimable else Decimal(0)
    if complaint.freight > max_freight:
        message = gettext("At most %(most)s of the freight can be claimed.")
        raise CannotClaimError(message % {"most": max_freight})
    if complaint.freight and complaint.remedy != SupplierClaim.Remedy.REFUND:
        raise CannotClaimError(
            gettext("Freight can only be claimed with a refund for items, not with a replacement.")
        )
    return max_freight


def select_lines(
    purchase_order: PurchaseOrder, units: Mapping[int, int], refusal: type[Exception]
) -> dict[PurchaseLine, int]:
    """Return the requested units, if no other claim or supplier return has them.

    Raises: ``refusal``  no units, units of another purchase order, or more than can be claimed
    """
    claimable = claimable_units(purchase_order)
    selected = {line: units[line.pk] for line in claimable if units.get(line.pk, 0) > 0}
    if not selected or len(selected) < sum(1 for quantity in units.values() if quantity > 0):
        raise refusal(gettext("Choose at least one unit."))
    for line, quantity in selected.items():
        if quantity > claimable[line]:
            message = gettext("At most %(left)d of %(sku)s can still be claimed.")
            raise refusal(message % {"sku": line.order_line.sku, "left": claimable[line]})
    return selected
