"""Specification and modes on the product page: edit, lock, check, return to the feed."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry

from catalog.models import Brand, Listing, Mode, Spec
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_brand, make_listing, make_mode
from tests.support.admin_forms import filled_form, row_page

pytestmark = pytest.mark.django_db
admin.autodiscover()


@pytest.fixture
def product():
    product = make_listing().variant.product
    Spec.objects.update(
        sources={"output_lm": {"supplier": "lumen", "label": "Output", "raw": "400 lm"}}
    )
    make_mode(product)
    return product


def edit(staff, product, **changes):
    shown = staff.get(row_page(product))
    return staff.post(row_page(product), filled_form(shown) | changes)


def test_an_edited_value_is_locked_and_names_its_editor(staff, product):
    saved = edit(
        staff, product, **{"spec-0-output_lm": "450", "spec-0-basis:output_lm": "own_measurement"}
    )
    shown = staff.get(row_page(product)).content.decode()

    assert saved.status_code == 302, saved.context["errors"]
    product.refresh_from_db()
    spec = Spec.objects.get()
    assert (spec.output_lm, spec.basis_of("output_lm")) == (450, "own_measurement")
    assert product.overridden_fields == ["output_lm"]
    assert spec.sources["output_lm"]["actor"] == "staff@fara.example"
    assert "Edited by staff: staff@fara.example" in shown
    assert "Supplier lumen states: Output: 400 lm" in shown
    assert "Output, lm: 400 → 450" in LogEntry.objects.get().get_change_message()


def test_an_edited_brand_is_saved_and_locked(staff, product):
    edit(staff, product, brand=make_brand(name="Varrowick").pk)
    product.refresh_from_db()
    assert (product.brand.name, product.overridden_fields) == ("Varrowick", ["brand"])

    merged = make_brand(name="Varro")
    Brand.objects.filter(pk=merged.pk).update(merged_into=product.brand)
    refused = edit(staff, product, brand=merged.pk)
    assert "brand" in refused.context["adminform"].form.errors


def test_an_edited_value_keeps_the_basis_that_the_form_shows(staff, product):
    edit(staff, product, **{"spec-0-output_lm": "450"})

    assert Spec.objects.get().basis_of("output_lm") == "supplier_claim"


@pytest.mark.parametrize("basis", Spec.Basis.values)
def test_each_basis_can_be_chosen_and_locks_its_value(staff, product, basis):
    Spec.objects.update(intensity_cd=10_000, beam_m=1)

    edit(staff, product, **{"spec-0-basis:intensity_cd": basis})

    product.refresh_from_db()
    spec = Spec.objects.get()
    assert (spec.intensity_cd, spec.basis_of("beam_m")) == (10_000, basis)
    locked = [] if basis == "none" else ["beam_m", "intensity_cd"]
    assert product.overridden_fields == locked


def test_a_form_that_was_not_changed_changes_nothing(staff, product):
    assert edit(staff, product).status_code == 302

    product.refresh_from_db()
    assert (product.overridden_fields, Spec.objects.get().weight_g) == ([], 75)
    assert LogEntry.objects.get().get_change_message() == "No fields changed."


def test_what_an_import_changed_while_the_page_was_open_stays(staff, product):
    shown = staff.get(row_page(product))
    assert 'name="initial-spec-0-output_lm"' in shown.content.decode()
    type(product).objects.filter(pk=product.pk).update(summary="New words")
    Spec.objects.update(output_lm=430, features=["beacon"])

    saved = staff.post(
        row_page(product), filled_form(shown) | {"title": "Typed", "spec-0-cri": "80"}
    )

    assert saved.status_code == 302
    product.refresh_from_db()
    assert (product.title, product.summary) == ("Typed", "New words")
    assert product.overridden_fields == ["cri", "title"]
    spec = Spec.objects.get()
    assert (spec.output_lm, spec.features, spec.cri) == (430, ["beacon"], 80)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"output_lm": "200000"}, "output_lm", "from 1 to 100000"),
        ({"battery_format": "18650", "output_lm": "9000"}, "output_lm", "2,027 lm per Wh"),
        (
            {"battery_format": "AA", "battery_capacity_mah": "9000"},
            "battery_capacity_mah",
            "9,000 mAh per AA cell",
        ),
        ({"ip_rating": "very"}, "ip_rating", "such as IPX4"),
        ({"weight_g": "two"}, "weight_g", "whole number"),
    ],
)
def test_an_impossible_value_is_explained_beside_its_field(staff, product, changes, field, words):
    changes = {f"spec-0-{name}": value for name, value in changes.items()}

    answer = edit(staff, product, title="Typed", **changes)

    (form,) = answer.context["inline_admin_formsets"][1].formset.forms
    assert words in str(form.errors[field])
    assert 'value="Typed"' in answer.content.decode()  # nothing that was typed is lost
    assert Spec.objects.get().output_lm == 400


def test_an_unlikely_value_is_saved_with_a_warning(staff, product):
    values = {"spec-0-output_lm": "4000", "spec-0-runtime_high_min": "10"}
    answer = edit(staff, product, **values, **{"spec-0-reason:output_lm": "Measured"})

    shown = staff.get(answer.url).content.decode()
    assert "Unlikely: 4,000 lm ÷ 4.44 Wh = 901 lm per Wh" in shown
    assert [warning["code"] for warning in Spec.objects.get().warnings] == ["output-unlikely"]


def test_candela_decide_the_beam_distance_and_the_weight_that_of_variants(staff, product):
    edit(staff, product, **{"spec-0-intensity_cd": "10000", "spec-0-weight_g": "80"})

    product.refresh_from_db()
    assert Spec.objects.get().beam_m == 200
    assert product.overridden_fields == ["beam_m", "intensity_cd", "weight_g"]
    assert product.variants.get().weight_g == 80


def test_a_product_without_a_specification_gets_one_and_can_be_published(staff, product):
    Spec.objects.all().delete()
    Listing.objects.update(is_published=False)

    edit(staff, product, **{"spec-0-output_lm": "450", "spec-0-power_sources": ["built_in"]})

    assert Spec.objects.get().output_lm == 450
    assert Listing.objects.get().is_published


def test_modes_are_added_changed_and_removed(staff, product):
    make_mode(product, name="Low", position=1, output_lm="20", runtime_min=2400)
    changes = {
        "modes-TOTAL_FORMS": "3",
        "modes-0-output_lm": "350",
        "modes-1-DELETE": "on",
        "modes-2-name": "Red",
        "modes-2-kind": "red",
        "modes-2-output_lm": "5",
    }

    saved = edit(staff, product, **changes)

    assert saved.status_code == 302
    modes = Mode.objects.order_by("position").values_list("position", "name", "kind", "output_lm")
    assert list(modes) == [(0, "High", "white", 350), (1, "Red", "red", 5)]
    product.refresh_from_db()
    assert product.overridden_fields == ["modes"]


def test_a_mode_brighter_than_its_light_can_be_is_rejected(staff, product):
    answer = edit(staff, product, **{"modes-0-output_lm": "90000"})

    assert "This light cannot have 90000" in answer.content.decode()


def test_a_field_returns_to_the_feed_with_one_click(staff, product):
    edit(staff, product, title="Mine", **{"spec-0-intensity_cd": "10000"})

    answers = [
        staff.post(row_page(product, "return"), {"field": field})
        for field in ("intensity_cd", "title", "title")
    ]

    product.refresh_from_db()
    assert [answer.status_code for answer in answers] == [302, 302, 404]
    assert (product.overridden_fields, product.title) == ([], "Mine")
    assert "intensity_cd" not in Spec.objects.get().sources
    messages = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert messages[1:] == [
        "Returned to supplier data: Peak intensity, cd", "Returned to supplier data: Title",
    ]  # fmt: skip


def test_staff_who_may_only_view_products_cannot_edit_them(client, product):
    client.force_login(make_staff("view", "view_product", "view_spec"))

    shown = client.get(row_page(product))
    answers = [
        client.post(row_page(product), {"spec-0-output_lm": "450"}),
        client.post(row_page(product, "return"), {"field": "title"}),
    ]

    assert shown.status_code == 200
    assert [answer.status_code for answer in answers] == [403, 403]


def test_an_edit_is_checked_with_all_cells_that_the_light_may_run_on(staff, product):
    Spec.objects.update(
        output_lm=920, battery_format="AA", check_inputs={"battery_formats": ["AA", "14500"]}
    )

    assert edit(staff, product, **{"spec-0-weight_g": "80"}).status_code == 302

    refused = edit(staff, product, **{"spec-0-battery_format": "AAA"})
    assert "per AAA cell" in str(refused.context["errors"])


def test_an_unlikely_value_wants_a_reason_which_is_kept_and_shown(staff, product):
    Spec.objects.update(battery_energy_wh="4.44")
    unlikely = {"spec-0-runtime_high_min": "300"}

    refused = edit(staff, product, **unlikely)

    (form,) = refused.context["inline_admin_formsets"][1].formset.forms
    assert "more than 200 is unusual" in str(form.errors["reason:runtime_high_min"])
    other = edit(staff, product, **unlikely, **{"spec-0-reason:output_lm": "Measured"})
    assert other.status_code == 200, "each value needs its own reason"
    assert Spec.objects.get().runtime_high_min != 300

    reason = {"spec-0-reason:runtime_high_min": "Measured"}
    assert edit(staff, product, **unlikely, **reason).status_code == 302
    assert edit(staff, product, **{"spec-0-weight_g": "80"}).status_code == 302

    (found,) = Spec.objects.get().warnings
    assert (found["code"], found["reason"]) == ("runtime-by-step-down", "Measured")
    assert "Reason: Measured" in staff.get(row_page(product)).content.decode()


def test_two_unlikely_values_have_their_own_reasons_one_of_which_is_corrected_later(staff, product):
    Spec.objects.update(battery_energy_wh="4.44")
    values = {"spec-0-output_lm": "4000", "spec-0-runtime_high_min": "20"}
    reasons = {"output_lm": "Sphere", "runtime_high_min": "Steps down"}
    stated = {f"spec-0-reason:{column}": reason for column, reason in reasons.items()}
    assert edit(staff, product, **values, **stated).status_code == 302
    before = {one["column"]: one["reason"] for one in Spec.objects.get().warnings}

    assert edit(staff, product, **{"spec-0-reason:output_lm": "Report 7"}).status_code == 302

    after = {one["column"]: one["reason"] for one in Spec.objects.get().warnings}
    assert before == reasons
    assert after == {**reasons, "output_lm": "Report 7"}


def modes(*rows):
    values = {}
    for number, (name, output, minutes, reason) in enumerate(rows):
        row = {"name": name, "kind": "white", "output_lm": output, "runtime_min": minutes}
        values |= {f"modes-{number}-{key}": value for key, value in row.items()}
        values[f"modes-{number}-reason"] = reason
    return {**values, "modes-TOTAL_FORMS": len(rows)}


def test_unlikely_modes_need_a_reason_until_they_are_corrected(staff, product):
    Mode.objects.all().delete()
    rows = [("High", "400", "300", ""), ("Low", "20", "60", "")]

    refused = edit(staff, product, **modes(*rows))

    assert "High has 400 lm for 5 h, but Low has 20 lm for 1 h" in refused.content.decode()
    assert not Mode.objects.exists()

    explained = [("High", "400", "300", "Bigger pack"), rows[1]]
    assert edit(staff, product, **modes(*explained)).status_code == 302
    (found,) = [one for one in Spec.objects.get().warnings if one["column"] == "modes"]
    assert found["reason"] == "Bigger pack"
    assert "Reason: Bigger pack" in staff.get(row_page(product)).content.decode()

    third = {"modes-TOTAL_FORMS": 3, "modes-2-name": "Red", "modes-2-kind": "red"}
    assert edit(staff, product, **third).status_code == 302, "the finding is the same"
    assert Spec.objects.get().warnings[-1]["reason"] == "Bigger pack"
    assert edit(staff, product, **{"modes-0-runtime_min": "30"}).status_code == 302
    assert [one for one in Spec.objects.get().warnings if one["column"] == "modes"] == []
