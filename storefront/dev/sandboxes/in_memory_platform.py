"""In-memory platform: keep one store of a sales channel without a network.

For tests and for development.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import ClassVar

from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.http.observers import Call, Outcome
from storefront.lib.money import Money
from storefront.lib.security.webhook_signing import InvalidSignatureError
from storefront.sales_channels.platforms.base import (
    ExternalVariant,
    FulfillmentWrite,
    ListedProduct,
    ListedVariant,
    PaymentState,
    PlatformContext,
    PlatformField,
    PlatformWebhook,
    PriceWrite,
    ProductResult,
    RefundWrite,
    RemoteOrder,
    RemoteRefund,
    StockWrite,
    StoreInfo,
    VariantState,
    WebhookTopic,
    WriteResult,
)

PATH = "storefront.dev.sandboxes.in_memory_platform.InMemoryPlatform"


@dataclass(slots=True, kw_only=True)
class StoreData:
    """What one store has, and the calls that it got.

    ``calls`` lists all calls, ``writes`` what each changed. Each call raises the next of
    ``failures``, if any. ``refused_skus`` maps SKUs to the reason for which the store refuses them.
    """

    info: StoreInfo = field(
        default_factory=lambda: StoreInfo(name="Memory", currency="EUR", prices_include_tax=True)
    )
    identity: str = "memory-1"
    products: dict[str, ListedProduct] = field(default_factory=dict)  # by external id
    ids_by_key: dict[str, str] = field(default_factory=dict)
    quantities: dict[str, int] = field(default_factory=dict)  # by variant id
    prices: dict[str, tuple[Money, Money | None]] = field(default_factory=dict)
    skus: dict[str, str] = field(default_factory=dict)  # by variant id
    orders: dict[str, RemoteOrder] = field(default_factory=dict)
    fulfillments: dict[str, FulfillmentWrite] = field(default_factory=dict)  # by id
    webhook_urls: list[str] = field(default_factory=list)
    refused_skus: dict[str, str] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    def quantity_of(self, sku: str) -> int:
        return self.quantities[self.variant_id(sku)]

    def price_of(self, sku: str) -> Money:
        return self.prices[self.variant_id(sku)][0]

    def variant_id(self, sku: str) -> str:
        return next(key for key, value in self.skus.items() if value == sku)


_stores: dict[str, StoreData] = {}


def store_at(base_url: str) -> StoreData:
    """Return the store at an address; it is created at first use."""
    return _stores.setdefault(base_url, StoreData())


def reset_stores() -> None:
    _stores.clear()


class InMemoryPlatform:
    """Adapter of the ``StoreData`` of its address."""

    TITLE: ClassVar = "In-memory platform"
    SECRETS: ClassVar = (PlatformField(code="token", label="Token"),)
    OPTIONS: ClassVar[tuple[PlatformField, ...]] = ()

    def __init__(self, context: PlatformContext) -> None:
        self._store = store_at(context.base_url)
        self._gate = context.gate

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def check(self) -> StoreInfo:
        self._called("check")
        return self._store.info

    def identity(self) -> str:
        self._called("identity")
        return self._store.identity

    def write_products(self, products: Sequence[ListedProduct]) -> Iterator[ProductResult]:
        for product in products:
            self._called(f"product {product.key}")
            if product.external_id and product.external_id not in self._store.products:
                yield ProductResult(key=product.key, is_missing=True)
                continue
            skus = [variant.sku for variant in product.variants]
            if refused := [sku for sku in skus if sku in self._store.refused_skus]:
                yield ProductResult(key=product.key, problem=self._store.refused_skus[refused[0]])
                continue
            yield self._write(product)

    def _write(self, product: ListedProduct) -> ProductResult:
        store = self._store
        external_id = store.ids_by_key.setdefault(product.key, f"p{len(store.ids_by_key) + 1}")
        store.products[external_id] = replace(product, external_id=external_id)
        store.writes.append(f"product {product.key}")
        ids: dict[str, ExternalVariant] = {}
        for variant in product.variants:
            known = product.external_variants.get(variant.sku)
            variant_id = known.variant_id if known else f"{external_id}-{variant.sku}"
            ids[variant.sku] = ExternalVariant(product_id=external_id, variant_id=variant_id)
            store.skus[variant_id] = variant.sku
            store.quantities[variant_id] = variant.quantity
            store.prices[variant_id] = (variant.price, variant.compare_at)
        return ProductResult(key=product.key, external_id=external_id, variants=ids)

    def write_stock(self, writes: Sequence[StockWrite]) -> Iterator[WriteResult]:
        self._called(f"stock {len(writes)}")
        for write in writes:
            result, sku = self._result(write.variant)
            if not result.problem:
                self._store.quantities[write.variant.variant_id] = write.quantity
                self._store.writes.append(f"stock {sku} {write.quantity}")
            yield result

    def write_prices(self, writes: Sequence[PriceWrite]) -> Iterator[WriteResult]:
        self._called(f"prices {len(writes)}")
        for write in writes:
            result, sku = self._result(write.variant)
            if not result.problem:
                self._store.prices[write.variant.variant_id] = (write.price, write.compare_at)
                self._store.writes.append(f"price {sku} {write.price.amount}")
            yield result

    def _result(self, variant: ExternalVariant) -> tuple[WriteResult, str]:
        """Return the answer for a variant, and its SKU."""
        sku = self._store.skus.get(variant.variant_id)
        if sku is None:
            return WriteResult(variant=variant, problem="no such variant", is_missing=True), ""
        return WriteResult(variant=variant, problem=self._store.refused_skus.get(sku, "")), sku

    def unpublish(self, external_ids: Sequence[str]) -> Iterator[ProductResult]:
        self._called("unpublish")
        for external_id in external_ids:
            product = self._store.products[external_id]
            self._store.products[external_id] = replace(product, is_active=False)
            self._store.writes.append(f"unpublish {product.key}")
            yield ProductResult(key="", external_id=external_id)

    def read_variants(self) -> Iterator[VariantState]:
        self._called("variants")
        for external_id, product in self._store.products.items():
            for variant in product.variants:
                if state := self._state(external_id, product, variant):
                    yield state

    def _state(
        self, external_id: str, product: ListedProduct, variant: ListedVariant
    ) -> VariantState | None:
        store = self._store
        variant_id = next((key for key, sku in store.skus.items() if sku == variant.sku), None)
        if variant_id is None:
            return None
        price, compare_at = store.prices[variant_id]
        return VariantState(
            sku=variant.sku,
            variant=ExternalVariant(product_id=external_id, variant_id=variant_id),
            price=price,
            compare_at=compare_at,
            quantity=store.quantities[variant_id],
            is_active=product.is_active,
        )

    def orders_since(self, since: datetime) -> Iterator[RemoteOrder]:
        self._called("orders")
        changed = [order for order in self._store.orders.values() if order.updated_at >= since]
        yield from sorted(changed, key=lambda order: order.updated_at)

    def order(self, external_id: str) -> RemoteOrder | None:
        self._called(f"order {external_id}")
        return self._store.orders.get(external_id)

    def write_fulfillment(self, fulfillment: FulfillmentWrite) -> str:
        self._called(f"fulfillment {fulfillment.key}")
        self._order(fulfillment.order_id)
        for known_id, known in self._store.fulfillments.items():
            if known.key == fulfillment.key:
                return known_id
        new_id = f"f{len(self._store.fulfillments) + 1}"
        self._store.fulfillments[new_id] = fulfillment
        return new_id

    def update_tracking(self, fulfillment_id: str, fulfillment: FulfillmentWrite) -> None:
        self._called(f"tracking {fulfillment_id}")
        self._store.fulfillments[fulfillment_id] = fulfillment

    def cancel_order(self, external_id: str, *, reason: str) -> None:
        self._called(f"cancel {external_id}: {reason}")
        order = self._order(external_id)
        self._store.orders[external_id] = replace(order, is_canceled=True, updated_at=_now())

    def refund(self, refund: RefundWrite) -> RemoteRefund:
        self._called(f"refund {refund.key}")
        order = self._order(refund.order_id)
        for known in order.refunds:
            if known.key == refund.key:
                return known
        made = RemoteRefund(
            external_id=f"{order.external_id}-r{len(order.refunds) + 1}",
            amount=refund.amount,
            units=refund.units,
            reason=refund.reason,
            made_at=_now(),
            key=refund.key,
        )
        changed = replace(order, refunds=(*order.refunds, made), updated_at=_now())
        if order.total < changed.refunded:
            raise PermanentError("the refunds would exceed the order's total", code="422")
        is_whole = changed.refunded == order.total
        state = PaymentState.REFUNDED if is_whole else PaymentState.PARTIALLY_REFUNDED
        self._store.orders[order.external_id] = replace(changed, payment=state)
        return made

    def register_webhooks(self, *, url: str) -> Iterable[str]:
        self._called("webhooks")
        if url in self._store.webhook_urls:
            return []
        self._store.webhook_urls.append(url)
        return ["order"]

    @staticmethod
    def verify_webhook(
        *, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]
    ) -> PlatformWebhook:
        """Verify the header ``x-token``; the body is the id of an order."""
        if headers.get("x-token", "") != secrets.get("token"):
            raise InvalidSignatureError("the token is wrong")
        return PlatformWebhook(
            delivery_id=headers["x-delivery"], topic=WebhookTopic.ORDER, order_id=body.decode()
        )

    def _order(self, external_id: str) -> RemoteOrder:
        if external_id not in self._store.orders:
            raise PermanentError(f"no order {external_id}", code="404")
        return self._store.orders[external_id]

    def _called(self, what: str) -> None:
        call = Call(method="MEMORY", path=what)
        self._gate.enter(call)
        self._store.calls.append(what)
        failure = self._store.failures.pop(0) if self._store.failures else None
        error = failure if isinstance(failure, ExternalServiceError) else None
        status = None if failure else 200
        self._gate.leave(call, Outcome(status=status, milliseconds=0.0, error=error))
        if failure:
            raise failure


def _now() -> datetime:
    return datetime.now(tz=UTC)
