"""Restore of removed rows, values of rows, brands and statuses from the history page."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import (
    Brand,
    FieldChange,
    Identifier,
    Image,
    Mode,
    Product,
    ProductText,
    Spec,
    Variant,
)
from catalog.products import images
from storefront.lib.state_machine import StatusChange
from tests.catalog.products.staff.history.test_history_admin import (
    obstacle,
    page,
    post,
    restore,
    shown_change,
)
from tests.factories.catalog import make_channel, make_listing, make_mode, make_variant

pytestmark = pytest.mark.django_db
admin.autodiscover()
GTIN = "04006381333931"


@pytest.fixture
def product():
    product = make_listing().variant.product
    Product.objects.update(created_at="2020-01-01T00:00Z")  # rows of new products are not recorded
    return product


@pytest.fixture
def stored_file(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    for width in (240, 480, 900):
        file = images.path_of("beam", width)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")


def make_image(product, **changes):
    known = {"source_url": "upload:beam", "stem": "beam", "width_px": 900, "height_px": 600}
    return Image.objects.create(product=product, **{**known, **changes})


def test_a_removed_identifier_is_added_to_its_variant(staff, product):
    variant = Variant.objects.get()
    Identifier.objects.create(variant=variant, scheme="gtin", value=GTIN, raw=GTIN[1:])
    Identifier.objects.get().delete()

    messages = restore(staff, variant, record="identifier", new__isnull=True)

    identifier = Identifier.objects.get()
    assert (identifier.variant, identifier.value, identifier.raw) == (variant, GTIN, GTIN[1:])
    assert messages == [f"Restored: Identifier {variant.sku}: GTIN {GTIN[1:]}, Unverified"]
    added = FieldChange.objects.order_by("pk").last()
    assert (added.new["value"], added.source, added.actor) == (
        GTIN,
        "restore",
        "staff@fara.example",
    )
    assert obstacle(staff, product, old__scheme="gtin") == "The product already has this row."


def test_an_identifier_that_another_variant_has_is_not_restored(staff, product):
    known = {"scheme": "gtin", "value": GTIN, "raw": GTIN}
    Identifier.objects.create(variant=Variant.objects.get(), **known).delete()
    other = make_variant(product, sku="OTHER")
    Identifier.objects.create(variant=other, **known)

    (message,) = restore(staff, product, old__scheme="gtin")

    assert f"The variant OTHER has the number {GTIN}. Remove it there first." in message
    assert Identifier.objects.get().variant == other


def test_a_removed_mode_is_added_after_the_others(staff, product):
    make_mode(product, name="Low", output_lm="5.5", position=0)
    make_mode(product, name="High", position=1)
    Mode.objects.get(name="Low").delete()

    restore(staff, product, old__name="Low")

    modes = Mode.objects.order_by("position").values_list("name", "output_lm")
    assert [*modes] == [("High", 400), ("Low", 5.5)]
    product.refresh_from_db()
    assert product.overridden_fields == ["modes"]


def test_a_mode_that_the_light_cannot_have_is_not_restored(staff, product):
    make_mode(product, name="Turbo", output_lm="90000").delete()

    (message,) = restore(staff, product, old__name="Turbo")

    assert "This light cannot have" in message
    assert not Mode.objects.exists()


def test_a_removed_image_is_added_with_its_file(staff, product, stored_file):
    variant = Variant.objects.get()
    make_image(product, variant=variant, role="beam", alt_texts={"en": "Beam"}).delete()

    restore(staff, product, record="image", new__isnull=True)

    image = Image.objects.get()
    assert (image.stem, image.role, image.variant, image.alt_texts, image.width_px) == (
        *("beam", "beam", variant, {"en": "Beam"}),
        900,
    )


def test_an_image_without_its_file_says_why_it_is_not_restored(staff, product, stored_file):
    make_image(product, stem="gone").delete()
    make_image(product, source_url="https://cj.example/1.jpg", stem="").delete()

    reason = "Its file is no longer stored. Upload the image again."
    assert obstacle(staff, product, old__stem="gone") == reason
    assert reason in staff.get(page(product)).content.decode()
    assert post(staff, product, f"{FieldChange.objects.get(old__stem='gone').pk}:") == [
        f"Image was not restored. {reason}"
    ]
    assert obstacle(staff, product, old__stem="") == ""  # it is fetched again


def test_removed_texts_are_restored(staff, product):
    ProductText.objects.create(product=product, language="az", title="Fənər", summary="Yüngül")
    ProductText.objects.get().delete()

    restore(staff, product, record="text", new__isnull=True)

    text = ProductText.objects.get()
    assert (text.language, text.title, text.summary) == ("az", "Fənər", "Yüngül")
    product.refresh_from_db()
    assert product.titles["az"] == "Fənər"


def test_values_of_modes_images_texts_and_identifiers_are_restored(staff, product, stored_file):
    variant = Variant.objects.get()
    mode, image = make_mode(product), make_image(product, role="beam", variant=variant)
    identifier = Identifier.objects.create(
        variant=variant, scheme="gtin", value=GTIN, state="verified"
    )
    ProductText.objects.create(product=product, language="az", title="Fənər", summary="Yüngül")
    Mode.objects.update(output_lm=300)
    Image.objects.update(role="other", variant=None)
    Identifier.objects.update(state="asserted")
    ProductText.objects.update(summary="Ağır")

    for field in ("output_lm", "role", "variant_id", "state", "az:summary"):
        restore(staff, product, field=field, source="")

    for row in (mode, image, identifier):
        row.refresh_from_db()
    assert (mode.output_lm, image.role, image.variant, identifier.state) == (
        *(400, "beam", variant),
        "verified",
    )
    text = ProductText.objects.get()
    assert (text.title, text.summary) == ("Fənər", "Yüngül")


def test_an_earlier_brand_is_restored_and_locked(staff, product):
    former = product.brand
    Product.objects.update(brand=Brand.objects.create(key="olight", name="Olight"))

    restore(staff, product, field="brand_id")

    product.refresh_from_db()
    assert (product.brand, product.overridden_fields) == (former, ["brand"])


def test_a_brand_that_was_merged_or_deleted_is_not_restored(staff, product):
    former = product.brand
    merged = Brand.objects.create(key="olight", name="Olight", merged_into=former)
    deleted = Brand.objects.create(key="lumora", name="Lumora")
    for brand in (merged, deleted, former):
        Product.objects.update(brand=brand)
    old = deleted.pk
    deleted.delete()

    assert obstacle(staff, product, old=merged.pk) == f"The brand was merged into {former}."
    assert obstacle(staff, product, old=old) == "The earlier value was deleted."


def test_an_earlier_status_is_restored_by_its_transition(staff, product):
    make_channel()
    Product.objects.update(status="ready")
    Product.objects.update(status="draft")
    FieldChange.objects.filter(new="ready").delete()
    Product.objects.update(status="in_review")

    messages = restore(staff, product, new="in_review")

    product.refresh_from_db()
    assert (product.status, product.overridden_fields) == ("draft", [])
    assert messages == ["Restored: Status: Draft"]
    move = StatusChange.objects.get(subject_id=product.pk)
    assert (move.to_status, move.actor) == ("draft", "staff@fara.example")


def test_a_status_that_needs_missing_values_is_not_restored(staff, product):
    make_channel()
    Product.objects.update(status="ready")
    FieldChange.objects.all().delete()
    Product.objects.update(status="in_review")
    Spec.objects.update(power_sources=[])

    (message,) = restore(staff, product, field="status")

    assert message.startswith("Status was not restored. Enter these values first:")
    assert Product.objects.get().status == "in_review"


def test_each_change_that_cannot_be_restored_says_why(staff, product):
    variant = Variant.objects.get()
    gone = make_variant(product, sku="GONE")
    Variant.objects.filter(pk=gone.pk).update(hs_code="1234567")
    gone.delete()
    Variant.objects.update(position=3)
    make_mode(product)
    added = make_mode(product, name="Low", position=1)
    Mode.objects.filter(pk=added.pk).update(output_lm=5)
    added.delete()
    Identifier.objects.create(variant=variant, scheme="supplier", value="cj:1").delete()
    Spec.objects.update(custom_values={"beam_angle": "12.5"})
    image = make_image(product)
    Image.objects.filter(pk=image.pk).update(source_url="upload:other")
    image.delete()

    shown = staff.get(page(product)).context["changes"]

    assert {(row.change.record, row.change.field, row.obstacle) for row in shown} >= {
        ("variant", "hs_code", "The row was removed. Restore it first."),
        ("variant", "position", "Staff cannot edit this field."),
        ("mode", "", "To remove an added row, delete it on the page of the product."),
        ("mode", "output_lm", "The row was removed. Restore it first."),
        ("identifier", "", "Only imports set identifiers of this type."),
        ("spec", "custom:beam_angle", "This field does not exist any more."),
        ("image", "source_url", "Staff cannot edit this field."),
    }


def test_a_page_with_all_kinds_of_rows_needs_twelve_statements(staff, product, stored_file):
    variant = Variant.objects.get()
    make_mode(product).delete()
    make_image(product).delete()
    Identifier.objects.create(variant=variant, scheme="gtin", value=GTIN).delete()
    ProductText.objects.create(product=product, language="az", title="Fənər").delete()
    Variant.objects.update(hs_code="940540", replaced_by=make_variant(product, sku="NEW"))
    Product.objects.update(brand=Brand.objects.create(key="olight", name="Olight"))
    staff.get(page(product))

    with CaptureQueriesContext(connection) as queries:
        staff.get(page(product))

    assert len(queries) <= 12, "\n".join(
        query["sql"][:60] + " ... " + query["sql"][-130:] for query in queries
    )


def test_restoring_twice_from_one_page_adds_one_row(staff, product):
    make_mode(product, name="Low").delete()
    button = shown_change(staff, product, record="mode", new__isnull=True)

    post(staff, product, button)
    (message,) = post(staff, product, button)

    assert message == "Mode was not restored. The product already has this row."
    assert Mode.objects.count() == 1
