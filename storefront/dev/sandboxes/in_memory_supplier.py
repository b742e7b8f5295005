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
    lists_stock: bool = True

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


_data_by_url: dict[str, SupplierData] = {}


def data_at(base_url: str) -> SupplierData:
    """Return the data of the supplier at an address; it is created at first use."""
    return _data_by_url.setdefault(base_url, SupplierData())


def reset_data() -> None:
    _data_by_url.clear()


class InMemorySupplier:
    """Connector to the ``SupplierData`` of its address."""

    TITLE: ClassVar = "In-memory supplier"
    SECRETS: ClassVar[tuple[Secret, ...]] = ()
    OPTIONS: ClassVar = msgspec.defstruct("Options", [])
    QUOTAS: ClassVar[tuple[Quota, ...]] = ()
    CURRENCY: ClassVar = "USD"

    def __init__(self, context: ConnectorContext) -> None:
        self._data = data_at(context.base_url)
        self._gate = context.gate

    def sign_in(self) -> str:
        self._called("sign_in")
        return "unknown"

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def product_rows(self) -> Iterator[ProductSummary | ImportIssue]:
        self._called("product_rows")
        yield from self._data.bad_rows
        for external_id, record in self._data.records.items():
            skus = [variant.sku for variant in record.variants]
            yield ProductSummary(
                external_id=external_id,
                digest=_digest(record.title, record.claims, skus),
                cost_digest=_digest(*(self._data.costs.get(sku) for sku in skus)),
                stock=self._levels(external_id) if self._data.lists_stock else None,
            )

    def product(self, *, external_id: str) -> ProductDetail:
        self._called(f"product {external_id}")
        record = self._record(external_id)
        variants = tuple(
            replace(variant, cost=self._data.costs.get(variant.sku)) for variant in record.variants
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
            PriceReport(sku=variant.sku, cost=self._data.costs[variant.sku])
            for variant in self._record(external_id).variants
            if variant.sku in self._data.costs
        )

    def freight(
        self, *, country_from: str, ship_to: Address, lines: tuple[PurchaseOrderRequestLine, ...]
    ) -> tuple[FreightOption, ...]:
        del country_from, ship_to, lines
        self._called("freight")
        return self._data.routes

    def place(self, request: PurchaseOrderRequest) -> PurchaseOrderReport:
        self._called(f"place {request.number}")
        if request.number in self._data.orders:
            raise DuplicateReferenceError(f"{request.number} already exists", code="duplicate")
        stock_rows = [(self._data.stock.get(line.sku, {}), line) for line in request.lines]
        for stock_row, line in stock_rows:
            if stock_row.get(request.country_from, 0) < line.quantity:
                raise OutOfStockError(f"not enough of {line.sku}", code="out_of_stock")
        for stock_row, line in stock_rows:
            stock_row[request.country_from] -= line.quantity
        self._data.orders[request.number] = PurchaseOrderReport(
            number=request.number,
            supplier_reference=f"fake-{len(self._data.orders) + 1}",
            answer=Acknowledgement.ACCEPTED,
        )
        return self._data.orders[request.number]

    def find(self, *, number: str) -> PurchaseOrderReport | None:
        self._called(f"find {number}")
        return self._data.orders.get(number)

    def cancel(self, *, number: str) -> PurchaseOrderReport:
        self._called(f"cancel {number}")
        state = self._data.orders.get(number)
        if state is None:
            raise PermanentError(f"no order {number}", code="unknown_order")
        if state.answer not in CANCELLABLE and state.answer is not Acknowledgement.CANCELED:
            raise NotCancellableError(f"{number} is {state.answer}")
        self._data.orders[number] = replace(state, answer=Acknowledgement.CANCELED)
        return self._data.orders[number]

    def _called(self, what: str) -> None:
        call = Call(method="FAKE", path=what)
        self._gate.enter(call)
        self._data.asked.append(what)
        failure = self._data.failures.pop(0) if self._data.failures else None
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
        if external_id not in self._data.records:
            raise DiscontinuedError(f"no product {external_id}", code="gone")
        return self._data.records[external_id]

    def _levels(self, external_id: str) -> tuple[StockReport | ImportIssue, ...]:
        skus = [variant.sku for variant in self._record(external_id).variants]
        unreadable = self._data.unreadable
        return (
            *(
                StockReport(sku=sku, location=country, country=country, quantity=units)
                for sku in skus
                if sku not in unreadable
                for country, units in self._data.stock.get(sku, {}).items()
            ),
            *(unreadable[sku] for sku in skus if sku in unreadable),
        )


def _digest(*values: object) -> str:
    return blake2b(repr(values).encode(), digest_size=16).hexdigest()
