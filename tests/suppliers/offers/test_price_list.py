"""Price lists: create offers for new SKUs, link certain matches, write only what changed."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command

from catalog.models import Identifier, Product
from suppliers.models import (
    CostChange,
    StockLevel,
    StockMovement,
    SupplierOffer,
    SyncIssue,
    SyncRun,
)
from suppliers.offers import overrides
from suppliers.sync import schedule
from tests.factories.catalog import make_brand, make_product, make_variant
from tests.factories.feeds import NOON, sync
from tests.factories.suppliers import make_offer
from tests.suppliers.sync.test_products import versions

GTIN = "4006381333931"
LATER = NOON + timedelta(minutes=15)


def list_row(sku, *, gtin="", price="10.00", stock=5, brand="Lumen", group=""):
    return f"{sku},{gtin},Headlamp {sku},{brand},{price},{stock},2,{group}"


def offer(sku):
    return SupplierOffer.objects.get(supplier_sku=sku)


def owner(gtin="04006381333931", *, brand="LUMEN", state="asserted", sku="V-1"):
    variant = make_variant(
        product=make_product(title="Headlamp", brand=make_brand(name=brand)), sku=sku
    )
    Identifier.objects.create(variant=variant, scheme="gtin", value=gtin, state=state)
    return variant


def test_a_first_price_list_creates_offers_without_products(wholesaler):
    due = schedule.due_jobs(now=NOON)

    prices, stock = wholesaler.read(list_row("A-1"), list_row("A-2", price="0.99", stock=0))

    assert (wholesaler.pk, "prices") in due
    assert (wholesaler.pk, "stock") not in due
    assert (prices.status, prices.created, stock.created) == ("applied", 2, 2)
    made = offer("A-1")
    assert (made.status, made.variant, made.cost_amount) == ("on_hold", None, Decimal("10.00"))
    assert (made.title, made.min_order_units) == ("Headlamp A-1", 2)
    assert made.product_external_id == "A-1"
    level = made.levels.get()
    assert (level.reported_quantity, level.location.code) == (5, "DE1")
    assert level.movements.get().reported_delta == 5
    assert not StockMovement.objects.filter(level__offer__supplier_sku="A-2").exists()


def test_a_full_sync_creates_offers_before_products(wholesaler):
    wholesaler.put(list_row("A-1"), list_row("A-2", price="0.99", stock=0))

    call_command("supplier", "sync", wholesaler.code, stdout=io.StringIO())

    runs = SyncRun.objects.order_by("pk").values_list("kind", "status", "created")
    assert list(runs) == [
        ("prices", "applied", 2),
        ("stock", "applied", 2),
        ("products", "applied", 2),
    ]
    assert set(SupplierOffer.objects.values_list("status", flat=True)) == {"active"}


def test_an_unchanged_list_writes_nothing(wholesaler):
    list_rows = [list_row(f"A-{number}") for number in range(50)]
    wholesaler.read(*list_rows)
    tables = (SupplierOffer, StockLevel, StockMovement, CostChange, SyncIssue)
    before = versions(*tables)

    runs = wholesaler.read(now=LATER)

    assert [(run.created, run.updated, run.unchanged) for run in runs] == [(0, 0, 50)] * 2
    assert versions(*tables) == before

    changed = list_row("A-0", price="11.00", stock=9)
    prices, stock = wholesaler.read(changed, *list_rows[1:49], now=LATER + timedelta(hours=1))

    assert (prices.updated, stock.updated) == (1, 2)  # A-49 is missing: zero stock
    assert CostChange.objects.get().new_amount == Decimal("11.00")
    assert StockLevel.objects.get(offer=offer("A-49")).reported_quantity == 0
    assert StockMovement.objects.filter(cause=f"run:{stock.pk}").count() == 2


@pytest.mark.parametrize(
    ("brand", "state", "gtin"),
    [
        ("Lumen", "asserted", GTIN),
        ("", "verified", GTIN),
        ("Lumen", "asserted", "4006381-333931"),
        ("Lumen", "asserted", f"036000291452; {GTIN}"),
    ],
)
def test_a_certain_match_is_sold_at_once(wholesaler, brand, state, gtin):
    variant = owner(state=state)
    wholesaler.put(list_row("A-1", gtin=gtin, brand=brand), list_row("A-2"))

    sync(wholesaler, "prices")

    assert (offer("A-1").variant, offer("A-1").status) == (variant, "active")
    assert (offer("A-2").variant, offer("A-2").status) == (None, "on_hold")


@pytest.mark.parametrize("kind", ["prices", "products"])
def test_a_match_held_by_staff_is_not_sold(wholesaler, kind):
    wholesaler.put(list_row("A-1", gtin=GTIN))
    sync(wholesaler, "prices")
    overrides.override(offer=offer("A-1"), values={"status": "on_hold"}, actor="ann", now=NOON)
    variant = owner()
    wholesaler.put(list_row("A-1", gtin=GTIN), list_row("A-2"))

    sync(wholesaler, kind, now=LATER)

    assert (offer("A-1").variant, offer("A-1").status) == (variant, "on_hold")


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([list_row("A-1", gtin=GTIN, brand="Other")], "asserted"),
        ([list_row("A-1", gtin=GTIN, brand="")], "asserted"),
        ([list_row("A-1", gtin=GTIN)], "conflict"),
        ([list_row("A-1", gtin="4006381333932")], "asserted"),
        ([list_row("A-1", gtin=GTIN), list_row("A-2", gtin=GTIN)], "asserted"),
        ([list_row("A-1", gtin=GTIN, group="P"), list_row("A-2", group="P")], "asserted"),
    ],
)
def test_an_uncertain_match_is_left_to_the_product_job(wholesaler, rows, state):
    owner(state=state)
    wholesaler.put(*rows)

    run = sync(wholesaler, "prices")

    assert run.status == "applied"
    assert not SupplierOffer.objects.filter(variant__isnull=False).exists()


def test_staff_are_asked_about_a_doubtful_match_until_it_is_certain(wholesaler):
    variant = owner()
    row = list_row("A-1", gtin=GTIN).replace("Headlamp A-1", "Headlamp A-1 Pro")
    wholesaler.put(row)
    sync(wholesaler, "prices")
    assert (offer("A-1").disputed_variant, offer("A-1").status) == (variant, "on_hold")

    Product.objects.filter(pk=variant.product_id).update(title="Headlamp Pro")
    wholesaler.put(row, list_row("A-2"))
    sync(wholesaler, "prices", now=LATER)

    assert (offer("A-1").variant, offer("A-1").disputed_variant) == (variant, None)
    assert offer("A-1").status == "active"


def test_a_variant_already_offered_by_the_supplier_is_not_linked_again(wholesaler):
    variant = owner()
    make_offer(variant, supplier=wholesaler, sku="OLD")
    wholesaler.put(list_row("A-1", gtin=GTIN), list_row("OLD"))

    sync(wholesaler, "prices")

    assert offer("A-1").variant is None


def test_the_product_job_adopts_existing_offers(wholesaler):
    wholesaler.read(list_row("A-1"), list_row("A-2"))
    known = {each.supplier_sku: each.pk for each in SupplierOffer.objects.all()}

    run = sync(wholesaler, now=LATER)

    assert (run.status, run.created) == ("applied", 2)
    assert {each.supplier_sku: each.pk for each in SupplierOffer.objects.all()} == known
    assert set(SupplierOffer.objects.values_list("status", flat=True)) == {"active"}
    assert StockLevel.objects.count() == 2


def test_a_truncated_list_of_unmatched_offers_is_quarantined(wholesaler):
    list_rows = [list_row(f"A-{number}") for number in range(30)]
    wholesaler.put(*list_rows)
    sync(wholesaler, "prices")
    wholesaler.put(*list_rows[:10])
    assert sync(wholesaler, "prices", now=LATER).status == SyncRun.Status.QUARANTINED
    wholesaler.put(*list_rows[:29])

    sync(wholesaler, now=LATER)

    assert offer("A-29").status == "discontinued"


def test_a_sku_with_two_prices_or_spellings_gets_no_offer(wholesaler):
    twice = [
        list_row("A-1"),
        list_row("A-1", price="12.00"),
        list_row("Case-1"),
        list_row("CASE-1"),
    ]
    wholesaler.put(*twice, list_row("A-2"), list_row("A-2"))

    run = sync(wholesaler, "prices")

    assert run.created == 1
    assert SyncIssue.objects.get(row="A-1").code == "cost-twice"
    assert set(SupplierOffer.objects.values_list("supplier_sku", flat=True)) == {"A-2"}


def test_a_zero_retail_price_is_ignored(wholesaler):
    fields = wholesaler.connection.options["mapping"]["fields"]
    fields["msrp"] = fields.pop("parent")
    wholesaler.connection.save()
    retail_prices = {"A-1": "0.001", "A-2": "19.90", "A-3": "98765432109"}
    wholesaler.put(*(list_row(sku, group=retail) for sku, retail in retail_prices.items()))

    run = sync(wholesaler, "prices")

    assert run.status == "applied"
    assert [str(offer(sku).msrp_amount) for sku in retail_prices] == ["None", "19.90", "None"]
