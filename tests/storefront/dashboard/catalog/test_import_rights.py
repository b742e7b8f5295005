"""Rights of the import wizard: to create, to remove, to change documents and guarantees."""

import pytest

from catalog.bulk_edits import tasks as bulk_edit_tasks
from catalog.models import Product
from catalog.safety import documents
from suppliers.catalog_files import tasks
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_product, make_spec, make_variant
from tests.storefront.dashboard.catalog.test_imports import NEW_COLUMNS, NEW_ROW, path_of, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def light(tmp_path, settings):
    settings.FEEDS_ROOT = tmp_path / "feeds"
    product = make_product(title="Night torch")
    make_spec(product, output_lm=400)
    make_variant(product, sku="L-1")
    return product


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Run queued tasks at once."""
    for task in (tasks.run_import, bulk_edit_tasks.run_edit):
        monkeypatch.setattr(task, "delay", task)


def test_creating_products_needs_the_right_to_add_them(client, light):
    rights = ("view_catalogimport", "add_catalogimport", "view_bulkedit")
    client.force_login(make_staff("clerk", *rights, "change_product", "change_variant"))
    page = path_of(upload(client, NEW_ROW))
    client.post(page, {"step": "dry_run", "blank": "ignore", **NEW_COLUMNS})
    checked = client.get(page, follow=True)

    assert "You need the permissions to add products and variants." in checked.content.decode()
    assert client.post(path_of(checked), {"step": "apply"}).status_code == 403
    assert not Product.objects.filter(title="New torch").exists()


def test_removing_created_products_needs_the_right_to_delete_them(staff, client, light):
    page = path_of(upload(staff, NEW_ROW))
    staff.post(page, {"step": "dry_run", "blank": "ignore", **NEW_COLUMNS})
    edit = path_of(staff.get(page, follow=True))
    staff.post(edit, {"step": "apply"})
    rights = ("view_bulkedit", "change_product", "change_variant", "add_product", "add_variant")
    client.force_login(make_staff("clerk", *rights))

    text = client.get(edit).content.decode()

    assert "you need the permissions to delete products and variants" in text
    assert 'value="undo"' not in text
    assert client.post(edit, {"step": "undo"}).status_code == 403
    assert Product.objects.filter(title="New torch").exists()


def test_documents_of_a_file_need_the_right_to_change_them(staff, client, light):
    file = documents.store(b"%PDF-1.7\n%%EOF\n").name
    page = path_of(upload(staff, f"SKU,Documents,Documents: Document type\nL-1,{file},manual\n"))
    columns = {"column-0": "sku", "column-1": "documents.product.file"}
    columns["column-2"] = "documents.product.kind"
    staff.post(page, {"step": "dry_run", "blank": "ignore", **columns})
    edit = path_of(staff.get(page, follow=True))
    client.force_login(make_staff("clerk", "view_bulkedit", "change_product", "change_variant"))

    text = client.get(edit).content.decode()

    assert f"User manual ({file})" in text
    assert "You need the permissions to change documents and guarantees." in text
    assert client.post(edit, {"step": "apply"}).status_code == 403
    assert not light.documents.exists()
