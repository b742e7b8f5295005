"""Connector capabilities: define one small Protocol per capability, test a connector for it.

A connector has the methods of its capabilities and no others, so that no caller relies on a
stub. The issue code of a bad row says which read checks it again: ``list-…`` the list, ``cost-…``
the prices, ``stock-…`` the stock, any other code the product page. ``ManualRequests`` is for
suppliers without an API: a person answers requests about an order.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable

import msgspec

from catalog.records import ImportIssue
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors import CONNECTORS, connector_class
from suppliers.connectors.context import Quota, Secret
from suppliers.connectors.records import (
    ClaimReport,
    ClaimRequest,
    FreightOption,
    InvoiceReport,
    ManualRequest,
    MissingRowMeans,
    OrderReference,
    PriceReport,
    ProductDetail,
    ProductSummary,
    PurchaseOrderReport,
    PurchaseOrderRequest,
    PurchaseOrderRequestLine,
    StockReport,
    SupplierEvent,
    UnsupportedCapabilityError,
)


@runtime_checkable
class InvoiceListing(Protocol):
    """Lists all charges of the supplier, including those of orders placed elsewhere."""

    def list_invoices(self, *, since: datetime) -> Iterable[InvoiceReport]:
        """Return the charges for orders made since then.

        Raises: ExternalServiceError  no answer, or more charges than are read
        """
        ...


@runtime_checkable
class Claims(Protocol):
    """Accepts claims about an order, and refunds or resends items."""

    def open_claim(self, claim: ClaimRequest) -> ClaimReport:
        """Open a claim. Idempotent: a claim with this number is returned as it is.

        Raises: PermanentError  the supplier rejects it
        """
        ...

    def claims(self, *, supplier_reference: str) -> tuple[ClaimReport, ...]: ...

    def cancel_claim(self, *, supplier_reference: str, supplier_claim_reference: str) -> None:
        """Withdraw a claim. Raises PermanentError: it is too late."""
        ...


@runtime_checkable
class Webhooks(Protocol):
    """Sends webhook events. The two static methods need no connector instance."""

    @staticmethod
    def verify_signature(
        *,
        headers: Mapping[str, str],
        body: bytes,
        account: str,
        secrets: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> str:
        """Verify the signature; return the event id, which is the same on redelivery.

        The id is empty for a test call without an event.

        Raises: storefront.lib.security.webhook_signing.InvalidHeadersError,
        storefront.lib.security.webhook_signing.InvalidSignatureError
        """
        ...

    @staticmethod
    def parse_event(body: bytes, *, received_at: datetime) -> tuple[SupplierEvent, ...]:
        """Parse the body of a verified webhook. Raises PermanentError: the body is invalid."""
        ...

    def register_webhook(self, *, url: str) -> None:
        """Register ``url`` as webhook address, unless it is registered."""
        ...

    def max_subscriptions(self) -> int: ...

    def subscribed(self) -> frozenset[str]: ...

    def subscribe(self, *, external_ids: Sequence[str]) -> Sequence[str]:
        """Subscribe to events of these products; return those accepted, fewer at the limit."""
        ...

    def unsubscribe(self, *, external_ids: Sequence[str]) -> None: ...


class Connector(Protocol):
    """Client of one supplier account.

    The constructor takes a ``ConnectorContext`` and sends no request.
    """

    TITLE: ClassVar[str]
    SECRETS: ClassVar[tuple[Secret, ...]]
    # Settings that are not secret, with defaults. If they have a property ``needs_address``, it
    # says whether the connection needs a base URL.
    OPTIONS: ClassVar[type[msgspec.Struct]]
    QUOTAS: ClassVar[tuple[Quota, ...]]
    CURRENCY: ClassVar[str]  # of its prices, unless staff set another

    def sign_in(self) -> str:
        """Check the secrets with the cheapest call; return our account name.

        Raises: ExternalServiceError
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class PagedCatalog(Protocol):
    """Lists products; returns details of one product at a time. ``product`` is thread-safe."""

    def product_rows(self) -> Iterator[ProductSummary | ImportIssue]: ...

    def product(self, *, external_id: str) -> ProductDetail:
        """Return the details of a product.

        Raises: DiscontinuedError  it is listed, but no longer sold
        """
        ...


@runtime_checkable
class CachedCatalog(PagedCatalog, Protocol):
    """Caches its product list for the next job."""

    @property
    def listed_at(self) -> datetime | None:
        """Return when another job fetched the list just read; None if this job fetched it."""
        ...


def list_fetched_at(connector: Connector) -> datetime | None:
    """Return when another job fetched the list just read; None if this job fetched it."""
    return connector.listed_at if isinstance(connector, CachedCatalog) else None


@runtime_checkable
class BulkCatalog(Protocol):
    """Returns all products at once, as from a file.

    ``pages`` may be read twice with the same result: what was fetched is kept on disk until
    ``close``, never in memory.
    """

    @property
    def omitted_products(self) -> MissingRowMeans: ...

    def pages(self) -> Iterator[ProductDetail | ImportIssue]: ...


@runtime_checkable
class PagedStockAndPrice(Protocol):
    """Returns quantity and cost of each SKU of one product. Thread-safe."""

    def stock(self, *, external_id: str) -> tuple[StockReport | ImportIssue, ...]: ...

    def costs(self, *, external_id: str) -> tuple[PriceReport | ImportIssue, ...]: ...


