"""Supplier payloads: parse the tracking, stock, price and product status calls of a supplier. Pure.

Times are those of the supplier. Without ``as_of``, the moment of receipt applies.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from storefront.lib.http.errors import PermanentError
from suppliers.connectors.records import (
    Acknowledgement,
    PurchaseOrderReport,
    PurchaseOrderRequestLine,
    ShipmentNotice,
)
from suppliers.pushes.rows import CostRow, OfferStatus, StatusRow, StockRow

MAX_ROWS = 1_000
MAX_UNITS = 1_000_000
MAX_CLOCK_SKEW = timedelta(minutes=5)
_FIELD = re.compile(r"`\$\.?([^`]*)`$")
_MISSING = re.compile(r"missing required field `(\w+)`")

Short = Annotated[str, msgspec.Meta(max_length=300)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Sku = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$")]
Cost = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?!0+(\.0+)?$)[0-9]{1,7}(\.[0-9]{1,4})?$",
        description='A positive decimal number, as text, such as "12.50".',
    ),
]


class Line(msgspec.Struct, frozen=True):
    """A quantity of one item, named by our reference or the supplier's SKU."""

    quantity: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    reference: Short = ""
    sku: Short = ""


class Parcel(msgspec.Struct, frozen=True):
    """One parcel; ``status`` is the carrier's wording, ``replaces`` its former number."""

    number: Short
    carrier: Short = ""
    replaces: Short = ""
    last_mile_carrier: Short = ""
    last_mile_number: Short = ""
    url: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    status: Short = ""
    happened_at: Moment | None = None
    lines: Annotated[list[Line], msgspec.Meta(max_length=200)] = msgspec.field(default_factory=list)


class TrackingPayload(msgspec.Struct, frozen=True):
    """The report on one purchase order."""

    order: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    type: Literal["tracking"] = "tracking"
    answer: Acknowledgement = Acknowledgement.SHIPPED
    parcels: Annotated[list[Parcel], msgspec.Meta(max_length=50)] = msgspec.field(
        default_factory=list
    )

    @property
    def report(self) -> PurchaseOrderReport:
        return PurchaseOrderReport(
            number=self.order,
            supplier_reference="",
            answer=self.answer,
            parcels=tuple(_shipment_notice(parcel) for parcel in self.parcels),
        )


class StockPayloadRow(msgspec.Struct, frozen=True):
    """The sellable units of one SKU. ``location`` may be omitted if there is only one."""

    sku: Sku
    quantity: Annotated[int, msgspec.Meta(ge=0, le=MAX_UNITS)]
    location: Annotated[str, msgspec.Meta(max_length=30, pattern=r"^[^\x00-\x1f]*$")] = ""


class StockPayload(msgspec.Struct, frozen=True):
    """Quantities. SKUs that it leaves out keep theirs."""

    type: Literal["stock"]
    rows: Annotated[list[StockPayloadRow], msgspec.Meta(min_length=1, max_length=MAX_ROWS)]
    as_of: Moment | None = None

    @property
    def records(self) -> list[StockRow]:
        return [StockRow(row.sku, row.quantity, row.location) for row in self.rows]


class PricePayloadRow(msgspec.Struct, frozen=True):
    """The wholesale cost of one unit, without tax."""

    sku: Sku
    cost: Cost


class PricePayload(msgspec.Struct, frozen=True):
    """Wholesale costs. SKUs that it leaves out keep theirs."""

    type: Literal["price"]
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]
    rows: Annotated[list[PricePayloadRow], msgspec.Meta(min_length=1, max_length=MAX_ROWS)]
    as_of: Moment | None = None

    @property
    def records(self) -> list[CostRow]:
        return [CostRow(row.sku, Decimal(row.cost)) for row in self.rows]


class ProductStatusPayloadRow(msgspec.Struct, frozen=True):
    sku: Sku
    status: OfferStatus


