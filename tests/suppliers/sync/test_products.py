from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DataError, transaction

from catalog.models import Listing, Product, Variant
from catalog.products import editing, variant_edits
from catalog.records import ImportIssue
from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.models import (
    PendingPublication,
    StockLevel,
    StockMovement,
    SupplierOffer,
    SupplierProduct,
    SyncIssue,
    SyncRun,
)
from suppliers.quarantine import review
from suppliers.sync import runner
from tests.factories.feeds import NOON, stock_world, sync, usd
from tests.factories.product_records import make_variant_record

LATER = NOON + timedelta(hours=6)


def counts(run):
    return (run.created, run.updated, run.unchanged, run.gone, run.rejected)


def open_issues():
    issues = SyncIssue.objects.filter(resolved_at=None).order_by("row", "code")
    return list(issues.values_list("row", "code"))


def versions(*models):
    """Return the row versions of tables, which change even if a write changes no value."""
    from django.db import connection  # noqa: PLC0415

    found = {}
    for model in models:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, xmin::text, ctid::text FROM {model._meta.db_table}")
            found[model] = cursor.fetchall()
    return found


def test_a_first_sync_fills_the_shop(supplier, world):
    stock_world(world, 3, colors=("Black", "Red"))

    run = sync(supplier)

    assert (run.status, counts(run)) == (SyncRun.Status.APPLIED, (3, 0, 0, 0, 0))
    assert SupplierOffer.objects.sellable().count() == 6
    listing = Listing.objects.get(variant__offers__supplier_sku="P1-Red")
    assert (listing.is_published, listing.available) == (True, 100)
    assert listing.ships_from == {"CN": 100, "DE": 20}
    assert listing.price_amount > listing.cost_amount > 0
    assert not PendingPublication.objects.exists()


def test_an_unchanged_sync_writes_only_its_run(known, world):
    tables = (SupplierProduct, SupplierOffer, StockLevel, StockMovement, Product, Variant, Listing)
    before = versions(*tables)

    run = sync(known, now=LATER)

    assert counts(run) == (0, 0, 5, 0, 0)
    assert versions(*tables) == before
    assert len([call for call in world.asked if call.startswith("product ")]) <= 1


def test_only_the_changed_product_is_read_again(known, world):
    world.records["P3"] = replace(world.records["P3"], title="Sensor headlamp 3 XL")

    run = sync(known, now=NOON + timedelta(minutes=1))

    assert "product P3" in world.asked
    assert run.updated == 1
    assert Product.objects.filter(title__contains="XL").count() == 1


def test_a_truncated_feed_is_quarantined_until_staff_apply_it(known, world):
    for number in range(2, 6):
        del world.records[f"P{number}"]
    before = versions(SupplierProduct, SupplierOffer, StockLevel, Listing)

    run = sync(known, now=LATER)

    assert run.status == SyncRun.Status.QUARANTINED
    assert run.problem == "4 of 5 known items are missing from the list (80 %)."
    assert versions(SupplierProduct, SupplierOffer, StockLevel, Listing) == before
    known.connection.refresh_from_db()
    assert known.connection.problem == f"products: {run.problem}"
    assert known.connection.problem_at is not None

    decided = review.apply(sync_run=run, actor="staff@example.org", now=LATER)

    assert (decided.done, decided.skipped) == (4, 0)
    assert SupplierOffer.objects.filter(status="active").count() == 1
    assert sync(known, now=LATER).status == SyncRun.Status.APPLIED
    del world.records["P1"]
    assert sync(known, now=LATER).status == SyncRun.Status.QUARANTINED  # the guards still check


def test_a_missing_product_is_discontinued_with_zero_stock_until_relisted(known, world):
    record = world.records.pop("P5")

    run = sync(known, now=LATER)

    assert (run.status, run.gone) == (SyncRun.Status.APPLIED, 1)
    offer = SupplierOffer.objects.get(supplier_sku="P5-Black")
    assert offer.status == SupplierOffer.Status.DISCONTINUED
    assert {level.reported_quantity for level in offer.levels.all()} == {0}
    assert sum(m.reported_delta for m in StockMovement.objects.filter(level__offer=offer)) == 0
    assert Listing.objects.get(variant=offer.variant).available == 0

    world.records["P5"] = record
    sync(known, now=LATER + timedelta(hours=6))
    sync(known, "stock", now=LATER + timedelta(hours=7))

    offer.refresh_from_db()
    assert offer.status == SupplierOffer.Status.ACTIVE
    assert Listing.objects.get(variant=offer.variant).available == 100


