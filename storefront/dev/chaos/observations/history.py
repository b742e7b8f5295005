"""Observation records: hold what outside parties know and what our database says.

They are complete when no work is left.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus

from storefront.dev.chaos.plan import PlannedPurchase


@dataclass(slots=True, kw_only=True)
class CustomerPurchase:
    """One purchase, as its customer saw it.

    Shape:  ``payment`` is the gateway's id; ``end`` is one of paid, late, declined, left,
            refused (sold out, or the price changed) and lost (the customer gave up)
    """

    planned: PlannedPurchase
    phase: str
    end: str = "lost"
    payment: str = ""
    agreed: Decimal = Decimal(0)
    number: str = ""
    words: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class ResponseCounts:
    """Counts the answers to all customers."""

    requests: int = 0
    errors: int = 0  # 5xx
    broken: int = 0  # of these, status 500
    unanswered: int = 0  # no answer
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, status: int) -> None:
        with self.lock:
            self.requests += 1
            self.errors += status >= HTTPStatus.INTERNAL_SERVER_ERROR
            self.broken += status == HTTPStatus.INTERNAL_SERVER_ERROR
            self.unanswered += status == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayPayment:
    """One payment in the gateway's ledger, in cents; ``order`` is our number."""

    payment: str
    order: str
    status: str
    amount: int
    authorized: int
    captured: int
    released: int
    refunded: int
    created_at: float = 0.0  # seconds since 1970, in real time

    @property
    def held(self) -> int:
        return self.authorized - self.captured - self.released


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierOrder:
    """One order at a supplier, with our number; ``status`` is CJ's word for every supplier."""

    number: str
    status: str
    units: int
    supplier: str = "cj"

    @property
    def is_open(self) -> bool:
        return self.status == "UNSHIPPED"

    @property
    def has_arrived(self) -> bool:
        return self.status == "DELIVERED"

    @property
    def is_canceled(self) -> bool:
        return self.status == "CANCELLED"

    @property
    def is_shipped(self) -> bool:
        return self.status in {"SHIPPED", "DELIVERED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionAttempt:
    """One call to place an order at a supplier, and whether the supplier accepted it."""

    number: str
    is_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedEmail:
    """One e-mail that arrived."""

    message_id: str
    recipient: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedOrder:
    """One order that was sent many times at once with one idempotency key.

    Shape:  ``answers`` are the final answers; ``orders`` is how many orders exist
    """

    email: str
    answers: tuple[tuple[int, str], ...]
    orders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OurOrder:
    """An order, with its total in cents.

    Shape:  ``is_whole``: none of its units was canceled
    """

    number: str
    status: str
    total: int
    payments: tuple[str, ...]
    lines: int = 1
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OurPurchase:
    """A purchase order, with what the customer pays for it, in cents.

    Shape:  ``charge`` and ``units`` are of the lines that are still to be shipped;
            ``is_cancel_requested``: staff or the customer requested its cancellation
    """

    number: str
    order: str
    status: str
    submission_status: str
    charge: int
    units: int
    is_cancel_requested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OurMail:
    """A message that was sent or is to be sent."""

    message_id: str
    order: str
    template: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OurTextMessage:
    """A text message that was sent or is to be sent; each customer has another number."""

    recipient: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopState:
    """The state according to our database."""

    orders: tuple[OurOrder, ...]
    purchases: tuple[OurPurchase, ...]
    mails: tuple[OurMail, ...]
    violated_invariants: tuple[str, ...]
    open_work: tuple[str, ...]  # work that is still to be done
    text_messages: tuple[OurTextMessage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known when no work is left."""

    purchases: Sequence[CustomerPurchase]
    stock: int  # of the hot product
    charges: Sequence[GatewayPayment]
    supplier_orders: Sequence[SupplierOrder]
    attempts: Sequence[SubmissionAttempt]
    emails: Sequence[ReceivedEmail]
    shop: ShopState
    text_messages: Sequence[str] = ()  # numbers of the recipients, at the SMS provider
    failed_parcels: Sequence[str] = ()  # order numbers of lost and returned parcels
    late_parcels: Sequence[str] = ()  # order numbers
    wrong_parcels: Sequence[str] = ()
    # refunded by staff, returns included: cents by order
    refunds: Mapping[str, int] = field(default_factory=dict)
    returned: Sequence[str] = ()  # numbers of orders with a return
    return_labels: Sequence[str] = ()  # our references, at the provider
    wrong_returns: Sequence[str] = ()
    wrong_store_orders: Sequence[str] = ()
    wrong_events: Sequence[str] = ()
    canceling_suppliers: Sequence[str] = ()  # those that had to cancel an accepted order
    mishandled_webhooks: Sequence[str] = ()
    claims: Sequence[str] = ()  # our numbers
    answers: Mapping[str, str] = field(default_factory=dict)  # last choice, by order number
    disputes: Sequence[str] = ()  # numbers of the claims that the supplier has
    reconciliation_problems: Sequence[str] = ()
    planned: int = 0  # number of faults
    injected: int = 0  # number of faults
    missed: Sequence[str] = ()  # faults without a target
    unreached_failpoints: Sequence[str] = ()  # those at which no process died
    silent: Sequence[str] = ()  # processes without activity after the last fault
    errors: Sequence[str] = ()  # bugs of this tool
    repeated_orders: Sequence[RepeatedOrder] = ()
    page_times_s: Sequence[float] = ()  # while the gateway hung
    unpaid_order_statuses: Sequence[int] = ()  # HTTP statuses, for orders of one network