class ProductStatusPayload(msgspec.Struct, frozen=True):
    """SKUs that the supplier stops selling, or sells again."""

    type: Literal["product_status"]
    rows: Annotated[list[ProductStatusPayloadRow], msgspec.Meta(min_length=1, max_length=MAX_ROWS)]
    as_of: Moment | None = None

    @property
    def records(self) -> list[StatusRow]:
        return [StatusRow(row.sku, row.status) for row in self.rows]


class TestPayload(msgspec.Struct, frozen=True):
    """A call that changes nothing: it checks the address and the signature."""

    type: Literal["test"]


class _Peek(msgspec.Struct, frozen=True):
    type: str = "tracking"


type Payload = TrackingPayload | StockPayload | PricePayload | ProductStatusPayload | TestPayload

PAYLOADS: dict[str, Any] = {
    "tracking": TrackingPayload,
    "stock": StockPayload,
    "price": PricePayload,
    "product_status": ProductStatusPayload,
    "test": TestPayload,
}


class InvalidPayloadError(PermanentError):
    """The payload breaks its schema; ``field`` is the path of the wrong value."""

    def __init__(self, reason: str, *, field: str = "") -> None:
        super().__init__(
            f"malformed payload: {field}: {reason}" if field else f"malformed payload: {reason}",
            code="malformed",
        )
        self.reason = reason
        self.field = field


def parse(body: bytes, *, received_at: datetime, currency: str) -> Payload:
    """Parse one payload of a supplier with this currency. Raises InvalidPayloadError."""
    kind = _decode(body, _Peek).type
    if kind not in PAYLOADS:
        raise InvalidPayloadError(f"must be one of: {', '.join(PAYLOADS)}", field="type")
    payload: Payload = _decode(body, PAYLOADS[kind])
    if isinstance(payload, TrackingPayload | TestPayload):
        return payload
    if payload.as_of is not None and payload.as_of > received_at + MAX_CLOCK_SKEW:
        raise InvalidPayloadError("lies in the future", field="as_of")
    if isinstance(payload, PricePayload) and payload.currency != currency:
        raise InvalidPayloadError(f"must be {currency}", field="currency")
    seen = set()
    rows: Sequence[StockPayloadRow | PricePayloadRow | ProductStatusPayloadRow] = payload.rows
    for index, row in enumerate(rows):
        key = (row.sku, getattr(row, "location", ""))
        if key in seen:
            raise InvalidPayloadError("occurs twice in this call", field=f"rows[{index}].sku")
        seen.add(key)
    return payload


def is_about_catalog(body: bytes) -> bool:
    """Return whether the payload is about stock, prices or products; false if it is malformed."""
    try:
        return _decode(body, _Peek).type in {"stock", "price", "product_status"}
    except InvalidPayloadError:
        return False


def effective_as_of(
    payload: StockPayload | PricePayload | ProductStatusPayload, received_at: datetime
) -> datetime:
    """Return the moment for which the rows hold, at the latest that of receipt."""
    return min(payload.as_of or received_at, received_at)


def _decode(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _describe(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidPayloadError(f"not valid JSON: {error}") from error


def _describe(message: str) -> InvalidPayloadError:
    path = _FIELD.search(message)
    field = path[1] if path else ""
    reason = message.partition(" - at ")[0]
    if missing := _MISSING.search(message):
        field = f"{field}.{missing[1]}" if field else missing[1]
        reason = "is required"
    elif field.endswith("cost") and "regex" in reason:
        reason = 'must be a positive decimal number as text, such as "12.50"'
    return InvalidPayloadError(reason, field=field)


def _shipment_notice(parcel: Parcel) -> ShipmentNotice:
    return ShipmentNotice(
        carrier=parcel.carrier,
        number=parcel.number,
        replaces_number=parcel.replaces,
        last_mile_carrier=parcel.last_mile_carrier,
        last_mile_number=parcel.last_mile_number,
        url=parcel.url,
        lines=tuple(
            PurchaseOrderRequestLine(sku=line.sku, quantity=line.quantity, reference=line.reference)
            for line in parcel.lines
        ),
        carrier_text=parcel.status,
        happened_at=parcel.happened_at,
    )