def test_nothing_is_discontinued_while_list_rows_are_unreadable(known, world):
    del world.records["P5"]
    world.bad_rows = [ImportIssue(row="page 1, row 9", code="list-unreadable", message="No JSON.")]

    run = sync(known, now=LATER)

    assert (run.status, run.gone, run.rejected) == (SyncRun.Status.APPLIED, 0, 1)
    assert run.problem.startswith("1 rows cannot be read. 1 products missing from the list")
    assert SupplierOffer.objects.get(supplier_sku="P5-Black").status == "active"

    again = sync(known, now=LATER + timedelta(hours=6))
    issue = SyncIssue.objects.get(row="page 1, row 9", code="list-unreadable")
    assert (issue.first_run, issue.last_run, issue.severity) == (run, again, "error")

    world.bad_rows = []
    sync(known, now=LATER + timedelta(hours=12))
    assert open_issues() == []


def test_a_variant_missing_from_its_page_is_discontinued(supplier, world):
    stock_world(world, 5, colors=("Black", "Red"))
    sync(supplier)
    record = world.records["P2"]
    world.records["P2"] = replace(record, variants=record.variants[:1])

    sync(supplier, now=LATER)

    statuses = dict(
        SupplierOffer.objects.filter(product_external_id="P2").values_list("supplier_sku", "status")
    )
    assert statuses == {"P2-Black": "active", "P2-Red": "discontinued"}


def test_a_sku_claimed_by_two_products_stays_with_the_first(known, world):
    stock_world(world, 1, first=9)
    twin = make_variant_record(sku="P1-Black", gtin="", mpn="")
    world.records["P9"] = replace(
        world.records["P9"], variants=(*world.records["P9"].variants, twin)
    )

    sync(known, now=LATER)

    assert SupplierOffer.objects.get(supplier_sku="P1-Black").product_external_id == "P1"
    assert SupplierOffer.objects.get(supplier_sku="P9-Black").product_external_id == "P9"
    assert open_issues() == [("P9:P1-Black", "sku-of-two")]


def test_a_cost_in_another_currency_is_rejected(supplier, world):
    stock_world(world, 3)
    world.costs["P2-Black"] = replace(usd("8.40"), currency="EUR")

    sync(supplier)

    offer = SupplierOffer.objects.get(supplier_sku="P2-Black")
    assert (offer.status, offer.cost_amount) == (SupplierOffer.Status.ON_HOLD, None)
    assert open_issues() == [("P2-Black", "cost-wrong-currency")]


def test_a_feed_in_another_currency_is_quarantined(supplier, world):
    stock_world(world, 3)
    world.costs = {sku: replace(cost, currency="EUR") for sku, cost in world.costs.items()}

    run = sync(supplier)

    assert run.status == SyncRun.Status.QUARANTINED
    assert run.problem == "Prices are in EUR; this supplier's currency is USD."
    assert not SupplierOffer.objects.exists()
    assert not Variant.objects.exists()


@pytest.mark.parametrize("error", [TemporaryError("HTTP 502"), PermanentError("not JSON")])
def test_a_failed_run_changes_nothing(known, world, error):
    before = versions(SupplierProduct, SupplierOffer, StockLevel, Listing)
    world.failures = [error]

    run = sync(known, now=LATER)

    assert (run.status, run.problem) == (SyncRun.Status.FAILED, str(error))
    assert versions(SupplierProduct, SupplierOffer, StockLevel, Listing) == before
    known.connection.refresh_from_db()
    assert known.connection.problem == f"products: {error}"

    assert sync(known, now=LATER).status == SyncRun.Status.APPLIED
    known.connection.refresh_from_db()
    assert known.connection.problem == ""


def test_a_page_without_answer_is_fetched_again_next_time(supplier, world):
    stock_world(world, 4)

    class Once(list):
        def append(self, call):
            super().append(call)
            if call == "product P2":
                world.failures.append(TemporaryError("HTTP 500"))

    world.asked = Once()
    run = sync(supplier)
    assert (run.status, run.created) == (SyncRun.Status.APPLIED, 3)
    assert open_issues() == [("P2", "answer-missing")]

    world.asked = []
    sync(supplier, now=LATER)
    assert SupplierOffer.objects.count() == 4
    assert open_issues() == []


