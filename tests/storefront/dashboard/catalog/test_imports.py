"""Import wizard: upload, columns, dry run, apply, report; for our products and for a supplier."""

import io
from unittest.mock import Mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.bulk_edits import application
from catalog.bulk_edits import tasks as bulk_edit_tasks
from catalog.models import Product, Spec
from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.catalog_files import imports, tasks
from suppliers.models import CatalogImport, FeedUpload, SupplierOffer
from suppliers.runs.runs import QuarantinedError
from suppliers.sync import runner
from tests.factories.accounts import make_staff
from tests.factories.catalog import (
    make_channel,
    make_image,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.feeds import make_shop
from tests.support.catalog_files import ROWS, TEAPOT, make_wholesaler, write_csv

pytestmark = pytest.mark.django_db
NEW = reverse("supply:new_import")


@pytest.fixture(autouse=True)
def at_once(monkeypatch, tmp_path, settings):
    """Run queued tasks at once."""
    settings.FEEDS_ROOT = tmp_path / "feeds"
    for task in (tasks.run_import, bulk_edit_tasks.run_edit):
        monkeypatch.setattr(task, "delay", task)


@pytest.fixture
def shop():
    return make_shop()


@pytest.fixture
def light():
    product = make_product(title="Night torch")
    make_spec(product, output_lm=400)
    make_variant(product, sku="L-1")
    return product


def upload(client, content, *, name="file.csv", **more):
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    return client.post(NEW, {"file": file, **more}, follow=True)


def path_of(answer):
    return answer.request["PATH_INFO"]


def test_a_file_of_our_products_is_dry_run_applied_and_undone(staff, light):
    columns = upload(staff, "Shop SKU,Output,Note\nL-1,500,x\nL-9,500,y\n")
    text = columns.content.decode()
    assert "An empty cell means" in text
    assert text.count("selected") >= 2

    chosen = {"column-0": "sku", "column-1": "spec.output_lm", "column-2": "", "blank": "ignore"}
    staff.post(path_of(columns), {"step": "dry_run", **chosen})
    checked = staff.get(path_of(columns), follow=True)
    text = checked.content.decode()
    assert "Apply to 1 row" in text
    assert "No variant has the SKU L-9." in text
    assert "L-9 <small>row 2</small>" in text
    edit = path_of(checked)
    refused = staff.get(f"{edit}rejected.csv").getvalue().decode()
    assert '2,L-9,"No variant has the SKU L-9. To create it, state' in refused
    assert Spec.objects.get().output_lm == 400

    staff.post(edit, {"step": "apply"})
    assert Spec.objects.get().output_lm == 500
    assert CatalogImport.objects.get().status == "applied"
    assert path_of(staff.get(path_of(columns), follow=True)) == edit
    staff.post(edit, {"step": "undo"})
    assert Spec.objects.get().output_lm == 400


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"column-1": "spec.output_lm"}, "Choose the column that holds our SKU."),
        ({"column-0": "sku"}, "Choose at least one column with values."),
        (
            {"column-0": "sku", "column-1": "spec.cri", "column-2": "spec.cri"},
            "Two columns have the field",
        ),
    ],
)
def test_wrong_columns_keep_the_page(staff, light, chosen, message):
    columns = upload(staff, "SKU,Output,Note\nL-1,500,x\n")

    answer = staff.post(path_of(columns), {"step": "dry_run", "blank": "ignore", **chosen})

    assert message in answer.content.decode()
    assert CatalogImport.objects.get().status == "uploaded"


def test_a_file_that_is_no_table_keeps_the_upload(staff):
    answer = upload(staff, b"%PDF-1.7 a picture", name="list.csv")

    assert answer.status_code == 200
    assert "This is a PDF document, not a table" in answer.content.decode()
    assert path_of(answer) == NEW


def test_a_rejected_upload_is_deleted_unless_an_accepted_upload_has_the_file(
    staff, settings, monkeypatch
):
    folder = settings.FEEDS_ROOT / imports.OWN_FOLDER
    upload(staff, b"%PDF-1.7 a picture", name="list.csv")
    assert list(folder.iterdir()) == []

    upload(staff, "SKU,Output\nL-1,500\n")
    monkeypatch.setattr(imports, "read_sample", Mock(side_effect=PermanentError("unreadable")))
    assert "unreadable" in upload(staff, "SKU,Output\nL-1,500\n").content.decode()

    assert imports.path_of(CatalogImport.objects.get()).exists()


