"""CJ freight endpoints: quote freight, report where a parcel is."""

from typing import Any

from storefront.dev.sandboxes.cj import freight, order_lifecycle
from storefront.dev.sandboxes.cj.endpoints.products import NO_VARIANT, VARIANT_OFF_SHELF
from storefront.dev.sandboxes.cj.freight import carrier_of
from storefront.dev.sandboxes.cj.order_lifecycle import OrderLine, parcel_of
from storefront.dev.sandboxes.cj.protocol import BAD_PARAM, ApiError, Call, Route
from storefront.dev.sandboxes.cj.state import stamp
from storefront.dev.sandboxes.cj.stock import WAREHOUSES

NO_COUNTRY = 1605002
MAX_LINES, MAX_UNITS = 50, 10_000


def country_of(call: Call, name: str) -> str:
    code = call.text(name, most=10).upper()
    if code not in freight.COUNTRIES and code not in WAREHOUSES:
        raise ApiError(NO_COUNTRY, code)
    return code


def order_lines(call: Call) -> list[OrderLine]:
    """Parse the lines of an order or a quote."""
    rows = call.body.get("products")
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_LINES:
        raise ApiError(BAD_PARAM, f"products must be a list of 1 to {MAX_LINES}")
    return [_line(call, row) for row in rows]


def _line(call: Call, row: Any) -> OrderLine:
    if not isinstance(row, dict):
        raise ApiError(BAD_PARAM, "products must hold objects")
    vid, quantity = str(row.get("vid") or ""), row.get("quantity")
    if not isinstance(quantity, int) or isinstance(quantity, bool):
        raise ApiError(BAD_PARAM, "quantity must be a whole number")
    if not 0 < quantity <= MAX_UNITS:
        raise ApiError(BAD_PARAM, f"quantity must be from 1 to {MAX_UNITS}")
    found = call.state.catalog.variant(vid)
    if found is None:
        raise ApiError(NO_VARIANT, vid)
    if found[0].pid in call.state.off_shelf:
        raise ApiError(VARIANT_OFF_SHELF, vid)
    return OrderLine(
        product=found[0],
        variant=found[1],
        quantity=quantity,
        store_line_id=str(row.get("storeLineItemId") or "")[:125],
    )


def freight_calculate(call: Call) -> list[dict[str, Any]]:
    start, end = country_of(call, "startCountryCode"), country_of(call, "endCountryCode")
    parcel = parcel_of(order_lines(call))
    return [
        {
            "logisticName": line.name,
            "logisticAging": "{}-{}".format(*line.days(end)),
            "logisticPrice": (price := line.price(parcel, end=end)),
            "totalPostageFee": price,
        }
        for line in freight.quotes(parcel, start=start, end=end)
    ]


def track_info(call: Call) -> list[dict[str, Any]]:
    rows = []
    for number in call.query.get("trackNumber", []):
        order = call.state.ledger.row("SELECT * FROM orders WHERE track_number = ?", number)
        if order is None:
            continue
        arrived = order["status"] == order_lifecycle.DELIVERED
        rows.append(
            {
                "trackingNumber": number,
                "logisticName": order["logistic_name"],
                "deliveryTime": stamp(order["delivered_s"]),
                "trackingStatus": "Delivered" if arrived else "In transit",
                "lastMileCarrier": carrier_of(order["logistic_name"]),
            }
        )
    return rows


ROUTES = (
    Route(method="POST", path="logistic/freightCalculate", handler=freight_calculate, points=10),
    Route(method="GET", path="logistic/trackInfo", handler=track_info),
)
