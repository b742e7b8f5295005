"""Custom attributes on the staff page of a product: enter, lock, return to the feed, find missing."""

import pytest
from django.contrib import admin
from django.urls import reverse

from catalog.custom_attributes import registry
from catalog.models import CustomAttribute, Product, Spec
from catalog.products.staff.spec_panel import other_statements, spec_panel
from catalog.readiness.tasks import compute_completeness
from storefront.web.catalog import spec_table
from tests.factories.catalog import make_channel
from tests.factories.product_records import CLAIMS, make_product_record, take_in
from tests.support.admin_forms import filled_form

pytestmark = pytest.mark.django_db
admin.autodiscover()


@pytest.fixture
def product(monkeypatch):
    monkeypatch.setattr(registry, "_cached", None)
    CustomAttribute.objects.create(
        code="charge_time", names={"en": "Charging time"}, kind="number", unit="h", maximum=48
    )
    CustomAttribute.objects.create(
        code="switch",
        names={"en": "Switch"},
        kind="choices",
        choices=[["tail", {"en": "at the tail"}], ["side", {"en": "on the side"}]],
        is_required=True,
    )
    CustomAttribute.objects.create(
        code="bays", names={"en": "Bays"}, kind="number", families=["charger"]
    )
    take_in(record())
    return Product.objects.get()


def record():
    return make_product_record(claims={**CLAIMS, "Charging time": "150 min"})


def edit(staff, product, **changes):
    page = reverse("admin:catalog_product_change", args=[product.pk])
    values = {f"spec-0-custom:{code}": value for code, value in changes.items()}
    return staff.post(page, filled_form(staff.get(page)) | values)


def test_the_panel_names_choices_as_customers_see_them(staff, product):
    edit(staff, product, switch=["tail", "side"])

    text = spec_panel(Product.objects.annotate(other_statement_rows=other_statements()).get())
    assert "<td>at the tail, on the side</td>" in text


def test_a_value_of_staff_is_locked_until_it_is_returned(staff, product):
    assert edit(staff, product, charge_time="3", switch=["tail", "side"]).status_code == 302
    take_in(record())

    product.refresh_from_db()
    spec = Spec.objects.get()
    assert spec.custom_values == {"charge_time": "3", "switch": ["tail", "side"]}
    assert product.overridden_fields == ["custom:charge_time", "custom:switch"]
    assert spec.sources["custom:charge_time"]["feed"]["raw"] == "150 min"

    back = reverse("admin:catalog_product_return", args=[product.pk])
    staff.post(back, {"field": "custom:charge_time"})
    take_in(record())
    assert Spec.objects.get().custom_values["charge_time"] == "2.5"


def test_a_value_that_was_not_touched_is_not_locked(staff, product):
    assert edit(staff, product).status_code == 302

    product.refresh_from_db()
    assert product.overridden_fields == []


@pytest.mark.parametrize("value", ["2.5", "tail", ["tail"], True])
@pytest.mark.parametrize("kind", ["number", "yes_no", "choice", "choices", "text"])
def test_a_value_of_a_deleted_attribute_does_not_break_one_of_the_same_code(
    staff, product, kind, value
):
    choices = [["side", {"en": "on the side"}]] if kind in {"choice", "choices"} else []
    CustomAttribute.objects.filter(code="switch").delete()
    CustomAttribute.objects.create(
        code="switch", names={"en": "Switch"}, kind=kind, choices=choices
    )
    Spec.objects.update(custom_values={"switch": value})

    assert edit(staff, product).status_code == 302

    product.refresh_from_db()
    assert (product.overridden_fields, Spec.objects.get().custom_values["switch"]) == ([], value)
    definitions = [each for each in registry.load() if each.code == "switch"]
    rows = spec_table.custom_rows(Spec.objects.get(), definitions, "en")
    is_of_kind = isinstance(value, {"yes_no": bool, "choice": (), "choices": ()}.get(kind, str))
    assert [row.name for row in rows] == ["Switch"] * (
        is_of_kind and (kind, value) != ("number", "tail")
    )


def test_a_huge_number_is_rejected(staff, product):
    CustomAttribute.objects.update(maximum=None)

    answer = edit(staff, product, charge_time="1e9000")

    assert answer.status_code == 200
    assert "no more than 30 digits" in answer.content.decode()


def test_a_deleted_value_stays_deleted(staff, product):
    edit(staff, product, charge_time="")
    take_in(record())
    assert Spec.objects.get().custom_values == {}


@pytest.mark.parametrize(
    ("least", "most", "message"),
    [
        (None, 48, "Enter a value up to 48."),
        ("0.5", 48, "Enter a value from 0.5 to 48."),
        (100, None, "Enter a value from 100."),
    ],
)
def test_a_value_out_of_range_is_explained(staff, product, least, most, message):
    CustomAttribute.objects.update(minimum=least, maximum=most)

    answer = edit(staff, product, charge_time="60")

    assert message in answer.content.decode()


def test_only_attributes_of_the_family_are_offered(staff, product):
    page = staff.get(reverse("admin:catalog_product_change", args=[product.pk]))
    assert "Charging time, h" in page.content.decode()
    assert "custom:bays" not in page.content.decode()


def test_products_that_lack_a_required_attribute_are_found(staff, product):
    products = reverse("admin:catalog_product_changelist")
    lacking = {"missing": "custom:switch"}
    make_channel()
    compute_completeness()
    assert product.title in staff.get(products, lacking).content.decode()

    edit(staff, product, switch=["tail"])
    compute_completeness()

    assert not staff.get(products, lacking).context["cl"].queryset.exists()


def test_a_localized_text_is_entered_and_locked_per_language(staff, product):
    CustomAttribute.objects.create(
        code="care", names={"en": "Care"}, kind="text", is_localized=True
    )
    assert edit(staff, product, **{"care:az": "Silin."}).status_code == 302

    take_in(make_product_record(claims={**CLAIMS, "Care": "Wipe it."}))

    product.refresh_from_db()
    assert product.overridden_fields == ["custom:care:az"]
    assert Spec.objects.get().custom_values == {"care": "Wipe it.", "care:az": "Silin."}
