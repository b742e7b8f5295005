"""onX orders: place, find, track and cancel purchase orders.

No server has to refuse a second order with our number. So each order is looked up before it is
created, and a lost answer is never followed by a second call.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import batched
from typing import Any

from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.connectors import parsing
from suppliers.connectors.onx import error_codes
from suppliers.connectors.onx.client import ToolClient, rows_of
from suppliers.connectors.onx.options import WAITING, Options, status_word
from suppliers.connectors.records import (
    Acknowledgement,
    DuplicateReferenceError,
    ManualCancellationError,
    OrderReference,
    PurchaseOrderReport,
    PurchaseOrderRequest,
    PurchaseOrderRequestLine,
    ShipmentNotice,
    UnsupportedCapabilityError,
)

ORDERS_PER_CALL = 50
OTHER_ORDER = "other_order"

type Row = dict[str, Any]
# Notes a status whose meaning is unknown.
StatusNote = Callable[[str], None]


class Orders:
    def __init__(self, api: ToolClient, options: Options, *, note_unknown: StatusNote) -> None:
        self._api, self._options, self._note_unknown = api, options, note_unknown

    def place(self, request: PurchaseOrderRequest) -> PurchaseOrderReport:
        """Create the order, unless the supplier has one with its number.

        If the supplier answers an error without a known code, a second look-up decides whether
        that was a rejection.

        Raises: DuplicateReferenceError  it has one
        """
        if self._find(request.number) is not None:
            raise DuplicateReferenceError(f"{request.number} exists at the supplier")
        try:
            payload = self._api.act("create-sales-order", {"order": _order(request)})
        except PermanentError as error:
            if error.code != error_codes.UNCLEAR:
                raise
            created = self._find(request.number)
            if created is None:
                raise PermanentError(str(error), code=error.code) from error
            return self._report(request.number, created, ())
        order = payload.get("order")
        if not isinstance(order, dict) or not parsing.text(order.get("id")):
            raise TemporaryError(
                "create-sales-order: the answer has no order ID",
                code="garbage",
                is_outcome_unknown=True,
            )
        return self._report(request.number, order, ())

    def find(self, number: str) -> PurchaseOrderReport | None:
        """Look up an order by our number; None proves that it does not exist."""
        order = self._find(number)
        if order is None:
            return None
        reference = parsing.text(order.get("id"))
        return self._report(number, order, self._fulfillments([reference]))

    def track(self, orders: Sequence[OrderReference]) -> Iterator[PurchaseOrderReport]:
        """Read many orders, fifty at a time; those that the supplier does not return are left out.

        Orders are read before fulfillments, so that no order appears shipped without its parcels.
        """
        numbers = {order.supplier_reference: order.number for order in orders}
        for batch in batched(filter(None, numbers), ORDERS_PER_CALL):
            found = {
                reference: order
                for order in self._rows_of("get-orders", "orders", "id", batch, ids=list(batch))
                if (reference := parsing.text(order.get("id")))
                and parsing.text(order.get("externalId")) in {"", numbers[reference]}
            }
            fulfillments = self._fulfillments(list(found)) if found else ()
            for reference, order in found.items():
                own = [row for row in fulfillments if parsing.text(row.get("orderId")) == reference]
                yield self._report(numbers[reference], order, own)

    def cancel(self, number: str) -> PurchaseOrderReport:
        """Cancel an order. An order that the supplier does not have counts as canceled.

        Raises: NotCancellableError  it is too late, or a person has to decide
        """
        order = self._find(number)
        if order is None:
            return PurchaseOrderReport(
                number=number,
                supplier_reference="",
                answer=Acknowledgement.CANCELED,
                reason="the supplier does not have the order",
            )
        report = self._report(number, order, ())
        if report.answer is Acknowledgement.CANCELED:
            return report
        try:
            payload = self._api.act("cancel-order", {"orderId": report.supplier_reference})
        except UnsupportedCapabilityError as error:
            raise ManualCancellationError(str(error), code=error.code) from error
        except PermanentError as error:
            if error.code != error_codes.UNCLEAR:
                raise
            raise ManualCancellationError(str(error), code=error.code) from error
        answered = payload.get("order")
        status = answered.get("status") if isinstance(answered, dict) else None
        if self._options.answer(parsing.text(status)) is not Acknowledgement.CANCELED:
            raise ManualCancellationError(
                f"{number} is {parsing.text(status)[:40]!r} after the request to cancel it"
            )
        return self._report(number, {**order, "status": status}, ())

    def _find(self, number: str) -> Row | None:
        """Return the order with our number; None proves that there is none.

        Raises: TemporaryError  the server returned other orders, which proves nothing
        """
        payload = self._api.query("get-orders", {"externalIds": [number]})
        rows = rows_of(payload, "orders", tool="get-orders")
        own = [row for row in rows if parsing.text(row.get("externalId")) == number]
        if rows and not own:
            raise TemporaryError(
                f"get-orders: requested {number}, received others", code=OTHER_ORDER
            )
        # Of several, the one that is not canceled is ours.
        own.sort(key=lambda row: self._answer(row) is Acknowledgement.CANCELED)
        if own and not parsing.text(own[0].get("id")):
            raise TemporaryError("get-orders: an order has no ID", code="garbage")
        return own[0] if own else None

    def _fulfillments(self, references: Sequence[str]) -> tuple[Row, ...]:
        filters = {"orderIds": list(references)}
        return tuple(
            self._rows_of("get-fulfillments", "fulfillments", "orderId", references, **filters)
        )

    def _rows_of(
        self, tool: str, name: str, key: str, references: Sequence[str], **filters: Any
    ) -> Iterator[Row]:
        """Yield the rows of these orders.

        Raises: TemporaryError  the server returned other orders: it did not filter
        """
        for row in self._api.rows(tool, name, **filters):
            if parsing.text(row.get(key)) not in references:
                raise TemporaryError(f"{tool}: received other orders", code=OTHER_ORDER)
            yield row

    def _answer(self, row: Row) -> Acknowledgement | None:
        return self._options.answer(parsing.text(row.get("status")))

    def _report(self, number: str, order: Row, fulfillments: Sequence[Row]) -> PurchaseOrderReport:
        """Return the state of an order; a status of unknown meaning decides nothing."""
        status, known = parsing.text(order.get("status")), self._answer(order)
        reason = ""
        if known is None:
            self._note_unknown(status)
            reason = f"order_statuses does not map the status {status[:40]!r}"
        elif known is Acknowledgement.REJECTED or status_word(status) in WAITING:
            reason = f"the supplier's status is {status[:40]!r}"
        return PurchaseOrderReport(
            number=number,
            supplier_reference=parsing.text(order.get("id")),
            answer=known or Acknowledgement.RECEIVED,
            reason=reason,
            parcels=tuple(parcel for row in fulfillments for parcel in self._parcels(row)),
            raw={"id": order.get("id"), "status": status},  # the rest has the customer's address
        )

    def _parcels(self, row: Row) -> Iterator[ShipmentNotice]:
        if self._answer(row) is Acknowledgement.CANCELED:
            return
        stated = row.get("trackingNumbers")
        numbers = [parsing.text(each) for each in stated] if isinstance(stated, list) else []
        numbers = list(dict.fromkeys(filter(None, numbers)))
        items = row.get("lineItems")
        lines = tuple(
            PurchaseOrderRequestLine(
                sku=parsing.text(item.get("sku")),
                quantity=parsing.integer(item.get("quantity")) or 0,
                reference="",
            )
            for item in (items if isinstance(items, list) else ())
            if isinstance(item, dict)
        )
        for number in numbers:
            yield ShipmentNotice(
                carrier=parsing.text(row.get("shippingCarrier")),
                number=number,
                # The content of each of several parcels is not stated.
                lines=lines if len(numbers) == 1 else (),
                carrier_text=parsing.text(row.get("status")),
            )


def _order(request: PurchaseOrderRequest) -> Row:
    """Return the arguments of an order: what the supplier needs to ship it, without our prices."""
    to = request.ship_to
    first, _, last = to.name.strip().rpartition(" ")
    address = {
        "firstName": first or last,
        "lastName": last if first else "",
        "address1": to.line1,
        "address2": to.line2,
        "city": to.city,
        "stateOrProvince": to.region,
        "zipCodeOrPostalCode": to.postcode,
        "country": to.country,
        "phone": to.phone,
    }
    order: Row = {
        "externalId": request.number,
        "name": request.number,
        "lineItems": [
            {
                "id": line.reference,
                "sku": line.sku,
                "quantity": line.quantity,
                **({"name": line.title} if line.title else {}),
            }
            for line in request.lines
        ],
        "shippingAddress": {name: value for name, value in address.items() if value},
    }
    if request.carrier_service:
        order["shippingClass"] = request.carrier_service
    if request.ioss_number:
        order["customFields"] = [{"name": "IOSS", "value": request.ioss_number}]
    return order
