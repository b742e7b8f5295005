"""Bulk edits: dry run, apply, undo; what is refused, and what changed meanwhile."""

from unittest.mock import Mock

import pytest
from django.db import OperationalError, transaction

from catalog.bulk_edits import application, planning, tasks
from catalog.models import BulkEdit, FieldChange, Product, Spec, Variant
from catalog.products import spec_edits
from storefront.lib.state_machine import ConcurrentUpdateError
from tests.factories.bulk_edits import apply, create, make_light, operation, outcomes, run, undo
from tests.factories.catalog import (
    NOON,
    make_brand,
    make_category,
    make_channel,
    make_variant,
)

pytestmark = pytest.mark.django_db


def test_a_dry_run_shows_old_and_new_values_and_writes_nothing():
    make_light(1)
    make_light(2, output_lm=900)

    edit = create(Product.objects.all(), operation("spec.output_lm", 900))

    assert edit.status == BulkEdit.Status.READY
    assert outcomes(edit) == [("Light 1", "planned"), ("Light 2", "unchanged")]
    row = edit.rows.get(position=1)
    assert (row.before, row.after) == ({"spec.output_lm": 400}, {"spec.output_lm": 900})
    assert set(Spec.objects.values_list("output_lm", flat=True)) == {400, 900}


def test_values_are_saved_locked_and_restored():
    product = make_light(1)
    lanterns = make_category(slug="lanterns")
    former = product.category

    edit = create(
        Product.objects.all(),
        operation("spec.features", ["red_light"], "append"),
        operation("spec.impact_m", "1.5"),
        operation("product.category", lanterns.pk),
        operation("product.restricted_countries", ["DE"]),
        operation("spec.output_lm", None, "clear"),
    )
    apply(edit)

    product.refresh_from_db()
    spec = product.spec
    assert (spec.features, spec.impact_m, spec.output_lm) == (["zoom", "red_light"], 1.5, None)
    assert (product.category, product.restricted_countries) == (lanterns, ["DE"])
    assert {"features", "impact_m", "category"} <= {*product.overridden_fields}
    assert spec.sources["impact_m"]["actor"] == "mia"

    undo(edit)

    product = Product.objects.get()
    assert edit.status == BulkEdit.Status.UNDONE
    assert (product.spec.features, product.spec.impact_m, product.spec.output_lm) == (
        ["zoom"],
        None,
        400,
    )
    assert (product.category, product.restricted_countries) == (former, [])
    assert product.overridden_fields == []


def test_variants_of_one_product_are_edited_in_one_batch():
    product = make_light(1)
    make_variant(product, sku="L-2")
    make_variant(product, sku="L-3")

    edit = create(Variant.objects.all(), operation("variant.hs_code", "940540"), kind="variants")
    apply(edit)
    assert {*Variant.objects.values_list("hs_code", flat=True)} == {"940540"}
    undo(edit)

    assert {*Variant.objects.values_list("hs_code", flat=True)} == {"851310"}
    assert {outcome for _name, outcome in outcomes(edit)} == {"restored"}


def test_a_value_that_changed_since_the_dry_run_stays():
    product = make_light(1)
    edit = create(Product.objects.all(), operation("spec.output_lm", 900))
    with transaction.atomic():
        spec_edits.edit_spec(product=product, changes={"output_lm": 500}, actor="leo", now=NOON)

    apply(edit)

    assert Spec.objects.get().output_lm == 500
    assert outcomes(edit) == [("Light 1", "conflict")]


def test_impossible_values_are_refused_and_unlikely_ones_are_findings():
    make_light(1, battery_format="AAA", battery_count=1, weight_g=None)
    unknown = {"battery_energy_wh": None, "intensity_cd": None, "runtime_high_min": None}
    make_light(2, battery_format="", weight_g=None, **unknown)

    edit = create(Product.objects.all(), operation("spec.output_lm", 40_000))

    small, large = edit.rows.order_by("position")
    assert (small.outcome, large.outcome) == ("rejected", "planned")
    assert "40000 lm" in small.message.replace(",", "")
    assert large.findings
    apply(edit, output_lm="Measured", runtime_high_min="Measured")
    assert Spec.objects.filter(output_lm=40_000).count() == 1


