"""Tracking payload: parse the tracking webhook of suppliers without an API of their own. Pure."""

from datetime import datetime
from typing import Annotated

import msgspec

from storefront.lib.http.errors import PermanentError
from suppliers.connectors.records import (
    Acknowledgement,
    PurchaseOrderReport,
    PurchaseOrderRequestLine,
    ShipmentNotice,
)

Short = Annotated[str, msgspec.Meta(max_length=300)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Line(msgspec.Struct, frozen=True):
    """A quantity of one item, named by our reference or the supplier's SKU."""

    quantity: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    reference: Short = ""
    sku: Short = ""


class Parcel(msgspec.Struct, frozen=True):
    """One parcel; ``status`` is the carrier's wording."""

    number: Short
    carrier: Short = ""
    url: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    status: Short = ""
    happened_at: Moment | None = None
    lines: Annotated[list[Line], msgspec.Meta(max_length=200)] = msgspec.field(default_factory=list)


class Message(msgspec.Struct, frozen=True):
    """The report on one purchase order."""

    order: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    answer: Acknowledgement = Acknowledgement.SHIPPED
    parcels: Annotated[list[Parcel], msgspec.Meta(max_length=50)] = msgspec.field(
        default_factory=list
    )


def parse(body: bytes) -> PurchaseOrderReport:
    """Parse one payload. Raises PermanentError: malformed."""
    try:
        message = msgspec.json.decode(body, type=Message)
    except (msgspec.DecodeError, RecursionError) as error:
        raise PermanentError(f"malformed payload: {error}", code="malformed") from error
    return PurchaseOrderReport(
        number=message.order,
        supplier_reference="",
        answer=message.answer,
        parcels=tuple(
            ShipmentNotice(
                carrier=parcel.carrier,
                number=parcel.number,
                url=parcel.url,
                lines=tuple(
                    PurchaseOrderRequestLine(
                        sku=line.sku, quantity=line.quantity, reference=line.reference
                    )
                    for line in parcel.lines
                ),
                carrier_text=parcel.status,
                happened_at=parcel.happened_at,
            )
            for parcel in message.parcels
        ),
    )
