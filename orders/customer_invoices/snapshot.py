"""Invoice snapshot: build the content of an invoice or credit note, as it is kept for years.

Content is JSON: ``seller``, ``buyer`` and ``deliver_to`` (addresses), ``order``, ``rows``,
``totals`` by tax rate, ``payments``, ``notes`` (codes of ``NOTES``). Amounts are strings. A credit
note also has ``corrects``, the number and day of its invoice.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from django.db.models import QuerySet

from orders.customer_invoices import tax_shares
from orders.customer_invoices.rows import Row
from orders.models import CustomerInvoice, Order, Payment, PurchaseOrder, TaxNumber
from orders.tax import rates
from storefront.identity.current import Identity
from storefront.lib import address

Scheme = TaxNumber.Scheme
NOTES = ("ioss", "untaxed")


def of_order(order: Order, rows: Sequence[Row], *, seller: Identity, on: date) -> dict[str, Any]:
    """Return the content of an order's invoice."""
    ioss_number = _ioss_number(order)
    shipped = order.purchase_orders.filter(status__in=PurchaseOrder.SHIPPED_STATES)
    first = shipped.order_by("status_since").first()
    return {
        "seller": _seller(order, seller, ioss_number=ioss_number, on=on),
        "buyer": order.ship_to,
        "deliver_to": first.goes_to if first else order.ship_to,
        "order": order.number,
        "ordered_on": order.placed_at.date().isoformat(),
        "supplied_on": (first.status_since.date() if first else on).isoformat(),
        "tax_name": _tax_name(order),
        "rows": [_row(row) for row in rows],
        "totals": _totals(rows),
        "payments": [
            {
                "gateway": payment.gateway,
                "reference": payment.reference,
                "paid_on": payment.created_at.date().isoformat(),
            }
            for payment in _payments(order)
        ],
        "notes": [*(["ioss"] if ioss_number else []), *([] if order.tax_amount else ["untaxed"])],
    }


def _payments(order: Order) -> QuerySet[Payment]:
    """Return the payments of an order, without those that were released, such as a second one."""
    paid = order.payments.filter(authorized_amount__gt=0).exclude(status=Payment.Status.VOIDED)
    return paid.order_by("pk")


def of_refund(invoice: CustomerInvoice, rows: Sequence[Row], *, seller: Identity) -> dict[str, Any]:
    """Return the content of a credit note; addresses and notes are those of the invoice."""
    return {
        **invoice.content,
        "seller": {**invoice.content["seller"], **_company(seller)},
        "rows": [_row(row) for row in rows],
        "totals": _totals(rows),
        "payments": [],
        "corrects": {
            "number": invoice.number,
            "issued_on": invoice.issued_at.date().isoformat(),
        },
    }


def _company(seller: Identity) -> dict[str, Any]:
    return {
        "name": seller.name,
        "company": seller.company,
        "address": seller.address_lines,
        "email": seller.email,
        "phone": seller.phone,
        "register_entry": seller.register_entry,
        "vat_id": seller.vat_id,
        "country": seller.country,
    }


def _seller(order: Order, seller: Identity, *, ioss_number: str, on: date) -> dict[str, Any]:
    """Return the seller, with the registration under which the tax of the order is paid."""
    registration = None
    if order.tax_amount and not ioss_number:
        region = address.region_code(
            country=order.ship_to["country"], region=order.ship_to["region"]
        )
        registration = rates.registration_of(country=order.ship_to["country"], region=region, on=on)
    scheme, number = (Scheme.IOSS.value, ioss_number) if ioss_number else ("", "")
    if registration is not None:
        scheme, number = registration.scheme, registration.number
    return {**_company(seller), "tax_scheme": scheme, "tax_number": number}


def _ioss_number(order: Order) -> str:
    """Return the IOSS number under which all parcels of the order are imported, if any."""
    numbers = set(
        order.purchase_orders.exclude(status=PurchaseOrder.Status.CANCELED).values_list(
            "ioss_number", flat=True
        )
    )
    return numbers.pop() if len(numbers) == 1 else ""


def _tax_name(order: Order) -> str:
    return "sales_tax" if order.ship_to["country"] == "US" else "vat"


def _row(row: Row) -> dict[str, Any]:
    share = row.share
    return {
        "kind": row.kind.value,
        "title": row.title,
        "sku": row.sku,
        "quantity": row.quantity,
        "unit": "" if row.unit is None else str(row.unit),
        "discount": str(row.discount),
        "rate": str(share.rate),
        "net": str(share.net),
        "tax": str(share.tax),
        "gross": str(share.gross),
    }


def _totals(rows: Sequence[Row]) -> list[dict[str, str]]:
    return [
        {
            **{name: str(value) for name, value in asdict(share).items()},
            "net": str(share.net),
        }
        for share in tax_shares.by_rate(row.share for row in rows)
    ]