def test_variants_are_edited_with_the_checks_of_their_form():
    make_light(1)
    make_light(2)
    Variant.objects.filter(sku="L-2").update(cell_wh=None)

    edit = create(
        Variant.objects.all(),
        operation("variant.lithium", "with"),
        operation("variant.status", "phasing_out"),
        kind="variants",
    )
    assert outcomes(edit) == [("L-1", "planned"), ("L-2", "rejected")]
    apply(edit)

    variant = Variant.objects.get(sku="L-1")
    assert (variant.lithium, variant.status) == ("with", "phasing_out")
    assert variant.overridden_fields == ["lithium"]
    undo(edit)
    variant.refresh_from_db()
    assert (variant.lithium, variant.status, variant.overridden_fields) == ("inside", "active", [])


def test_a_second_click_is_refused():
    make_light(1)
    edit = create(Product.objects.all(), operation("spec.output_lm", 900))
    same = BulkEdit.objects.get()
    apply(edit)

    with pytest.raises(ConcurrentUpdateError):
        application.start(same, actor="mia", now=NOON)


def test_the_sweep_continues_an_edit_whose_worker_stopped(monkeypatch):
    for number in range(1, 4):
        make_light(number)
    edit = create(Product.objects.all(), operation("spec.output_lm", 900))
    application.start(edit, actor="mia", now=NOON)
    application.continue_edit(edit.pk, now=NOON, time_limit_s=-1)  # the time is up at once
    edit.refresh_from_db()
    assert edit.status == BulkEdit.Status.APPLYING

    monkeypatch.setattr(tasks.run_edit, "delay", tasks.run_edit)
    tasks.continue_edits()

    edit.refresh_from_db()
    assert edit.status == BulkEdit.Status.APPLIED
    assert Spec.objects.filter(output_lm=900).count() == 3


def test_a_worker_that_dies_loses_only_its_batch(monkeypatch):
    for number in range(1, 6):
        make_light(number)
    edit = create(Product.objects.all(), operation("spec.output_lm", 900))
    application.start(edit, actor="mia", now=NOON)
    monkeypatch.setattr(application, "BATCH", 2)
    original, calls = spec_edits.edit_specs, []

    def die_in_second_batch(edits, **known):
        calls.append(len(edits))
        original(edits, **known)
        if len(calls) == 2:
            raise OperationalError("the server closed the connection")

    with monkeypatch.context() as dying:
        dying.setattr(spec_edits, "edit_specs", die_in_second_batch)
        with pytest.raises(OperationalError):
            run(edit)
    assert Spec.objects.filter(output_lm=900).count() == 2
    assert edit.rows.filter(outcome="changed").count() == 2

    assert run(edit).status == BulkEdit.Status.APPLIED
    assert Spec.objects.filter(output_lm=900).count() == 5
    assert FieldChange.objects.filter(field="output_lm").count() == 5


def test_an_unexpected_error_ends_the_dry_run_until_staff_try_again(monkeypatch, caplog):
    make_light(1)
    with monkeypatch.context() as broken:
        broken.setattr(planning, "plan_values", Mock(side_effect=RuntimeError("broken")))
        edit = create(Product.objects.all(), operation("spec.output_lm", 900))
    assert edit.status == BulkEdit.Status.FAILED
    assert "RuntimeError: broken" in caplog.text

    again = [operation("spec.output_lm", 900)]
    application.prepare(edit, operations=again, actor="mia", now=NOON)

    assert run(edit).status == BulkEdit.Status.READY


@pytest.mark.parametrize("error", [ValueError, AttributeError, ArithmeticError, OSError])
def test_a_row_that_cannot_be_saved_does_not_stop_the_others(monkeypatch, caplog, error):
    lights = [make_light(number) for number in range(1, 6)]
    second = lights[1]
    edit = create(Product.objects.all(), operation("spec.output_lm", 900))
    original = spec_edits.edit_specs

    def fail(edits, **known):
        if second.pk in {each.product_id for each in edits}:
            raise error("broken")
        return original(edits, **known)

    monkeypatch.setattr(spec_edits, "edit_specs", fail)
    apply(edit)

    expected = ["changed", "rejected", "changed", "changed", "changed"]
    assert [outcome for _name, outcome in outcomes(edit)] == expected
    assert "unexpected error" in edit.rows.get(position=2).message
    assert f"{error.__name__}: broken" in caplog.text
    changed = Spec.objects.filter(output_lm=900).values_list("product", flat=True)
    assert {*changed} == {product.pk for product in lights} - {second.pk}