@runtime_checkable
class BulkStockAndPrice(Protocol):
    """Returns all quantities and costs by product; a product may come in several parts."""

    @property
    def omitted_stock(self) -> MissingRowMeans: ...

    @property
    def omitted_costs(self) -> MissingRowMeans: ...

    def stock_rows(self) -> Iterator[tuple[str, tuple[StockReport | ImportIssue, ...]]]: ...

    def cost_rows(self) -> Iterator[tuple[str, tuple[PriceReport | ImportIssue, ...]]]: ...


@runtime_checkable
class Freight(Protocol):
    """Quotes shipping services for a parcel; without any, returns () or NoShippingServiceError."""

    def freight(
        self, *, country_from: str, ship_to: Address, lines: tuple[PurchaseOrderRequestLine, ...]
    ) -> tuple[FreightOption, ...]:
        """Return the readable quotes; if none is readable, raise an ExternalServiceError."""


@runtime_checkable
class OrderValidation(Protocol):
    """Checks whether an order would be accepted, without placing it."""

    def validate(self, request: PurchaseOrderRequest) -> Money | None:
        """Return the cost of the items, if the supplier quotes it.

        Raises: OutOfStockError, DiscontinuedError, PermanentError  the order would be rejected
        """
        ...


@runtime_checkable
class OrderPlacing(Protocol):
    def place(self, request: PurchaseOrderRequest) -> PurchaseOrderReport:
        """Place the order.

        Raises: DuplicateReferenceError          an order with this number exists
                OutOfStockError, PermanentError  rejected: no effect
                TemporaryError                   see ``is_outcome_unknown``
        """
        ...


@runtime_checkable
class OrderReading(Protocol):
    """Reads orders. Required with ``OrderPlacing``: orders with a lost answer are looked up."""

    def find(self, *, number: str) -> PurchaseOrderReport | None:
        """Look up an order by our number; None proves that it does not exist."""
        ...


@runtime_checkable
class OrderResuming(Protocol):
    """Places an order in several steps, and can continue a half-placed one.

    Completes ``OrderPlacing`` where an answer was lost; not a capability.
    """

    def resume(self, *, number: str) -> PurchaseOrderReport | None:
        """Look up an order as ``find`` does, then do its missing steps, each at most once.

        If the supplier rejects a step, the order stays received, and ``reason`` is the rejection.

        Raises: ExternalServiceError  no answer: call it again
        """
        ...


@runtime_checkable
class OrderCancelling(Protocol):
    def cancel(self, *, number: str) -> PurchaseOrderReport:
        """Request the cancellation.

        Raises: NotCancellableError  it is too late
                UnpaidOrderError     it is unpaid, and will not be paid
        """
        ...


@runtime_checkable
class Tracking(Protocol):
    """Reads many orders and their parcels in few calls."""

    def track(self, orders: Sequence[OrderReference]) -> Iterable[PurchaseOrderReport]:
        """Return the orders; one that the supplier does not return is left out."""
        ...


@runtime_checkable
class Balance(Protocol):
    """Reads our prepaid balance, from which orders are paid."""

    def balance(self) -> Money: ...


@runtime_checkable
class AccountRateLimit(Protocol):
    """Has a rate limit that depends on the account. Needs no connector instance."""

    @staticmethod
    def calls_per_second(
        *, options: Mapping[str, Any], connector_state: Mapping[str, Any]
    ) -> int | None:
        """Return the limit of the account; None if unknown. Staff may set a lower one."""
        ...


@runtime_checkable
class SettingsAdvice(Protocol):
    """Suggests changes of the connection's options. Not a capability of an API."""

    def advice(self) -> Sequence[str]:
        """Return suggestions for staff. Calls the supplier, and raises as any call does."""
        ...


class Capability(StrEnum):
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


PROTOCOLS: dict[Capability, tuple[type, ...]] = {
    Capability.CATALOG: (PagedCatalog, BulkCatalog),
    Capability.STOCK_AND_PRICE: (PagedStockAndPrice, BulkStockAndPrice),
    Capability.FREIGHT: (Freight,),
    Capability.ORDER_VALIDATION: (OrderValidation,),
    Capability.ORDER_PLACING: (OrderPlacing,),
    Capability.ORDER_READING: (OrderReading,),
    Capability.CANCELLATION: (OrderCancelling,),
    Capability.TRACKING: (Tracking,),
    Capability.WEBHOOKS: (Webhooks,),
    Capability.BALANCE: (Balance,),
    Capability.CHARGING: (InvoiceListing,),
    Capability.CLAIMS: (Claims,),
}


def capabilities_of(connector: type) -> tuple[Capability, ...]:
    return tuple(
        capability
        for capability, protocols in PROTOCOLS.items()
        if any(_implements(connector, protocol) for protocol in protocols)
    )


def supports(adapter: str, capability: Capability) -> bool:
    """Return whether a connector code is known, and its class has a capability."""
    return adapter in CONNECTORS and capability in capabilities_of(connector_class(adapter))


def _implements(connector: type, protocol: type) -> bool:
    names = [name for name in vars(protocol) if not name.startswith("_")]
    return all(hasattr(connector, name) for name in names)


def require[T](connector: object, capability: type[T]) -> T:
    """Return the connector, typed as one with this capability.

    Raises: UnsupportedCapabilityError  it lacks the capability
    """
    if isinstance(connector, capability):
        return connector
    message = f"this connector does not support: {capability.__name__}"
    raise UnsupportedCapabilityError(message, code="no_such_capability")


@runtime_checkable
class ManualRequests(Protocol):
    """Receives manual requests, where there is no API. Not a capability of an API."""

    def send_request(self, manual_request: ManualRequest) -> None:
        """Send the request, once per key; UnsupportedCapabilityError if no address is known."""
        ...
