"""Stock report factories: sell units, report the supplier's stock, ship."""

from django.db import transaction

from orders.inventory import allocations
from orders.models import OrderLine
from orders.purchasing import submission
from suppliers.inventory import levels as inventory_levels
from suppliers.models import StockLevel, Supplier, SupplierOffer
from suppliers.runs.staging import staging_table
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON, make_supplier


def buy(listing, quantity=2, now=NOON):
    Supplier.objects.update(  # no live check and no decay: both are tested elsewhere
        live_check_after_min=1440,
        live_check_below_units=0,
        stock_decay_units_per_hour=0,
        stock_decay_percent_per_hour=0,
    )
    SupplierOffer.objects.update(cost_reported_at=now)
    (purchase_order,) = make_purchase_orders(listing, quantity=quantity, now=now)
    submission.submit(purchase_order=purchase_order, now=now)
    return purchase_order


def figure(quantity, at, *levels, cause="run:1"):
    """Merge a stock report of the supplier for these levels, by default for all."""
    rows = levels or StockLevel.objects.all()
    with (
        transaction.atomic(),
        staging_table(inventory_levels.STAGE, inventory_levels.COLUMNS) as stage,
    ):
        for level in rows:
            place = level.location
            stage.add(("", level.offer.supplier_sku, place.code, place.country, quantity))
        stage.analyze()
        inventory_levels.set_affected_offers(level.offer_id for level in rows)
        inventory_levels.merge(supplier=make_supplier(), cause=cause, as_of=at, received_at=at)


def ship(purchase_order, at):
    with transaction.atomic():
        lines = OrderLine.objects.filter(purchase_lines__purchase_order=purchase_order)
        allocations.mark_shipped(lines=lines, cause="parcel:1", now=at)