def test_a_file_of_a_supplier_is_dry_run_and_imported(staff, shop, settings, tmp_path):
    wholesaler = make_wholesaler(shop, settings)
    content = write_csv(tmp_path / "list.csv", [*ROWS, TEAPOT]).read_bytes()

    columns = upload(staff, content, supplier=wholesaler.pk)
    assert "version 1" in columns.content.decode()
    assert not FeedUpload.objects.exists()
    staff.post(path_of(columns), {"step": "dry_run"})
    checked = staff.get(path_of(columns)).content.decode()
    assert "Rejected rows" in checked
    assert "X-1 <small>row 4</small>" in checked
    assert not SupplierOffer.objects.exists()
    report = CatalogImport.objects.get().report
    names = ("new", "changed", "unchanged", "rejected", "skipped")
    assert report["rows"] == sum(report[name] for name in names) == 4
    assert "\n4,X-1," in staff.get(f"{path_of(columns)}rejected.csv").getvalue().decode()

    for _click in range(2):
        done = staff.post(path_of(columns), {"step": "apply"}, follow=True)

    assert SupplierOffer.objects.filter(variant__isnull=False).count() == 3
    assert FeedUpload.objects.count() == 1
    assert "3 created" in done.content.decode() or "2 created" in done.content.decode()
    assert Product.objects.count() == 2


def test_a_supplier_whose_columns_are_not_mapped_is_led_to_its_mapping(
    staff, shop, settings, tmp_path
):
    wholesaler = make_wholesaler(shop, settings)
    wholesaler.mappings.all().delete()
    content = write_csv(tmp_path / "list.csv").read_bytes()

    columns = upload(staff, content, supplier=wholesaler.pk)

    page = columns.context["mapping_page"]
    assert "Artikelnr" in staff.get(page).content.decode()


def test_pages_need_few_queries(staff, light):
    columns = upload(staff, "SKU,Output\nL-1,500\n")

    for page in (NEW, path_of(columns)):
        with CaptureQueriesContext(connection) as queries:
            staff.get(page)
        assert len(queries) <= 12


def test_an_import_needs_the_rights_of_its_values(client_factory, light):
    clerk = client_factory()
    clerk.force_login(make_staff("clerk", "view_catalogimport", "add_catalogimport"))
    viewer = client_factory()
    viewer.force_login(make_staff("viewer", "view_catalogimport"))

    assert "can view imports" in viewer.get(NEW).content.decode()
    assert clerk.get(NEW).status_code == 200
    file = io.BytesIO(b"SKU,Output\nL-1,500\n")
    file.name = "file.csv"
    assert clerk.post(NEW, {"file": file}).status_code == 403
    assert viewer.post(NEW, {}).status_code == 403
    assert not CatalogImport.objects.exists()


CHOSEN = {"column-0": "sku", "column-1": "spec.output_lm", "blank": "ignore"}


def test_a_file_that_is_gone_is_asked_for_again(staff, light, monkeypatch):
    columns = upload(staff, "SKU,Output\nL-1,500\n")
    queued = []
    monkeypatch.setattr(tasks.run_import, "delay", lambda **known: queued.append(known))
    staff.post(path_of(columns), {"step": "dry_run", **CHOSEN})
    imports.path_of(CatalogImport.objects.get()).unlink()

    tasks.run_import(**queued[0])

    row = CatalogImport.objects.get()
    assert (row.status, row.problem) == ("uploaded", "The file is gone. Upload it again.")
    again = staff.post(path_of(columns), {"step": "dry_run", **CHOSEN})
    assert again.status_code == 200


def test_a_file_after_its_dry_run_needs_the_rights_of_products_and_of_variants(
    staff, client_factory, light
):
    make_channel()
    columns = upload(staff, "SKU,Output\nL-1,500\n")
    staff.post(path_of(columns), {"step": "dry_run", **CHOSEN})
    edit = path_of(staff.get(path_of(columns), follow=True))
    clerk = client_factory()
    clerk.force_login(make_staff("clerk", "view_bulkedit", "change_variant"))

    assert clerk.post(edit, {"step": "apply"}).status_code == 403
    assert "Apply to 1 row" not in clerk.get(edit).content.decode()
    replaced = {"step": "dry_run", "how-variant.status": "set", "value-variant.status": "active"}
    assert staff.post(f"{edit}?field=variant.status", replaced).status_code == 404
    assert Spec.objects.get().output_lm == 400


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("SKU,Output\nL-1,much\n", "All rows are rejected. Correct the file"),
        ("SKU,Output\nL-1,400\n", "All rows already have these values."),
        ("SKU,Output\nL-1,400\nL-9,500\n", "The rows are rejected or already have"),
    ],
)
def test_a_file_that_changes_nothing_says_why(staff, light, content, reason):
    columns = upload(staff, content)
    staff.post(path_of(columns), {"step": "dry_run", **CHOSEN})

    text = staff.get(path_of(columns), follow=True).content.decode()

    assert "Nothing would change" in text
    assert reason in text
    assert "Ready to apply" not in text


def test_the_sweep_completes_the_import_of_an_edit_that_a_worker_applied(staff, light):
    columns = upload(staff, "SKU,Output\nL-1,500\n")
    staff.post(path_of(columns), {"step": "dry_run", **CHOSEN})
    application.start(CatalogImport.objects.get().edit, actor="mia", now=timezone.now())
    bulk_edit_tasks.run_edit(edit_id=CatalogImport.objects.get().edit_id)

    tasks.continue_imports()

    assert CatalogImport.objects.get().status == "applied"


