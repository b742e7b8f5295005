"""Word our purchase orders for BigBuy: asked first, then made, each exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from suppliers.connectors.bigbuy.client import Wire
from suppliers.connectors.bigbuy.options import CURRENCY, Options
from suppliers.connectors.bigbuy.schemas import Totals
from suppliers.connectors.records import Answer, PurchaseRequest, PurchaseState

LONGEST_ADDRESS = 70


def validate(wire: Wire, options: Options, request: PurchaseRequest) -> Money | None:
    """Ask whether he would take it, and what the goods cost."""
    totals = wire.ask("order/check", Totals, _worded(options, request))
    goods = totals.total_without_taxes_and_without_shipping_cost
    return Money(goods, CURRENCY) if goods else None


def place(wire: Wire, options: Options, request: PurchaseRequest) -> PurchaseState:
    """Ask first, then have it made: who has made it has taken the goods and the money.

    Raises: SeveralWarehousesError  the goods moved since they were ordered: nothing was made
    """
    cost = validate(wire, options, request)
    reference = wire.created("order/create", _worded(options, request))
    return PurchaseState(
        number=request.number,
        supplier_reference=reference,
        answer=Answer.ACCEPTED,
        cost=cost,
        raw={"id": reference},
    )


def _worded(options: Options, request: PurchaseRequest) -> dict[str, Any]:
    to = request.ship_to
    address = f"{to.line1}, {to.line2}" if to.line2 else to.line1
    if len(address) > LONGEST_ADDRESS:
        raise PermanentError(
            f"the street is longer than the {LONGEST_ADDRESS} letters that he takes",
            code="too_long",
        )
    if not options.email:
        raise PermanentError(
            "the connection's options name no e-mail address of ours", code="bad_options"
        )
    carriers: Sequence[str] = (
        [request.carrier_service] if request.carrier_service else options.carriers
    )
    first, _, last = to.name.strip().rpartition(" ")
    return {
        "order": {
            "internalReference": request.number,
            "language": options.language,
            "paymentMethod": options.payment_method,
            "carriers": [{"name": name} for name in carriers],
            "shippingAddress": {
                "firstName": first or last,
                "lastName": last if first else "-",  # he insists on two
                "country": to.country,
                "postcode": to.postcode,
                "town": to.city,
                "address": address,
                "phone": to.phone or options.phone,
                "email": options.email,
                "comment": "",
            },
            "products": [
                {"reference": line.sku, "quantity": line.quantity} for line in request.lines
            ],
        }
    }
