"""Connector capabilities: define one small Protocol per ability, test a connector for it.

A connector has the methods of its abilities and no others. A missing ability is absent, so that
nobody relies on an invented answer. The code of a bad row tells which job checks it again:
``list-…`` the list, ``cost-…`` prices, ``stock-…`` stock, all others the product page.
``Pleading`` is for suppliers without an API: a person answers questions about an order.
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
    """Lists all that he charged us for, also what we did not order by these means."""

    def charges(self, *, since: datetime) -> Iterable[Charge]:
        """Read what he charged for orders that were made since then.

        Raises: OutsideError  he does not say, or there is more than is read
        """
        ...


@runtime_checkable
class Claims(Protocol):
    """Takes complaints about an order, and gives money or goods back."""

    def open_claim(self, claim: ClaimRequest) -> ClaimState:
        """Complain; a claim of this number that he has already is returned as it stands.

        Raises: PermanentError  he refuses it
        """
        ...

    def claims(self, *, supplier_reference: str) -> tuple[ClaimState, ...]: ...

    def cancel_claim(self, *, supplier_reference: str, supplier_claim: str) -> None:
        """Take a claim back.

        Raises: PermanentError  it is too late
        """
        ...


@runtime_checkable
class Webhooks(Protocol):
    """Tells news unasked. The two static methods need no line."""

    @staticmethod
    def genuine_id(
        *,
        headers: Mapping[str, str],
        body: bytes,
        account: str,
        secrets: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> str:
        """Return the id of a genuine message: told twice, it has the same one.

        Empty for a call that tells nothing: he only tries whether we are there.

        Raises: storefront.lib.security.webhook_signing.BadHeadersError,
        storefront.lib.security.webhook_signing.ForgedError
        """
        ...

    @staticmethod
    def read_news(body: bytes, *, received_at: datetime) -> tuple[SupplierNews, ...]:
        """Understand a message.

        Raises: PermanentError  it cannot be understood
        """
        ...

    def listen(self, *, url: str) -> None:
        """Have messages sent to ``url``, if they are not."""
        ...

    def most_subscribed(self) -> int:
        """Return of how many products he tells news at most."""
        ...

    def subscribed(self) -> frozenset[str]:
        """Return the products that he tells news of."""
        ...

    def subscribe(self, *, refs: Sequence[str]) -> Sequence[str]:
        """Ask for news of these products; return those he agreed to, fewer at his limit."""
        ...

    def unsubscribe(self, *, refs: Sequence[str]) -> None:
        """Ask for no more news of these products."""
        ...


class Connector(Protocol):
    """One open line to one supplier. Made from a ``Line``, and nothing is asked before a call."""

    TITLE: ClassVar[str]
    SECRETS: ClassVar[tuple[Secret, ...]]
    # What is not secret, and its defaults. A property ``needs_address`` may waive the address.
    OPTIONS: ClassVar[type[msgspec.Struct]]
    QUOTAS: ClassVar[tuple[Quota, ...]]
    CURRENCY: ClassVar[str]  # what he asks, unless staff know better

    def sign_in(self) -> str:
        """Prove that the secrets are right, with the cheapest call; say who we are to him.

        Raises: OutsideError
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class PagedCatalog(Protocol):
    """Lists its products, and describes them one at a time.

    ``product`` may be called by several threads at once.
    """

    def product_rows(self) -> Iterator[ListRow | BadRow]: ...

    def product(self, *, ref: str) -> ProductPage:
        """Read a product's page.

        Raises: GoneError  he lists it, and does not sell it
        """
        ...


@runtime_checkable
class KeptCatalog(PagedCatalog, Protocol):
    """Keeps its list for a while, and tells it to the next job without asking for it again."""

    @property
    def listed_at(self) -> datetime | None:
        """When the list just told was asked for by another job; None: by this one."""
        ...


def listed_at(connector: Connector) -> datetime | None:
    """Return when another job asked for the list that was just told; None: this one did."""
    return connector.listed_at if isinstance(connector, KeptCatalog) else None


@runtime_checkable
class BulkCatalog(Protocol):
    """Tells all of its products at once, as from a file.

    ``pages`` may be walked twice, and tells the same both times: what was fetched is kept on
    disk until ``close``, never in memory.
    """

    @property
    def omitted_products(self) -> Omitted: ...

    def pages(self) -> Iterator[ProductPage | BadRow]: ...


@runtime_checkable
class PagedStockAndPrice(Protocol):
    """Says how many there are of each SKU of one product, and what they cost.

    Safe to be called by several threads at once.
    """

    def stock(self, *, ref: str) -> tuple[StockRecord | BadRow, ...]: ...

    def costs(self, *, ref: str) -> tuple[CostRecord | BadRow, ...]: ...


