"""Undo of bulk edits: values, sources and locks that it restores, and what it leaves."""

import pytest
from django.db import transaction

from catalog.models import BulkEdit, FieldChange, Product, Spec, Variant
from catalog.products import editing, spec_edits
from storefront.lib.state_machine import StatusChange
from tests.factories.bulk_edits import apply, create, make_light, operation, outcomes, undo
from tests.factories.catalog import (
    NOON,
    make_category,
    make_channel,
    make_variant,
)

pytestmark = pytest.mark.django_db


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
def test_an_undo_restores_the_basis_of_a_value(source, basis, is_locked):
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
