"""History page of products and variants: list changed fields, restore earlier values."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Brand, CustomAttribute, FieldChange, Product, ProductText, Spec, Variant
from catalog.products.spec_edits import edit_spec
from storefront.lib.db.change_source import set_change_source
from tests.factories.accounts import make_staff
from tests.factories.catalog import NOON, make_listing, make_mode

pytestmark = pytest.mark.django_db
admin.autodiscover()


@pytest.fixture
def product():
    return make_listing().variant.product


def page(row, view="history"):
    return reverse(f"admin:catalog_{row._meta.model_name}_{view}", args=[row.pk])


def listed(staff, row, **query):
    answer = staff.get(page(row), query)
    assert answer.status_code == 200
    return [(one.label, one.old, one.new, one.source) for one in answer.context["changes"]]


def shown_change(staff, row, **change):
    """Return the value of the button of a change, whether or not the page offers it."""
    number = FieldChange.objects.get(**change).pk
    changes = staff.get(page(row)).context["changes"]
    (seen,) = [one.seen for one in changes if one.change.pk == number]
    return f"{number}:{seen}"


def post(staff, row, change):
    answer = staff.post(page(row, "restore"), {"change": change}, follow=True)
    return [str(message) for message in answer.context["messages"]]


def restore(staff, row, **change):
    return post(staff, row, shown_change(staff, row, **change))


def obstacle(staff, row, **change):
    (found,) = [
        one.obstacle
        for one in staff.get(page(row)).context["changes"]
        if one.change == FieldChange.objects.get(**change)
    ]
    return found


def test_the_page_lists_changes_of_the_product_and_its_parts_newest_first(staff, product):
    make_mode(product, name="High", output_lm="400")
    with transaction.atomic():
        set_change_source("sync:cj:12")
        Product.objects.update(brand=Brand.objects.create(key="olight", name="Olight"))
        Spec.objects.update(battery_included=False, charging=["usb_c", "solar"])
        set_change_source("bulk edit:7", actor="Leyla")
        Variant.objects.update(status="discontinued")

    sku = Variant.objects.get().sku
    changes = listed(staff, product)
    assert changes[0] == (f"Variant {sku}: Status", "Active", "Discontinued", "Bulk edit 7")
    assert changes[-1][::3] == ("Brand", "Supplier cj, sync run 12")
    assert changes[-1][2] == "Olight"
    assert ("Battery included", "no") in {(label, new) for label, _old, new, _source in changes}
    assert listed(staff, Variant.objects.get()) == changes[:1]
    assert "Leyla" in staff.get(page(product)).content.decode()


def test_texts_of_other_languages_name_their_language(staff, product):
    Product.objects.update(created_at=timezone.now() - timedelta(days=1))
    ProductText.objects.create(product=product, language="az", title="Fənər")
    ProductText.objects.update(title="Baş fənəri", summary="Yüngül")

    lines = [row[:3] for row in listed(staff, product)]

    assert sorted(lines) == [
        ("Product text", "–", "Fənər (Azərbaycanca)"),
        ("Summary, one sentence (Azərbaycanca)", "–", "Yüngül"),
        ("Title (Azərbaycanca)", "Fənər", "Baş fənəri"),
    ]


def test_a_reason_is_in_the_history_and_restored_with_its_value(staff, product):
    Spec.objects.update(battery_energy_wh="4.44", runtime_high_min=30, warnings=[])
    for minutes, reasons in ((300, {"runtime_high_min": "Measured"}), (30, {})):
        with transaction.atomic():
            edit_spec(
                product=product,
                changes={"runtime_high_min": minutes},
                reasons=reasons,
                actor="Leyla",
                now=NOON,
            )
    label = "Reason if unlikely: Runtime on high, minutes"
    lines = [line[:3] for line in listed(staff, product)]
    assert (label, "–", "Measured") in lines
    assert (label, "Measured", "–") in lines
    assert "Restore the value: its reason is restored with it." in staff.get(
        page(product)
    ).content.decode().replace("&#x27;", "'")

    restore(staff, product, field="runtime_high_min", old=300)

    assert Spec.objects.get().runtime_high_min == 300
    assert [one["reason"] for one in Spec.objects.get().warnings] == ["Measured"]


def test_a_restored_value_is_locked_published_and_in_the_history(staff, product):
    Spec.objects.update(output_lm=900)

    messages = restore(staff, product, field="output_lm")

    product.refresh_from_db()
    assert messages[-1:] == [
        "Restored: Output, lm: 400. The field is locked: no import changes it."
    ]
    assert (Spec.objects.get().output_lm, product.overridden_fields) == (400, ["output_lm"])
    assert listed(staff, product)[0][:3] == ("Output, lm", "900", "400")
    latest = FieldChange.objects.order_by("pk").last()
    assert (latest.source, latest.actor) == ("restore", "staff@fara.example")
    assert "Restored: Output, lm: 400" in staff.get(page(product)).content.decode()


@pytest.mark.parametrize(
    ("model", "field", "changed"),
    [
        (Product, "title", "Other title"),
        (Product, "option_names", ["Tint"]),
        (Product, "restricted_countries", ["DE"]),
        (Product, "family", "lantern"),
        (Spec, "impact_m", "2.5"),
        (Spec, "battery_included", False),
        (Spec, "features", ["beacon"]),
        (Spec, "power_sources", []),
        (Spec, "ip_rating", ""),
        (Spec, "weight_g", None),
        (Variant, "hs_code", "940540"),
        (Variant, "packed_weight_g", 999),
        (Variant, "status", "discontinued"),
    ],
)
def test_each_kind_of_field_is_restored(staff, product, model, field, changed):
    before = getattr(model.objects.get(), field)
    model.objects.update(**{field: changed})
    record = FieldChange.objects.get()

    restore(staff, product, pk=record.pk)

    assert getattr(model.objects.get(), field) == before


def test_category_successor_and_custom_values_are_restored(staff, product):
    CustomAttribute.objects.create(code="beam_angle", kind="number", names={"en": "Beam angle"})
    variant = Variant.objects.get()
    successor = Variant.objects.create(product=product, sku="HL-9", option_values=["Green"])
    Variant.objects.filter(pk=variant.pk).update(replaced_by=successor)
    Variant.objects.filter(pk=variant.pk).update(replaced_by=None)
    Spec.objects.update(custom_values={"beam_angle": "12.5"})
    Spec.objects.update(custom_values={})
    category = product.category
    other = type(category).objects.create(slug="other", names={"en": "Other"})
    Product.objects.update(category=other)

    restore(staff, product, field="category_id")
    restore(staff, product, field="replaced_by_id", new__isnull=True)
    restore(staff, product, field="custom:beam_angle", new__isnull=True)

    product.refresh_from_db()
    variant.refresh_from_db()
    assert (product.category, variant.replaced_by) == (category, successor)
    assert Spec.objects.get().custom_values == {"beam_angle": "12.5"}


def test_a_value_that_changed_since_the_page_was_shown_stays(staff, product):
    Spec.objects.update(output_lm=900)
    button = shown_change(staff, product, new=900)
    Spec.objects.update(output_lm=950)

    messages = post(staff, product, button)
    unseen = post(staff, product, button.partition(":")[0])

    reason = "The value has changed since the page was shown. Look at it again."
    assert messages == unseen == [f"Output, lm was not restored. {reason}"]
    assert Spec.objects.get().output_lm == 950


def test_a_value_is_restored_with_its_basis(staff, product):
    Spec.objects.update(sources={"output_lm": {"actor": "a", "at": "b", "basis": "test_report"}})
    Spec.objects.update(output_lm=900, sources={"output_lm": {"supplier": "cj"}})

    restore(staff, product, field="output_lm")

    spec = Spec.objects.get()
    assert (spec.output_lm, spec.basis_of("output_lm")) == (400, "test_report")


def test_a_basis_alone_is_restored(staff, product):
    Spec.objects.update(sources={"output_lm": {"actor": "a", "at": "b", "basis": "test_report"}})
    Spec.objects.update(sources={"output_lm": {"supplier": "cj"}})

    messages = restore(staff, product, old="test_report")

    assert messages[-1].startswith("Restored: Basis: Output, lm: Test report.")
    assert Spec.objects.get().basis_of("output_lm") == "test_report"
    reason = "To remove the basis, return the field to the suppliers."
    first = FieldChange.objects.order_by("pk").first().pk
    assert obstacle(staff, product, pk=first) == reason


def test_a_value_that_is_not_valid_any_more_is_refused_with_the_reason(staff, product):
    Spec.objects.update(output_lm=90_000)
    Spec.objects.update(output_lm=400)

    (message,) = restore(staff, product, old=90_000)

    assert message.startswith("Output, lm was not restored. Output, lm: Not possible: 90,000 lm")
    assert Spec.objects.get().output_lm == 400


def test_a_family_that_the_category_does_not_show_is_not_restored(staff, product):
    Product.objects.update(family="lantern")
    type(product.category).objects.update(families=["lantern"])

    (message,) = restore(staff, product, field="family")

    assert "This category does not show products of this family." in message
    assert Product.objects.get().family == "lantern"


def test_only_differing_values_of_fields_that_staff_edit_can_be_restored(staff, product):
    Spec.objects.update(output_lm=500)
    Spec.objects.update(output_lm=400)
    Product.objects.update(family="lantern", status="archived")

    changes = staff.get(page(product)).context["changes"]
    shown = {(row.change.field, row.change.new): row.obstacle for row in changes}
    assert shown == {
        ("output_lm", 500): "The field has this value already.",
        ("output_lm", 400): "",
        ("family", "lantern"): "",
        ("status", "archived"): "The status Archived cannot change to Live.",
    }
    again = restore(staff, product, field="output_lm", new=500)
    assert again == ["Output, lm was not restored. The field has this value already."]


def test_changes_of_another_product_and_unknown_ones_are_not_found(staff, product):
    other = make_listing().variant.product
    Spec.objects.filter(product=other).update(output_lm=500)

    changes = [str(FieldChange.objects.get().pk), "x", "9" * 30, ""]
    answers = [staff.post(page(product, "restore"), {"change": pk}) for pk in changes]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert staff.get(page(product, "restore")).status_code == 405


def test_staff_who_may_not_change_specifications_see_and_restore_none(client, product):
    Spec.objects.update(output_lm=900)
    client.force_login(make_staff("view", "view_product"))

    shown = client.get(page(product))
    answer = client.post(page(product, "restore"), {"change": FieldChange.objects.get().pk})

    (row,) = shown.context["changes"]
    assert row.obstacle == "You do not have the permission to edit it."
    assert f'value="{row.change.pk}:' not in shown.content.decode()
    assert (answer.status_code, Spec.objects.get().output_lm) == (403, 900)


def test_clerks_restore_what_they_may_edit_on_the_page_of_the_product(client, product):
    Spec.objects.update(output_lm=900)
    client.force_login(make_staff("clerk", "view_product", "change_product"))

    change = shown_change(client, product)
    answer = client.post(page(product, "restore"), {"change": change})

    assert (answer.status_code, Spec.objects.get().output_lm) == (302, 400)


def test_a_long_history_is_paged_within_twelve_statements(staff, product):
    FieldChange.objects.bulk_create(
        FieldChange(
            product=product,
            record="product",
            record_id=product.pk,
            field="title",
            old="a",
            new=str(number),
            at=timezone.now() - timedelta(days=number),
        )
        for number in range(60)
    )
    with transaction.atomic():
        edit_spec(product=product, changes={"output_lm": 450}, actor="Leyla", now=NOON)
    staff.get(page(product))

    with CaptureQueriesContext(
        connection,
    ) as queries:
        first = staff.get(page(product))
    second = staff.get(page(product), {"before": first.context["older"]})

    assert len(queries) <= 12
    assert [len(answer.context["changes"]) for answer in (first, second)] == [50, 11]
    assert staff.get(page(product), {"before": "x"}).status_code == 200
