"""Sendcloud parsing: build the payloads and decode the answers of its API, version 3. Pure.

Source: Sendcloud's API documentation: Returns, Shipping options, Parcel documents. All sizes are
limited, because an answer is not trusted.
"""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from shipping.return_labels.base import (
    LabelItem,
    LabelParcel,
    LabelQuote,
    LabelReport,
    LabelState,
    cheapest_first,
    grams_to_kg,
)
from storefront.lib.address import Address
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money

RETURNED_GOODS = "returned_goods"  # export reason of the customs declaration
MAX_OPTIONS = 40
CANCELED = frozenset({"cancelled", "cancelled-upstream"})
FAILED = frozenset({"announcement-failed", "no-label"})
# The statuses of a parcel that its carrier does not have yet.
NOT_SCANNED = CANCELED | FAILED | {
    "", "ready-to-send", "ready-to-ship", "announced", "announcing", "announced-uncollected",
    "cancelling", "cancelling-upstream", "unknown", "address-invalid",
}  # fmt: skip

type Text = Annotated[str, Meta(max_length=2000)]


class Price(msgspec.Struct, frozen=True):
    value: str | float | int = 0
    currency: Annotated[str, Meta(min_length=3, max_length=3)] = "EUR"


class QuotePrice(msgspec.Struct, frozen=True):
    total: Price | None = None


class Quote(msgspec.Struct, frozen=True):
    price: QuotePrice = QuotePrice()


class Option(msgspec.Struct, frozen=True):
    code: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Text = ""
    quotes: list[Quote] | None = None


class Options(msgspec.Struct, frozen=True):
    data: list[Option] = msgspec.field(default_factory=list)


class Created(msgspec.Struct, frozen=True):
    return_id: int


class Step(msgspec.Struct, frozen=True):
    parent_status: Text = ""
    carrier_code: Text | None = None


class Documents(msgspec.Struct, frozen=True):
    label_printer: Text | None = None
    normal_printer: list[Text] = msgspec.field(default_factory=list)


class Problem(msgspec.Struct, frozen=True):
    detail: Text | None = None
    message: Text | None = None
    field: Text | None = None


class Refusal(msgspec.Struct, frozen=True):
    errors: list[Problem] = msgspec.field(default_factory=list)


class Return(msgspec.Struct, frozen=True):
    id: int | None = None
    order_number: Text | None = None
    tracking_number: Annotated[str, Meta(max_length=60)] | None = None
    label: Documents | None = None
    label_cost: Price | None = None
    status_history: list[Step] = msgspec.field(default_factory=list)
    errors: list[Problem] = msgspec.field(default_factory=list)


class Page(msgspec.Struct, frozen=True):
    data: list[Return] = msgspec.field(default_factory=list)
    next: Text | None = None


def options_request(parcel: LabelParcel) -> dict[str, Any]:
    """Return the request for the return options of a parcel, with prices."""
    return {
        "from_address": _place(parcel.sender),
        "to_address": _place(parcel.recipient),
        "parcels": [{"weight": _weight(parcel.weight_g)}],
        "functionalities": {"returns": True},
        "calculate_quotes": True,
    }


def return_request(parcel: LabelParcel, *, option: str, reference: str) -> dict[str, Any]:
    """Return the request for a return; ``order_number`` is the only reference that is read back."""
    body: dict[str, Any] = {
        "from_address": _address(parcel.sender) | {"email": parcel.email},
        "to_address": _address(parcel.recipient),
        "ship_with": {"type": "shipping_option_code", "shipping_option_code": option},
        "weight": _weight(parcel.weight_g),
        "order_number": reference,
        "external_reference": reference,
        "send_tracking_emails": False,
        "parcel_items": [_item(item, has_customs=parcel.needs_customs) for item in parcel.items],
    }
    if parcel.needs_customs:
        body["customs_invoice_nr"] = reference
        body["customs_information"] = {
            "invoice_number": reference,
            "export_reason": RETURNED_GOODS,
        }
    return body


