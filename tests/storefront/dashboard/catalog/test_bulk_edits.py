"""Bulk edit pages: from the selection to the undo, with rights and few queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.bulk_edits import application, tasks
from catalog.models import BrandAlias, BulkEdit, Spec, Variant
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_brand, make_product, make_spec, make_variant

pytestmark = pytest.mark.django_db
LIST = reverse("admin:catalog_product_changelist")
OUTPUT = {"how-spec.output_lm": "set", "value-spec.output_lm": "900", "step": "dry_run"}


@pytest.fixture
def lights():
    found = []
    for number in range(3):
        product = make_product(slug=f"light-{number}", title=f"Light {number}")
        make_variant(product, sku=f"L-{number}")
        make_spec(product, output_lm=400)
        found.append(product)
    return found


def select(client, rows, action="edit_selection", **more):
    ids = [row.pk for row in rows]
    chosen = {"action": action, "_selected_action": ids, **more}
    return client.post(f"{LIST}?q=Light", chosen)["Location"]


def begin(client, rows, *codes):
    """Select rows and fields; return the address of the values."""
    answer = client.post(select(client, rows), {"field": codes or ["spec.output_lm"]})
    return answer["Location"]


def test_a_selection_is_dry_run_applied_and_undone(staff, lights):
    page = begin(staff, lights[:2])
    assert "Output, lm" in staff.get(page).content.decode()

    dry_run = staff.post(page, OUTPUT, follow=True)
    assert "Apply to 2 rows" in dry_run.content.decode()
    assert set(Spec.objects.values_list("output_lm", flat=True)) == {400}

    done = staff.post(dry_run.request["PATH_INFO"], {"step": "apply"}, follow=True)
    assert "Undo the changes of 2 rows" in done.content.decode()
    assert sorted(Spec.objects.values_list("output_lm", flat=True)) == [400, 900, 900]
    again = staff.post(dry_run.request["PATH_INFO"], {"step": "apply"})
    assert again.status_code == 302

    staff.post(dry_run.request["PATH_INFO"], {"step": "undo"})
    assert set(Spec.objects.values_list("output_lm", flat=True)) == {400}


def test_all_rows_that_match_the_filter_are_selected(staff, lights):
    page = select(staff, lights[:1], select_across="1")

    staff.post(page, {"field": ["spec.output_lm"]})

    assert BulkEdit.objects.get().rows.count() == 3


def test_the_variants_of_selected_products_are_edited(staff, lights):
    page = select(staff, lights[:2], action="edit_variants")
    values = staff.post(page, {"field": ["variant.status"]})["Location"]
    entered = {"how-variant.status": "set", "value-variant.status": "discontinued"}

    shown = staff.post(values, entered | {"step": "dry_run"}, follow=True)
    staff.post(shown.request["PATH_INFO"], {"step": "apply"})

    assert Variant.objects.filter(status="discontinued").count() == 2


@pytest.mark.parametrize(
    ("entered", "message"),
    [
        ({}, "required"),
        ({"how-spec.output_lm": "set", "value-spec.output_lm": ""}, "Enter a value"),
        ({"how-spec.output_lm": "set", "value-spec.output_lm": "many"}, "Enter a whole number"),
        ({"how-spec.output_lm": "append", "value-spec.output_lm": "1"}, "not one of the available"),
    ],
)
def test_wrong_input_keeps_the_page(staff, lights, entered, message):
    page = begin(staff, lights)

    answer = staff.post(page, {"step": "dry_run", **entered})

    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert BulkEdit.objects.get().status == "draft"


def test_a_brand_is_named_by_its_alias_and_must_exist(staff, lights):
    BrandAlias.objects.create(brand=make_brand(name="Varrowick"), name="Varro", key="varro")
    page = begin(staff, lights, "product.brand")
    entered = {"step": "dry_run", "how-product.brand": "set"}

    refused = staff.post(page, {**entered, "value-product.brand": "Northlight"})
    staff.post(page, {**entered, "value-product.brand": "varro"})

    assert "There is no brand Northlight. Add it first." in refused.content.decode()
    assert BulkEdit.objects.get().operations[0]["value"] == "Varrowick"


def test_a_large_edit_is_left_to_a_worker_and_shows_its_progress(staff, lights, monkeypatch):
    monkeypatch.setattr(application, "MAX_AT_ONCE", 2)
    queued = []
    monkeypatch.setattr(tasks.run_edit, "delay", lambda **known: queued.append(known))
    page = begin(staff, lights)

    shown = staff.post(page, OUTPUT, follow=True)

    assert "0 of 3 done" in shown.content.decode()
    assert 'name="refresh-after"' in shown.content.decode()
    assert queued == [{"edit_id": BulkEdit.objects.get().pk}]


def test_a_page_of_rows_needs_few_queries(staff, lights):
    shown = staff.post(begin(staff, lights), OUTPUT, follow=True)

    with CaptureQueriesContext(connection) as queries:
        staff.get(shown.request["PATH_INFO"])

    assert len(queries) <= 12


def test_an_edit_needs_the_right_to_change_products(client_factory, lights):
    viewer = client_factory()
    viewer.force_login(make_staff("viewer", "view_product", "view_bulkedit"))
    new = reverse("supply:new_bulk_edit", args=["products"])
    edit = BulkEdit.objects.create(
        kind="products", status="ready", status_since=lights[0].created_at,
        created_at=lights[0].created_at,
    )  # fmt: skip
    page = reverse("supply:bulk_edit", args=[edit.pk])

    assert viewer.get(new).status_code == viewer.post(page, {"step": "apply"}).status_code == 403
    assert viewer.get(page).status_code == 200


def test_unlikely_values_are_applied_with_a_reason(staff, lights):
    page = begin(staff, lights[:1], "spec.runtime_high_min")
    name = "spec.runtime_high_min"
    entered = {f"how-{name}": "set", f"value-{name}": "300", "step": "dry_run"}
    preview = staff.post(page, entered, follow=True)
    address = preview.request["PATH_INFO"]
    assert "Some new values are unlikely." in preview.content.decode()

    other = {"step": "apply", "reason-output_lm": "Measured"}
    refused = staff.post(address, other).content.decode()
    assert "Enter why the unlikely values are right" in refused
    assert 'name="reason-runtime_high_min"' in refused
    assert BulkEdit.objects.get().status == "ready"

    staff.post(address, {"step": "apply", "reason-runtime_high_min": "Measured"})
    (found,) = Spec.objects.get(runtime_high_min=300).warnings
    assert found["reason"] == "Measured"
