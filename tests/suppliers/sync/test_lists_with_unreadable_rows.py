"""Rows without SKU: an item missing from the list may be such a row, so it stays unchanged."""

from datetime import timedelta

from catalog.records import ImportIssue
from suppliers.connectors.records import MISSING_SKU, EventType, SupplierEvent
from suppliers.models import StockLevel
from suppliers.sync.webhooks import handle_event
from tests.factories.feeds import NOON, stock_world, sync
from tests.suppliers.offers.test_price_list import list_row, offer

LATER = NOON + timedelta(minutes=15)
LATER_STILL = NOON + timedelta(minutes=30)
WITHOUT_SKU = list_row("")


def list_rows(count, *, group=""):
    return [list_row(f"A-{number}", group=group) for number in range(count)]


def figures(sku):
    levels = StockLevel.objects.filter(offer__supplier_sku=sku).order_by("location__code")
    return list(levels.values_list("reported_quantity", "is_unconfirmed"))


def test_a_missing_row_is_kept_while_rows_without_sku_exist(wholesaler):
    wholesaler.read(*list_rows(30))
    wholesaler.put(list_row("A-0", stock=3), *list_rows(29)[1:], WITHOUT_SKU, WITHOUT_SKU)

    run = sync(wholesaler, "stock", now=LATER)

    assert run.problem.startswith("2 rows have no SKU. Stock missing from the list may be in one")
    assert (run.status, figures("A-0"), figures("A-1")) == ("applied", [(3, False)], [(5, False)])
    assert figures("A-29") == [(5, True)]
    assert not StockLevel.objects.fresh(NOON + timedelta(hours=24, minutes=1)).filter(
        offer=offer("A-29")
    )

    wholesaler.put(*list_rows(29))
    run = sync(wholesaler, "stock", now=LATER_STILL)
    assert (run.problem, figures("A-29")) == ("", [(0, False)])


def test_a_missing_warehouse_is_kept_while_rows_without_sku_exist(wholesaler):
    spec = wholesaler.connection.options["mapping"]
    spec["fields"]["location"] = {"column": "Brand"}
    wholesaler.connection.save()
    there = [list_row(f"A-{number}", brand="PL1") for number in range(10)]
    here = [list_row(f"A-{number}", brand="DE1") for number in range(10)]
    wholesaler.read(*here, *there)
    wholesaler.put(*here, *there[1:], WITHOUT_SKU)

    sync(wholesaler, "stock", now=LATER)

    assert figures("A-0") == [(5, False), (5, True)]


def test_a_missing_variant_is_kept_while_rows_without_sku_exist(wholesaler):
    wholesaler.put(*list_rows(4, group="G"))
    sync(wholesaler)
    wholesaler.put(*list_rows(3, group="G"), WITHOUT_SKU)

    sync(wholesaler, now=LATER)

    assert (offer("A-3").status, figures("A-3")) == ("active", [(5, False)])
    wholesaler.put(*list_rows(3, group="G"))
    sync(wholesaler, now=LATER_STILL)
    assert offer("A-3").status == "discontinued"


def test_other_skus_of_a_product_with_a_figure_without_sku_are_applied(supplier, world):
    stock_world(world, 5, colors=("Black", "Red"))
    sync(supplier)
    world.stock["P1-Black"]["DE"] = 2
    without_sku = ImportIssue(row="?", code=MISSING_SKU, message="A stock row has no SKU.")
    world.unreadable["P1-Red"] = without_sku

    event = SupplierEvent(kind=EventType.STOCK, external_id="m-1", skus=("P1-Red",))
    handle_event(supplier=supplier, event=event, now=LATER)
    assert (figures("P1-Black")[1], figures("P1-Red")[1]) == ((2, False), (20, False))

    world.stock["P1-Black"]["DE"] = 3
    run = sync(supplier, "stock", now=LATER_STILL)

    assert run.problem.startswith("1 rows have no SKU")
    assert figures("P1-Black") == [(100, False), (3, False)]
    assert figures("P1-Red") == [(100, True), (20, True)]
