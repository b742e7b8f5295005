"""Portal actions: turn a supplier's answers on its page into reports, as a connector does."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from orders.cancellation import supplier_answers
from orders.models import PurchaseOrder
from orders.purchasing import acknowledgements
from shipping.models import Parcel
from shipping.shipments import shipments
from shipping.shipments.shipments import ImportResult
from storefront.lib.money import Money
from suppliers.connectors.records import (
    Acknowledgement,
    PurchaseOrderReport,
    PurchaseOrderRequestLine,
    RejectedLine,
    ShipmentNotice,
)

DELIVERED = "Delivered"


def acknowledge(  # noqa: PLR0913 - all parts of one answer
    *,
    purchase_order: PurchaseOrder,
    refused: Sequence[RejectedLine],
    is_full_rejection: bool,
    unit_costs: Mapping[str, Money],
    ships_by: date | None,
    now: datetime,
) -> None:
    """Accept the purchase order except ``refused`` lines; reject it if ``is_full_rejection``."""
    state = PurchaseOrderReport(
        number=purchase_order.number,
        supplier_reference="",
        answer=Acknowledgement.REJECTED if is_full_rejection else Acknowledgement.ACCEPTED,
        reason=", ".join(sorted({line.code.value for line in refused})),
        refused=tuple(refused),
        unit_costs=unit_costs,
        ships_by=ships_by,
    )
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)


def ship(
    *,
    purchase_order: PurchaseOrder,
    carrier: str,
    number: str,
    units: Mapping[int, int],
    now: datetime,
) -> ImportResult:
    """Record one parcel; shipping implies acceptance. Raises NotShippableError."""
    request_lines = tuple(
        PurchaseOrderRequestLine(sku="", quantity=count, reference=str(line_id))
        for line_id, count in units.items()
    )
    return _apply(
        purchase_order, ShipmentNotice(carrier=carrier, number=number, lines=request_lines), now
    )


def confirm_delivery(
    *, purchase_order: PurchaseOrder, parcel: Parcel, now: datetime
) -> ImportResult:
    """Record the delivery of one parcel, as reported by the supplier."""
    notice = ShipmentNotice(carrier=parcel.carrier, number=parcel.number, carrier_text=DELIVERED)
    return _apply(purchase_order, notice, now)


def answer_cancellation(*, purchase_order: PurchaseOrder, is_stopped: bool, now: datetime) -> None:
    """Record the answer to a cancellation request. Raises NoPendingRequestError."""
    record = supplier_answers.record_acceptance if is_stopped else supplier_answers.record_refusal
    record(purchase_order=purchase_order, actor=f"supplier {purchase_order.supplier.code}", now=now)


def _apply(purchase_order: PurchaseOrder, notice: ShipmentNotice, now: datetime) -> ImportResult:
    state = PurchaseOrderReport(
        number=purchase_order.number,
        supplier_reference="",
        answer=Acknowledgement.PARTIALLY_SHIPPED,
        parcels=(notice,),
    )
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)
    return shipments.import_parcels(purchase_order=purchase_order, state=state, now=now)
