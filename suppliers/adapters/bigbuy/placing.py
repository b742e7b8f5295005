"""Word our purchase orders for BigBuy: asked first, then made, each exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from storefront.lib.failures import OutsideError, PermanentError
from storefront.lib.money import Money
from suppliers.adapters.base import (
    Answer,
    DuplicateReferenceError,
    GoneError,
    OutOfStockError,
    PurchaseRequest,
    PurchaseState,
    Refusal,
    RefusedLine,
    RequestLine,
)
from suppliers.adapters.bigbuy.options import CURRENCY, Options
from suppliers.adapters.bigbuy.parts import MOST_PARTS, joined, part_number
from suppliers.adapters.bigbuy.shapes import Totals
from suppliers.adapters.bigbuy.wire import SeveralWarehousesError, Wire

LONGEST_ADDRESS = 70
REFUSED = {OutOfStockError: Refusal.OUT_OF_STOCK, GoneError: Refusal.DISCONTINUED}


def validate(wire: Wire, options: Options, request: PurchaseRequest) -> Money | None:
    """Ask whether he would take it, and what the goods cost."""
    totals = wire.ask("order/check", Totals, _worded(options, request))
    goods = totals.total_without_taxes_and_without_shipping_cost
    return Money(goods, CURRENCY) if goods else None


def place(wire: Wire, options: Options, request: PurchaseRequest) -> PurchaseState:
    """Ask first, then have it made: who has made it has taken the goods and the money.

    Goods of one order that lie in several warehouses become one order for each.
    """
    try:
        cost = validate(wire, options, request)
        reference = wire.created("order/create", _worded(options, request))
    except SeveralWarehousesError as error:
        return _place_in_parts(wire, options, request, error.refs)
    return PurchaseState(
        number=request.number,
        supplier_reference=reference,
        answer=Answer.ACCEPTED,
        cost=cost,
        raw={"id": reference},
    )


def _place_in_parts(
    wire: Wire, options: Options, request: PurchaseRequest, refs: Mapping[str, tuple[str, ...]]
) -> PurchaseState:
    """Make an order for each warehouse, each under a number of its own.

    His own way to do that answers with several ids at once, and of these his look-up by our
    number knows one only: were that answer lost, the others could never be found.
    """
    parts = _parts(request, refs)
    made: list[str] = []
    refused: list[RefusedLine] = []
    reasons: list[str] = []
    for part in parts:
        try:
            made.append(wire.created("order/create", _worded(options, part)))
        except DuplicateReferenceError:
            if not made and not reasons:
                raise  # the look-up by number tells of all parts
            reasons.append(f"{part.number} was there already")
        except (OutOfStockError, GoneError) as error:
            code = REFUSED[type(error)]
            refused += [RefusedLine(reference=line.reference, code=code) for line in part.lines]
            reasons.append(str(error))
        except OutsideError as error:
            # What was made stays made: all of it is looked up before anything else.
            error.may_have_happened = error.may_have_happened or bool(made)
            raise
    if not made:
        raise OutOfStockError("; ".join(reasons), code="ER003")
    return PurchaseState(
        number=request.number,
        supplier_reference=joined(made),
        answer=Answer.ACCEPTED,
        reason="; ".join(reasons),
        refused=tuple(refused),
        raw={"ids": made, "warehouses": {name: list(skus) for name, skus in refs.items()}},
    )


def _parts(request: PurchaseRequest, refs: Mapping[str, tuple[str, ...]]) -> list[PurchaseRequest]:
    groups: list[list[RequestLine]] = []
    left = list(request.lines)
    for skus in refs.values():
        groups.append([line for line in left if line.sku in skus])
        left = [line for line in left if line.sku not in skus]
    groups = [group for group in groups if group]
    if left or not 1 < len(groups) <= MOST_PARTS:
        raise PermanentError(
            f"the goods lie in {len(refs)} warehouses, and he does not say which in which",
            code="several_warehouses",
        )
    return [
        replace(request, number=part_number(request.number, place, len(groups)), lines=tuple(group))
        for place, group in enumerate(groups, start=1)
    ]


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