def read_options(answer: Any) -> list[LabelQuote]:
    """Return the options that have a price. Raises PermanentError."""
    quotes = [
        LabelQuote(code=option.code, name=option.name or option.code, price=price)
        for option in _converted(answer, Options).data[:MAX_OPTIONS]
        if (price := _lowest(option)) is not None
    ]
    return cheapest_first(quotes)


def read_created(content: bytes) -> str:
    """Return the id of an ordered label. Raises PermanentError: the outcome is unknown."""
    try:
        return str(msgspec.json.decode(content, type=Created).return_id)
    except (msgspec.DecodeError, RecursionError) as error:
        raise PermanentError(
            "malformed answer to an order", code="malformed", is_outcome_unknown=True
        ) from error


def read_problem(content: bytes) -> str:
    """Return why an order was refused, for staff."""
    try:
        problems = msgspec.json.decode(content, type=Refusal).errors
    except (msgspec.DecodeError, RecursionError):
        problems = []
    texts = [f"{one.field or ''} {one.message or one.detail or ''}".strip() for one in problems]
    return ("; ".join(filter(None, texts)) or "The provider refused the request.")[:300]


def read_page(answer: Any) -> Page:
    return _converted(answer, Page)


def read_report(answer: Any) -> LabelReport:
    """Return what a return object says of its label. Raises PermanentError."""
    one = _converted(answer, Return)
    status = _latest_status(one)
    problem = "; ".join(text for each in one.errors if (text := each.detail or each.message))
    if status in CANCELED:
        return LabelReport(state=LabelState.CANCELED)
    if status in FAILED or (problem and not one.tracking_number):
        return LabelReport(state=LabelState.FAILED, problem=(problem or status)[:300])
    document = _document(one.label)
    price = _money(one.label_cost)
    if not (one.tracking_number and document and price is not None):
        return LabelReport(state=LabelState.PENDING)
    carriers = [step.carrier_code for step in one.status_history if step.carrier_code]
    return LabelReport(
        state=LabelState.READY,
        price=price,
        carrier=(carriers[-1] if carriers else "")[:60],
        tracking_number=one.tracking_number,
        document=document,
        is_scanned=status not in NOT_SCANNED,
    )


def _latest_status(one: Return) -> str:
    """Return the status of the last step; documented both as "cancelled" and "Cancelled"."""
    steps = [step.parent_status for step in one.status_history if step.parent_status]
    return steps[-1].strip().lower().replace(" ", "-").replace("_", "-") if steps else ""


def _document(label: Documents | None) -> str:
    if label is None:
        return ""
    return next(iter(label.normal_printer), "") or label.label_printer or ""


def _lowest(option: Option) -> Money | None:
    prices = [money for quote in option.quotes or () if (money := _money(quote.price.total))]
    return min(prices, key=lambda money: money.amount, default=None)


def _money(price: Price | None) -> Money | None:
    """Return an amount; None if it is missing, malformed or negative."""
    try:
        amount = Decimal(str(price.value)) if price else None
    except InvalidOperation:
        return None
    if price is None or amount is None or not amount.is_finite() or amount < 0:
        return None
    return Money(amount, price.currency.upper()).rounded()


def _place(address: Address) -> dict[str, str]:
    return {
        "country_code": address.country,
        "postal_code": address.postcode,
        "city": address.city,
        "address_line_1": address.line1,
    }


def _address(address: Address) -> dict[str, str]:
    details = {
        "name": address.name,
        "address_line_2": address.line2,
        "state_province_code": address.region,
        "phone_number": address.phone,
    }
    return _place(address) | {name: text for name, text in details.items() if text}


def _weight(grams: int) -> dict[str, Any]:
    return {"value": str(grams_to_kg(grams)), "unit": "kg"}


def _item(item: LabelItem, *, has_customs: bool) -> dict[str, Any]:
    price = {"value": str(item.unit_value.amount), "currency": item.unit_value.currency}
    customs = {"hs_code": item.hs_code, "origin_country": item.origin} if has_customs else {}
    return {
        "description": item.title[:100],
        "quantity": item.quantity,
        "weight": _weight(item.weight_g),
        "price": price,
        "sku": item.sku,
        **customs,
    }


def _converted[T](value: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, type=kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise PermanentError(f"malformed answer: {error}", code="malformed") from error
