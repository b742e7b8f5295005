"""History of catalog fields: what triggers record of single and bulk writes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from catalog.models import FieldChange, Identifier, Mode, Product, Spec, Variant
from catalog.products.editing import apply_edit
from catalog.products.spec_edits import edit_modes
from storefront.lib.db.change_source import set_change_source
from tests.factories.catalog import NOON
from tests.factories.product_records import take_in, two_variants

pytestmark = pytest.mark.django_db


def changes():
    return [(row.record, row.field, row.old, row.new) for row in FieldChange.objects.order_by("pk")]


@pytest.fixture
def record():
    """Import a product, as if in an earlier transaction."""
    record = two_variants()
    take_in(record)
    Product.objects.update(created_at=timezone.now() - timedelta(days=1))
    return record


def test_new_products_record_nothing_and_unchanged_ones_neither(record):
    take_in(record)

    assert changes() == []


def test_an_import_records_each_changed_value_with_its_supplier(record):
    take_in(
        replace(
            record,
            title="Sensor headlamp S2",
            claims={**record.claims, "Weight": "80 g"},
            hs_code="940540",
        )
    )

    assert sorted(changes()) == [
        ("product", "title", "Sensor headlamp", "Sensor headlamp S2"),
        ("spec", "weight_g", 75, 80),
        *[("variant", "hs_code", "851310", "940540")] * 2,
        *[("variant", "weight_g", 75, 80)] * 2,
    ]
    assert {*FieldChange.objects.values_list("source", "actor")} == {("sync:cj", "")}
    variants = FieldChange.objects.filter(record="variant").values_list("variant", flat=True)
    assert {*variants} == {*Variant.objects.values_list("pk", flat=True)}


def test_bulk_writes_are_recorded(record):
    Variant.objects.update(status="phasing_out")

    assert changes() == [("variant", "status", "active", "phasing_out")] * 2


def test_columns_that_follow_from_others_are_not_recorded(record):
    Product.objects.update(updated_at=NOON, overridden_fields=["title"])
    Spec.objects.update(warnings=[{"code": "any"}], beam_m=1, more={"a": "b"})

    assert changes() == []


def test_custom_values_and_bases_are_recorded_one_by_one(record):
    Spec.objects.update(custom_values={"switch": "tail", "tint": "6"})
    Spec.objects.update(
        custom_values={"switch": "side"}, sources={"output_lm": {"basis": "test_report"}}
    )

    assert sorted(changes()[2:], key=str) == [
        ("spec", "basis:output_lm", None, "test_report"),
        ("spec", "custom:switch", "tail", "side"),
        ("spec", "custom:tint", "6", None),
    ]


def test_rows_that_are_added_to_an_older_product_or_removed_are_recorded(record):
    product = Product.objects.get()
    with transaction.atomic():
        edit_modes(product=product, modes=[Mode(name="High", output_lm=400)], now=NOON)
        high = Mode.objects.get()
        high.output_lm = 450
        edit_modes(product=product, modes=[high, Mode(name="Low", kind="red")], now=NOON)
    Identifier.objects.filter(scheme="mpn").first().delete()

    added, changed, low, removed = FieldChange.objects.order_by("pk")
    assert (added.record, added.field, added.old, added.new["name"]) == ("mode", "", None, "High")
    assert (changed.field, changed.old, changed.new) == ("output_lm", 400, 450)
    assert low.new["kind"] == "red"
    assert (removed.record, removed.old["raw"], removed.new) == ("identifier", "H1-B", None)
    assert (removed.product_id, removed.variant.sku) == (
        product.pk,
        Variant.objects.order_by("pk").first().sku,
    )


def test_a_changed_mode_of_a_feed_is_one_change():
    record = two_variants(claims={"Light output": "400 lm", "Modes": "High 400 lm; Low 20 lm"})
    take_in(record)

    take_in(replace(record, claims={"Light output": "400 lm", "Modes": "High 400 lm; Low 30 lm"}))

    assert ("mode", "output_lm", 20, 30) in changes()
    assert Mode.objects.count() == 2


def test_the_source_ends_with_its_transaction(record):
    with transaction.atomic():
        set_change_source("staff", actor="Leyla")
        apply_edit(product=Product.objects.get(), changes={"title": "Typed"}, now=NOON)

    change = FieldChange.objects.get()
    assert (change.actor, change.source, change.field) == ("Leyla", "staff", "title")
