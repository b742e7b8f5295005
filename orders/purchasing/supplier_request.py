"""Supplier request: build what a supplier receives with a purchase order."""

from collections.abc import Sequence
from typing import Any

from orders import links
from orders.models import OrderLine, PurchaseOrder
from orders.tax import ioss
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors.records import PurchaseOrderRequest, PurchaseOrderRequestLine


def build_request(purchase_order: PurchaseOrder) -> PurchaseOrderRequest:
    """Return the request without the customer's e-mail and without prices per line.

    The declared value is what the customer pays: customs require it, and it shows that the items
    are paid.
    """
    active = purchase_order.lines.filter(is_active=True)
    lines = active.select_related("order_line", "offer__variant__product").order_by("pk")
    return PurchaseOrderRequest(
        number=purchase_order.number,
        ship_to=Address(**purchase_order.goes_to),
        location=purchase_order.location.code,
        country_from=purchase_order.location.country,
        carrier_service=purchase_order.carrier_service,
        lines=tuple(
            PurchaseOrderRequestLine(
                sku=line.offer.supplier_sku,
                quantity=line.quantity,
                reference=str(line.order_line_id),
                title=line.title,
            )
            for line in lines
        ),
        declared_value=_declared_value(purchase_order, [line.order_line for line in lines]),
        ioss_number=purchase_order.ioss_number,
        page_url=links.purchase_url(purchase_order),
    )


def _declared_value(purchase_order: PurchaseOrder, lines: Sequence[OrderLine]) -> Money:
    """Return the customer's charge; under our IOSS number the value as customs define it."""
    if purchase_order.ioss_number:
        return Money(ioss.customs_value(lines), purchase_order.currency)
    return purchase_order.charge


def as_logged(request: PurchaseOrderRequest) -> dict[str, Any]:
    """Return the request for the message log, without the address (the order has it)."""
    return {
        "number": request.number,
        "location": request.location,
        "carrier_service": request.carrier_service,
        "declared_value": str(request.declared_value),
        "lines": [
            {"sku": line.sku, "quantity": line.quantity, "reference": line.reference}
            for line in request.lines
        ],
    }
