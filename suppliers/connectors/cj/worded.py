"""Word our purchase orders for CJ. Pure."""

from __future__ import annotations

from typing import Any

import msgspec
from babel import Locale

from storefront.lib.http.errors import PermanentError
from suppliers.connectors.records import PurchaseRequest

LONGEST = {
    "orderNumber": 50,
    "shippingZip": 20,
    "shippingCountry": 50,
    "shippingProvince": 50,
    "shippingCity": 50,
    "shippingPhone": 20,
    "shippingCustomerName": 50,
    "shippingAddress": 200,
    "shippingAddress2": 200,
    "logisticName": 50,
    "iossNumber": 10,
}
OWN_IOSS = 2
COUNTRY_NAMES = Locale("en").territories


def order(request: PurchaseRequest, *, pay_type: int) -> dict[str, Any]:
    """Return the body of an order.

    Raises: PermanentError  a word is longer than CJ takes: nothing is sent
    """
    to = request.ship_to
    body: dict[str, Any] = {
        "orderNumber": request.number,
        "shippingZip": to.postcode,
        "shippingCountryCode": to.country,
        "shippingCountry": COUNTRY_NAMES.get(to.country, to.country),
        # CJ insists on a province even where the country has none.
        "shippingProvince": to.region or to.city,
        "shippingCity": to.city,
        "shippingPhone": to.phone,
        "shippingCustomerName": to.name,
        "shippingAddress": to.line1,
        "shippingAddress2": to.line2,
        "payType": pay_type,
        # Exact digits: as text CJ might read it in another way, as float we would lose some.
        "shopAmount": msgspec.Raw(str(request.declared_value.rounded().amount).encode()),
        "logisticName": request.carrier_service,
        "fromCountryCode": request.country_from,
        "products": [
            {"vid": line.sku, "quantity": line.quantity, "storeLineItemId": line.reference}
            for line in request.lines
        ],
    }
    if request.ioss_number:
        # He wants the ten digits, without the letters that they begin with.
        body |= {"iossType": OWN_IOSS, "iossNumber": request.ioss_number.removeprefix("IM")}
    too_long = [field for field, most in LONGEST.items() if len(body.get(field, "")) > most]
    if too_long:
        raise PermanentError(f"too long for the supplier: {', '.join(too_long)}", code="too_long")
    return body
