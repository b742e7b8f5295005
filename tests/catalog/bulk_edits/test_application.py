"""Bulk edits: preview, apply, undo; what is refused, and what changed meanwhile."""

from unittest.mock import Mock

import pytest
from django.db import OperationalError, transaction

from catalog.bulk_edits import application, planning, tasks
from catalog.models import BulkEdit, FieldChange, Product, Spec, Variant
from catalog.products import editing, spec_edits
from storefront.lib.state_machine import ConcurrentUpdateError, StatusChange
from tests.factories.catalog import (
    NOON,
    make_category,
    make_channel,
    make_product,
    make_spec,
    make_variant,
)

pytestmark = pytest.mark.django_db


def make_light(number, **spec):
    product = make_product(slug=f"light-{number}", title=f"Light {number}")
    make_variant(product, sku=f"L-{number}")
    make_spec(product, **{"output_lm": 400, "features": ["zoom"], **spec})
    return product


def operation(field, value, how="set"):
    return {"field": field, "how": how, "value": value}


def create(rows, *operations, kind="products"):
    edit = planning.create_edit(rows, kind=kind, actor="mia", now=NOON)
    application.prepare(edit, operations=list(operations), actor="mia", now=NOON)
    return run(edit)


def run(edit):
    application.continue_edit(edit.pk, now=NOON)
    edit.refresh_from_db()
    return edit


def apply(edit):
    application.start(edit, actor="mia", now=NOON)
    return run(edit)


def undo(edit):
    application.start_undo(edit, actor="leo", now=NOON)
    return run(edit)


def outcomes(edit):
    return list(edit.rows.order_by("position").values_list("name", "outcome"))


def test_a_preview_shows_old_and_new_values_and_writes_nothing():
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


def test_an_undo_restores_the_weight_of_each_variant():
    product = make_light(1, weight_g=100)
    weights = {"L-1": 90, "L-2": 110, "L-3": None, "L-4": 120}
    for sku, weight_g in weights.items():
        if sku != "L-1":
            make_variant(product, sku=sku)
        Variant.objects.filter(sku=sku).update(weight_g=weight_g)
    edit = apply(create(Product.objects.all(), operation("spec.weight_g", 120)))
    assert set(Variant.objects.values_list("weight_g", flat=True)) == {120}
    Variant.objects.filter(sku="L-2").update(weight_g=130)

    undo(edit)

    restored = dict(Variant.objects.values_list("sku", "weight_g"))
    assert restored == weights | {"L-2": 130}
    assert Spec.objects.get().weight_g == 100


def test_a_lock_of_staff_outlives_the_undo():
    product = make_light(1)
    with transaction.atomic():
        spec_edits.edit_spec(product=product, changes={"cri": 90}, actor="mia", now=NOON)
    edit = create(Product.objects.all(), operation("spec.cri", 95))

    undo(apply(edit))

    product.refresh_from_db()
    assert (product.spec.cri, product.overridden_fields) == (90, ["cri"])


@pytest.mark.parametrize(
    ("source", "basis", "is_locked"),
    [
        ({"supplier": "cj", "label": "Lumen", "raw": "400 lm"}, "supplier_claim", False),
        (
            {"supplier": "cj", "label": "ANSI", "raw": "400", "basis": "fl1_claim"},
            "fl1_claim",
            False,
        ),
        (
            {"actor": "leo", "at": NOON.isoformat(), "feed": {}, "basis": "own_measurement"},
            "own_measurement",
            True,
        ),
        (None, "none", False),
    ],
)
def test_an_undo_restores_on_what_a_value_rests(source, basis, is_locked):
    product = make_light(1, sources={"output_lm": source} if source else {})
    Product.objects.update(overridden_fields=["output_lm"] if is_locked else [])
    edit = apply(create(Product.objects.all(), operation("spec.output_lm", 900)))
    assert Spec.objects.get().basis_of("output_lm") == "none"

    undo(edit)

    product.refresh_from_db()
    spec = product.spec
    assert (spec.output_lm, spec.basis_of("output_lm")) == (400, basis)
    assert spec.sources.get("output_lm") == source
    assert product.overridden_fields == (["output_lm"] if is_locked else [])