@pytest.fixture
def import_of_supplier(staff, shop, settings, tmp_path):
    """An import of a supplier after its dry run."""
    wholesaler = make_wholesaler(shop, settings)
    content = write_csv(tmp_path / "list.csv", ROWS).read_bytes()
    columns = upload(staff, content, supplier=wholesaler.pk)
    staff.post(path_of(columns), {"step": "dry_run"})
    return CatalogImport.objects.get()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (QuarantinedError("Too many rows are missing."), "quarantined"),
        (TemporaryError("The supplier does not answer."), "failed"),
    ],
)
def test_an_import_takes_the_status_of_its_run(
    staff, import_of_supplier, monkeypatch, error, status
):
    monkeypatch.setitem(runner.SYNC_JOBS, "products", Mock(side_effect=error))
    page = reverse("supply:import", args=[import_of_supplier.pk])

    text = staff.post(page, {"step": "apply"}, follow=True).content.decode()

    row = CatalogImport.objects.get()
    assert (row.status, row.run.status) == (status, status)
    assert f'role="status">{status.capitalize()}' in text
    assert str(error) in text


def test_the_sweep_completes_an_import_whose_quarantined_run_was_decided(
    import_of_supplier, staff, monkeypatch
):
    job = Mock(side_effect=QuarantinedError("Too many rows are missing."))
    monkeypatch.setitem(runner.SYNC_JOBS, "products", job)
    staff.post(reverse("supply:import", args=[import_of_supplier.pk]), {"step": "apply"})
    CatalogImport.objects.get().run.move("discarded", at=timezone.now())

    tasks.continue_imports()

    assert CatalogImport.objects.get().status == "discarded"


@pytest.mark.parametrize("step", ["dry_run", "apply"])
def test_an_unexpected_error_ends_an_import_until_the_dry_run_is_repeated(
    staff, import_of_supplier, monkeypatch, caplog, step
):
    page = reverse("supply:import", args=[import_of_supplier.pk])
    with monkeypatch.context() as broken:
        fail = Mock(side_effect=RuntimeError("broken"))
        broken.setattr(imports.dry_run, "report_changes", fail)
        broken.setitem(runner.SYNC_JOBS, "products", fail)
        text = staff.post(page, {"step": step}, follow=True).content.decode()
    assert CatalogImport.objects.get().status == "failed"
    assert "An unexpected error stopped the import." in text
    assert "RuntimeError: broken" in caplog.text

    assert "Start dry run" in staff.get(f"{page}?columns=1").content.decode()
    staff.post(page, {"step": "dry_run"})

    assert CatalogImport.objects.get().status == "ready"


def test_the_format_of_a_file_is_chosen_on_the_page_of_the_columns(staff, light):
    columns = upload(staff, "SKU|Output;Note\nL-1|500;x\n")
    page = path_of(columns)
    assert "Semicolon" in columns.content.decode()

    chosen = staff.post(
        page, {"step": "format", "delimiter": "|", "encoding": "utf-8"}, follow=True
    )
    assert "Output;Note" in chosen.content.decode()
    assert CatalogImport.objects.get().reading == {"delimiter": "|"}
    broken = staff.post(page, {"step": "format", "delimiter": "nonsense"}, follow=True)
    assert broken.status_code == 200
    assert CatalogImport.objects.get().reading == {"delimiter": "|"}


NEW_ROW = "SKU,Title,Brand,Family,Category,Lithium\nN-1,New torch,Fara,headlamp,headlamps,none\n"
NEW_COLUMNS = {
    "column-0": "sku",
    "column-1": "product.title",
    "column-2": "product.brand",
    "column-3": "product.family",
    "column-4": "product.category",
    "column-5": "variant.lithium",
}


def test_a_file_creates_products_and_the_undo_removes_them(staff, light):
    page = path_of(upload(staff, NEW_ROW))
    staff.post(page, {"step": "dry_run", "blank": "ignore", **NEW_COLUMNS})
    checked = staff.get(page, follow=True)
    edit, text = path_of(checked), checked.content.decode()
    assert "1 row creates a product or variant." in text
    assert f"{page}?columns=1" in text

    staff.post(edit, {"step": "apply"})
    product = Product.objects.get(title="New torch")
    make_image(product, source_url="https://example.org/x.png", problem="404", tries=8)
    text = staff.get(edit).content.decode()
    assert "1 image could not be fetched" in text
    assert "unless something refers to them" in text

    staff.post(edit, {"step": "undo"})
    assert not Product.objects.filter(title="New torch").exists()
    assert "Removed (1)" in staff.get(edit).content.decode()


def test_a_file_that_changes_nothing_needs_no_action(staff, light):
    page = path_of(upload(staff, "SKU,Output\nL-1,400\n"))
    staff.post(page, {"step": "dry_run", **CHOSEN})

    listed = staff.get(reverse("admin:suppliers_catalogimport_changelist")).content.decode()

    assert "Nothing to apply" in listed
    assert "staff-state-needs-action" not in listed
