"""Connector capabilities: define one small Protocol per capability, test a connector for it.

A connector has the methods of its capabilities and no others, so that no caller relies on a
stub. The code of a bad row says which job checks it again: ``list-…`` the list, ``cost-…``
prices, ``stock-…`` stock, all others the product page. ``Pleading`` is for suppliers without
an API: a person answers requests about an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable

import msgspec

from catalog.records import BadRow
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors.context import Quota, Secret
from suppliers.connectors.records import (
    Charge,
    ClaimRequest,
    ClaimState,
    CostRecord,
    FreightOption,
    ListRow,
    MissingAbilityError,
    Omitted,
    OrderName,
    Plea,
    ProductPage,
    PurchaseRequest,
    PurchaseState,
    RequestLine,
    StockRecord,
    SupplierNews,
)


@runtime_checkable
class Charging(Protocol):
    """Lists all charges of the supplier, including those of orders placed elsewhere."""

    def charges(self, *, since: datetime) -> Iterable[Charge]:
        """Return the charges for orders made since then.

        Raises: OutsideError  no answer, or more charges than are read
        """
        ...


@runtime_checkable
class Claims(Protocol):
    """Accepts claims about an order, and refunds or resends items."""

    def open_claim(self, claim: ClaimRequest) -> ClaimState:
        """Open a claim. Idempotent: a claim with this number is returned as it is.

        Raises: PermanentError  the supplier rejects it
        """
        ...

    def claims(self, *, supplier_reference: str) -> tuple[ClaimState, ...]: ...

    def cancel_claim(self, *, supplier_reference: str, supplier_claim: str) -> None:
        """Withdraw a claim.

        Raises: PermanentError  it is too late
        """
        ...


@runtime_checkable
class Webhooks(Protocol):
    """Sends webhook events. The two static methods need no connector instance."""

    @staticmethod
    def genuine_id(
        *,
        headers: Mapping[str, str],
        body: bytes,
        account: str,
        secrets: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> str:
        """Verify the signature; return the id of the event, the same for each delivery of it.

        Empty for a test call without an event.

        Raises: storefront.lib.security.webhook_signing.BadHeadersError,
        storefront.lib.security.webhook_signing.ForgedError
        """
        ...

    @staticmethod
    def read_news(body: bytes, *, received_at: datetime) -> tuple[SupplierNews, ...]:
        """Parse the body of a verified webhook.

        Raises: PermanentError  the body is invalid
        """
        ...

    def listen(self, *, url: str) -> None:
        """Register ``url`` as webhook address, unless it is registered."""
        ...

    def most_subscribed(self) -> int:
        """Return the maximum number of products with event subscriptions."""
        ...

    def subscribed(self) -> frozenset[str]:
        """Return the products with an event subscription."""
        ...

    def subscribe(self, *, refs: Sequence[str]) -> Sequence[str]:
        """Subscribe to events of these products; return those accepted, fewer at the limit."""
        ...

    def unsubscribe(self, *, refs: Sequence[str]) -> None:
        """End the subscriptions of these products."""
        ...


class Connector(Protocol):
    """Client of one supplier account. The constructor takes a ``Line`` and sends no request."""

    TITLE: ClassVar[str]
    SECRETS: ClassVar[tuple[Secret, ...]]
    # Settings without secrets, with defaults. A property ``needs_address`` may waive the address.
    OPTIONS: ClassVar[type[msgspec.Struct]]
    QUOTAS: ClassVar[tuple[Quota, ...]]
    CURRENCY: ClassVar[str]  # of its prices, unless staff set another

    def sign_in(self) -> str:
        """Check the secrets with the cheapest call; return our account name.

        Raises: OutsideError
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class PagedCatalog(Protocol):
    """Lists products; returns details of one product at a time.

    ``product`` is thread-safe.
    """

    def product_rows(self) -> Iterator[ListRow | BadRow]: ...

    def product(self, *, ref: str) -> ProductPage:
        """Return the details of a product.

        Raises: GoneError  it is listed and no longer sold
        """
        ...


@runtime_checkable
class KeptCatalog(PagedCatalog, Protocol):
    """Caches its product list for the next job."""

    @property
    def listed_at(self) -> datetime | None:
        """Return when another job fetched the list just read; None: this job did."""
        ...


def listed_at(connector: Connector) -> datetime | None:
    """Return when another job fetched the list just read; None: this job did."""
    return connector.listed_at if isinstance(connector, KeptCatalog) else None


@runtime_checkable
class BulkCatalog(Protocol):
    """Returns all products at once, as from a file.

    ``pages`` may be read twice with the same result: what was fetched is kept on disk until
    ``close``, never in memory.
    """

    @property
    def omitted_products(self) -> Omitted: ...

    def pages(self) -> Iterator[ProductPage | BadRow]: ...


@runtime_checkable
class PagedStockAndPrice(Protocol):
    """Returns quantity and cost of each SKU of one product.

    Thread-safe.
    """

    def stock(self, *, ref: str) -> tuple[StockRecord | BadRow, ...]: ...

    def costs(self, *, ref: str) -> tuple[CostRecord | BadRow, ...]: ...


@runtime_checkable
class BulkStockAndPrice(Protocol):
    """Returns all quantities and costs by product; a product may come in several parts."""

    @property
    def omitted_stock(self) -> Omitted: ...

    @property
    def omitted_costs(self) -> Omitted: ...

    def stock_rows(self) -> Iterator[tuple[str, tuple[StockRecord | BadRow, ...]]]: ...

    def cost_rows(self) -> Iterator[tuple[str, tuple[CostRecord | BadRow, ...]]]: ...