def test_an_undo_keeps_what_the_feed_states_since():
    staff = {"actor": "leo", "at": NOON.isoformat(), "feed": {"raw": "350"}, "basis": "test_report"}
    make_light(1, sources={"output_lm": staff})
    Product.objects.update(overridden_fields=["output_lm"])
    edit = apply(create(Product.objects.all(), operation("spec.output_lm", 900)))
    stated = Spec.objects.get().sources["output_lm"] | {"feed": {"raw": "380"}}
    Spec.objects.update(sources={"output_lm": stated})

    undo(edit)

    assert Spec.objects.get().sources["output_lm"] == staff | {"feed": {"raw": "380"}}


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


def test_an_undo_leaves_what_was_changed_since():
    first, second = make_light(1), make_light(2)
    edit = apply(
        create(
            Product.objects.all(),
            operation("spec.output_lm", 900),
            operation("product.summary", "Bright."),
        )
    )
    with transaction.atomic():
        editing.apply_edit(product=first, changes={"summary": "Very bright."}, now=NOON)

    undo(edit)

    first, second = Product.objects.order_by("pk")
    assert (first.summary, first.spec.output_lm) == ("Very bright.", 400)
    assert (second.summary, second.spec.output_lm) == ("", 400)
    assert outcomes(edit) == [("Light 1", "kept"), ("Light 2", "restored")]
    assert "Summary" in edit.rows.get(position=1).message


def test_a_value_that_changed_since_the_preview_stays():
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
    apply(edit)
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


def test_an_unexpected_error_ends_the_preview_until_staff_try_again(monkeypatch, caplog):
    make_light(1)
    with monkeypatch.context() as broken:
        broken.setattr(planning, "plan_values", Mock(side_effect=RuntimeError("broken")))
        edit = create(Product.objects.all(), operation("spec.output_lm", 900))
    assert edit.status == BulkEdit.Status.FAILED
    assert "RuntimeError: broken" in caplog.text

    again = [operation("spec.output_lm", 900)]
    application.prepare(edit, operations=again, actor="mia", now=NOON)

    assert run(edit).status == BulkEdit.Status.READY


def test_a_row_that_cannot_be_saved_does_not_stop_the_others(monkeypatch):
    lights = [make_light(number) for number in range(1, 6)]
    second = lights[1]
    edit = create(Product.objects.all(), operation("spec.output_lm", 900))
    original = spec_edits.edit_specs

    def fail(edits, **known):
        if second.pk in {each.product_id for each in edits}:
            raise ValueError("broken")
        return original(edits, **known)

    monkeypatch.setattr(spec_edits, "edit_specs", fail)
    apply(edit)

    expected = ["changed", "rejected", "changed", "changed", "changed"]
    assert [outcome for _name, outcome in outcomes(edit)] == expected
    assert "unexpected error" in edit.rows.get(position=2).message
    changed = Spec.objects.filter(output_lm=900).values_list("product", flat=True)
    assert {*changed} == {product.pk for product in lights} - {second.pk}


def test_an_undo_ends_although_a_former_category_was_deleted():
    product = make_light(1)
    edit = create(Product.objects.all(), operation("product.category", make_category(slug="b").pk))
    former = product.category
    apply(edit)
    former.delete()

    undo(edit)

    assert edit.status == BulkEdit.Status.UNDONE
    assert outcomes(edit) == [("Light 1", "kept")]


def test_a_status_follows_the_transitions_and_is_undone_by_them():
    live, draft = make_light(1), make_light(2)
    Product.objects.filter(pk=draft.pk).update(status="draft")

    edit = create(Product.objects.all(), operation("product.status", "archived"))
    undo(apply(edit))

    assert outcomes(edit) == [("Light 1", "restored"), ("Light 2", "restored")]
    live.refresh_from_db()
    assert (live.status, live.overridden_fields) == ("live", [])
    steps = StatusChange.objects.filter(subject_id=live.pk).order_by("pk")
    assert list(steps.values_list("to_status", flat=True)) == [
        *("archived", "draft", "in_review", "ready", "live")
    ]
    assert FieldChange.objects.filter(source=f"bulk edit:{edit.pk}", field="status").count() == 2


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


def test_an_undo_keeps_the_status_of_a_product_that_lacks_values_since():
    make_channel()
    product = make_light(1)
    edit = apply(create(Product.objects.all(), operation("product.status", "archived")))
    Spec.objects.update(power_sources=[])

    undo(edit)

    assert outcomes(edit) == [("Light 1", "kept")]
    assert edit.rows.get().message.startswith("Enter these values first")
    product.refresh_from_db()
    assert product.status == "archived"


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
