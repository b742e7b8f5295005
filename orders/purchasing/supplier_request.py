"""Word a purchase order for its supplier: what he needs to ship, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orders import links
from orders.models import OrderLine, PurchaseOrder
from orders.tax import ioss
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors.records import PurchaseRequest, RequestLine


def request_for(purchase_order: PurchaseOrder) -> PurchaseRequest:
    """Build the request; the shopper's e-mail and prices per line stay with us.

    The declared value is what the shopper pays: customs ask for it, and it is the
    confirmation that the goods are paid.
    """
    live = purchase_order.lines.filter(is_live=True)
    lines = live.select_related("order_line", "offer__variant__product").order_by("pk")
    return PurchaseRequest(
        number=purchase_order.number,
        ship_to=Address(**purchase_order.goes_to),
        location=purchase_order.location.code,
        country_from=purchase_order.location.country,
        carrier_service=purchase_order.carrier_service,
        lines=tuple(
            RequestLine(
                sku=line.offer.supplier_sku,
                quantity=line.quantity,
                reference=str(line.order_line_id),
                title=line.title,
            )
            for line in lines
        ),
        declared_value=_declared(purchase_order, [line.order_line for line in lines]),
        ioss_number=purchase_order.ioss_number,
        page_url=links.purchase_url(purchase_order),
    )


def _declared(purchase_order: PurchaseOrder, lines: Sequence[OrderLine]) -> Money:
    """Say what the goods are worth, under our import number as customs count it."""
    if purchase_order.ioss_number:
        return Money(ioss.worth_of(lines), purchase_order.currency)
    return purchase_order.charge


def spoken(request: PurchaseRequest) -> dict[str, Any]:
    """Tell what was sent, for the record; the address stands in the order and not twice."""
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
