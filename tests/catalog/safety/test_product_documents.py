"""Documents of products: upload, validity, the page of staff."""

import pytest
from django.contrib import admin
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.urls import reverse

from catalog.models import ProductDocument
from catalog.safety import documents
from suppliers.models import ComplianceDocument
from tests.factories import compliance
from tests.factories.catalog import make_guarantee, make_product
from tests.factories.compliance import PDF
from tests.factories.orders import make_order

pytestmark = pytest.mark.django_db
admin.autodiscover()
ADD = reverse("admin:catalog_productdocument_add")
LIST = reverse("admin:catalog_productdocument_changelist")


def make_document(product=None, **changes):
    known = {"kind": "manual", "language": "en", "is_public": True, "file": "documents/none.pdf"}
    return ProductDocument.objects.create(product=product or make_product(), **known | changes)


def upload(staff, content, **changes):
    entered = {"product": str(make_product().pk), "kind": "manual", "language": "en"} | changes
    if content is not None:
        entered["document"] = SimpleUploadedFile("../../manual.html", content)
    return staff.post(ADD, entered)


def test_staff_upload_a_document_and_download_it(staff):
    assert upload(staff, PDF, valid_until="2027-01-31", is_public="on").status_code == 302

    row = ProductDocument.objects.get()
    assert row.added_by
    assert row.file.startswith("documents/")
    answer = staff.get(reverse("admin:catalog_productdocument_file", args=[row.pk]))
    assert answer.content == PDF
    assert answer["Content-Disposition"] == f'attachment; filename="manual-{row.pk}.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "changes", "message"),
    [
        (None, {}, "Choose a file"),
        (b"<script>", {}, "not a PDF, PNG or JPEG"),
        (PDF, {"language": "English"}, "at most 2 characters"),
        (PDF, {"issued_on": "2026-05-02", "valid_until": "2026-05-01"}, "expires before it is"),
    ],
)
def test_a_wrong_document_is_refused(staff, content, changes, message):
    answer = upload(staff, content, **changes)

    assert message in answer.content.decode()
    assert not ProductDocument.objects.exists()


def test_an_edit_without_a_file_keeps_the_stored_file(staff):
    row = make_document(file_sha256="0" * 64)
    page = reverse("admin:catalog_productdocument_change", args=[row.pk])

    entered = {"product": str(row.product_id), "kind": "test_report", "language": "de"}
    assert staff.post(page, entered).status_code == 302

    row.refresh_from_db()
    assert (row.kind, row.language, row.is_public) == ("test_report", "de", False)
    assert (row.file, row.file_sha256) == ("documents/none.pdf", "0" * 64)


def test_a_replaced_file_is_deleted_unless_another_document_has_it(
    staff, django_capture_on_commit_callbacks
):
    upload(staff, PDF)
    row = ProductDocument.objects.get()
    page = reverse("admin:catalog_productdocument_change", args=[row.pk])
    first, shared = row.file, make_document(file="documents/shared.pdf")
    storages["private"].save(shared.file, ContentFile(PDF))
    other = make_document(file=shared.file)

    with django_capture_on_commit_callbacks(execute=True):
        entered = {"product": str(row.product_id), "kind": "manual", "language": "en"}
        staff.post(page, entered | {"document": SimpleUploadedFile("new.pdf", PDF)})
        delete_page = reverse("admin:catalog_productdocument_delete", args=[other.pk])
        staff.post(delete_page, {"post": "yes"})

    row.refresh_from_db()
    kept = [storages["private"].exists(name) for name in (first, row.file, shared.file)]
    assert kept == [False, True, True]


def test_the_files_of_deleted_documents_are_deleted(staff, django_capture_on_commit_callbacks):
    upload(staff, PDF)
    row = ProductDocument.objects.get()
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}

    with django_capture_on_commit_callbacks(execute=True):
        staff.post(LIST, chosen)

    assert not ProductDocument.objects.exists()
    assert not storages["private"].exists(row.file)


@pytest.mark.parametrize("owner", ["terms", "evidence", "order", "compliance"])
def test_a_file_that_something_else_has_is_kept(owner, staff, django_capture_on_commit_callbacks):
    row = make_document(file=documents.store(PDF).name)
    if owner in {"terms", "evidence"}:
        make_guarantee(row.product, **{f"{owner}_file": row.file})
    elif owner == "order":
        make_order().lines.update(guarantee={"terms_file": row.file})
    else:
        compliance.make_document()
        ComplianceDocument.objects.update(file=row.file, file_sha256="0" * 64)

    with django_capture_on_commit_callbacks(execute=True):
        staff.post(reverse("admin:catalog_productdocument_delete", args=[row.pk]), {"post": "yes"})

    assert not ProductDocument.objects.exists()
    assert documents.is_stored(row.file)


def test_the_list_shows_expired_documents(staff):
    make_document(make_product(title="Old lamp"), valid_until="2020-01-01")
    make_document(make_product(title="New lamp"), valid_until="2099-01-01")

    text = staff.get(LIST, {"validity": "expired"}).content.decode()

    assert "Old lamp" in text
    assert "New lamp" not in text


def test_the_database_keeps_the_order_of_the_dates():
    with pytest.raises(IntegrityError):
        make_document(issued_on="2026-05-02", valid_until="2026-05-01")
