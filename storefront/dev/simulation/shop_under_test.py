"""Shop under test: run the real shop's code and database behind the simulation's interface."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from catalog.models import Brand, Category, Channel, Product, Variant
from catalog.records import ProductRecord, VariantRecord
from orders.cancellation import cancellation
from orders.inventory import allocations, decrement_measurement, reservations, stock_sync
from orders.models import Cart, Order, OrderLine, PurchaseLine, PurchaseOrder, Reservation
from orders.purchasing import acknowledgements
from storefront.dev.sandboxes.in_memory_supplier import SupplierData, data_at
from storefront.dev.simulation.scenario import HOUR_S, PlannedOrder
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors.records import Acknowledgement, PurchaseOrderReport
from suppliers.inventory.ledger import NotEnoughStockError
from suppliers.models import Connection, StockLevel, Supplier, SupplierOffer, SyncRun
from suppliers.sync import runner, webhooks

BEGINS = datetime(2026, 1, 5, tzinfo=UTC)
MEASURES_EVERY_S = 6 * HOUR_S
WHERE, CURRENCY = "DE", "USD"
COST, PRICE = Decimal("10.00"), Decimal("29.90")
HOME = Address(
    name="Erika Mustermann",
    line1="Heidestraße 17",
    city="Köln",
    postcode="51147",
    country=WHERE,
    phone="+49 221 5550199",
)


class RealShop:
    """One channel, one in-memory supplier, one warehouse.

    Whatever changes stock calls the shop's own functions: reserve, allocate, expire, reject,
    cancel, ship, update stock and measure the lag. Other rows are written directly. Pages,
    payments and parcels are left out.
    """

    def __init__(self, *, name: str, skus: list[str], configured: str) -> None:
        self.supplier = Supplier.objects.create(
            code=name,
            name=name.title(),
            adapter="fake",
            currency=CURRENCY,
            status=Supplier.Status.ACTIVE,
            status_since=BEGINS,
            stock_decremented_at=configured,
            stock_decay_units_per_hour=0,  # the simulation does not test aging of stock
            stock_decay_percent_per_hour=0,
        )
        address = f"http://{name}.example"
        Connection.objects.create(supplier=self.supplier, base_url=address, calls_per_second=10_000)
        self.data = data_at(address)
        self.channel = _channel()
        self.variant = _variant(name)
        self.offers = _offers(self.supplier, self.variant, self.data, skus)
        self.levels: dict[str, StockLevel] = {}
        self.purchase_orders: dict[int, PurchaseOrder] = {}
        self.orders: dict[int, Order] = {}
        self.lines: dict[int, OrderLine] = {}
        self.measured_s = 0.0

    def available(self, at_s: float, /) -> dict[str, int]:
        levels = StockLevel.objects.with_available(moment(at_s)).filter(
            offer__supplier=self.supplier
        )
        return dict(
            levels.values_list("offer__supplier_sku", "free")  # type: ignore[misc]  # annotated
        )

    def promise(self, planned: PlannedOrder, at_s: float) -> bool:
        now = moment(at_s)
        level = self.levels[planned.sku]
        level.refresh_from_db(fields=["reported_quantity", "reserved", "allocated_outstanding"])
        if level.available < planned.quantity:
            return False
        try:
            with transaction.atomic(durable=True):
                self.orders[planned.number] = order = self._order(planned, now)
                self.lines[planned.number] = line = self._line(order, planned, level)
                reservations.hold(lines=[line], until=order.payment_due_at, now=now)
        except NotEnoughStockError:
            return False
        return True

    def expire(self, planned: PlannedOrder, at_s: float) -> None:
        order = self.orders[planned.number]
        with transaction.atomic(durable=True):
            self._update(order, status=Order.Status.EXPIRED)
            reservations.release(order=order, status=Reservation.Status.EXPIRED, now=moment(at_s))

    def paid(self, planned: PlannedOrder, at_s: float) -> None:
        order = self.orders[planned.number]
        with transaction.atomic(durable=True):
            self._update(order, status=Order.Status.PLACED)
            allocations.allocate(order=order, now=moment(at_s))

    def cancel(self, planned: PlannedOrder, at_s: float) -> None:
        order = self.orders[planned.number]
        cancellation.cancel(order=order, reason="wish", actor="customer", now=moment(at_s))

    def sent(self, planned: PlannedOrder, at_s: float) -> None:
        now, order, line = moment(at_s), self.orders[planned.number], self.lines[planned.number]
        self._update(order, status=Order.Status.PROCESSING)
        made = PurchaseOrder.objects.create(
            order=order,
            supplier=self.supplier,
            location_id=line.level.location_id,
            number=f"{order.number}-1",
            service_code="standard",
            carrier_service="Standard",
            currency=CURRENCY,
            customer_charge_amount=line.line_amount,
            status=PurchaseOrder.Status.READY,
            status_since=now,
            submission_status=PurchaseOrder.Submission.SUBMITTED,
            submission_status_since=now,
        )
        PurchaseLine.objects.create(
            purchase_order=made,
            order_line=line,
            quantity=line.quantity,
            offer_id=line.offer_id,
            level_id=line.level_id,
            ordered_cost_amount=COST,
            ordered_cost_currency=CURRENCY,
            agreed_cost_amount=COST,
            cost_currency=CURRENCY,
        )
        self.purchase_orders[planned.number] = made

    def accepted(self, planned: PlannedOrder, at_s: float) -> None:
        self._update(
            self.purchase_orders[planned.number],
            status=PurchaseOrder.Status.IN_PROGRESS,
            submission_status=PurchaseOrder.Submission.ACCEPTED,
            accepted_at=moment(at_s),
        )

    def stopped(self, planned: PlannedOrder, at_s: float) -> None:
        made = self.purchase_orders[planned.number]
        state = PurchaseOrderReport(
            number=made.number,
            supplier_reference=f"S-{made.number}",
            answer=Acknowledgement.CANCELED,
        )
        acknowledgements.apply(purchase_order=made, state=state, now=moment(at_s))

    def shipped(self, planned: PlannedOrder, at_s: float) -> None:
        line, made = self.lines[planned.number], self.purchase_orders[planned.number]
        with transaction.atomic(durable=True):
            self._update(made, status=PurchaseOrder.Status.SHIPPED)
            allocations.mark_shipped(lines=[line], cause=f"parcel:{made.number}", now=moment(at_s))

    def feed(self, figures: dict[str, int], at_s: float) -> None:
        self.data.stock = {sku: {WHERE: units} for sku, units in figures.items()}
        run = runner.run_sync(
            supplier=self.supplier,
            kind=SyncRun.Kind.STOCK,
            now=moment(at_s),
            guards_waived_by="simulation",
        )
        if run.status != SyncRun.Status.APPLIED:
            raise RuntimeError(f"{run}: {run.problem}")
        # A price sync would confirm the costs; they never change here.
        Supplier.objects.filter(pk=self.supplier.pk).update(costs_confirmed_at=moment(at_s))
        if not self.levels:
            own_levels = StockLevel.objects.filter(offer__supplier=self.supplier)
            self.levels = {level.offer.supplier_sku: level for level in own_levels}
        if at_s >= self.measured_s + MEASURES_EVERY_S:
            self.measured_s = at_s
            decrement_measurement.measure(supplier=self.supplier, now=moment(at_s))
        stock_sync.absorb_sales(supplier=self.supplier, now=moment(at_s))

    def stock_webhook(self, sku: str, figure: int, at_s: float) -> None:
        self.data.stock[sku] = {WHERE: figure}
        webhooks.refresh_stock(
            supplier=self.supplier, external_ids=[sku], cause=f"event:{at_s:.0f}", now=moment(at_s)
        )
        stock_sync.absorb_sales(supplier=self.supplier, now=moment(at_s))

    @staticmethod
    def _update(row: Order | PurchaseOrder, **columns: Any) -> None:
        for name, value in columns.items():
            setattr(row, name, value)
        row.save(update_fields=list(columns))

    def _order(self, planned: PlannedOrder, now: datetime) -> Order:
        amount = PRICE * planned.quantity
        number = f"{self.supplier.code}-{planned.number}"
        cart = Cart.objects.create(
            token=number, channel=self.channel, country=WHERE, created_at=now, updated_at=now
        )
        return Order.objects.create(
            number=number,
            access_key=number,
            channel=self.channel,
            cart=cart,
            email="simulated@example.org",
            locale="en",
            ship_to=asdict(HOME),
            currency=CURRENCY,
            subtotal_amount=amount,
            delivery_amount=0,
            tax_amount=0,
            total_amount=amount,
            status=Order.Status.PENDING_PAYMENT,
            status_since=now,
            placed_at=now,
            payment_due_at=now + timedelta(minutes=20),
        )

    def _line(self, order: Order, planned: PlannedOrder, level: StockLevel) -> OrderLine:
        return OrderLine.objects.create(
            order=order,
            variant=self.variant,
            offer_id=level.offer_id,
            level=level,
            sku=planned.sku,
            title=planned.sku,
            quantity=planned.quantity,
            unit_amount=PRICE,
            line_amount=PRICE * planned.quantity,
            tax_rate=0,
            cost_amount=COST,
            cost_currency=CURRENCY,
        )


def moment(at_s: float) -> datetime:
    return BEGINS + timedelta(seconds=at_s)


def _channel() -> Channel:
    made, _ = Channel.objects.get_or_create(
        code="simulation",
        defaults={
            "name": "Simulation",
            "currency": CURRENCY,
            "default_country": WHERE,
            "countries": [WHERE],
        },
    )
    return made


def _variant(name: str) -> Variant:
    """Create a variant; its product does not matter to the simulation."""
    brand, _ = Brand.objects.get_or_create(key="simulated", defaults={"name": "Simulated"})
    category, _ = Category.objects.get_or_create(slug="simulated")
    product = Product.objects.create(
        slug=name, brand=brand, category=category, family="headlamp", title="Simulated lamp"
    )
    return Variant.objects.create(product=product, sku=name)


def _offers(
    supplier: Supplier, sold: Variant, data: SupplierData, skus: list[str]
) -> list[SupplierOffer]:
    data.records.clear()
    for sku in skus:
        variant = VariantRecord(
            sku=sku,
            title=sku,
            option_values=(),
            cost=Money(COST, CURRENCY),
            gtin="",
            mpn=sku,
            packed_weight_g=100,
            picture_urls=(),
        )
        data.records[sku] = ProductRecord(
            external_id=sku,
            title=sku,
            brand="Simulated",
            category_path=(),
            description_html="",
            claims={},
            option_names=(),
            has_battery=False,
            hs_code="",
            picture_urls=(),
            variants=(variant,),
        )
    return SupplierOffer.objects.bulk_create(
        SupplierOffer(
            supplier=supplier,
            variant=sold,
            supplier_sku=sku,
            product_external_id=sku,
            cost_amount=COST,
            currency=CURRENCY,
            seen_at=BEGINS,
            cost_reported_at=BEGINS,
        )
        for sku in skus
    )
