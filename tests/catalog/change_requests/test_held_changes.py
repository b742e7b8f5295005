"""What a supplier changes in a live product waits for staff."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction

from catalog.change_requests import decisions
from catalog.models import (
    Brand,
    BrandAlias,
    ChangeRequest,
    CustomAttribute,
    Identifier,
    Image,
    Mode,
    Product,
    Spec,
    Variant,
)
from catalog.product_import import importer
from catalog.product_import.item import ImportPolicy
from catalog.products import editing
from tests.factories.catalog import NOON
from tests.factories.product_records import two_variants

pytestmark = pytest.mark.django_db
HOLD = ImportPolicy(holds_changes=True)
CLAIMS = {"Light output": "400 lm", "Weight": "75 g", "Modes": "High 400 lm", "Hood": "grey"}
FIRST = two_variants(claims=CLAIMS)


def take(record, policy=HOLD):
    return importer.import_products(
        records=[record], variant_ids={}, source="cj", policy=policy, now=NOON
    )


def stated(**changes):
    claims = {**CLAIMS, **changes.pop("claims", {})}
    return replace(FIRST, claims={k: v for k, v in claims.items() if v}, **changes)


@pytest.fixture
def product():
    take(FIRST)
    return Product.objects.get()


def open_changes():
    return {
        name: change["value"]
        for request in ChangeRequest.objects.all()
        for name, change in request.changes.items()
    }


def decide(step, *fields):
    with transaction.atomic():
        return step(
            request=ChangeRequest.objects.get(), fields=fields or None, actor="erika", now=NOON
        )


CHANGED = stated(
    title="Sensor headlamp Pro",
    description_html="<p>Other words.</p>",
    brand="Southbeam",
    claims={"Light output": "450 lm", "Weight": "80 g", "Modes": "Turbo 450 lm", "Hood": "red"},
)


def test_changes_of_a_live_product_are_kept_and_not_written(product):
    take(CHANGED)

    product.refresh_from_db()
    spec = Spec.objects.get()
    assert (product.title, product.brand.name) == ("Sensor headlamp", "Northbeam")
    assert (spec.output_lm, spec.sources["output_lm"]["raw"], spec.more) == (
        400,
        "400 lm",
        {"Hood": "grey"},
    )
    assert {*Variant.objects.values_list("weight_g", flat=True)} == {75}
    assert Mode.objects.get().name == "High"
    changes = open_changes()
    assert changes["modes"][0]["name"] == "Turbo"
    assert {name: changes[name] for name in ("title", "brand", "output_lm", "more:Hood")} == {
        "title": "Sensor headlamp Pro",
        "brand": "Southbeam",
        "output_lm": 450,
        "more:Hood": "red",
    }


def test_accepted_changes_are_what_an_import_would_have_written(product):
    take(CHANGED)

    decide(decisions.accept)
    take(CHANGED)  # writes the part numbers, which contain the brand
    again = take(CHANGED)

    product.refresh_from_db()
    spec = Spec.objects.get()
    assert (product.title, product.brand.name, product.overridden_fields) == (
        "Sensor headlamp Pro",
        "Southbeam",
        [],
    )
    assert (spec.output_lm, spec.sources["output_lm"]["raw"], spec.more) == (
        450,
        "450 lm",
        {"Hood": "red"},
    )
    assert {*Variant.objects.values_list("weight_g", flat=True)} == {80}
    assert (Mode.objects.get().name, Mode.objects.get().output_lm) == ("Turbo", Decimal(450))
    assert (again.updated, ChangeRequest.objects.count()) == (0, 0)


def test_an_accepted_brand_that_was_merged_since_becomes_the_remaining_one(product):
    take(CHANGED)
    remaining = Brand.objects.create(key="southlight", name="Southlight")
    Brand.objects.filter(key="southbeam").update(merged_into=remaining)
    BrandAlias.objects.create(brand=remaining, key="southbeam", name="Southbeam")

    decide(decisions.accept, "brand")

    product.refresh_from_db()
    assert product.brand == remaining


def test_one_field_is_accepted_and_the_others_stay_open(product):
    take(CHANGED)

    decide(decisions.accept, "title")

    product.refresh_from_db()
    assert (product.title, product.brand.name) == ("Sensor headlamp Pro", "Northbeam")
    assert "title" not in open_changes()
    assert "brand" in open_changes()


def test_a_rejected_value_is_not_asked_again_until_another_is_stated(product):
    take(stated(title="Sensor headlamp Pro"))
    decide(decisions.reject)

    take(stated(title="Sensor headlamp Pro"))
    asked_again = open_changes()
    take(stated(title="Sensor headlamp Max"))

    assert asked_again == {}
    assert open_changes() == {"title": "Sensor headlamp Max"}
    assert ChangeRequest.objects.get().rejected == {}


def test_the_newest_value_wins_and_the_live_value_closes_the_request(product):
    take(stated(title="Sensor headlamp Pro"))
    take(stated(title="Sensor headlamp Max"))
    newest = open_changes()
    take(FIRST)

    assert newest == {"title": "Sensor headlamp Max"}
    assert ChangeRequest.objects.count() == 0


def test_an_unchanged_feed_writes_nothing(product):
    take(CHANGED)
    take(CHANGED)
    before = list(ChangeRequest.objects.values_list("pk", "updated_at", "changes"))

    with_another_time = importer.import_products(
        records=[CHANGED],
        variant_ids={},
        source="cj",
        policy=HOLD,
        now=NOON.replace(hour=20),
    )

    assert with_another_time.updated == 0
    assert list(ChangeRequest.objects.values_list("pk", "updated_at", "changes")) == before


def test_first_values_wait_like_other_changes(product):
    stated_first = stated(claims={"Peak intensity": "2,500 cd", "Packaging": "box"})
    take(stated_first)
    held = Spec.objects.get()
    changes = open_changes()
    decide(decisions.accept)
    again = take(stated_first)

    assert (held.intensity_cd, held.beam_m, held.more) == (None, None, {"Hood": "grey"})
    assert changes == {"intensity_cd": 2500, "more:Packaging": "box"}
    spec = Spec.objects.get()
    assert (spec.intensity_cd, spec.beam_m, spec.sources["intensity_cd"]["raw"]) == (
        2500,
        100,
        "2,500 cd",
    )
    assert spec.more == {"Hood": "grey", "Packaging": "box"}
    assert (again.updated, ChangeRequest.objects.count()) == (0, 0)


def test_first_modes_and_texts_wait(product):
    Mode.objects.all().delete()
    Product.objects.update(summary="", description_html="")
    take(FIRST)

    changes = open_changes()
    assert {*changes} == {"modes", "summary", "description_html"}
    assert not Mode.objects.exists()


def test_a_line_that_a_new_attribute_reads_is_written_at_once(product):
    CustomAttribute.objects.create(
        code="hood", names={"en": "Hood"}, kind="text", labels=["Hood"], families=[]
    )
    take(FIRST)

    assert (Spec.objects.get().custom_values, open_changes()) == ({"hood": "grey"}, {})


def test_a_first_value_of_a_custom_attribute_waits(product):
    CustomAttribute.objects.create(
        code="tint", names={"en": "Tint"}, kind="text", labels=["Tint"], families=[]
    )
    take(stated(claims={"Tint": "rosy"}))
    held = Spec.objects.get().custom_values
    decide(decisions.accept)

    assert (held, Spec.objects.get().custom_values) == ({}, {"tint": "rosy"})


def pictures():
    return list(
        Image.objects.order_by("position").values_list("source_url", "role", "variant__sku")
    )


def test_changed_images_wait_and_are_written_when_accepted(product):
    before = pictures()
    renewed = stated(
        picture_urls=("http://127.0.0.1/p/new.png", FIRST.picture_urls[0]),
        variants=(
            replace(FIRST.variants[0], picture_urls=("http://127.0.0.1/p/new.png",)),
            *FIRST.variants[1:],
        ),
    )
    take(renewed)
    held = pictures()
    decide(decisions.accept)
    again = take(renewed)

    black = Variant.objects.order_by("pk").first().sku
    assert held == before
    assert pictures() == [
        ("http://127.0.0.1/p/new.png", "main", black),
        (FIRST.picture_urls[0], "in_use", None),
    ]
    assert (again.updated, ChangeRequest.objects.count()) == (0, 0)


def test_images_of_staff_stay_when_a_feed_change_is_accepted(product):
    upload = Image.objects.create(product=product, source_url="upload:1", position=9)
    take(stated(picture_urls=("http://127.0.0.1/p/new.png",)))
    decide(decisions.accept)

    assert Image.objects.filter(pk=upload.pk).exists()
    assert Image.objects.count() == 2


def test_the_first_options_come_with_the_variants_that_need_them():
    single = replace(
        FIRST, option_names=(), variants=(replace(FIRST.variants[0], option_values=()),)
    )
    take(single)
    take(replace(single, option_names=("Color",), variants=(single.variants[0],)))
    held = Product.objects.get().option_names
    take(FIRST)

    assert held == []
    assert Product.objects.get().option_names == ["Color"]
    assert list(Variant.objects.order_by("pk").values_list("option_values", flat=True)) == [
        ["Black"],
        ["Red"],
    ]


def test_a_value_that_is_no_longer_stated_stays_until_staff_accept(product):
    take(stated(claims={"Weight": ""}))
    kept = Spec.objects.get().weight_g
    changes = open_changes()
    decide(decisions.accept)

    assert (kept, changes) == (75, {"weight_g": None})
    spec = Spec.objects.get()
    assert (spec.weight_g, "weight_g" in spec.sources) == (None, False)


def test_the_beam_follows_an_accepted_intensity(product):
    take(stated(claims={"Peak intensity": "2,500 cd"}), policy=ImportPolicy())
    take(stated(claims={"Peak intensity": "10,000 cd"}))
    held = Spec.objects.get().beam_m

    decide(decisions.accept)

    assert (held, Spec.objects.get().beam_m) == (100, 200)


def test_changed_options_wait_together(product):
    renamed = stated(
        option_names=("Shade",),
        variants=tuple(
            replace(variant, option_values=(f"{variant.option_values[0]} matt",))
            for variant in FIRST.variants
        ),
    )
    take(renamed)
    kept = list(Variant.objects.order_by("pk").values_list("option_values", flat=True))
    decide(decisions.accept)

    product.refresh_from_db()
    assert kept == [["Black"], ["Red"]]
    assert product.option_names == ["Shade"]
    assert list(Variant.objects.order_by("pk").values_list("option_values", flat=True)) == [
        ["Black matt"],
        ["Red matt"],
    ]


def test_a_product_that_is_not_live_and_a_supplier_without_review_change_at_once(product):
    Product.objects.update(status="in_review")
    take(stated(title="In review"))
    in_review = Product.objects.get().title
    Product.objects.update(status="live")
    take(stated(title="Live"), policy=ImportPolicy())

    assert (in_review, Product.objects.get().title) == ("In review", "Live")
    assert ChangeRequest.objects.count() == 0


def test_a_field_that_staff_locked_meanwhile_keeps_its_value(product):
    take(stated(title="Sensor headlamp Pro"))
    with transaction.atomic():
        editing.apply_edit(product=product, changes={"title": "Mine"}, now=NOON)

    written = decide(decisions.accept)

    assert (written, Product.objects.get().title) == ([], "Mine")
    assert ChangeRequest.objects.count() == 0


def test_an_accepted_brand_that_became_an_alias_is_the_remaining_brand(product):
    take(stated(brand="Southbeam"))
    remaining = Brand.objects.create(name="Southbeam Lights", key="southbeamlights")
    BrandAlias.objects.create(brand=remaining, name="Southbeam", key="southbeam")

    decide(decisions.accept)

    assert Product.objects.get().brand == remaining


def test_identifiers_and_weights_of_parcels_are_not_held_back(product):
    heavier = tuple(
        replace(variant, packed_weight_g=190, mpn=f"N-{variant.sku}") for variant in FIRST.variants
    )
    take(stated(variants=heavier))

    assert {*Variant.objects.values_list("packed_weight_g", flat=True)} == {190}
    assert Identifier.objects.filter(scheme="mpn", raw="N-A-BLK").exists()
    assert open_changes() == {}
