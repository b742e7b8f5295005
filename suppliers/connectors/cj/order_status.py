"""CJ order status: read orders and their parcels, one or many, list CJ's charges.

Charges include all paid orders of the account, also those that this shop did not place.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import batched

import msgspec

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.cj.client import ApiClient
from suppliers.connectors.cj.error_codes import (
    ACKNOWLEDGEMENTS,
    UNKNOWN_ENDPOINT_CODES,
    UNKNOWN_ORDER_CODES,
)
from suppliers.connectors.cj.product_details import CURRENCY
from suppliers.connectors.cj.schemas import (
    OrderDetail,
    OrderedLine,
    OrderPage,
    PlacedOrder,
    TrackRow,
)
from suppliers.connectors.records import (
    Acknowledgement,
    InvoiceReport,
    OrderReference,
    PurchaseOrderReport,
    PurchaseOrderRequestLine,
    ShipmentNotice,
)

log = logging.getLogger(__name__)

MAX_ORDERS_PER_CALL = 100
BATCH_GAP_S = 0.5  # two of these calls a second, at any level of the account
MAX_NUMBERS_PER_CALL = 40
SHIPPED_STATUSES = frozenset({Acknowledgement.SHIPPED, Acknowledgement.DELIVERED})


def track(api: ApiClient, orders: Sequence[OrderReference]) -> Iterator[PurchaseOrderReport]:
    """Read many orders; those that CJ does not have are left out."""
    for index, chunk in enumerate(batched(orders, MAX_ORDERS_PER_CALL)):
        if index:
            time.sleep(BATCH_GAP_S)
        details = _read_batch(api, [order.supplier_reference or order.number for order in chunk])
        known = [
            (order.number, detail)
            for order in chunk
            if (detail := details.get(order.supplier_reference or order.number)) is not None
        ]
        yield from read_reports(api, known)


def _read_batch(api: ApiClient, names: Sequence[str]) -> dict[str, OrderDetail]:
    try:
        details = api.post(
            "shopping/order/getOrderDetailBatch", list[OrderDetail], {"orderIds": list(names)}
        )
    except PermanentError as error:
        if error.code not in UNKNOWN_ENDPOINT_CODES:
            raise
        details = [detail for name in names if (detail := find_order(api, name)) is not None]
    requested = set(names)
    return {name: detail for detail in details for name in _names(detail) & requested}


def find_order(api: ApiClient, name: str) -> OrderDetail | None:
    try:
        return read_order(api, name)
    except PermanentError as error:
        if error.code in UNKNOWN_ORDER_CODES:
            return None
        raise


def read_order(api: ApiClient, name: str) -> OrderDetail:
    """Read one order.

    Raises: PermanentError        there is none; the code says how certain that is
            ExternalServiceError  no answer
    """
    detail = api.get("shopping/order/getOrderDetail", OrderDetail, orderId=name)
    if name not in _names(detail):
        raise TemporaryError(f"requested {name}, received {detail.order_num}", code="other_order")
    return detail


def _names(detail: OrderDetail) -> set[str]:
    names = (detail.order_num, detail.order_id, detail.cj_order_id, detail.cj_order_code)
    return {name for value in names if (name := parsing.text(value))}


def report_of(api: ApiClient, number: str, detail: OrderDetail) -> PurchaseOrderReport:
    (report,) = read_reports(api, [(number, detail)])
    return report


def read_reports(
    api: ApiClient, known: Iterable[tuple[str, OrderDetail]]
) -> Iterator[PurchaseOrderReport]:
    """Yield the state of orders, with the orders that CJ split them into and their parcels."""
    orders = [(number, detail, _parts(api, detail)) for number, detail in known]
    shipped = [part for _, _, parts in orders for part in _without_unshipped_parts(parts)]
    tracks = _tracks(api, [part.track_number for part in shipped if part.track_number])
    for number, detail, parts in orders:
        yield PurchaseOrderReport(
            number=number,
            supplier_reference=parsing.text(detail.order_id or detail.cj_order_id),
            answer=_combine(parts),
            cost=cost(detail),
            freight=freight(detail),
            parcels=tuple(
                parcel
                for part in _without_unshipped_parts(parts)
                for parcel in _parcels(part, tracks)
            ),
            raw=msgspec.to_builtins(detail),
        )


def _parts(api: ApiClient, detail: OrderDetail) -> list[OrderDetail]:
    references = detail.split_order_ids or ()
    return [
        part for reference in references if (part := find_order(api, reference)) is not None
    ] or [detail]


def _without_unshipped_parts(parts: list[OrderDetail]) -> list[OrderDetail]:
    """Leave out unshipped parts, if others shipped: their tracking number is a label only."""
    if _combine(parts) is Acknowledgement.PARTIALLY_SHIPPED:
        return [part for part in parts if acknowledgement_of(part) in SHIPPED_STATUSES]
    return parts


def _combine(parts: list[OrderDetail]) -> Acknowledgement:
    """Combine the parts of an order, which is shipped when all parts are."""
    answers = {acknowledgement_of(part) for part in parts}
    if len(answers) == 1:
        return answers.pop()
    if answers <= SHIPPED_STATUSES:
        return Acknowledgement.SHIPPED
    if answers & SHIPPED_STATUSES:
        return Acknowledgement.PARTIALLY_SHIPPED
    return Acknowledgement.ACCEPTED


def acknowledgement_of(part: OrderDetail) -> Acknowledgement:
    return ACKNOWLEDGEMENTS.get(part.order_status or "", Acknowledgement.RECEIVED)


def _parcels(detail: OrderDetail, tracks: Mapping[str, TrackRow]) -> tuple[ShipmentNotice, ...]:
    number = detail.track_number or ""
    if not number and acknowledgement_of(detail) not in SHIPPED_STATUSES:
        return ()
    tracking = tracks.get(number)
    last_mile_number = _last_mile_number(tracking)
    last_mile_carrier = parsing.text(tracking.last_mile_carrier) if tracking else ""
    # CJ's name of the service means nothing to a customer.
    carrier = "" if last_mile_number else last_mile_carrier
    return (
        ShipmentNotice(
            carrier=carrier or detail.tracking_provider or detail.logistic_name or "",
            number=number,
            last_mile_carrier=last_mile_carrier if last_mile_number else "",
            last_mile_number=last_mile_number,
            url=detail.tracking_url or "",
            lines=lines_of(detail.product_list),
            carrier_text=parsing.text(tracking.tracking_status) if tracking else "",
            happened_at=parsing.timestamp(tracking.delivery_time)
            if tracking and tracking.delivery_time
            else parsing.timestamp(detail.out_warehouse_time),
        ),
    )


def lines_of(ordered: Sequence[OrderedLine] | None) -> tuple[PurchaseOrderRequestLine, ...]:
    return tuple(
        PurchaseOrderRequestLine(
            sku=parsing.text(line.vid),
            quantity=parsing.integer(line.quantity) or 0,
            reference=parsing.text(line.store_line_item_id),
        )
        for line in ordered or ()
    )


def _last_mile_number(tracking: TrackRow | None) -> str:
    """Return the number of the last mile, if it differs from the first one."""
    number = parsing.text(tracking.last_track_number) if tracking else ""
    return "" if tracking is None or number == tracking.tracking_number else number


def _tracks(api: ApiClient, numbers: Sequence[str]) -> dict[str, TrackRow]:
    """Return tracking details, by number. Optional: a failure leaves them out."""
    tracks: dict[str, TrackRow] = {}
    for chunk in batched(dict.fromkeys(numbers), MAX_NUMBERS_PER_CALL):
        try:
            rows = api.get("logistic/trackInfo", list[TrackRow], trackNumber=list(chunk))
        except ExternalServiceError as error:
            log.info("no tracking available now: %s", error)
            break
        tracks |= {row.tracking_number: row for row in rows if row.tracking_number}
    return tracks


def cost(order: PlacedOrder | OrderDetail) -> Money | None:
    item_cost = parsing.amount(order.product_amount)
    return Money(item_cost, order.currency or CURRENCY) if item_cost else None


def freight(order: PlacedOrder | OrderDetail) -> Money | None:
    postage = parsing.amount(order.postage_amount)
    if postage is None or postage < 0:
        return None
    return Money(postage, order.currency or CURRENCY)


# Without a status, CJ lists only canceled orders, which are refunded.
PAID_STATUSES = ("UNSHIPPED", "SHIPPED", "DELIVERED")
ORDERS_PER_PAGE, MAX_PAGES = 200, 50


def list_invoices(api: ApiClient, *, since: datetime) -> Iterator[InvoiceReport]:
    """Yield the charges; each list is read down to a page that has only older orders.

    Raises: TemporaryError  more orders than are read, or one without an amount
    """
    for status in PAID_STATUSES:
        for row in _rows(api, status, since):
            if parsing.text(row.payment_date):
                yield _to_invoice(row)


def _rows(api: ApiClient, status: str, since: datetime) -> Iterator[OrderDetail]:
    for page in range(1, MAX_PAGES + 1):
        query = {"pageNum": page, "pageSize": ORDERS_PER_PAGE, "status": status}
        rows = api.get("shopping/order/list", OrderPage, **query).rows or []
        dated_rows = [(row, parsing.timestamp(row.create_date)) for row in rows]
        recent_rows = [row for row, at in dated_rows if at is None or at >= since]
        yield from recent_rows
        if len(rows) < ORDERS_PER_PAGE or not recent_rows:
            return
    raise TemporaryError(
        f"more than {ORDERS_PER_PAGE * MAX_PAGES} orders are {status}", code="too_much"
    )


def _to_invoice(row: OrderDetail) -> InvoiceReport:
    item_cost = parsing.amount(row.product_amount)
    if item_cost is None:
        raise TemporaryError(f"{row.order_num}: the cost is missing", code="garbage")
    return InvoiceReport(
        number=row.order_num or "",
        supplier_reference=parsing.text(row.order_id or row.cj_order_id),
        subtotal=Money(item_cost, row.currency or CURRENCY),
        freight=freight(row),
        at=parsing.timestamp(row.payment_date),
    )
