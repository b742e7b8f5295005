import pytest
from django.db import transaction
from django.urls import reverse

from catalog.listings.completeness import missing_for_sale
from catalog.models import (
    Completeness,
    CustomAttribute,
    Identifier,
    Listing,
    Product,
    Requirement,
    Spec,
    StaleCompleteness,
    Variant,
)
from catalog.readiness import completeness
from catalog.readiness.tasks import compute_completeness
from tests.factories.catalog import (
    make_channel,
    make_image,
    make_listing,
    make_product,
    make_spec,
    make_variant,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def product():
    Requirement.objects.all().delete()
    return make_listing().variant.product


def compute():
    with transaction.atomic():
        while completeness.compute_stale():
            pass


def missing(language="en"):
    return Completeness.objects.get(language=language).missing


def test_a_product_lacks_the_requirements_of_its_family_and_channel(product):
    channel = make_channel()
    other = make_channel(code="other")
    for values in (
        {"family": "headlamp", "subject": "material"},
        {"family": "lantern", "subject": "cri"},
        {"family": "", "subject": "image", "is_required": False},
        {"family": "", "subject": "cct_k", "channel": other},
        {"family": "", "subject": "output_lm"},
    ):
        Requirement.objects.create(**values)
    compute()

    row = Completeness.objects.get(channel=channel, language="en")
    assert row.missing == ["material", "image"]
    assert (row.lacks_required, row.blocks_sale) == (True, False)
    assert row.percent == 100 * (9 - 2) // 9
    assert "cct_k" in Completeness.objects.get(channel=other, language="en").missing


def test_a_recommendation_leaves_the_product_complete(product):
    Requirement.objects.create(subject="image", is_required=False)
    compute()

    row = Completeness.objects.get(language="en")
    assert (row.missing, row.lacks_required) == (["image"], False)


def test_a_required_custom_attribute_counts(product):
    CustomAttribute.objects.create(
        code="switch", names={"en": "Switch"}, kind="text", is_required=True, families=["headlamp"]
    )
    compute()
    lacking = missing()
    Spec.objects.update(custom_values={"switch": "tail"})
    compute()

    assert (lacking, missing()) == (["custom:switch"], [])


def test_a_required_localized_attribute_is_needed_in_each_language(product):
    CustomAttribute.objects.create(
        code="care", names={"en": "Care"}, kind="text", is_localized=True, is_required=True
    )
    Spec.objects.update(custom_values={"care": "Wipe it."})
    compute()

    assert missing("en") == []
    assert "custom:care:az" in missing("az")


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (Spec, {"power_sources": []}),
        (Spec, {"output_lm": None, "runtime_high_min": None, "runtime_max_min": None}),
        (Spec, {"output_lm": None}),
        (Spec, {"output_lm": None, "runtime_max_min": 0, "runtime_high_min": 0}),
        (Spec, {"battery_format": ""}),
        (Product, {"family": "battery"}),
        (Product, {"title": ""}),
        (Variant, {"cell_wh": None}),
        (Variant, {"cell_wh": None, "lithium": "none"}),
        (Listing, {"is_published": False, "price_amount": None}),
        (Product, {}),
    ],
)
def test_what_blocks_the_sale_is_what_publication_refuses(product, model, changes):
    if changes:
        model.objects.update(**changes)
    if "battery" in changes.values():
        Spec.objects.update(battery_format="")
    compute()

    listing = Listing.objects.select_related("variant__product__spec").get()
    refused = missing_for_sale(listing.variant, has_price=listing.price_amount is not None)
    row = Completeness.objects.get(language="en")
    assert sorted(row.missing) == sorted(refused)
    assert row.blocks_sale is bool(refused)


def test_a_change_is_computed_again_and_an_unchanged_result_is_not_written(product):
    Requirement.objects.create(subject="image")
    compute()
    before = missing()
    Product.objects.update(summary="Other words")
    with transaction.atomic():
        taken = completeness.compute_stale()
        unchanged = completeness.compute([product.pk])
    make_image(product, stem="a1")
    compute_completeness()

    assert (taken, unchanged) == (1, 0)
    assert before == ["image"]
    assert missing() == []
    assert StaleCompleteness.objects.count() == 0


def test_rows_that_move_concern_the_product_that_they_leave(product):
    image = make_image(product, stem="a1")
    first, moved = Variant.objects.get(), make_variant(product, sku="HL-2")
    gtin = Identifier.objects.create(variant=first, scheme="gtin", value="04006381333931")
    other = make_variant(make_product(slug="other"), sku="HL-3")
    compute()

    for row, values in (
        (gtin, {"variant": other}),
        (image, {"product": other.product}),
        (moved, {"product": other.product}),
    ):
        type(row).objects.filter(pk=row.pk).update(**values)
        stale = {*StaleCompleteness.objects.values_list("product_id", flat=True)}
        compute()
        assert stale == {product.pk, other.product_id}


def test_changed_requirements_and_brands_concern_their_products(product):
    product.brand.manufacturer_name = ""
    product.brand.save()
    compute()
    Requirement.objects.create(subject="manufacturer")
    by_requirement = StaleCompleteness.objects.count()
    compute()
    lacking = missing()
    product.brand.manufacturer_name = "Tindrel"
    product.brand.save()
    compute()

    assert by_requirement == Product.objects.count()
    assert (lacking, missing()) == (["manufacturer"], [])


def test_a_new_shop_requires_known_subjects():
    known = {code for code, _label in completeness.subjects.choices()}

    assert {*Requirement.objects.values_list("subject", flat=True)} <= known


def test_a_product_without_specification_or_variants_has_a_row():
    make_channel()
    make_product()
    make_spec(make_product())
    compute()

    assert Completeness.objects.filter(language="en", blocks_sale=True).count() == 2


def test_staff_see_what_is_missing_and_filter_by_it(staff, product):
    make_listing()  # another product
    Requirement.objects.create(subject="material", family=product.family)
    Requirement.objects.create(subject="manufacturer")
    Requirement.objects.create(subject="description")
    type(product.brand).objects.update(manufacturer_name="")
    Spec.objects.exclude(product=product).update(material="steel")
    compute_completeness()
    page = reverse("admin:catalog_product_change", args=[product.pk])
    products = reverse("admin:catalog_product_changelist")

    html = staff.get(page).content.decode()
    assert '<a href="#id_spec-0-material">Material</a>' in html
    assert reverse("admin:catalog_brand_change", args=[product.brand_id]) in html
    assert (
        f'<a href="{reverse("supply:texts", args=[product.pk, "az"])}">Description (az)</a>' in html
    )
    assert list(staff.get(products, {"missing": "material"}).context["cl"].queryset) == [product]
    channel = make_channel().code
    found = {
        answer: staff.get(products, {"complete": f"{channel}.en.{answer}"}).context["cl"].queryset
        for answer in ("yes", "no")
    }
    assert (found["yes"].count(), found["no"].count()) == (0, 2)
    assert staff.get(products, {"complete": "nonsense"}).context["cl"].queryset.count() == 2


def test_staff_add_a_requirement(staff):
    form = {"family": "headlamp", "channel": "", "subject": "material", "is_required": "on"}
    Requirement.objects.all().delete()
    page = reverse("admin:catalog_requirement_add")

    refused = staff.post(page, {**form, "subject": "unknown"})
    staff.post(page, form)

    assert refused.status_code == 200
    assert Requirement.objects.get().subject == "material"