@pytest.mark.django_db(transaction=True)
def test_a_row_that_was_saved_is_not_rejected_by_what_follows_its_commit(monkeypatch):
    make_light(1)
    edit = create(Product.objects.all(), operation("spec.output_lm", 900))
    original = spec_edits.edit_specs

    def edit_and_fail_later(edits, **known):
        original(edits, **known)
        transaction.on_commit(Mock(side_effect=OSError("no cache")))

    monkeypatch.setattr(spec_edits, "edit_specs", edit_and_fail_later)
    apply(edit)

    assert outcomes(edit) == [("Light 1", "changed")]


def test_a_status_that_may_not_follow_is_refused_with_the_reason():
    make_channel()
    make_light(1)
    incomplete = make_light(2)
    Product.objects.filter(pk=incomplete.pk).update(status="in_review")
    Spec.objects.filter(product=incomplete).update(power_sources=[])

    edit = create(Product.objects.all(), operation("product.status", "ready"))

    first, second = edit.rows.order_by("position")
    assert (first.outcome, second.outcome) == ("rejected", "rejected")
    assert first.message == "The status Live cannot change to Ready."
    assert second.message.startswith("Enter these values first")


def test_a_family_is_locked_and_must_be_one_of_the_category():
    make_light(1)
    product = make_light(2)
    product.category = make_category(slug="lights", families=["headlamp", "lantern"])
    product.save()

    edit = create(Product.objects.all(), operation("product.family", "lantern"))

    assert outcomes(edit) == [("Light 1", "rejected"), ("Light 2", "planned")]
    assert "does not show" in edit.rows.get(position=1).message
    apply(edit)
    product.refresh_from_db()
    assert (product.family, product.overridden_fields) == ("lantern", ["family"])
    undo(edit)
    product.refresh_from_db()
    assert (product.family, product.overridden_fields) == ("headlamp", [])


def test_unlikely_values_are_applied_only_with_a_reason():
    make_light(1)
    Spec.objects.update(output_lm=400, battery_energy_wh="4.44", warnings=[])
    edit = create(Product.objects.all(), operation("spec.runtime_high_min", 300))
    assert edit.rows.get().findings

    with pytest.raises(application.ReasonMissingError):
        apply(edit)
    with pytest.raises(application.ReasonMissingError):
        apply(edit, output_lm="Measured")
    apply(edit, runtime_high_min="Measured")

    (found,) = Spec.objects.get().warnings
    assert (found["code"], found["reason"]) == ("runtime-by-step-down", "Measured")


def test_an_undo_restores_the_reason_of_the_earlier_value():
    make_light(1)
    Spec.objects.update(output_lm=400, battery_energy_wh="4.44", warnings=[])
    apply(
        create(Product.objects.all(), operation("spec.runtime_high_min", 300)),
        runtime_high_min="Measured",
    )
    edit = create(Product.objects.all(), operation("spec.runtime_high_min", 290))
    apply(edit, runtime_high_min="Estimated")
    assert Spec.objects.get().warnings[0]["reason"] == "Estimated"

    undo(edit)

    assert Spec.objects.get().runtime_high_min == 300
    assert Spec.objects.get().warnings[0]["reason"] == "Measured"


def test_each_unlikely_attribute_of_a_bulk_edit_has_its_own_reason():
    make_light(1)
    make_light(2, output_lm=100)
    Spec.objects.update(battery_energy_wh="4.44", warnings=[])
    edit = create(
        Product.objects.all(),
        operation("spec.output_lm", 4000),
        operation("spec.runtime_high_min", 20),
    )
    columns = application.find_unexplained(edit)
    assert columns == ["output_lm", "runtime_high_min"]

    apply(edit, output_lm="Sphere", runtime_high_min="With step-down")

    for spec in Spec.objects.all():
        found = {one["column"]: one["reason"] for one in spec.warnings}
        assert found == {"output_lm": "Sphere", "runtime_high_min": "With step-down"}


def test_a_brand_is_set_by_its_name_and_restored():
    product = make_light(1)
    former = product.brand
    brand = make_brand(name="Varrowick")

    edit = create(Product.objects.all(), operation("product.brand", "Varrowick"))
    apply(edit)

    product.refresh_from_db()
    assert (product.brand, product.overridden_fields) == (brand, ["brand"])
    undo(edit)
    product.refresh_from_db()
    assert (product.brand, product.overridden_fields) == (former, [])

    edit = create(Product.objects.all(), operation("product.brand", "Northlight"))
    assert edit.rows.get().message == "There is no brand Northlight. Add it first."
