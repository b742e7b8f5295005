"""In-memory supplier: answer connector calls without a network.

For tests and for development.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import ClassVar

import msgspec

from catalog.records import ImportIssue, ProductRecord
from storefront.lib.address import Address
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.http.observers import Call, Outcome
from storefront.lib.money import Money
from suppliers.connectors.context import ConnectorContext, Quota, Secret
from suppliers.connectors.records import (
    Acknowledgement,
    DiscontinuedError,
    DuplicateReferenceError,
    FreightOption,
    NotCancellableError,
    OutOfStockError,
    PriceReport,
    ProductDetail,
    ProductSummary,
    PurchaseOrderReport,
    PurchaseOrderRequest,
    PurchaseOrderRequestLine,
    ShipmentNotice,
    StockReport,
)

CANCELLABLE = frozenset({Acknowledgement.RECEIVED, Acknowledgement.ACCEPTED})


@dataclass(slots=True, kw_only=True)
class SupplierData:
    """The supplier's data and orders.

    Shape:  ``stock`` maps a SKU to its units by country; ``unreadable`` maps a SKU to the issue
            reported instead of its stock. Each call raises the next of ``failures``, if any.
            ``asked`` lists all calls
    """

    records: dict[str, ProductRecord] = field(default_factory=dict)
    stock: dict[str, dict[str, int]] = field(default_factory=dict)
    unreadable: dict[str, ImportIssue] = field(default_factory=dict)
    costs: dict[str, Money] = field(default_factory=dict)
    bad_rows: list[ImportIssue] = field(default_factory=list)
    routes: tuple[FreightOption, ...] = ()
    orders: dict[str, PurchaseOrderReport] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tells_stock_in_list: bool = True

    def put(self, record: ProductRecord, *, stock: dict[str, int], cost: Money) -> None:
        """Add a product; all its SKUs have this stock and cost."""
        self.records[record.external_id] = record
        for variant in record.variants:
            self.stock[variant.sku] = dict(stock)
            self.costs[variant.sku] = cost

    def ship(self, number: str, *, carrier: str, tracking_number: str) -> PurchaseOrderReport:
        """Ship one order."""
        parcel = ShipmentNotice(carrier=carrier, number=tracking_number)
        self.orders[number] = replace(
            self.orders[number], answer=Acknowledgement.SHIPPED, parcels=(parcel,)
        )
        return self.orders[number]


_worlds: dict[str, SupplierData] = {}


def data_at(base_url: str) -> SupplierData:
    """Return the data of the supplier at an address; it is created at first use."""
    return _worlds.setdefault(base_url, SupplierData())


def reset_data() -> None:
    _worlds.clear()


class InMemorySupplier:
    """Connector to the ``SupplierData`` of its address."""

    TITLE: ClassVar = "In-memory supplier"
    SECRETS: ClassVar[tuple[Secret, ...]] = ()
    OPTIONS: ClassVar = msgspec.defstruct("Options", [])
    QUOTAS: ClassVar[tuple[Quota, ...]] = ()
    CURRENCY: ClassVar = "USD"

    def __init__(self, line: ConnectorContext) -> None:
        self._world = data_at(line.base_url)
        self._gate = line.gate

    def sign_in(self) -> str:
        self._called("sign_in")
        return "unknown"

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def product_rows(self) -> Iterator[ProductSummary | ImportIssue]:
        self._called("product_rows")
        yield from self._world.bad_rows
        for external_id, record in self._world.records.items():
            skus = [variant.sku for variant in record.variants]
            yield ProductSummary(
                external_id=external_id,
                digest=_digest(record.title, record.claims, skus),
                cost_digest=_digest(*(self._world.costs.get(sku) for sku in skus)),
                stock=self._levels(external_id) if self._world.tells_stock_in_list else None,
            )

    def product(self, *, external_id: str) -> ProductDetail:
        self._called(f"product {external_id}")
        record = self._record(external_id)
        variants = tuple(
            replace(variant, cost=self._world.costs.get(variant.sku)) for variant in record.variants
        )
        return ProductDetail(
            external_id=external_id,
            digest=_digest(
                record.title, record.claims, [(each.sku, each.gtin, each.mpn) for each in variants]
            ),
            record=replace(record, variants=variants),
            stock=self._levels(external_id),
        )

    def stock(self, *, external_id: str) -> tuple[StockReport | ImportIssue, ...]:
        self._called(f"stock {external_id}")
        return self._levels(external_id)

    def costs(self, *, external_id: str) -> tuple[PriceReport | ImportIssue, ...]:
        self._called(f"costs {external_id}")
        return tuple(
            PriceReport(sku=variant.sku, cost=self._world.costs[variant.sku])
            for variant in self._record(external_id).variants
            if variant.sku in self._world.costs
        )

    def freight(
        self, *, country_from: str, ship_to: Address, lines: tuple[PurchaseOrderRequestLine, ...]
    ) -> tuple[FreightOption, ...]:
        del country_from, ship_to, lines
        self._called("freight")
        return self._world.routes

    def place(self, request: PurchaseOrderRequest) -> PurchaseOrderReport:
        self._called(f"place {request.number}")
        if request.number in self._world.orders:
            raise DuplicateReferenceError(f"{request.number} already exists", code="duplicate")
        shelves = [(self._world.stock.get(line.sku, {}), line) for line in request.lines]
        for shelf, line in shelves:
            if shelf.get(request.country_from, 0) < line.quantity:
                raise OutOfStockError(f"not enough of {line.sku}", code="out_of_stock")
        for shelf, line in shelves:
            shelf[request.country_from] -= line.quantity
        self._world.orders[request.number] = PurchaseOrderReport(
            number=request.number,
            supplier_reference=f"fake-{len(self._world.orders) + 1}",
            answer=Acknowledgement.ACCEPTED,
        )
        return self._world.orders[request.number]

    def find(self, *, number: str) -> PurchaseOrderReport | None:
        self._called(f"find {number}")
        return self._world.orders.get(number)

    def cancel(self, *, number: str) -> PurchaseOrderReport:
        self._called(f"cancel {number}")
        state = self._world.orders.get(number)
        if state is None:
            raise PermanentError(f"no order {number}", code="unknown_order")
        if state.answer not in CANCELLABLE and state.answer is not Acknowledgement.CANCELED:
            raise NotCancellableError(f"{number} is {state.answer}")
        self._world.orders[number] = replace(state, answer=Acknowledgement.CANCELED)
        return self._world.orders[number]

    def _called(self, what: str) -> None:
        call = Call(method="FAKE", path=what)
        self._gate.enter(call)
        self._world.asked.append(what)
        failure = self._world.failures.pop(0) if self._world.failures else None
        self._gate.leave(
            call,
            Outcome(
                status=None if failure else 200,
                milliseconds=0.0,
                error=failure if isinstance(failure, ExternalServiceError) else None,
            ),
        )
        if failure:
            raise failure

    def _record(self, external_id: str) -> ProductRecord:
        if external_id not in self._world.records:
            raise DiscontinuedError(f"no product {external_id}", code="gone")
        return self._world.records[external_id]

    def _levels(self, external_id: str) -> tuple[StockReport | ImportIssue, ...]:
        skus = [variant.sku for variant in self._record(external_id).variants]
        unreadable = self._world.unreadable
        return (
            *(
                StockReport(sku=sku, location=country, country=country, quantity=units)
                for sku in skus
                if sku not in unreadable
                for country, units in self._world.stock.get(sku, {}).items()
            ),
            *(unreadable[sku] for sku in skus if sku in unreadable),
        )


def _digest(*values: object) -> str:
    return blake2b(repr(values).encode(), digest_size=16).hexdigest()