@runtime_checkable
class BulkStockAndPrice(Protocol):
    """Tells all figures at once, product by product; a product may come in several parts."""

    @property
    def omitted_stock(self) -> Omitted: ...

    @property
    def omitted_costs(self) -> Omitted: ...

    def stock_rows(self) -> Iterator[tuple[str, tuple[StockRecord | BadRow, ...]]]: ...

    def cost_rows(self) -> Iterator[tuple[str, tuple[CostRecord | BadRow, ...]]]: ...


@runtime_checkable
class Freight(Protocol):
    """Quotes the routes for a parcel: none, or NoWayError, only where he has none."""

    def freight(
        self, *, country_from: str, ship_to: Address, lines: tuple[RequestLine, ...]
    ) -> tuple[FreightOption, ...]:
        """Return what is understood of them; nothing of it is an OutsideError."""


@runtime_checkable
class OrderValidation(Protocol):
    """Says whether he would take an order, without taking it."""

    def validate(self, request: PurchaseRequest) -> Money | None:
        """Return what the goods would cost, where he says so.

        Raises: OutOfStockError, GoneError, PermanentError  he would refuse it
        """
        ...


@runtime_checkable
class OrderPlacing(Protocol):
    """Takes orders."""

    def place(self, request: PurchaseRequest) -> PurchaseState:
        """Order the goods.

        Raises: DuplicateReferenceError  he has an order under this number already
                OutOfStockError, PermanentError  he understood and refused: no effect
                TemporaryError  see ``may_have_happened``
        """
        ...


@runtime_checkable
class OrderReading(Protocol):
    """Tells how an order stands. Who takes orders must have this: lost answers are looked up."""

    def find(self, *, number: str) -> PurchaseState | None:
        """Look an order up by our number; None is proof that he does not have it."""
        ...


@runtime_checkable
class OrderResuming(Protocol):
    """Takes an order in several steps: one that stands half-way can be taken on.

    No ability of its own, but how ``OrderPlacing`` ends where its answer was lost.
    """

    def resume(self, *, number: str) -> PurchaseState | None:
        """Look an order up as ``find`` does, and do the steps that it lacks, none of them twice.

        What he refuses of a step is the ``reason`` of an order that is only received.

        Raises: OutsideError  he does not say; it is asked again
        """
        ...


@runtime_checkable
class OrderCancelling(Protocol):
    """Can stop an order."""

    def cancel(self, *, number: str) -> PurchaseState:
        """Ask him to stop it.

        Raises: NotStoppableError  it is too late
                LeftUnpaidError    it waits to be paid, and nobody will
        """
        ...


@runtime_checkable
class Tracking(Protocol):
    """Tells of many orders and their parcels in few calls."""

    def track(self, orders: Sequence[OrderName]) -> Iterable[PurchaseState]:
        """Read the orders; what he does not tell of is left out."""
        ...


@runtime_checkable
class Balance(Protocol):
    """Tells how much money of ours he holds to pay orders with."""

    def balance(self) -> Money: ...


@runtime_checkable
class Paced(Protocol):
    """Allows some accounts more calls a second than others. Needs no line."""

    @staticmethod
    def calls_per_second(
        *, options: Mapping[str, Any], remembered: Mapping[str, Any]
    ) -> int | None:
        """Return what the account may ask; None when nobody knows. Staff may allow less."""
        ...


@runtime_checkable
class Advising(Protocol):
    """Knows what staff should set, beyond what makes a call fail. No ability of the API."""

    def advice(self) -> Sequence[str]:
        """Say what should be set, in words; asks him, and raises as any call does."""
        ...


class Ability(StrEnum):
    """The names of the abilities, as staff read them."""

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
    """Return what a connector's class declares by having the methods of it."""
    return tuple(
        ability
        for ability, protocols in PROTOCOLS.items()
        if any(_has_all(connector, protocol) for protocol in protocols)
    )


def _has_all(connector: type, protocol: type) -> bool:
    names = [name for name in vars(protocol) if not name.startswith("_")]
    return all(hasattr(connector, name) for name in names)


def able[T](connector: object, ability: type[T]) -> T:
    """Return the connector as one that has this ability.

    Raises: MissingAbilityError  it has not
    """
    if isinstance(connector, ability):
        return connector
    name = ability.__name__
    raise MissingAbilityError(f"this supplier's API has no {name}", code="no_such_ability")


@runtime_checkable
class Pleading(Protocol):
    """Is written to, where no program answers. No ability of an API."""

    def plead(self, plea: Plea) -> None:
        """Hand the question over, once per key.

        Raises: MissingAbilityError  nobody knows where to write to him
        """
        ...
