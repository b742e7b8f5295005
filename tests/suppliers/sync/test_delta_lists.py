"""Delta lists: apply what they contain, leave everything else unchanged."""

from datetime import timedelta
from decimal import Decimal

from suppliers.models import PendingChange, StockLevel
from suppliers.quarantine import review
from tests.factories.feeds import NOON, sync
from tests.suppliers.offers.test_price_list import list_row, offer

HOUR = timedelta(hours=1)
COUNT = 20


def goods(**words):
    return [list_row(f"S{number}", stock=50, **words) for number in range(COUNT)]


def import_full_lists(supplier, *rows, **fields):
    """Sync full lists, then declare further lists as deltas."""
    mapping = supplier.connection.options["mapping"]
    mapping["fields"] |= {name: {"column": column} for name, column in fields.items()}
    supplier.connection.save()
    assert [run.status for run in supplier.read(*rows)] == ["applied", "applied"]
    mapping |= {"omitted_stock": "unchanged", "omitted_products": "unchanged"}
    supplier.connection.save()


def sync_list(supplier, kind, hours, *rows):
    supplier.put(*rows)
    return sync(supplier, kind, now=NOON + hours * HOUR)


def row(sku, place="DE1"):
    rows = StockLevel.objects.with_confirmed_at()
    return rows.get(offer__supplier_sku=sku, location__code=place)


def test_quarantined_stock_is_not_confirmed_by_later_deltas(wholesaler):
    import_full_lists(wholesaler, *goods())
    first = sync_list(
        wholesaler, "stock", 1, *(list_row(f"S{number}", stock=0) for number in range(6))
    )
    second = sync_list(wholesaler, "stock", 2, list_row("S0", stock=7), list_row("S19", stock=49))
    third = sync_list(
        wholesaler, "stock", 3, list_row("S1", stock=50), *goods()[12:], list_row("S2", stock=0)
    )
    fourth = sync_list(
        wholesaler, "stock", 4, *(list_row(f"S{number}", stock=0) for number in range(12, 18))
    )
    first.refresh_from_db()

    assert [run.status for run in (first, second, third, fourth)] == [
        "quarantined", "applied", "applied", "discarded",
    ]  # fmt: skip
    assert fourth.problem
    assert PendingChange.objects.filter(run=first).count() == 12
    assert (row("S5").known_at, row("S5").is_unconfirmed) == (NOON, True)
    assert row("S18").known_at == NOON + 3 * HOUR

    decided = review.apply(sync_run=first, actor="erika", now=NOON + 5 * HOUR)

    assert (decided.done, decided.skipped) == (9, 3)  # three of them were reported again later
    assert (row("S0").reported_quantity, row("S1").reported_quantity) == (7, 50)
    assert (row("S5").reported_quantity, row("S5").known_at) == (0, NOON + HOUR)
    assert (row("S12").reported_quantity, row("S12").known_at) == (0, NOON + 4 * HOUR)


def test_a_newer_value_in_a_delta_removes_the_pending_change(wholesaler):
    import_full_lists(wholesaler, *goods())
    sold_out = [list_row(f"S{n}", stock=0) for n in range(12)]
    waiting = sync_list(wholesaler, "stock", 1, *sold_out[:6])
    sync_list(wholesaler, "stock", 2, list_row("S0", stock=50), *sold_out[6:])

    assert PendingChange.objects.filter(run=waiting).count() == 11
    assert not PendingChange.objects.filter(run=waiting, row="S0").exists()
    assert row("S0").is_unconfirmed


def test_quarantined_costs_are_not_confirmed_by_later_deltas(wholesaler):
    import_full_lists(wholesaler, *goods())
    first = sync_list(wholesaler, "prices", 1, *goods(price="90.00")[:10])
    second = sync_list(
        wholesaler, "prices", 2, list_row("S0", price="10.50"), list_row("S19", price="11.00")
    )
    first.refresh_from_db()

    assert (first.status, second.status) == ("quarantined", "applied")
    assert [offer(sku).is_cost_unconfirmed for sku in ("S0", "S1", "S18")] == [False, True, False]

    decided = review.apply(sync_run=first, actor="erika", now=NOON + 3 * HOUR)

    assert (decided.done, decided.skipped) == (9, 1)
    assert (offer("S0").cost_amount, offer("S1").cost_amount) == (Decimal("10.50"), Decimal(90))
    assert (offer("S1").cost_reported_at, offer("S1").is_cost_unconfirmed) == (NOON + HOUR, True)


def test_an_unreadable_change_is_not_confirmed_and_one_without_sku_is_quarantined(wholesaler):
    import_full_lists(wholesaler, *goods())
    run = sync_list(wholesaler, "stock", 1, list_row("", stock=0), list_row("S1", stock=49))
    assert (run.status, "have no SKU" in run.problem) == ("quarantined", True)
    assert row("S5").known_at == NOON

    run = sync_list(
        wholesaler, "stock", 2, list_row("S0", stock="ask us"), list_row("S1", stock=49)
    )

    assert (run.status, run.rejected) == ("applied", 1)
    assert (row("S0").reported_quantity, row("S0").known_at) == (50, NOON)
    assert (row("S2").is_unconfirmed, row("S2").known_at) == (False, NOON + 2 * HOUR)


def test_a_change_in_one_warehouse_leaves_the_others_unchanged(wholesaler):
    del wholesaler.connection.options["mapping"]["fields"]["brand"]
    rows = [row for place in ("W1", "W2") for row in goods(brand=place)]
    import_full_lists(wholesaler, *rows, location="Brand")

    run = sync_list(wholesaler, "stock", 1, list_row("S0", stock=0, brand="W1"))

    assert (run.status, run.updated, run.profile["zeroed"]) == ("applied", 1, 1)
    assert [row("S0", place).reported_quantity for place in ("W1", "W2")] == [0, 50]
