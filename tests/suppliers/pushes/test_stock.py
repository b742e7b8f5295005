"""Stock pushes: partial, in any sequence, with the checks of a run."""

from datetime import timedelta

import pytest

from storefront.lib.http.errors import TemporaryError
from suppliers.models import PendingChange, StockLevel, StockMovement, SupplierOffer, SyncRun
from suppliers.pushes.rows import StockRow
from suppliers.pushes.stock import apply_stock
from suppliers.quarantine import review
from suppliers.runs import runs
from suppliers.runs.runs import QuarantinedError
from tests.factories.feeds import NOON
from tests.factories.suppliers import make_location

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=15)


def push(supplier, *rows, as_of=LATER, now=None, external_id="m-1"):
    return apply_stock(
        supplier=supplier,
        rows=[StockRow(*row) for row in rows],
        external_id=external_id,
        as_of=as_of,
        now=now or max(as_of, LATER),
    )


def quantities(number):
    levels = StockLevel.objects.filter(offer__supplier_sku=f"P{number}-Black")
    return dict(levels.values_list("location__code", "reported_quantity"))


def test_named_rows_change_and_all_others_stay(supplier):
    before = StockLevel.objects.filter(as_of=LATER).count(), quantities(2)
    known = quantities(1)

    refused = push(supplier, ("P1-Black", known["DE"] + 3, "DE"))
    again = push(supplier, ("P1-Black", known["DE"] + 3, "DE"))

    assert (refused, again) == ([], [])
    assert quantities(1) == known | {"DE": known["DE"] + 3}
    assert (0, quantities(2)) == before
    assert StockLevel.objects.filter(as_of=LATER).count() == 1
    movement = StockMovement.objects.get(cause="event:m-1")
    assert (movement.reported_delta, movement.at) == (3, LATER)


def test_an_unchanged_figure_is_confirmed(supplier):
    push(supplier, ("P1-Black", quantities(1)["DE"], "DE"))

    level = StockLevel.objects.get(offer__supplier_sku="P1-Black", location__code="DE")
    assert level.as_of == LATER
    assert not StockMovement.objects.filter(cause="event:m-1").exists()


def test_an_older_push_does_not_overwrite_a_newer_one(supplier):
    push(supplier, ("P1-Black", 7, "DE"), as_of=LATER)

    late = push(
        supplier, ("P1-Black", 90, "DE"), ("P2-Black", 3, "DE"), as_of=LATER - timedelta(minutes=1)
    )
    older_than_the_run = push(supplier, ("P3-Black", 1, "DE"), as_of=NOON - timedelta(minutes=1))

    assert [row.sku for row in late] == ["P1-Black"]
    assert late[0].reason == "older than the value known since 2026-11-24 12:15:00 UTC"
    assert [row.sku for row in older_than_the_run] == ["P3-Black"]
    assert (quantities(1)["DE"], quantities(2)["DE"]) == (7, 3)


def test_only_own_known_skus_and_locations_are_accepted(supplier):
    SupplierOffer.objects.filter(supplier_sku="P2-Black").update(status="discontinued")

    refused = push(
        supplier,
        ("P9999", 5, "DE"),
        ("P2-Black", 5, "DE"),
        ("P3-Black", 5, "XX"),
        ("P4-Black", 5),
        ("P5-Black", 6, "DE"),
    )

    assert [tuple(row) for row in refused] == [
        ("P9999", "unknown SKU"),
        ("P2-Black", "discontinued SKU"),
        ("P3-Black", "unknown location; known: CN, DE"),
        ("P4-Black", "unknown location; known: CN, DE"),
    ]
    assert quantities(5)["DE"] == 6
    assert not supplier.locations.filter(code="XX").exists()


def test_a_single_location_needs_no_name(supplier):
    StockMovement.objects.all().delete()
    StockLevel.objects.all().delete()
    supplier.locations.exclude(code="DE").delete()
    make_location(supplier, "DE").stock_confirmed_at = None
    supplier.locations.update(stock_confirmed_at=None)

    assert push(supplier, ("P1-Black", 4)) == []

    assert quantities(1) == {"DE": 4}


def test_many_small_pushes_to_zero_are_quarantined_like_one_list(supplier):
    refused = 0
    for number in range(1, 21):
        try:
            push(
                supplier,
                (f"P{number}-Black", 0, "DE"),
                (f"P{number}-Black", 0, "CN"),
                external_id=f"m-{number}",
                as_of=LATER + timedelta(minutes=number),
            )
        except QuarantinedError:
            refused += 1

    (quarantined,) = SyncRun.objects.filter(status=SyncRun.Status.QUARANTINED)
    assert refused == 16
    assert StockLevel.objects.filter(reported_quantity__gt=0).count() == 32

    decided = review.apply(sync_run=quarantined, actor="erika", now=LATER + timedelta(hours=1))

    assert (decided.done, StockLevel.objects.filter(reported_quantity__gt=0).count()) == (32, 0)


def test_a_surge_is_quarantined_without_the_warehouses_that_were_not_named(supplier):
    rows = [(f"P{number}-Black", 900_000, "DE") for number in range(1, 6)]

    with pytest.raises(QuarantinedError, match="5 of 5 stock rows rise"):
        push(supplier, *rows)

    assert set(PendingChange.objects.values_list("place", "new")) == {("DE", 900_000)}
    assert quantities(1)["DE"] < 900_000


def test_a_push_older_than_one_under_review_is_refused(supplier):
    skus = [f"P{number}-Black" for number in range(1, 15)]
    with pytest.raises(QuarantinedError):
        push(supplier, *[(sku, 0, "DE") for sku in skus], as_of=LATER + timedelta(minutes=5))

    refused = push(supplier, *[(sku, 3, "DE") for sku in skus], as_of=LATER)
    review.apply(
        sync_run=SyncRun.objects.get(status="quarantined"),
        actor="erika",
        now=LATER + timedelta(hours=1),
    )

    assert [row.sku for row in refused] == skus
    assert quantities(1)["DE"] == 0


def test_a_quarantined_push_waits_for_an_open_run(supplier):
    runs.open_run(supplier=supplier, kind=SyncRun.Kind.STOCK, now=LATER)
    rows = [(f"P{number}-Black", 900_000, "DE") for number in range(1, 6)]

    with pytest.raises(TemporaryError, match="stock run is open"):
        push(supplier, *rows)
    assert push(supplier, ("P1-Black", 4, "DE")) == []
