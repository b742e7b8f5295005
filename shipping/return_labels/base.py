"""Label provider protocol: quote, order, find, read, download and cancel labels of return parcels.

A provider has no idempotency key. ``find`` looks an order up by our reference before it is repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from storefront.lib.address import Address
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelItem:
    """Goods of one order line in the parcel; ``hs_code`` and ``origin`` only matter at customs."""

    sku: str
    title: str
    quantity: int
    weight_g: int
    unit_value: Money
    hs_code: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelParcel:
    """A return parcel: from the customer, to the return address. ``email`` is the customer's."""

    sender: Address
    recipient: Address
    email: str
    items: tuple[LabelItem, ...]
    needs_customs: bool

    @property
    def weight_g(self) -> int:
        return sum(item.weight_g * item.quantity for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelQuote:
    """A shipping option for a parcel, with its price before the label is ordered."""

    code: str
    name: str
    price: Money


class LabelState(StrEnum):
    """What the provider says of an ordered label."""

    PENDING = "pending"  # the carrier has not confirmed it yet
    READY = "ready"
    FAILED = "failed"  # the carrier refused it; it costs nothing
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReport:
    """An ordered label. Price, number and ``document`` are set if it is ready.

    ``document`` is where ``download`` finds the PDF. ``is_scanned``: the carrier has the parcel.
    """

    state: LabelState
    price: Money | None = None
    carrier: str = ""
    tracking_number: str = ""
    document: str = ""
    is_scanned: bool = False
    problem: str = ""


class NotCancelableError(Exception):
    """The label was used, or its carrier cancels none. It stays valid and is paid for."""


class LabelProvider(Protocol):
    """A provider of return labels. All calls may raise TemporaryError and PermanentError."""

    def check(self, *, now: datetime) -> None:
        """Make a call that changes nothing. Raises PermanentError: wrong keys."""
        ...

    def quote(self, parcel: LabelParcel) -> Sequence[LabelQuote]:
        """Return the options with a price, cheapest first; none if no carrier serves the route."""
        ...

    def order(self, parcel: LabelParcel, *, option: str, reference: str) -> str:
        """Order a label and return the provider's id. Not idempotent: call ``find`` first."""
        ...

    def find(self, reference: str, *, since: datetime, until: datetime) -> str:
        """Return the id of the label ordered under this reference in this time; "" for none."""
        ...

    def read(self, external_id: str) -> LabelReport: ...

    def download(self, document: str) -> bytes:
        """Return the PDF. Raises PermanentError: it is none."""
        ...

    def cancel(self, external_id: str) -> None:
        """Request the cancellation; ``read`` says when it is done. Raises NotCancelableError."""
        ...

    def close(self) -> None: ...


def cheapest_first(quotes: Sequence[LabelQuote]) -> list[LabelQuote]:
    """Sort quotes by price, in one currency; quotes in another currency come last."""
    currency = quotes[0].price.currency if quotes else ""
    return sorted(
        quotes, key=lambda quote: (quote.price.currency != currency, quote.price.amount, quote.code)
    )


def grams_to_kg(grams: int) -> Decimal:
    return Decimal(max(grams, 1)) / 1000
