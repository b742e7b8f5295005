"""Order documents: build the payload of an e-mail or the CSV file for one order. Pure."""

from dataclasses import asdict
from typing import Any

from storefront.lib.staff.csv_export import csv_line
from suppliers.connectors.records import ManualRequest, PurchaseOrderRequest

COLUMNS = (
    "order", "line", "sku", "title", "quantity", "name", "line1", "line2", "postcode", "city",
    "region", "country", "phone", "carrier_service", "answer_at",
)  # fmt: skip


def order_email_payload(request: PurchaseOrderRequest, *, language: str) -> dict[str, Any]:
    return {
        "locale": language,
        "number": request.number,
        "carrier_service": request.carrier_service,
        "url": request.page_url,
        "ship_to": asdict(request.ship_to),
        "lines": [
            {"sku": line.sku, "title": line.title, "quantity": line.quantity}
            for line in request.lines
        ],
    }


def request_email_payload(manual_request: ManualRequest, *, language: str) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "locale": language,
        "number": manual_request.number,
        "url": manual_request.page_url,
    }
    if manual_request.ship_to is not None:
        payload["ship_to"] = asdict(manual_request.ship_to)
    return payload


def file_name(number: str) -> str:
    return f"{number}.csv"


def order_csv(request: PurchaseOrderRequest) -> bytes:
    """Return an order as CSV, one row per line; cells are escaped against formulas."""
    csv_lines = [csv_line(COLUMNS)]
    to = request.ship_to
    recipient = (to.name, to.line1, to.line2, to.postcode, to.city, to.region, to.country, to.phone)
    for line in request.lines:
        cells = (
            request.number,
            line.reference,
            line.sku,
            line.title,
            str(line.quantity),
            *recipient,
            request.carrier_service,
            request.page_url,
        )
        csv_lines.append(csv_line(cells))
    return "".join(csv_lines).encode()
