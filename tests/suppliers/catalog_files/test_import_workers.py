"""Workers of staff files: one is killed, one waits for another; each row is applied once."""

import time
from collections import Counter

import pytest
from django.db import connection

from catalog.bulk_edits import application, creation
from catalog.models import FieldChange, Product, Spec, Variant
from storefront.lib.db.advisory_locks import TRY
from suppliers.catalog_files import own_imports
from tests.factories.catalog import NOON, make_category, make_product, make_spec, make_variant
from tests.suppliers.catalog_files.test_own_files import dry_run, outcomes
from tests.support.crashes import killed

pytestmark = pytest.mark.django_db(transaction=True)
HEADINGS = "SKU,URL handle,Title,Brand,Family,Category,Lithium,Color,Light output (lm)\n"
NEW = 5
FILE = HEADINGS + "".join(
    f"W-{number},torch-{number // 2},Torch {number // 2},Tindrel,headlamp,headlamps,none,"
    f"Color {number},300\n"
    for number in range(NEW)
)


@pytest.fixture(autouse=True)
def light(tmp_path, settings):
    settings.FEEDS_ROOT = tmp_path / "feeds"
    make_category()
    product = make_product(option_names=[])
    make_spec(product, output_lm=400)
    make_variant(product, sku="L-1", option_values=[])
    return product


@pytest.mark.parametrize(
    ("at", "is_done"),
    [("find_products", False), ("create_rows", True), ("set_statuses", True)],
    ids=["between two batches", "after the insert", "before the commit"],
)
def test_a_killed_import_is_continued_and_creates_each_row_once(monkeypatch, light, at, is_done):
    monkeypatch.setattr(application, "BATCH", 2)
    row = dry_run(f"{FILE}L-1,,,,,,,,500\n")
    application.start(row.edit, actor="mia", now=NOON)
    FieldChange.objects.all().delete()

    killed(
        lambda: application.continue_edit(row.edit_id, now=NOON),
        module=creation,
        at=at,
        after=1,
        is_done=is_done,
    )
    assert Variant.objects.filter(sku__startswith="W-").count() == 2
    row.edit.refresh_from_db()
    own_imports.finish_edit(row.edit, now=NOON)

    assert row.edit.status == "applied"
    assert outcomes(row) == {
        **{f"W-{number}": "created" for number in range(NEW)},
        "L-1": "changed",
    }
    slugs = ["torch-0", "torch-1", "torch-2"]
    created = Product.objects.exclude(pk=light.pk).order_by("slug")
    assert list(created.values_list("slug", flat=True)) == slugs
    assert Variant.objects.count() == NEW + 1
    assert Spec.objects.filter(output_lm=300).count() == len(slugs)
    changes = FieldChange.objects.filter(field="output_lm").values_list("old", "new")
    assert Counter(changes) == {(None, 300): len(slugs), (400, 500): 1}


def test_an_import_waits_for_the_worker_that_has_its_edit(monkeypatch):
    row = dry_run(FILE)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '300ms'")
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute(TRY, [f"{application.LOCK_NAME} {row.edit_id}"])
    durations, real = [], application.continue_edit

    def measured(*args, **options):
        began = time.monotonic()
        real(*args, **options)
        durations.append(time.monotonic() - began)
        other.close()  # the other worker ends

    monkeypatch.setattr(application, "continue_edit", measured)
    try:
        own_imports.apply(row, reason="", actor="mia", now=NOON)
    finally:
        other.close()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")

    assert len(durations) == 2
    assert durations[0] >= 0.3
    assert set(outcomes(row).values()) == {"created"}