def test_a_run_over_time_leaves_the_rest_to_the_next(supplier, world):
    stock_world(world, 30)
    no_time = {
        "time_limit": timedelta(0),
        "dispatch_batch": lambda _: pytest.fail("there is no time"),
    }

    run = sync(supplier, **no_time)

    assert (run.status, run.created, run.deferred_rows) == (SyncRun.Status.APPLIED, 0, 30)
    assert run.problem == "30 rows are left to the next run."
    assert sync(supplier, now=LATER).created == 30


def test_a_page_rejected_by_the_database_is_an_issue_and_other_pages_are_imported(supplier, world):
    stock_world(world, 5)
    long = "P" * 200
    world.records[long] = replace(world.records["P3"], external_id=long, variants=[
        make_variant_record(sku="LONG", gtin="", mpn="LONG")
    ])  # fmt: skip
    world.costs["LONG"] = usd("8.40")

    run = sync(supplier)

    assert (run.status, run.problem, counts(run)) == (SyncRun.Status.APPLIED, "", (5, 0, 0, 0, 0))
    assert SupplierOffer.objects.sellable().count() == 5
    (issue,) = SyncIssue.objects.filter(code="cannot-be-stored")
    assert issue.row == long[:80]
    assert "value too long" not in issue.message


DIRTY = "a\0b\ud800\x07"


def test_control_characters_are_stripped_from_a_record(supplier, world):
    stock_world(world, 3)
    record = world.records["P2"]
    world.records["P2"] = replace(
        record,
        title=f"Trail headlamp {DIRTY}",
        brand=DIRTY,
        category_path=("Headlamps", DIRTY),
        description_html=f"<p>{DIRTY}</p>",
        claims={DIRTY: DIRTY, "Weight": f"75 g{DIRTY}"},
        option_names=(DIRTY,),
        hs_code=DIRTY,
        picture_urls=(f"http://127.0.0.1/{DIRTY}.png",),
        raw={DIRTY: [DIRTY]},
        variants=[
            replace(
                record.variants[0],
                title=DIRTY,
                option_values=(DIRTY,),
                gtin=DIRTY,
                mpn=DIRTY,
                picture_urls=(f"http://127.0.0.1/{DIRTY}.jpg",),
            )
        ],
    )
    world.bad_rows = [
        ImportIssue(
            row=DIRTY, code="list-unreadable", message=DIRTY, raw={DIRTY: [DIRTY, {"x": DIRTY}]}
        )
    ]

    run = sync(supplier)

    assert (run.status, run.created) == (SyncRun.Status.APPLIED, 3)
    assert SupplierOffer.objects.get(product_external_id="P2").title == "ab"
    assert Product.objects.filter(title="Trail headlamp ab").exists()
    assert ("ab", "list-unreadable") in open_issues()


def test_the_problem_of_a_run_shows_no_database_error(supplier, world, monkeypatch):
    stock_world(world, 1)

    def refuse(*_, **__):
        raise DataError('invalid byte sequence for encoding "UTF8"')

    monkeypatch.setitem(runner.SYNC_JOBS, SyncRun.Kind.PRODUCTS, refuse)

    with pytest.raises(DataError):
        sync(supplier)

    run = SyncRun.objects.get()
    assert run.status == SyncRun.Status.FAILED
    assert run.problem == (
        "A database error stopped the run. The log has the details. Later runs try again."
    )


def test_a_field_that_staff_return_to_the_feed_is_filled_by_the_next_sync(known, world):
    product = Product.objects.get(variants__offers__supplier_sku="P1-Black")
    stated = product.title

    variant = product.variants.get()
    color = variant.color

    def sync_and_read():
        sync(known, now=LATER)
        product.refresh_from_db()
        variant.refresh_from_db()
        return product.title, variant.color

    with transaction.atomic():
        editing.apply_edit(product=product, changes={"title": "Ours"}, now=LATER)
        variant_edits.edit_variant(variant=variant, changes={"color": "Blue"}, now=LATER)
    kept = sync_and_read()
    with transaction.atomic():
        editing.return_product_field(product, field="title", now=LATER)
    returned = sync_and_read()
    with transaction.atomic():
        variant_edits.return_variant_field(variant, field="color", now=LATER)

    assert (kept, returned) == (("Ours", "Blue"), (stated, "Blue"))
    assert sync_and_read() == (stated, color)
