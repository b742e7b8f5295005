"""onX objects: translate what serializers of the merchant API show into the members of the standard.

A member that the key may not read is missing there, and so it is here. Amounts are numbers, as the
standard requires.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import UNSET, UnsetType

from storefront.api.onx.schemas import PostalAddress

MAX_ID = 18  # digits of a bigint

type Shown = Mapping[str, Any]


def order(row: Shown, *, tenant: str, with_lines: bool = True, more: Shown | None = None) -> Shown:
    """Return a ``MerchantOrderSerializer`` object with its lines as an order."""
    shipping = (
        {"shippingAddress": {**_address(row["ship_to"]), "email": row.get("email", "")}}
        if row.get("ship_to")
        else {}
    )
    return {
        "id": row["number"],
        "name": row["number"],
        **({"externalId": row["external_reference"]} if row["external_reference"] else {}),
        "createdAt": row["placed_at"],
        "updatedAt": row["updated_at"],
        "tenantId": tenant,
        "status": row["status"],
        "paymentStatus": row["payment_status"],
        "currency": row["total"]["currency"],
        "subTotalPrice": _number(row["subtotal"]),
        "shippingPrice": _number(row["delivery"]),
        "orderDiscount": _number(row["discount"]),
        "orderTax": _number(row["tax"]),
        "totalPrice": _number(row["total"]),
        **shipping,
        **({"lineItems": [_line(line) for line in row["lines"]]} if with_lines else {}),
        "customFields": _custom(
            {"channel": row["channel"], "fulfillmentStatus": row["fulfillment_status"]}
            | dict(more or {})
        ),
    }


def _line(row: Shown) -> Shown:
    amount, discount = Decimal(row["amount"]["amount"]), Decimal(row["discount"]["amount"])
    return {
        "id": str(row["id"]),
        "sku": row["sku"],
        "name": row["title"],
        "quantity": row["quantity"],
        "unitPrice": _number(row["unit_price"]),
        **({"unitDiscount": float(discount / row["quantity"])} if discount else {}),
        "totalPrice": float(amount - discount),
        "customFields": _custom({"canceled": row["canceled"], "shipped": row["shipped"]}),
    }


def fulfillment(row: Shown, *, tenant: str) -> Shown:
    """Return a ``MerchantParcelSerializer`` object as a fulfillment."""
    numbers = (row["tracking_number"], row["last_mile_number"])
    return {
        "id": str(row["id"]),
        "createdAt": row["label_created_at"],
        "updatedAt": row["status_since"],
        "tenantId": tenant,
        "orderId": row["order"],
        "status": row["status"],
        "shippingCarrier": row["carrier"],
        "trackingNumbers": [number for number in numbers if number],
        "lineItems": [
            {"id": str(line["id"]), "sku": line["sku"], "quantity": line["quantity"]}
            for line in row["lines"]
        ],
        "customFields": _custom({"trackingUrl": row["tracking_url"]}),
    }


def return_(row: Shown, *, tenant: str) -> Shown:
    """Return a ``MerchantReturnSerializer`` object as a return."""
    return {
        "id": row["number"],
        "returnNumber": row["number"],
        "createdAt": row["opened_at"],
        "updatedAt": row["status_since"],
        "requestedAt": row["opened_at"],
        "tenantId": tenant,
        "orderId": row["order"],
        "status": row["status"],
        "outcome": "refund",
        "returnLineItems": [
            {
                "orderLineItemId": str(line["id"]),
                "sku": line["sku"],
                "quantityReturned": line["quantity"],
                "returnReason": row["kind"],
            }
            for line in row["lines"]
        ],
        **({"refundAmount": _number(row["refunded"])} if row["refunded"] else {}),
        **({"customerNote": note} if (note := row.get("customer_message")) else {}),
    }


def customer(row: Shown, *, tenant: str) -> Shown:
    """Return a ``CustomerSerializer`` object with its addresses as a customer."""
    return {
        "id": str(row["id"]),
        "createdAt": row["joined_at"],
        "updatedAt": row["joined_at"],
        "tenantId": tenant,
        "email": row["email"],
        **_names(row["name"]),
        **({"phone": row["sms_number"]} if row["sms_number"] else {}),
        "status": "active" if row["is_active"] else "inactive",
        "addresses": [{"address": _address(each["address"])} for each in row["addresses"]],
    }


def product(row: Shown, *, tenant: str) -> Shown:
    """Return a ``ProductSerializer`` object with variants and images as a product."""
    options = row["option_names"]
    values = [variant["options"] for variant in row["variants"]]
    return {
        "id": str(row["id"]),
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "tenantId": tenant,
        "name": row["title"],
        "handle": row["slug"],
        "status": row["status"],
        "description": row["summary"],
        "vendor": row["brand"],
        "categories": [row["category"]],
        "options": [
            {
                "name": name,
                "values": list(dict.fromkeys(each[at] for each in values if at < len(each))),
            }
            for at, name in enumerate(options)
        ],
        "imageURLs": [url for image in row["images"] for url in list(image["urls"].values())[-1:]],
    }


def variant(row: Shown, parent: Shown, *, tenant: str, price: Shown | None) -> Shown:
    """Return a ``VariantSerializer`` object of a product as a product variant."""
    gtins = [each["number"] for each in row["identifiers"] if each["type"] == "gtin"]
    weight = row["weight_g"]
    return {
        "id": str(row["id"]),
        "productId": str(row["product_id"]),
        "createdAt": parent["created_at"],
        "updatedAt": parent["updated_at"],
        "tenantId": tenant,
        "sku": row["sku"],
        "title": " / ".join([parent["title"], *map(str, row["options"])]),
        "selectedOptions": [
            {"name": name, "value": str(value)}
            for name, value in zip(parent["option_names"], row["options"], strict=False)
        ],
        **({"barcode": gtins[0]} if gtins else {}),
        **({"weight": {"value": weight, "unit": "g"}} if weight is not None else {}),
        **({"price": _number(price), "currency": price["currency"]} if price else {}),
    }


def to_address(given: PostalAddress) -> dict[str, str]:
    """Return the members of ``AddressFields``. Name and company share the name."""
    person = " ".join(filter(None, (text(given.first_name), text(given.last_name))))
    return {
        "name": ", ".join(filter(None, (person, text(given.company)))),
        "line1": text(given.address1),
        "line2": text(given.address2),
        "postcode": text(given.zip_code_or_postal_code),
        "city": text(given.city),
        "region": text(given.state_or_province),
        "country": text(given.country),
        "phone": text(given.phone),
    }


def text(value: str | UnsetType) -> str:
    return "" if value is UNSET else value.strip()


def _address(row: Shown) -> dict[str, str]:
    shown = {
        **_names(row["name"]),
        "address1": row["line1"],
        "address2": row["line2"],
        "city": row["city"],
        "zipCodeOrPostalCode": row["postcode"],
        "stateOrProvince": row["region"],
        "country": row["country"],
        "phone": row["phone"],
    }
    return {name: value for name, value in shown.items() if value}


def _names(name: str) -> dict[str, str]:
    first, _, last = name.rpartition(" ")
    return {"firstName": first, "lastName": last} if first else {"firstName": last}


def _number(money: Shown) -> float:
    return float(money["amount"])


def _custom(fields: Mapping[str, object]) -> list[dict[str, str]]:
    return [{"name": name, "value": str(value)} for name, value in fields.items() if value != ""]


def ids(values: Iterable[str]) -> list[int]:
    """Return the numeric ids; another text names nothing."""
    return [
        int(each) for each in values if each.isascii() and each.isdigit() and len(each) <= MAX_ID
    ]