@runtime_checkable
class Freight(Protocol):
    """Quotes shipping services for a parcel: none, or NoWayError, only where there is none."""

    def freight(
        self, *, country_from: str, ship_to: Address, lines: tuple[RequestLine, ...]
    ) -> tuple[FreightOption, ...]:
        """Return the quotes that are readable; if none of them is, raise an OutsideError."""


@runtime_checkable
class OrderValidation(Protocol):
    """Checks whether an order would be accepted, without placing it."""

    def validate(self, request: PurchaseRequest) -> Money | None:
        """Return the cost of the items, if the supplier quotes it.

        Raises: OutOfStockError, GoneError, PermanentError  the order would be rejected
        """
        ...


@runtime_checkable
class OrderPlacing(Protocol):
    """Accepts orders."""

    def place(self, request: PurchaseRequest) -> PurchaseState:
        """Place the order.

        Raises: DuplicateReferenceError  an order with this number exists
                OutOfStockError, PermanentError  rejected: no effect
                TemporaryError  see ``may_have_happened``
        """
        ...


@runtime_checkable
class OrderReading(Protocol):
    """Reads orders. Required with ``OrderPlacing``: orders with a lost answer are looked up."""

    def find(self, *, number: str) -> PurchaseState | None:
        """Look up an order by our number; None proves that it does not exist."""
        ...


@runtime_checkable
class OrderResuming(Protocol):
    """Places an order in several steps, and can continue a half-placed one.

    Completes ``OrderPlacing`` where an answer was lost; not a capability.
    """

    def resume(self, *, number: str) -> PurchaseState | None:
        """Look up an order as ``find`` does, then do its missing steps, each at most once.

        The rejection of a step becomes the ``reason`` of an order that is only received.

        Raises: OutsideError  no answer: call it again
        """
        ...


@runtime_checkable
class OrderCancelling(Protocol):
    """Cancels orders."""

    def cancel(self, *, number: str) -> PurchaseState:
        """Request the cancellation.

        Raises: NotStoppableError  it is too late
                LeftUnpaidError    it is unpaid, and will not be paid
        """
        ...


@runtime_checkable
class Tracking(Protocol):
    """Reads many orders and their parcels in few calls."""

    def track(self, orders: Sequence[OrderName]) -> Iterable[PurchaseState]:
        """Return the orders; one that the supplier does not return is left out."""
        ...


@runtime_checkable
class Balance(Protocol):
    """Reads our prepaid balance, from which orders are paid."""

    def balance(self) -> Money: ...


@runtime_checkable
class Paced(Protocol):
    """Has a rate limit that depends on the account. Needs no connector instance."""

    @staticmethod
    def calls_per_second(
        *, options: Mapping[str, Any], remembered: Mapping[str, Any]
    ) -> int | None:
        """Return the limit of the account; None if unknown. Staff may set a lower one."""
        ...


@runtime_checkable
class Advising(Protocol):
    """Suggests settings beyond those without which calls fail. Not a capability of an API."""

    def advice(self) -> Sequence[str]:
        """Return suggestions for staff. Calls the supplier, and raises as any call does."""
        ...


class Ability(StrEnum):
    """The names of the capabilities, as staff see them."""

    CATALOG = "catalog"
    STOCK_AND_PRICE = "stock and price"
    FREIGHT = "freight quote"
    ORDER_VALIDATION = "order validation"
    ORDER_PLACING = "order placing"
    ORDER_READING = "order reading"
    CANCELLATION = "cancellation"
    TRACKING = "tracking"
    WEBHOOKS = "webhooks"
    BALANCE = "balance"
    CHARGING = "list of charges"
    CLAIMS = "claims"


PROTOCOLS: dict[Ability, tuple[type, ...]] = {
    Ability.CATALOG: (PagedCatalog, BulkCatalog),
    Ability.STOCK_AND_PRICE: (PagedStockAndPrice, BulkStockAndPrice),
    Ability.FREIGHT: (Freight,),
    Ability.ORDER_VALIDATION: (OrderValidation,),
    Ability.ORDER_PLACING: (OrderPlacing,),
    Ability.ORDER_READING: (OrderReading,),
    Ability.CANCELLATION: (OrderCancelling,),
    Ability.TRACKING: (Tracking,),
    Ability.WEBHOOKS: (Webhooks,),
    Ability.BALANCE: (Balance,),
    Ability.CHARGING: (Charging,),
    Ability.CLAIMS: (Claims,),
}


def abilities_of(connector: type) -> tuple[Ability, ...]:
    """Return the capabilities whose methods a connector class has."""
    return tuple(
        ability
        for ability, protocols in PROTOCOLS.items()
        if any(_has_all(connector, protocol) for protocol in protocols)
    )


def _has_all(connector: type, protocol: type) -> bool:
    names = [name for name in vars(protocol) if not name.startswith("_")]
    return all(hasattr(connector, name) for name in names)


def able[T](connector: object, ability: type[T]) -> T:
    """Return the connector, typed as one with this capability.

    Raises: MissingAbilityError  it lacks the capability
    """
    if isinstance(connector, ability):
        return connector
    name = ability.__name__
    raise MissingAbilityError(f"this connector does not support: {name}", code="no_such_ability")


@runtime_checkable
class Pleading(Protocol):
    """Receives manual requests, where there is no API. Not a capability of an API."""

    def plead(self, plea: Plea) -> None:
        """Send the request, once per key.

        Raises: MissingAbilityError  no address is known
        """
        ...
