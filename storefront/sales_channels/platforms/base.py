"""Platform protocol: define what an adapter of a sales channel platform reads and writes.

A platform is the shop system of a sales channel: Shopify, WooCommerce, BigCommerce. An adapter
translates between its API and the records below. It touches no table of ours, takes ids from the
caller, and calls HTTP only through ``storefront.lib.http.client``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from storefront.lib.address import Address
from storefront.lib.http.observers import CallObserver
from storefront.lib.money import Money

GARBAGE = "garbage"  # code of the error of an answer that cannot be read


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformContext:
    """What an adapter is built from: the store and its secrets, already decrypted.

    ``secrets`` has the keys of ``Platform.SECRETS``. ``options`` has those of ``Platform.OPTIONS``,
    such as the location that stock is set at.
    """

    base_url: str
    secrets: Mapping[str, str]
    options: Mapping[str, str]
    gate: CallObserver


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreInfo:
    """The store as it describes itself, read when staff connect it.

    ``missing_scopes`` are permissions that the key lacks. ``locations`` maps ids of stock locations
    to names; empty: the platform has one stock per variant.
    """

    name: str
    currency: str
    prices_include_tax: bool
    missing_scopes: tuple[str, ...] = ()
    locations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedVariant:
    """One variant as it is to be shown. ``compare_at`` is the Omnibus price of a reduction."""

    sku: str
    gtin: str
    mpn: str
    options: tuple[tuple[str, str], ...]  # name and value of each option, in order
    price: Money
    compare_at: Money | None
    quantity: int
    weight_g: int | None
    hs_code: str = ""
    origin: str = ""  # country code
    picture_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProduct:
    """One product as it is to be shown, with all its variants on the channel.

    ``key`` is ours and stable: the same key never makes two products. ``attributes`` are label and
    value, in the channel's language. ``external_id`` is empty until the product exists there;
    ``external_variants`` maps SKUs to the platform's ids of known variants.
    """

    key: str
    title: str
    description_html: str
    brand: str
    category: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    picture_urls: tuple[str, ...]
    variants: tuple[ListedVariant, ...]
    is_active: bool = True
    external_id: str = ""
    external_variants: Mapping[str, "ExternalVariant"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalVariant:
    """The ids of a variant at the platform.

    ``inventory_id`` is what stock is set on, where that has an id of its own.
    """

    product_id: str
    variant_id: str
    inventory_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductResult:
    """The answer for one product: its ids, or why the platform refused it.

    ``is_missing``: the platform no longer has the product that ``external_id`` named.
    """

    key: str
    external_id: str = ""
    variants: Mapping[str, ExternalVariant] = field(default_factory=dict)  # by SKU
    problem: str = ""
    is_missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StockWrite:
    """An absolute quantity to set. ``key`` is the idempotency key of the write."""

    variant: ExternalVariant
    quantity: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceWrite:
    """A price to set; ``compare_at`` None removes the reduction."""

    variant: ExternalVariant
    price: Money
    compare_at: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """The answer for one variant of a batch. ``is_missing``: the platform no longer has it."""

    variant: ExternalVariant
    problem: str = ""
    is_missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantState:
    """What the platform holds of one variant, for the comparison with ours."""

    sku: str
    variant: ExternalVariant
    price: Money
    compare_at: Money | None
    quantity: int
    is_active: bool


class PaymentState(StrEnum):
    """Whether the money of an order is safe at the platform."""

    PENDING = "pending"  # not imported
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteLine:
    """One line of an order: what was sold, in the order's currency.

    ``unit`` is the price per unit, with tax if the order's prices include it. ``discount`` and
    ``tax`` are for all units. ``fulfillment_line_id`` is what a fulfillment names, where that has
    an id of its own. ``quantity`` is what was ordered, ``canceled`` what was removed since.
    """

    external_id: str
    sku: str
    variant_id: str
    title: str
    quantity: int
    unit: Money
    discount: Money
    tax: Money
    tax_rate: Decimal | None
    canceled: int = 0
    fulfillment_line_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRefund:
    """A refund made at the platform. ``units`` maps line ids to refunded units.

    ``key`` is our idempotency key, if we made it.
    """

    external_id: str
    amount: Money
    units: Mapping[str, int]
    reason: str
    made_at: datetime
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOrder:
    """One order of the platform, read whole. ``updated_at`` orders its versions."""

    external_id: str
    name: str  # what customer and staff of that store call it, such as #1001
    placed_at: datetime
    updated_at: datetime
    payment: PaymentState
    is_canceled: bool
    is_test: bool
    email: str
    locale: str
    ship_to: Address
    currency: str
    prices_include_tax: bool
    lines: tuple[RemoteLine, ...]
    delivery: Money
    delivery_tax: Money
    total: Money
    refunds: tuple[RemoteRefund, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def refunded(self) -> Money:
        """Return the sum of all refunds."""
        return Money.total((refund.amount for refund in self.refunds), self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableOrder:
    """An order in a list that the adapter cannot translate, and why."""

    external_id: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentWrite:
    """A parcel to report. ``key`` names it, so that a repeated call reports it once."""

    order_id: str
    units: Mapping[str, int]  # RemoteLine.external_id -> units
    carrier: str
    tracking_number: str
    tracking_url: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWrite:
    """A refund to make at the platform, which returns the money to the customer.

    ``amount`` counts; ``units`` explain it. ``key`` makes it happen once.
    """

    order_id: str
    amount: Money
    units: Mapping[str, int]
    delivery: Money
    reason: str
    key: str


class WebhookTopic(StrEnum):
    """What a webhook is about. The order is then read from the platform."""

    ORDER = "order"
    UNINSTALLED = "uninstalled"  # the store has removed our access
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformWebhook:
    """A verified webhook. ``delivery_id`` is the same on redelivery; ``order_id`` may be empty."""

    delivery_id: str
    topic: WebhookTopic
    order_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformField:
    """A secret or option that staff enter."""

    code: str
    label: Any  # translated text
    help_text: Any = ""
    is_required: bool = True


class Platform(Protocol):
    """Client of one store on a platform. The constructor takes a context and sends no request.

    Writes are absolute and may be repeated. Batches of any length are split as the platform
    requires; the adapter waits for its rate limit. A refused item is a result with ``problem``;
    an exception means that the rest of the batch was not written.

    Raises: TemporaryError  retry; see ``is_outcome_unknown``
            PermanentError  the platform refused; the code is "401" or "403" if it refused our
                            key or a permission: the engine then pauses the connection
    """

    TITLE: ClassVar[str]
    SECRETS: ClassVar[tuple[PlatformField, ...]]
    OPTIONS: ClassVar[tuple[PlatformField, ...]]

    def __init__(self, context: PlatformContext) -> None: ...

    def close(self) -> None: ...

    def check(self) -> StoreInfo:
        """Read the store with the cheapest calls that prove all needed permissions."""
        ...

    def identity(self) -> str:
        """Return what distinguishes the store from all others, and never changes. One call."""
        ...

    def write_products(self, products: Sequence[ListedProduct]) -> Iterator[ProductResult]:
        """Create or update products whole: texts, pictures, variants, prices and stock."""
        ...

    def write_stock(self, writes: Sequence[StockWrite]) -> Iterator[WriteResult]: ...

    def write_prices(self, writes: Sequence[PriceWrite]) -> Iterator[WriteResult]: ...

    def unpublish(self, external_ids: Sequence[str]) -> Iterator[ProductResult]:
        """Hide products, so that they cannot be ordered; their ids stay valid.

        Each result has the ``external_id``; its ``key`` is empty.
        """
        ...

    def read_variants(self) -> Iterator[VariantState]:
        """Yield all variants of the store, page by page."""
        ...

    def orders_since(self, since: datetime) -> Iterator[RemoteOrder | UnreadableOrder]:
        """Yield orders changed since then, oldest change first; one may come twice."""
        ...

    def order(self, external_id: str) -> RemoteOrder | None: ...

    def write_fulfillment(self, fulfillment: FulfillmentWrite) -> str:
        """Report a parcel; return the platform's id of it. Looks it up before it writes."""
        ...

    def update_tracking(self, fulfillment_id: str, fulfillment: FulfillmentWrite) -> None: ...

    def cancel_order(self, external_id: str, *, reason: str) -> None:
        """Cancel an order there, without a refund. A canceled one stays canceled."""
        ...

    def refund(self, refund: RefundWrite) -> RemoteRefund:
        """Refund money once per ``key``. Looks it up before it writes."""
        ...

    def register_webhooks(self, *, url: str) -> Iterable[str]:
        """Subscribe ``url`` to all needed topics that it lacks; return what was added."""
        ...

    @staticmethod
    def verify_webhook(
        *, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]
    ) -> PlatformWebhook:
        """Verify the signature on the raw bytes, then read topic and ids.

        Raises: storefront.lib.security.webhook_signing.InvalidHeadersError,
        storefront.lib.security.webhook_signing.InvalidSignatureError
        """
        ...
