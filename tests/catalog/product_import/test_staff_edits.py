"""What staff edited survives imports."""

from dataclasses import replace

import pytest
from django.db import transaction

from catalog.models import Mode, Product, Spec, Variant
from catalog.product_import import importer
from catalog.products import editing
from catalog.products.spec_edits import edit_modes, edit_spec
from catalog.products.variant_edits import edit_variant
from tests.factories.catalog import NOON, make_product, make_variant
from tests.factories.product_records import take_in, two_variants

pytestmark = pytest.mark.django_db


def test_an_edited_specification_survives_imports_and_shows_what_the_supplier_states():
    record = two_variants(
        claims={"Light output": "400 lm", "Weight": "75 g", "Modes": "High 400 lm"}
    )
    take_in(record)
    product = Product.objects.get()
    with transaction.atomic():
        edits = {"output_lm": 450, "weight_g": 80, "basis:output_lm": "own_measurement"}
        edit_spec(product=product, changes=edits, actor="Leyla", now=NOON)
        edit_modes(product=product, modes=[Mode(name="Turbo", output_lm=450)], now=NOON)

    changed = replace(
        record, claims={**record.claims, "Light output": "90000 lm", "Weight": "99 g"}
    )
    take_in(changed)
    again = take_in(changed)

    spec = Spec.objects.get()
    assert again.updated == 0
    assert (spec.output_lm, spec.weight_g) == (450, 80)
    assert spec.bases == {"output_lm": "own_measurement", "weight_g": "none"}
    assert spec.basis == "none"
    assert spec.sources["weight_g"] == {
        "actor": "Leyla",
        "at": NOON.isoformat(),
        "feed": {"supplier": "cj", "label": "Weight", "raw": "99 g", "on": "2026-11-24"},
    }
    assert spec.warnings == []  # the impossible output is the supplier's, and not shown
    assert {*Variant.objects.values_list("weight_g", flat=True)} == {80}
    assert Mode.objects.get().name == "Turbo"


def test_an_edited_field_of_a_variant_survives_imports_and_the_others_follow():
    record = two_variants()
    red = Variant.objects.get(pk=take_in(record).variants["A-RED"])
    with transaction.atomic():
        edit_variant(
            variant=red, changes={"packed_weight_g": 180, "status": "phasing_out"}, now=NOON
        )

    heavier = [replace(variant, packed_weight_g=150) for variant in record.variants]
    take_in(replace(record, variants=tuple(heavier), hs_code="940540"))

    weights = dict(Variant.objects.values_list("color", "packed_weight_g"))
    red.refresh_from_db()
    assert (weights.pop("Red"), {*weights.values()}) == (180, {150})
    assert (red.hs_code, red.status) == ("940540", "phasing_out")


def test_a_supplier_never_describes_a_product_that_staff_created():
    product = make_product(title="Staff's words")
    make_variant(product)
    record = two_variants()

    for _ in range(2):  # the second time, the product has variants of the supplier
        importer.import_products(
            records=[record],
            variant_ids={},
            product_ids={record.external_id: product.pk},
            source="cj",
            now=NOON,
        )

    product.refresh_from_db()
    assert product.title == "Staff's words"
    assert product.variants.count() == 3


def test_options_that_staff_reordered_keep_their_values():
    record = two_variants(option_names=("Color", "Size"))
    sized = [
        replace(variant, option_values=(*variant.option_values, "L")) for variant in record.variants
    ]
    record = replace(record, variants=tuple(sized))
    take_in(record)
    with transaction.atomic():
        editing.apply_edit(
            product=Product.objects.get(), changes={"option_names": ["Size", "Color"]}, now=NOON
        )

    take_in(record)

    values = Variant.objects.order_by("pk").values_list("option_values", "color")
    assert [*values] == [(["L", "Black"], "Black"), (["L", "Red"], "Red")]
