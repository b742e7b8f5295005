"""Supplier factories: make suppliers, locations, offers and stock levels."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from suppliers.models import (
    Connection,
    StockLevel,
    StockLocation,
    StockMovement,
    Supplier,
    SupplierOffer,
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_numbers = count(1)


def make_supplier(code="lumen", currency="EUR", adapter="fake", base_url="http://127.0.0.1:9"):
    supplier, is_new = Supplier.objects.get_or_create(
        code=code,
        defaults={
            "name": code.title(),
            "adapter": adapter,
            "currency": currency,
            "status": Supplier.Status.ACTIVE,
            "status_since": NOON,
            "new_product_status": Supplier.NewProductStatus.LIVE,
            "product_changes": Supplier.ProductChanges.APPLY,
            "lead_days": 2,
        },
    )
    if is_new:
        Connection.objects.create(supplier=supplier, base_url=base_url, calls_per_second=10_000)
    return supplier


def make_location(supplier=None, code="DE", country="DE"):
    supplier = supplier or make_supplier()
    location, _ = StockLocation.objects.get_or_create(
        supplier=supplier, code=code, defaults={"country": country}
    )
    return location


def make_offer(variant, supplier=None, cost="10.00", sku=None):
    supplier = supplier or make_supplier()
    return SupplierOffer.objects.create(
        supplier=supplier,
        supplier_sku=sku or f"S{next(_numbers)}",
        product_external_id=f"P{next(_numbers)}",
        variant=variant,
        cost_amount=Decimal(cost),
        currency=supplier.currency,
        seen_at=NOON,
        cost_reported_at=NOON,
    )


def make_level(offer, quantity=5, location=None, as_of=NOON):
    """Make a stock level, with the movement that its quantity comes from."""
    location = location or make_location(offer.supplier)
    level = StockLevel.objects.create(
        offer=offer,
        location=location,
        reported_quantity=quantity,
        as_of=as_of,
        received_at=as_of,
    )
    if quantity:
        StockMovement.objects.create(
            level=level,
            kind=StockMovement.Kind.REPORTED,
            reported_delta=quantity,
            cause="factory",
            at=as_of,
        )
    return level
